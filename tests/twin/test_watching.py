"""When alarms are raised and cleared: against a plain reading of the definition, and fact by fact."""

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from twin.alarms import AlarmRule, Kind
from twin.state import Quality, Value
from twin.watching import Cleared, Event, Raised, Seen, Watch, elapse, holds, observe

S = 1_000_000
GOOD, BAD, STALE, UNCERTAIN = Quality.GOOD, Quality.BAD, Quality.STALE, Quality.UNCERTAIN
Tick = int
Step = Seen | Tick
Said = tuple[bool | None, int, int, Value]


def seen(value: Value, at: float, quality: Quality = GOOD, *, lag: float = 0.0) -> Seen:
    """Observed `at` seconds, received and told `lag` later."""
    told = round((at + lag) * S)
    return Seen(value, quality, round(at * S), told, told)


def run(rule: AlarmRule, steps: list[Step]) -> list[tuple[int, Event]]:
    """(place of the step, event) of all."""
    watch: Watch | None = None
    found: list[tuple[int, Event]] = []
    for place, step in enumerate(steps):
        if isinstance(step, Seen):
            watch, events = observe(rule, watch, step)
        elif watch is not None:
            watch, events = elapse(rule, watch, step)
        else:
            events = []
        found += [(place, event) for event in events]
    return found


def oracle(rule: AlarmRule, steps: list[Step]) -> list[tuple[int, Event]]:
    """The definition, word by word: a change is told when what speaks for it has stood, uninterrupted, for the delay."""
    told: list[tuple[int, Event]] = []
    said: list[Said] = []
    alarm = False

    def decide(place: int, now: int, clock: Callable[[Said], int]) -> None:
        nonlocal alarm
        stood = []
        for one in reversed(said):
            if one[0] is not (not alarm):
                break
            stood.append(one)
        if not stood or (alarm and rule.latched):
            return
        delay = round((rule.clear_delay_s if alarm else rule.delay_s) * S)
        if now >= clock(stood[-1]) + delay:
            told.append((place, Cleared() if alarm else Raised(stood[-1][1], stood[-1][3])))
            alarm = not alarm

    for place, step in enumerate(steps):
        if not isinstance(step, Seen):
            decide(place, step, lambda one: one[2])
            continue
        mine = step.at if rule.kind is Kind.STALE else step.observed_at
        received = step.at if rule.kind is Kind.STALE else step.received_at
        decide(place, mine, lambda one: one[1])
        before = said[-1][0] if said else False
        held = alarm if before is None else before
        said.append((holds(rule, step, held=held), mine, received, step.value))
        decide(place, mine, lambda one: one[1])
    return told


def _rule(**fields: Any) -> AlarmRule:
    return AlarmRule(**{"kind": Kind.HIGH, "limit": 10.0, **fields})


rules = st.builds(
    AlarmRule,
    kind=st.sampled_from([Kind.HIGH, Kind.LOW, Kind.STALE, Kind.BAD, Kind.HIGH_HIGH]),
    limit=st.just(10.0),
    hysteresis=st.sampled_from([0.0, 1.0, 2.0]),
    delay_s=st.sampled_from([0.0, 1.0, 3.0]),
    clear_delay_s=st.sampled_from([0.0, 2.0]),
    latched=st.booleans(),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Step]:
    """Times grow by both clocks; the device's is behind by a lag that changes."""
    steps: list[Step] = []
    observed = told = 0
    for _ in range(draw(st.integers(0, 25))):
        told += draw(st.integers(0, 3)) * S
        if draw(st.booleans()):
            observed = min(observed + draw(st.integers(1, 3)) * S, told + S)
            value = float(draw(st.integers(7, 13)))
            quality = draw(st.sampled_from([GOOD, GOOD, GOOD, UNCERTAIN, BAD, STALE]))
            steps.append(Seen(value, quality, observed, told, told))
        else:
            steps.append(told)
    return steps


@given(rules, histories())
def test_alarms_are_what_the_definition_says(rule: AlarmRule, steps: list[Step]) -> None:
    assert run(rule, steps) == oracle(rule, steps)


