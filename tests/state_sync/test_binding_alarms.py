"""Rules for alarms in binding files."""

import pytest

from state_sync.bindings import InvalidBindings, parse
from tests.conftest import ROOT
from twin.alarms import AlarmRule, Kind, Severity

HEAD = '[[binding]]\ntag = "T"\nsignal = "t"\ntopic = "a/b"\n'

RULES = (
    AlarmRule(kind=Kind.HIGH, limit=28.0, hysteresis=1.5, delay_s=60.0, severity=Severity.MAJOR, message="zu warm, {value}"),
    AlarmRule(kind=Kind.STALE, clear_delay_s=5.0, latched=True),
)  # fmt: skip


def test_rules_stand_below_their_binding_in_toml() -> None:
    text = (
        HEAD
        + """
[[binding.alarm]]
kind = "high"
limit = 28
hysteresis = 1.5
delay_s = 60
severity = "major"
message = "zu warm, {value}"

[[binding.alarm]]
kind = "stale"
clear_delay_s = 5
latched = true
"""
    )
    (rule,) = parse(text.encode(), "b.toml").rules
    assert rule.signal.alarms == RULES


def test_the_same_in_a_cell_of_csv() -> None:
    cell = "high 28 hysteresis=1.5 delay_s=60 severity=major message=zu warm, {value}|stale clear_delay_s=5 latched=true"
    (rule,) = parse(f'tag,signal,topic,alarm\nT,t,a/b,"{cell}"\n'.encode(), "b.csv").rules
    assert rule.signal.alarms == RULES


def test_states_in_a_cell_have_the_types_of_values() -> None:
    (rule,) = parse(
        b"tag,signal,type,topic,alarm\nT,t,boolean,a/b,state true severity=critical\n", "b.csv"
    ).rules
    assert rule.signal.alarms == (AlarmRule(kind=Kind.STATE, states=(True,), severity=Severity.CRITICAL),)


@pytest.mark.parametrize(
    ("more", "alarm", "told"),
    [
        ("", '{kind = "high"}', "limit"),
        ("", '{kind = "odd", limit = 1}', "Invalid enum value"),
        ("", '{kind = "high", limit = 1, delay = 3}', "'delay'"),
        ("", '{kind = "high", limit = 1}, {kind = "high", limit = 2}', "twice"),
        ("", '{kind = "high", limit = 1}, {kind = "low", limit = 2}', "not below"),
        ('type = "boolean"', '{kind = "high", limit = 1}', "nothing for a boolean"),
        ('type = "boolean"', '{kind = "state", states = [1]}', "true or false"),
        ('type = "enum"\nchoices = ["on"]', '{kind = "state", states = ["off"]}', "'off'"),
    ],
)
def test_a_rule_that_makes_no_sense_is_told_by_its_field(more: str, alarm: str, told: str) -> None:
    with pytest.raises(InvalidBindings) as caught:
        parse(f"{HEAD}{more}\nalarm = [{alarm}]\n".encode(), "b.toml")
    (problem,) = caught.value.problems
    assert (problem.field, told in problem.message) == ("alarm", True)


def test_the_example_of_the_documentation_is_a_binding_file() -> None:
    text = (ROOT / "docs" / "alarms.md").read_text()
    example = text.partition("```toml\n")[2].partition("```")[0]
    (rule,) = parse(example.encode(), "b.toml").rules
    assert [alarm.kind for alarm in rule.signal.alarms] == [Kind.HIGH, Kind.STALE]
