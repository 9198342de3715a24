"""Rules for alarms, which of them governs, and the life of an alarm."""

from typing import Any

import pytest

from tests.conftest import ROOT
from twin.alarms import (
    LIFE,
    AlarmPattern,
    AlarmRecord,
    AlarmRule,
    InvalidRule,
    Kind,
    Severity,
    Status,
    Step,
    StepRefused,
    advance,
    check_rules,
    checked_rule,
    diagram,
    governing,
)

HIGH, LOW, STATE = Kind.HIGH, Kind.LOW, Kind.STATE


def alarm(status: Status, **fields: Any) -> AlarmRecord:
    known: dict[str, Any] = {
        "id": 1, "signal": 1, "kind": HIGH, "severity": Severity.MAJOR, "status": status, "message": None,
        "value": 1.0, "limit": 0.5, "since": 0, "raised_at": 0,
    }  # fmt: skip
    return AlarmRecord(**{**known, **fields})


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": HIGH},
        {"kind": HIGH, "limit": float("nan")},
        {"kind": HIGH, "limit": 1.0, "hysteresis": -1.0},
        {"kind": HIGH, "limit": 1.0, "delay_s": -1.0},
        {"kind": HIGH, "limit": 1.0, "clear_delay_s": float("inf")},
        {"kind": HIGH, "limit": 1.0, "states": (True,)},
        {"kind": STATE},
        {"kind": STATE, "states": (True,), "limit": 1.0},
        {"kind": Kind.STALE, "hysteresis": 1.0},
        {"kind": Kind.UNCONFIRMED},
        {"kind": HIGH, "limit": 1.0, "message": ""},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidRule):
        checked_rule(AlarmRule(**fields))


@pytest.mark.parametrize(
    "rules",
    [
        (AlarmRule(kind=HIGH, limit=1.0), AlarmRule(kind=HIGH, limit=2.0)),
        (AlarmRule(kind=HIGH, limit=1.0), AlarmRule(kind=LOW, limit=1.0)),
        (AlarmRule(kind=HIGH, limit=9.0), AlarmRule(kind=Kind.HIGH_HIGH, limit=8.0)),
    ],
)
def test_rules_of_one_signal_have_one_of_a_kind_and_limits_in_order(rules: tuple[AlarmRule, ...]) -> None:
    with pytest.raises(InvalidRule):
        check_rules(rules)


def test_a_signals_own_rule_governs_and_one_that_is_not_enabled_takes_the_alarm_away() -> None:
    general = [
        AlarmRule(kind=HIGH, limit=1.0),
        AlarmRule(kind=HIGH, limit=2.0),
        AlarmRule(kind=LOW, limit=0.0),
    ]
    assert governing(general, ()) == (general[1], general[2])
    own = AlarmRule(kind=HIGH, limit=3.0)
    assert governing(general, (own,)) == (own, general[2])
    assert governing(general, (AlarmRule(kind=HIGH, limit=3.0, enabled=False),)) == (general[2],)


def test_a_pattern_that_names_signals_is_more_special_than_one_with_many_selectors() -> None:
    rule = AlarmRule(kind=HIGH, limit=1.0)
    ordered = [
        AlarmPattern(id="z", rule=rule),
        AlarmPattern(id="b", rule=rule, kinds=("t",)),
        AlarmPattern(id="a", rule=rule, kinds=("t",), classes=("IfcSensor",), models=("m",)),
        AlarmPattern(id="y", rule=rule, signals=("m/g/t",)),
    ]
    assert sorted(ordered, key=lambda pattern: pattern.rank) == ordered


def test_every_status_is_in_the_table_and_leads_to_statuses_of_it() -> None:
    assert set(LIFE) == set(Status)
    assert {following for steps in LIFE.values() for following in steps.values()} <= set(Status)


def test_an_alarm_is_acknowledged_once_and_cleared_once() -> None:
    assert advance(alarm(Status.RAISED), Step.ACKNOWLEDGE) is Status.ACKNOWLEDGED
    assert advance(alarm(Status.ACKNOWLEDGED, acknowledged_at=1), Step.CLEAR) is Status.CLEARED
    assert advance(alarm(Status.CLEARED, cleared_at=1), Step.ACKNOWLEDGE) is Status.CLEARED
    for record, step in (
        (alarm(Status.ACKNOWLEDGED, acknowledged_at=1, acknowledged_by="Li"), Step.ACKNOWLEDGE),
        (alarm(Status.CLEARED, acknowledged_at=1, acknowledged_by="Li"), Step.ACKNOWLEDGE),
        (alarm(Status.CLEARED, cleared_by="Li"), Step.CLEAR),
    ):
        with pytest.raises(StepRefused, match="Li"):
            advance(record, step)


def test_the_diagram_in_the_documentation_is_made_from_the_table() -> None:
    assert f"```mermaid\n{diagram()}\n```" in (ROOT / "docs" / "alarms.md").read_text()
