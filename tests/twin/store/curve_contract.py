"""What every live store does about curves: few points, each a reading, and none of the extremes lost."""

import numpy as np
import pytest

from tests.twin.store.live_contract import NOW, S, declared, read
from tests.twin.store.rollup_contract import finished
from twin.errors import InvalidQuery, NotFound
from twin.ports import Curve, CurveQuery, TwinStore
from twin.state import Quality, Value
from twin.store import SqlStore

DAY = 86_400


def curve(
    store: TwinStore, number: int, points: int = 50, start: int = -40 * DAY, end: int = 40 * DAY
) -> Curve:
    return store.curve(number, CurveQuery(start=NOW + start * S, end=NOW + end * S, points=points))


def shown(found: Curve) -> list[tuple[float, Value]]:
    """Seconds after the clock's start, and value."""
    return [((at - NOW) / S, value) for at, value in found.items]


def noisy(store: SqlStore, days: int = 4, every_s: int = 30) -> tuple[int, dict[float, float]]:
    """A signal with random values for some days until now, and these by time."""
    one, *_ = declared(store)
    drawn = np.random.default_rng(1)
    told = {float(t): float(drawn.normal()) for t in range(-days * DAY, 0, every_s)}
    told[-2.5 * DAY] = 40.0
    told[-1.5 * DAY] = -40.0
    store.record([read(one.number, value, int(t)) for t, value in told.items()])
    return one.number, told


class CurveContract:
    def test_few_readings_are_all_in_it(self, store: SqlStore) -> None:
        one, *_ = declared(store)
        store.record([read(one.number, float(t), t) for t in range(50)])
        found = curve(store, one.number)
        assert (found.resolution, found.method, found.readings) == ("raw", "all", 50)
        assert shown(found) == [(t, float(t)) for t in range(50)]

    def test_points_are_readings_and_extremes_are_among_them(self, store: SqlStore) -> None:
        number, told = noisy(store)
        raw = curve(store, number)
        finished(store)
        rolled = curve(store, number)
        assert (raw.method, rolled.method, rolled.resolution) == ("minmaxlttb", "minmaxlttb", "15m")
        for found in (raw, rolled):
            assert found.readings == len(told)
            assert 40 <= len(found.items) <= 50
            assert all(told[at] == value for at, value in shown(found))
            assert {40.0, -40.0} <= {value for _, value in shown(found)}
            assert [at for at, _ in found.items] == sorted({at for at, _ in found.items})

    def test_only_the_times_asked_are_in_it_whatever_it_is_made_of(self, store: SqlStore) -> None:
        number, told = noisy(store)
        finished(store)
        start, end = -3 * DAY + 777, -DAY - 777
        found = curve(store, number, start=start, end=end)
        assert found.resolution == "15m"
        assert all(start <= at < end for at, _ in shown(found))
        assert found.readings == sum(start <= at < end for at in told)

    def test_a_late_reading_is_in_it_at_once(self, store: SqlStore) -> None:
        number, _ = noisy(store)
        finished(store)
        store.record([read(number, 99.0, -2 * DAY + 1)])
        assert (-2 * DAY + 1, 99.0) in shown(curve(store, number))

    def test_bad_readings_are_left_out_and_counted(self, store: SqlStore) -> None:
        one, *_ = declared(store)
        store.record(
            [read(one.number, float(t), t, Quality.BAD if t % 2 else Quality.GOOD) for t in range(10)]
        )
        found = curve(store, one.number)
        assert (found.readings, found.others, [value for _, value in found.items]) == (5, 5, [0, 2, 4, 6, 8])

    @pytest.mark.parametrize(("kind", "value"), [("boolean", True), ("integer", 7)])
    def test_values_have_the_type_of_their_signal(self, store: SqlStore, kind: str, value: Value) -> None:
        one, *_ = declared(store, type=kind)
        store.record([read(one.number, value, t) for t in range(9)])
        assert {type(v) for _, v in curve(store, one.number, 5).items} == {type(value)}

    def test_texts_are_shown_where_they_change(self, store: SqlStore) -> None:
        one, *_ = declared(store, type="enum")
        store.record([read(one.number, "on" if t // 10 % 2 else "off", t) for t in range(100)])
        found = curve(store, one.number)
        assert (found.method, found.readings) == ("changes", 100)
        assert shown(found) == [(t, "on" if t // 10 % 2 else "off") for t in range(0, 100, 10)]
        assert [at for at, _ in shown(curve(store, one.number, 4))] == [0, 30, 60, 90]

    def test_the_largest_numbers_do_no_harm(self, store: SqlStore) -> None:
        one, *_ = declared(store)
        store.record(
            [read(one.number, (-1.7e308 if t % 2 else 1.7e308) * (t % 7), t) for t in range(500) if t % 7 < 2]
        )
        assert len(curve(store, one.number, 10).items) == 10

    def test_a_signal_without_readings_has_an_empty_curve(self, store: SqlStore) -> None:
        one, *_ = declared(store)
        assert curve(store, one.number).items == []
        store.record([read(one.number, 1.0, 0)])
        assert curve(store, one.number, start=1, end=0).items == []

    def test_unknown_signals_and_strange_numbers_of_points_are_refused(self, store: SqlStore) -> None:
        one, *_ = declared(store)
        with pytest.raises(NotFound):
            curve(store, 4711)
        for points in (2, 10_001):
            with pytest.raises(InvalidQuery):
                curve(store, one.number, points)
