"""What every live store does about its archive: nobody can tell what has moved."""

from collections import Counter
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict

from tests.twin.store.builders import imported, plain
from tests.twin.store.fold_contract import ONE_STORE, expected
from tests.twin.store.fold_contract import values as told_values
from tests.twin.store.live_contract import NOW, S, declared, past, read, temperature
from tests.twin.store.retention_contract import enforced, spans
from tests.twin.store.rollup_contract import DAY, MIDNIGHT, check, finished
from twin.errors import NotFound
from twin.ports import QUALITIES, CurveQuery, Dropped, TwinStore
from twin.state import Quality, Reading
from twin.store import SqlStore, archive_job

_names = count()

WEEK = 7 * 86_400
# The clock's today is the fourth day of a period: these lie in the two before, and today.
times = st.builds(
    lambda day, within: MIDNIGHT - day * DAY + within,
    st.sampled_from([0, 4, 5, 10, 11, 12]),
    st.integers(0, 2),
)
readings = st.builds(
    Reading,
    st.integers(0, 1),
    told_values,
    times,
    st.sampled_from([NOW, NOW + 1, NOW + 7_000_000]),
    st.sampled_from([Quality.GOOD, Quality.UNCERTAIN, Quality.BAD]),
)
# None: what is old enough moves.
steps = st.lists(st.one_of(st.none(), st.lists(readings, max_size=6)), max_size=8)


def moved(store: SqlStore) -> int:
    """Roll up and archive; returns how many readings left the database."""
    finished(store)
    return sum(step.moved for step in store.archive(after_days=0))


