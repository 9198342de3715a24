"""What signals say together, in every store: the same as added up in plain Python."""

import math
import random
from collections import defaultdict
from typing import Any, get_args

import pytest

from tests.twin.store.filter_contract import built_twin
from tests.twin.store.live_contract import declared, read, temperature
from twin.errors import NotFound
from twin.filters import parse_filter
from twin.ports import StateQuery, TwinStore
from twin.ports.totals import AGGREGATED_BY
from twin.state import Quality

Groups = dict[tuple[Any, ...], dict[str, Any]]


def expected(things: list[Any], by: str) -> Groups:
    """Signals, numbers of those that count, by key and kind."""
    groups: Groups = defaultdict(
        lambda: {"signals": 0, "numbers": [], "texts": 0, "qualities": defaultdict(int)}
    )
    for thing in things:
        for name, own in thing.signals.items():
            key = {"all": "all", "name": name, "kind": own["kind"]}.get(by, thing.attributes.get(by))
            group = groups[key, own["kind"]]
            quality = own.get("quality", "none")
            group["signals"] += 1
            group["qualities"][quality] += 1
            if quality in {"good", "uncertain"}:
                if isinstance(own["value"], str):
                    group["texts"] += 1
                else:
                    group["numbers"].append(float(own["value"]))
    return groups


class TotalsContract:
    @pytest.mark.parametrize("by", get_args(AGGREGATED_BY))
    def test_totals_are_those_of_plain_python(self, store: TwinStore, by: AGGREGATED_BY) -> None:
        things = built_twin(store, random.Random(11))
        groups = expected(things, by)
        totals = store.aggregate(StateQuery(), by)
        assert {(total.key, total.kind) for total in totals} == set(groups)
        for total in totals:
            group = groups[total.key, total.kind]
            numbers = group["numbers"]
            assert (total.signals, total.count, total.texts) == (
                group["signals"],
                len(numbers),
                group["texts"],
            )
            assert {word: count for word, count in total.qualities.items() if count} == group["qualities"]
            if numbers:
                assert (total.minimum, total.maximum) == (min(numbers), max(numbers))
                assert math.isclose(total.sum or 0.0, sum(numbers), abs_tol=1e-9)
                assert math.isclose(total.mean or 0.0, sum(numbers) / len(numbers), abs_tol=1e-9)
            else:
                assert (total.sum, total.mean, total.minimum, total.maximum) == (None,) * 4

    def test_units_are_never_added_up(self, store: TwinStore) -> None:
        declared(store, "xy", unit="W")
        records = store.declare_signals(
            [temperature("x", unit="W"), temperature("y", unit="kW", tolerance=1.0)]
        )
        store.record([read(records[0].number, 500.0, 0), read(records[1].number, 2.0, 0)])
        totals = store.aggregate(StateQuery(), "all")
        assert [(total.unit, total.sum) for total in totals] == [("W", 500.0), ("kW", 2.0)]

    def test_stale_and_bad_ones_are_counted_apart(self, store: TwinStore) -> None:
        one, two, three = declared(store, period_s=60)
        store.record(
            [read(one.number, 1.0, -100), read(two.number, 5.0, 0, Quality.BAD), read(three.number, 3.0, 0)]
        )
        (total,) = store.aggregate(StateQuery(), "kind")
        assert (total.signals, total.count, total.mean) == (3, 1, 3.0)
        assert total.qualities == {"good": 1, "uncertain": 0, "stale": 1, "bad": 1, "none": 0}

    def test_filters_count_and_lost_objects_do_not(self, store: TwinStore) -> None:
        records = declared(store)
        store.record([read(record.number, float(place), 0) for place, record in enumerate(records)])
        hot = StateQuery(filter=parse_filter("temperature >= 1"))
        assert [total.sum for total in store.aggregate(hot, "all")] == [3.0]
        assert [total.sum for total in store.aggregate(StateQuery(place="a/y"), "class")] == [1.0]
        store.remove("a")
        assert store.aggregate(StateQuery(), "all") == []
        with pytest.raises(NotFound):
            store.aggregate(StateQuery(place="a/y"), "all")
