"""What every store must do about tables, and about tables and objects side by side; adapters' tests give `store`."""

from collections.abc import Sequence

import numpy as np
import pytest

from tests.twin.store.builders import (
    boxes,
    imported,
    plain,
    published,
    request,
    staged,
    tree,
    with_properties,
)
from tests.twin.store.query_contract import all_pages, by_property, found
from tests.twin.store.tabled import as_table, tabled
from twin.errors import Conflict
from twin.objects import Attributes, Property, SourceObject
from twin.ports import StagedRevision, StateQuery
from twin.queries import parse_condition
from twin.state import Signal
from twin.store import SqlStore
from twin.store.packed import search
from twin.tables import NO_ORDINAL, Coded, ObjectTable, PropertyColumn, TextArray


def layer(count: int, columns: Sequence[PropertyColumn] = (), first: int = 0) -> ObjectTable:
    nobody = np.full(count, NO_ORDINAL, np.int64)
    return ObjectTable(
        first=first,
        global_ids=TextArray.of(f"{i:06}" for i in range(first, first + count)),
        names=TextArray.of(f"Haus {(i * 7919) % 1000}" for i in range(first, first + count)),
        classes=Coded.same("Building", count),
        disciplines=Coded.same("other", count),
        parents=nobody,
        storeys=nobody,
        hidden=np.zeros(count, np.bool_),
        products=np.ones(count, np.bool_),
        properties=tuple(columns),
    )


def numbers(name: str, values: Sequence[float], **more: object) -> PropertyColumn:
    return PropertyColumn(
        set_name="S",
        name=name,
        type="Real",
        values=np.array(values, np.float64),
        **more,  # type: ignore[arg-type]
    )


def imported_table(store: SqlStore, key: str, *tables: ObjectTable, content: str = "1") -> list[int]:
    revision = store.begin_revision(request(key, content, kind="geojson"))
    assert isinstance(revision, StagedRevision)
    indexes = [index for table in tables for index in store.stage_table(revision, table).tolist()]
    published(store, revision)
    return indexes


