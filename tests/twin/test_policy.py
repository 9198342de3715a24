"""Roles, scopes, and what they come to."""

import pytest

from twin.policy import (
    EVERYTHING,
    NOTHING,
    Action,
    Facts,
    Grant,
    InvalidPolicy,
    Policy,
    Reach,
    Role,
    Scope,
    reach_of,
    read_policy,
)

PUMPS = Policy({"pumps": Role((Grant((Action.READ, Action.COMMAND), models=("m",), classes=("IfcPump",)),))})


def _pump(model: str = "m", *places: str) -> Facts:
    return Facts(model, "IfcPump", frozenset(places))


def test_nobody_may_anything_without_a_role() -> None:
    assert reach_of(PUMPS, (), Action.READ) == NOTHING


def test_a_role_that_there_is_not_gives_nothing() -> None:
    assert reach_of(PUMPS, ("gone",), Action.READ) == NOTHING


def test_an_action_that_no_grant_names_is_denied() -> None:
    assert reach_of(PUMPS, ("pumps",), Action.APPROVE) == NOTHING


@pytest.mark.parametrize("action", list(Action))
def test_the_administrator_does_anything(action: Action) -> None:
    assert reach_of(Policy(), ("administrator",), action) == EVERYTHING


def test_a_grant_holds_within_its_scope_only() -> None:
    reach = reach_of(PUMPS, ("pumps",), Action.COMMAND)
    assert (reach.takes_object(_pump()), reach.takes_object(_pump("other"))) == (True, False)


def test_one_wide_role_makes_a_narrow_one_needless() -> None:
    assert reach_of(PUMPS, ("pumps", "reader"), Action.READ) == EVERYTHING


def test_the_scope_of_a_token_narrows_all_of_its_roles() -> None:
    reach = reach_of(PUMPS, ("pumps", "reader"), Action.READ, Scope(places=("m/storey",)))
    assert (reach.takes_object(_pump("m", "m/storey")), reach.takes_object(_pump())) == (True, False)


def test_a_role_of_single_signals_reaches_no_object() -> None:
    reach = Reach(((Scope(signals=("level",)),),))
    assert not reach.takes_object(_pump())
    assert reach.takes_signal(_pump(), "level", "m/x/level")
    assert not reach.takes_signal(_pump(), "power", "m/x/power")


def test_a_model_is_taken_as_a_whole_only_without_a_narrower_scope() -> None:
    whole, part = Reach(((Scope(models=("m",)),),)), reach_of(PUMPS, ("pumps",), Action.READ)
    assert [reach.takes_model("m") for reach in (whole, part, EVERYTHING)] == [True, False, True]


def test_a_policy_is_read_from_toml() -> None:
    read = read_policy(
        '[[roles.pumps.grants]]\nactions = ["read", "command"]\nmodels = ["m"]\nclasses = ["IfcPump"]'
    )
    assert read == PUMPS


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[roles.a.grants]]\nactions = ["fly"]', "fly"),
        ('[[roles.a.grants]]\nactions = ["read"]\nmodel = ["m"]', "model"),
        ("[[roles.a.grants]]\nactions = []", "names no action"),
        ('[[roles.reader.grants]]\nactions = ["administer"]', "built in"),
        ('[[roles.a.grants]]\nactions = ["read"]\nplaces = ["m"]', "no id of an object"),
        ('[[roles.a.grants]]\nactions = ["read"]\nmodels = [""]', "empty name"),
        ("[roles", "policy"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused_with_the_reason(text: str, told: str) -> None:
    with pytest.raises(InvalidPolicy, match=told):
        read_policy(text)
