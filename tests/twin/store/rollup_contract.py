"""What every live store does about roll-ups: at any time they say what the readings say, summed up anew."""

import math
from collections import defaultdict
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import text

from tests.twin.store.builders import imported, plain
from tests.twin.store.clock import Clock
from tests.twin.store.fold_contract import ONE_STORE
from tests.twin.store.live_contract import NOW, S, declared, read, temperature
from twin.errors import InvalidQuery, NotFound
from twin.ports import WIDTHS_US, HistoryRow, Resolution, RollUp, RollUpQuery, TwinStore
from twin.state import Quality, Reading
from twin.store import SqlStore, rollup_job, rollups

MINUTE = 60 * S
DAY = 86_400 * S
MIDNIGHT = NOW // DAY * DAY
RESOLUTIONS: tuple[Resolution, ...] = ("1m", "15m", "1h")

_names = count()

values = st.one_of(
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.sampled_from([2**53 + 1, -(2**63)]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "on", "开"]),
)
times = st.builds(
    lambda day, span, within: MIDNIGHT - day * DAY + span + within,
    st.integers(1, 2),
    st.sampled_from([0, MINUTE, 14 * MINUTE, 15 * MINUTE, 59 * MINUTE, 23 * 60 * MINUTE]),
    st.sampled_from([0, 1, MINUTE - 1]),
)
readings = st.builds(
    Reading,
    st.just(0),
    values,
    times,
    st.just(NOW),
    st.sampled_from([Quality.GOOD, Quality.UNCERTAIN, Quality.BAD, Quality.STALE]),
)
# None: the job runs.
steps = st.lists(st.one_of(st.none(), st.lists(readings, max_size=8)), max_size=8)