class TableContract:
    def test_tables_of_one_source_are_one_sequence(self, store: SqlStore) -> None:
        n = [float(i) for i in range(5000)]
        tables = [
            layer(3000, [numbers("n", n[:3000])]),
            layer(10, [numbers("n", n[3000:3010])], 3000),
            layer(1990, [numbers("n", n[3010:])], 3010),
        ]
        assert imported_table(store, "a", *tables) == list(range(5000))
        for ordinal in (0, 2047, 2048, 2999, 3000, 3009, 3010, 4999):
            stated = store.object("a", f"{ordinal:06}").attributes.properties["S"]["n"]
            assert stated == Property(value=float(ordinal), type="Real")
        assert by_property(store, "n=2500") == "002500"
        assert found(store, properties=(parse_condition("S.n=2998..3011"),)) == [
            f"{i:06}" for i in range(2998, 3012)
        ]

    def test_tables_out_of_order_conflict(self, store: SqlStore) -> None:
        revision = store.begin_revision(request("a"))
        assert isinstance(revision, StagedRevision)
        store.stage_table(revision, layer(10))
        with pytest.raises(Conflict, match="order"):
            store.stage_table(revision, layer(10, first=11))
        with pytest.raises(Conflict, match="order"):
            store.stage_table(revision, layer(10, first=0))

    def test_tables_named_ahead_keep_their_indexes_when_they_are_staged(self, store: SqlStore) -> None:
        tables = [layer(30), layer(0, first=30), layer(12, first=30)]
        revision = store.begin_revision(request("a"))
        assert isinstance(revision, StagedRevision)
        named = [store.name_table(revision, table).tolist() for table in tables]
        assert named == [list(range(30)), [], list(range(30, 42))]
        assert [store.stage_table(revision, table).tolist() for table in tables] == named
        published(store, revision)
        assert [store.object("a", f"{i:06}").record.state_index for i in (0, 30, 41)] == [0, 30, 41]

    def test_what_was_named_and_discarded_has_the_same_indexes_in_the_next_import(
        self, store: SqlStore
    ) -> None:
        lost = store.begin_revision(request("a"))
        assert isinstance(lost, StagedRevision)
        named = store.name_table(lost, layer(30)).tolist()
        store.discard(lost)
        assert imported_table(store, "a", layer(30)) == named

    def test_another_table_than_was_named_conflicts(self, store: SqlStore) -> None:
        revision = store.begin_revision(request("a"))
        assert isinstance(revision, StagedRevision)
        store.name_table(revision, layer(30))
        with pytest.raises(Conflict, match="named"):
            store.stage_table(revision, layer(29))

    def test_objects_and_tables_in_one_revision_conflict(self, store: SqlStore) -> None:
        revision, _ = staged(store, "a", plain("xy"))
        with pytest.raises(Conflict, match="tables"):
            store.stage_table(revision, layer(10))
        other = store.begin_revision(request("b"))
        assert isinstance(other, StagedRevision)
        store.stage_table(other, layer(10))
        with pytest.raises(Conflict, match="tables"):
            store.stage_objects(other, plain("xy"))

    def test_of_two_columns_of_a_property_the_first_that_is_valid_counts(self, store: SqlStore) -> None:
        first = numbers("n", [1, 2, 0], valid=np.array([True, True, False]))
        second = numbers("n", [9, 9, 3], valid=np.array([False, True, True]), unit="m")
        imported_table(store, "a", layer(3, [first, second]))
        stated = [store.object("a", f"{i:06}").attributes.properties["S"]["n"] for i in range(3)]
        assert [(p.value, p.unit) for p in stated] == [(1, None), (2, None), (3, "m")]
        assert found(store, properties=(parse_condition("n=9"),)) == []
        assert found(store, properties=(parse_condition("n>=2"),)) == ["000001", "000002"]

    def test_an_elevation_orders_storeys(self, store: SqlStore) -> None:
        heights = {"s1": 9.0, "s2": -3.0, "s3": 0.0}
        rows: dict[str, tuple[str, str, str | None, str | None]] = {
            "b": ("IfcBuilding", "B", None, None),
            **{g: ("IfcBuildingStorey", g, "b", None) for g in heights},
        }
        objects = [_with(item, heights.get(item.global_id)) for item in tree(rows)]
        imported_table(store, "a", as_table(objects))
        assert [c.global_id for c in store.children("a", "b", limit=9).items] == ["s2", "s3", "s1"]
        assert [s.elevation_m for s in store.storeys("a")] == [-3.0, 0.0, 9.0]

    def test_objects_and_tables_are_found_together_in_order(self, store: SqlStore) -> None:
        ids = [f"{i:03}" for i in range(40)]
        values = {g: {"n": int(g) % 2} for g in ids}
        imported(store, "c", with_properties(ids, values))
        imported(tabled(store), "b", with_properties(ids, values))
        imported(store, "a", with_properties(ids, values))
        imported(tabled(store), "d", with_properties(ids, values))
        condition = (parse_condition("n=1"),)
        expected = [f"{key}/{g}" for key in "cbad" for g in ids if int(g) % 2]
        for limit in (1, 7, 19, 100):
            assert all_pages(store, properties=condition, limit=limit) == expected
            assert all_pages(store, properties=condition, roots=True, limit=limit) == expected
        assert all_pages(store, properties=condition, models=("b", "c"), limit=7) == expected[:40]
        assert all_pages(store, properties=condition, text="wall 001", limit=7) == [
            f"{k}/001" for k in "cbad"
        ]

    @pytest.mark.parametrize("sorted_at_once", [0, 100_000])
    def test_pages_of_many_are_complete(
        self, store: SqlStore, sorted_at_once: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(search, "SORTED_AT_ONCE", sorted_at_once)
        monkeypatch.setattr(search, "FIRST_PIECE", 16)
        n = [float(i % 3) for i in range(3000)]
        table = layer(3000, [numbers("n", n)])
        imported(store, "z", with_properties("xy", {"x": {"n": 0}, "y": {"n": 1}}))
        imported_table(store, "a", table)
        condition = (parse_condition("n=0"),)
        passing = [i for i in range(3000) if i % 3 == 0]
        assert all_pages(store, properties=condition, limit=400) == ["z/x", *(f"a/{i:06}" for i in passing)]
        in_tree = sorted(passing, key=lambda i: ((i * 7919) % 1000, i))
        expected = ["z/x", *(f"a/{i:06}" for i in in_tree)]
        assert all_pages(store, properties=condition, roots=True, limit=400) == expected
        assert all_pages(store, properties=condition, roots=True, limit=101) == expected

    def test_a_place_and_a_property_both_have_to_hold(self, store: SqlStore) -> None:
        revision = store.begin_revision(request("a"))
        assert isinstance(revision, StagedRevision)
        store.stage_table(revision, layer(1000, [numbers("n", [i % 10 for i in range(1000)])]))
        at = np.arange(1000) / 1000
        where = np.column_stack([121 + at, at, at * 0, 121 + at, at, at * 0 + 1])
        store.stage_bounds(revision, where, where)
        published(store, revision)
        assert found(store, bbox=(121.1, -1, 121.13, 1), properties=(parse_condition("n=3"),)) == [
            "000103",
            "000113",
            "000123",
        ]
        assert found(store, bbox=(121.0, -1, 122, 1), limit=1000) == [f"{i:06}" for i in range(1000)]

    def test_states_are_found_by_place(self, store: SqlStore) -> None:
        for number, (key, as_tables) in enumerate((("a", False), ("b", True))):
            way = tabled(store) if as_tables else store
            revision, _ = staged(way, key, plain("xy"))
            at = boxes([(number, 0, 0, number + 0.5, 1, 1), (50, 50, 0, 51, 51, 1)])
            way.stage_bounds(revision, at, at)
            published(way, revision)
            store.declare_signals([Signal(model=key, global_id=g, name="t", type="number") for g in "xy"])

        def signals(box: tuple[float, float, float, float]) -> list[str]:
            return [state.signal.signal.id for state in store.states(StateQuery(bbox=box)).items]

        assert signals((0, 0, 2, 1)) == ["a/x/t", "b/x/t"]
        assert signals((0.9, 0, 2, 1)) == ["b/x/t"]
        assert signals((40, 40, 60, 60)) == ["a/y/t", "b/y/t"]
        assert signals((70, 40, 80, 60)) == []

    def test_rolling_back_goes_from_tables_to_objects_and_back(self, store: SqlStore) -> None:
        values = {"x": {"n": 1.0}, "y": {"n": 2.0}}
        imported(store, "a", with_properties("xy", values))
        imported(tabled(store), "a", with_properties("xyz", {**values, "x": {"n": 5.0}}), "2")
        assert by_property(store, "n>=1") == "xy"
        assert by_property(store, "n=5") == "x"
        store.rollback("a", 1)
        assert by_property(store, "n=5") == ""
        assert by_property(store, "n=1") == "x"
        store.rollback("a", 2)
        assert by_property(store, "n=5") == "x"


def _with(item: SourceObject, height: float | None) -> SourceObject:
    if height is None:
        return item
    level = {"Attributes": {"Elevation": Property(value=height, type="L", unit="m")}}
    return SourceObject(
        ordinal=item.ordinal,
        global_id=item.global_id,
        class_=item.class_,
        name=item.name,
        parent=item.parent,
        attributes=Attributes(properties=level),
    )