@given(rules, histories())
def test_raising_and_clearing_take_turns(rule: AlarmRule, steps: list[Step]) -> None:
    kinds = [type(event) for _, event in run(rule, steps)]
    assert kinds == [Raised, Cleared] * (len(kinds) // 2) + [Raised] * (len(kinds) % 2)


@given(rules, histories())
def test_the_same_state_twice_changes_nothing_more(rule: AlarmRule, steps: list[Step]) -> None:
    watch: Watch | None = None
    for step in steps:
        if isinstance(step, Seen):
            watch, _ = observe(rule, watch, step)
            again, events = observe(rule, watch, step)
            assert (again, events) == (watch, [])


@given(st.floats(1.0, 5.0), st.lists(st.floats(0.0, 1.0), min_size=1, max_size=40))
def test_a_value_that_flaps_within_the_hysteresis_raises_one_alarm(
    hysteresis: float, places: list[float]
) -> None:
    rule = _rule(hysteresis=hysteresis)
    values = [10.5, *(10.01 - hysteresis * 0.999 * place for place in places)]
    events = run(rule, [seen(value, at) for at, value in enumerate(values)])
    assert events == [(0, Raised(0, 10.5))]


def test_a_limit_is_exclusive_and_the_hysteresis_inclusive() -> None:
    rule = _rule(hysteresis=2.0)
    assert run(rule, [seen(10.0, 0)]) == []
    assert run(rule, [seen(10.1, 0), seen(8.0, 1)]) == [(0, Raised(0, 10.1)), (1, Cleared())]
    low = _rule(kind=Kind.LOW, hysteresis=2.0)
    assert run(low, [seen(10.0, 0), seen(9.9, 1), seen(11.9, 2), seen(12.0, 3)]) == [
        (1, Raised(S, 9.9)),
        (3, Cleared()),
    ]


def test_a_peak_shorter_than_the_delay_is_no_alarm_even_if_it_is_told_late() -> None:
    rule = _rule(delay_s=30)
    assert run(rule, [seen(11, 0, lag=100), seen(9, 10, lag=91), 131 * S]) == []


def test_the_next_reading_proves_that_the_delay_was_over_before_it() -> None:
    rule = _rule(delay_s=30)
    assert run(rule, [seen(11, 0), seen(9, 31)]) == [(1, Raised(0, 11)), (1, Cleared())]


def test_where_nothing_more_comes_our_clock_counts_from_the_reception() -> None:
    rule = _rule(delay_s=30)
    assert run(rule, [seen(11, 0, lag=100), 129 * S, 130 * S]) == [(2, Raised(0, 11))]


def test_a_value_that_cannot_be_trusted_interrupts_both_delays() -> None:
    rule = _rule(delay_s=30, clear_delay_s=30)
    assert run(rule, [seen(11, 0), seen(11, 10, BAD), 100 * S]) == []
    steps: list[Step] = [seen(11, 0), 30 * S, seen(9, 40), seen(9, 50, STALE), 200 * S]
    assert run(rule, steps) == [(1, Raised(0, 11))]


def test_a_state_is_compared_with_its_type() -> None:
    rule = AlarmRule(kind=Kind.STATE, states=(True, "fault"))
    values: list[Value] = [1, 1.0, True, "ok", "fault"]
    assert [holds(rule, seen(value, 0), held=False) for value in values] == [False, False, True, False, True]


def test_a_limit_says_nothing_about_a_text() -> None:
    assert holds(_rule(), seen("11", 0), held=False) is None


def test_silence_is_over_when_the_device_says_anything_even_that_it_is_bad() -> None:
    rule = AlarmRule(kind=Kind.STALE)
    assert run(rule, [seen(1, 0), seen(1, 0, STALE), seen(1, 9, BAD)]) == [(1, Raised(0, 1)), (2, Cleared())]
    bad = AlarmRule(kind=Kind.BAD)
    assert run(bad, [seen(1, 0, BAD), seen(1, 0, STALE), seen(1, 9)]) == [(0, Raised(0, 1)), (2, Cleared())]


def test_a_latched_alarm_is_not_cleared_by_itself_and_holds_again() -> None:
    rule = _rule(latched=True)
    assert run(rule, [seen(11, 0), seen(9, 1), 99 * S, seen(11, 100), seen(9, 101)]) == [(0, Raised(0, 11))]