def anew(rows: list[HistoryRow], width: int) -> list[RollUp]:
    """By the definition, in plain Python."""
    groups: dict[int, list[HistoryRow]] = defaultdict(list)
    for row in rows:
        groups[row.observed_at // width * width].append(row)
    found = []
    for start, group in sorted(groups.items()):
        usable = [row for row in group if row.quality in {Quality.GOOD, Quality.UNCERTAIN}]
        numbers = [float(row.value) for row in usable if not isinstance(row.value, str)]
        found.append(
            RollUp(
                start=start,
                count=len(usable),
                others=len(group) - len(usable),
                minimum=min(numbers, default=None),
                maximum=max(numbers, default=None),
                mean=_mean(numbers),
                last=usable[-1].value if usable else None,
            )
        )
    return found


def _mean(numbers: list[float]) -> float | None:
    return math.fsum(number / len(numbers) for number in numbers) if numbers else None


def check(store: TwinStore, number: int) -> None:
    """Every resolution says what the readings say."""
    rows = store.history(number, start=0, end=1 << 62, limit=10_000).items
    for resolution in RESOLUTIONS:
        told = store.roll_ups(
            number, RollUpQuery(resolution=resolution, start=0, end=1 << 62, limit=10_000)
        ).items
        expected = anew(rows, WIDTHS_US[resolution])
        assert len(told) == len(expected)
        for one, other in zip(told, expected, strict=True):
            _same(one, other)


def _same(one: RollUp, other: RollUp) -> None:
    plain_parts = [
        (type(r.last), r.start, r.count, r.others, r.minimum, r.maximum, r.last) for r in (one, other)
    ]
    assert plain_parts[0] == plain_parts[1]
    if one.mean is None or other.mean is None:
        assert one.mean is other.mean
        return
    assert one.minimum is not None
    assert one.maximum is not None
    largest = max(abs(one.minimum), abs(one.maximum))
    assert abs(one.mean / 2 - other.mean / 2) <= 1e-14 * largest + 1e-300
    assert one.minimum <= one.mean <= one.maximum


def finished(store: SqlStore) -> None:
    while store.roll_up().more:
        pass


class RollUpContract:
    @given(steps)
    @settings(max_examples=60, deadline=None, suppress_health_check=ONE_STORE)
    def test_whatever_comes_and_whenever_the_job_runs_they_equal_a_sum_of_the_readings(
        self, store: SqlStore, monkeypatch: pytest.MonkeyPatch, given_steps: list[list[Reading] | None]
    ) -> None:
        number = _fresh(store)
        _forget_all(store)
        with monkeypatch.context() as patched:
            patched.setattr(rollups, "WORTH", 0)
            patched.setattr(rollup_job, "ROWS", 2)
            for step in given_steps:
                if step is None:
                    finished(store)
                else:
                    store.record([replace(one, signal=number) for one in step])
                check(store, number)
            finished(store)
            check(store, number)

    def test_days_that_are_over_are_rolled_up_and_the_present_one_is_not(
        self, store: SqlStore, clock: Clock
    ) -> None:
        one, two, _ = declared(store)
        store.record([read(r.number, float(t), -86_400 + t) for t in range(0, 7200, 10) for r in (one, two)])
        store.record([read(one.number, 1.0, t) for t in range(60)])
        assert store.roll_up().signals == 2
        assert store.roll_up().signals == 0
        check(store, one.number)
        clock.advance(timedelta(days=1))
        assert store.roll_up().signals == 1
        check(store, one.number)

    def test_a_late_reading_has_its_day_made_anew(self, store: SqlStore) -> None:
        one, two, _ = declared(store)
        store.record([read(r.number, float(t), -86_400 + t) for t in range(0, 7200, 10) for r in (one, two)])
        finished(store)
        store.record([read(one.number, -5.0, -86_400 + 5)])
        assert _first_hour(store, one.number).minimum == -5.0
        assert store.roll_up().corrected == 1
        assert _first_hour(store, one.number).minimum == -5.0
        assert store.roll_up().corrected == 0
        store.record([read(one.number, -5.0, -86_400 + 5)])
        assert store.roll_up().corrected == 0
        assert _first_hour(store, two.number).minimum == 0.0

    def test_what_comes_while_the_job_works_is_not_lost(
        self, store: SqlStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one, *_ = declared(store)
        store.record([read(one.number, float(t), -86_400 + t) for t in range(0, 7200, 10)])
        made = rollup_job.made

        def late(*args: object, **named: object) -> object:
            rows = made(*args, **named)  # type: ignore[arg-type]
            store.record([read(one.number, -5.0 - len(came), -86_400 + 5)])
            came.append(1)
            return rows

        came: list[int] = []
        with monkeypatch.context() as patched:
            patched.setattr(rollup_job, "made", late)
            store.roll_up()
            assert _first_hour(store, one.number).minimum == -4.0 - len(came) or came
            store.roll_up()
        check(store, one.number)
        finished(store)
        check(store, one.number)

    def test_pages_go_on_where_they_ended_and_spans_begin_within_the_times_asked(
        self, store: SqlStore
    ) -> None:
        one, *_ = declared(store)
        store.record([read(one.number, float(t), t * 3600) for t in range(-50, 0)])
        starts: list[int] = []
        cursor = None
        while True:
            times = {"start": NOW - 40 * 3600 * S + 1, "end": NOW - 3600 * S}
            page = store.roll_ups(one.number, RollUpQuery(resolution="1h", limit=7, cursor=cursor, **times))
            starts += [row.start for row in page.items]
            cursor = page.next
            if cursor is None:
                break
        assert starts == [NOW + t * 3600 * S for t in range(-39, -1)]
        nothing = store.roll_ups(one.number, RollUpQuery(resolution="1h", start=NOW, end=NOW, limit=7))
        assert (nothing.items, nothing.next) == ([], None)

    def test_unknown_signals_and_strange_limits_are_refused(self, store: SqlStore) -> None:
        one, *_ = declared(store)
        with pytest.raises(NotFound):
            store.roll_ups(4711, RollUpQuery(resolution="1h", start=0, end=NOW, limit=7))
        for limit in (0, 1_000_000):
            with pytest.raises(InvalidQuery):
                store.roll_ups(one.number, RollUpQuery(resolution="1h", start=0, end=NOW, limit=limit))

    def test_the_largest_numbers_have_a_mean(self, store: SqlStore) -> None:
        one, *_ = declared(store)
        store.record([read(one.number, 1.7e308, t) for t in range(3)])
        (found,) = store.roll_ups(
            one.number, RollUpQuery(resolution="1h", start=0, end=1 << 62, limit=7)
        ).items
        assert found.mean == pytest.approx(1.7e308)


def _first_hour(store: TwinStore, number: int) -> RollUp:
    return store.roll_ups(number, RollUpQuery(resolution="1h", start=0, end=1 << 62, limit=1)).items[0]


def _forget_all(store: SqlStore) -> None:
    """As if the job had never run."""
    with store._database.write(lane="live") as connection:
        for statement in (
            "DELETE FROM rollup",
            "DELETE FROM rollup_mark",
            "DELETE FROM counter WHERE name LIKE 'rollup%'",
        ):
            connection.execute(text(statement))


def _fresh(store: TwinStore) -> int:
    """A signal that no example has used."""
    try:
        store.model("a")
    except NotFound:
        imported(store, "a", plain("x"))
    (record,) = store.declare_signals([temperature("x", name=f"r{next(_names)}")])
    return record.number