class ArchiveContract:
    @given(steps)
    @settings(max_examples=15, deadline=None, suppress_health_check=ONE_STORE)
    def test_nobody_can_tell_what_has_moved(
        self, store: SqlStore, monkeypatch: pytest.MonkeyPatch, given_steps: list[list[Reading] | None]
    ) -> None:
        numbers = _fresh(store)
        arrived: list[Reading] = []
        counted: Counter[str] = Counter()
        with monkeypatch.context() as patched:
            patched.setattr(archive_job, "ROWS", 14)
            for step in given_steps:
                if step is None:
                    moved(store)
                else:
                    batch = [Reading(numbers[one.signal], *_rest(one)) for one in step]
                    arrived += batch
                    done = asdict(store.record(batch))
                    done.pop("seq")
                    counted.update(done)
                _compare(store, numbers, arrived)
        assert +counted == expected(arrived).steps

    def test_what_is_old_enough_leaves_the_database_and_the_rest_stays(self, store: SqlStore) -> None:
        records = declared(store)
        store.record([read(r.number, float(t), t) for r in records for t in range(-3 * WEEK, 0, 3600)])
        before = [past(store, r.number) for r in records]
        rolled = [spans(store, r.number) for r in records]
        scenes = [_scene(store, at) for at in range(-3 * WEEK, 0, 100_000)]
        assert list(store.archive(after_days=0)) == []
        assert 0 < moved(store) == 3 * len(before[0]) - _rows(store)
        assert _rows(store) < 3 * 7 * 24
        assert [past(store, r.number) for r in records] == before
        assert [spans(store, r.number) for r in records] == rolled
        assert [_scene(store, at) for at in range(-3 * WEEK, 0, 100_000)] == scenes
        assert moved(store) == 0
        curve = store.curve(records[0].number, CurveQuery(start=0, end=1 << 62, points=300))
        assert (curve.readings, len(curve.items)) == (504, 300)

    def test_pages_go_on_from_files_to_the_table(self, store: SqlStore) -> None:
        one, *_ = declared(store)
        store.record([read(one.number, float(t), t) for t in range(-3 * WEEK, 0, 7200)])
        moved(store)
        store.record([read(one.number, 0.5, -2 * WEEK - 1), read(one.number, 0.5, 10)])
        found: list[Any] = []
        cursor = None
        while True:
            page = store.history(one.number, start=0, end=1 << 62, limit=7, cursor=cursor)
            found += [(row.observed_at - NOW) // S for row in page.items]
            cursor = page.next
            if cursor is None:
                break
        assert found == sorted([*range(-3 * WEEK, 0, 7200), -2 * WEEK - 1, 10])

    def test_late_readings_are_merged_and_moved_the_next_time(self, store: SqlStore) -> None:
        one, two, _ = declared(store)
        store.record([read(r.number, float(t), t) for r in (one, two) for t in range(-3 * WEEK, 0, 3600)])
        moved(store)
        rows = _rows(store)
        at = -2 * WEEK
        told = store.record(
            [
                read(one.number, float(at), at),
                read(one.number, 1e9, at + 3600),
                read(one.number, -1e9, at + 7200),
                read(one.number, 7.0, at + 1),
            ]
        )
        assert (told.duplicate, told.conflict, told.late) == (1, 2, 1)
        assert _rows(store) == rows + 2
        told = store.record([read(one.number, 1e9, at + 3600), read(one.number, 7.0, at + 1)])
        assert told.duplicate == 2
        shown = {t: value for t, value, _ in past(store, one.number)}
        assert [shown[at + t] for t in (0, 1, 3600, 7200)] == [at, 7.0, 1e9, at + 7200]
        assert dict(zip(*_scene(store, at + 3600)[:2], strict=True))[one.number] == 1e9
        check(store, one.number)
        assert moved(store) == 2
        assert _rows(store) == rows
        assert {t: value for t, value, _ in past(store, one.number)} == shown
        check(store, one.number)

    def test_what_is_archived_is_dropped_when_its_time_has_come(self, store: SqlStore) -> None:
        one, two, three = declared(store)
        store.record(
            [read(r.number, float(t), t) for r in (one, two, three) for t in range(-3 * WEEK, 0, 3600)]
        )
        before = spans(store, one.number)
        moved(store)
        store.record([read(one.number, 3.5, -20 * 86_400 + 1)])
        after = spans(store, one.number)
        assert before != after
        days = (NOW - MIDNIGHT) // S + 12 * 86_400
        gone = sum(t < -days for t in range(-3 * WEEK, 0, 3600))
        assert enforced(store, days=12) == Dropped(readings=3 * gone + 1)
        assert min(t for t, *_ in past(store, two.number)) >= -days
        assert spans(store, one.number) == after
        assert enforced(store, days=12) == Dropped()


def _rest(one: Reading) -> tuple[Any, ...]:
    return one.value, one.observed_at, one.received_at, one.quality


def _compare(store: TwinStore, numbers: list[int], arrived: list[Reading]) -> None:
    told = expected(arrived)
    for number in numbers:
        rows = store.history(number, start=0, end=1 << 62, limit=100).items
        assert [(r.observed_at, type(r.value), r.value, r.quality, r.received_at) for r in rows] == [
            (at, type(one.value), one.value, one.quality, one.received_at)
            for (signal, at), one in sorted(told.history.items(), key=lambda item: item[0])
            if signal == number
        ]
        check(store, number)
    for day in (0, 4, 5, 10, 11, 12):
        at = MIDNIGHT - day * DAY + 1
        replay = expected([one for one in arrived if one.observed_at <= at]).states
        scene = store.scene_at(at)
        found = {
            number: (
                scene.texts.get(row, scene.values[row]),
                QUALITIES[scene.quality[row]],
                scene.observed_at[row],
            )
            for row, number in enumerate(scene.signals.tolist())
            if number in numbers
        }
        assert found == {
            number: (
                state.value if isinstance(state.value, str) else float(state.value),
                state.quality,
                state.observed_at,
            )
            for number, state in replay.items()
        }


def _scene(store: TwinStore, at: int) -> list[Any]:
    scene = store.scene_at(NOW + at * S)
    return [scene.signals.tolist(), scene.values.tolist(), scene.observed_at.tolist()]


def _rows(store: SqlStore) -> int:
    """Readings in the database."""
    with store._database.read() as connection:
        tables = ("reading", "recent_reading")
        return sum(connection.exec_driver_sql(f"SELECT count(*) FROM {t}").scalar_one() for t in tables)


def _fresh(store: TwinStore) -> list[int]:
    """Signals that no example has used."""
    try:
        store.model("a")
    except NotFound:
        imported(store, "a", plain("x"))
    names = [temperature("x", name=f"a{next(_names)}") for _ in range(2)]
    return [record.number for record in store.declare_signals(names)]
