"""What every store must tell about differences between revisions; adapters' tests give `store`."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.twin.store.builders import boxes, imported, plain, published, staged, tree, with_properties
from tests.twin.store.tabled import tabled
from twin.differences import DifferenceQuery, ObjectDifference
from twin.errors import Conflict, InvalidQuery, NotFound
from twin.objects import Attributes, SourceObject
from twin.ports import Store
from twin.shapes import no_shapes
from twin.store import SqlStore

Way = Callable[[SqlStore], Store]
WAYS: dict[str, Way] = {"objects": lambda store: store, "tables": tabled}
BOTH_WAYS = pytest.mark.parametrize("way", [pytest.param(way, id=name) for name, way in WAYS.items()])


def told(store: SqlStore, before: int = 1, after: int = 2, **asked: Any) -> dict[str, ObjectDifference]:
    found = store.differences("a", DifferenceQuery(before=before, after=after, **asked))
    return {item.id.partition("/")[2]: item for item in found.items}


class DifferenceContract:
    @BOTH_WAYS
    def test_properties_are_compared_by_value(self, store: SqlStore, way: Way) -> None:
        values = {"x": {"n": 1, "s": "u"}, "y": {"n": 2, "s": "v"}, "z": {"n": 3}}
        imported(way(store), "a", with_properties("xyz", values))
        changed = {"x": {"n": 1, "s": "u"}, "y": {"n": 7, "s": "v"}, "z": {"s": "new"}}
        imported(way(store), "a", with_properties("xyz", changed), "2")
        found = told(store)
        assert {name: item.changes for name, item in found.items()} == {
            "y": ["properties"],
            "z": ["properties"],
        }
        assert [(p.set, p.name, p.before, p.after) for p in found["y"].properties] == [("Pset", "n", 2, 7)]
        assert {(p.name, p.before, p.after) for p in found["z"].properties} == {
            ("n", 3, None),
            ("s", None, "new"),
        }

    @pytest.mark.parametrize(("first", "second"), [("objects", "tables"), ("tables", "objects")])
    def test_the_way_in_and_the_type_of_a_number_are_no_change(
        self, store: SqlStore, first: str, second: str
    ) -> None:
        values: dict[str, dict[str, Any]] = {"x": {"n": 1, "s": "水", "t": True}, "y": {"n": 2, "s": "v"}}
        floats = {
            name: {k: float(v) if k == "n" else v for k, v in row.items()} for name, row in values.items()
        }
        imported(WAYS[first](store), "a", with_properties("xy", values))
        imported(WAYS[second](store), "a", with_properties("xy", floats), "2")
        assert told(store) == {}

    def test_values_that_have_changed_places_are_a_change(self, store: SqlStore) -> None:
        imported(tabled(store), "a", with_properties("x", {"x": {"p": 1, "q": 2}}))
        imported(tabled(store), "a", with_properties("x", {"x": {"p": 2, "q": 1}}), "2")
        assert [p.name for p in told(store)["x"].properties] == ["p", "q"]

    def test_attributes_beside_properties_are_compared(self, store: SqlStore) -> None:
        for number, tag in enumerate("AB", 1):
            about = Attributes(tag=tag)
            item = SourceObject(ordinal=0, global_id="x", class_="C", name="n", attributes=about)
            imported(store, "a", [item], str(number))
        assert [(p.set, p.name, p.before, p.after) for p in told(store)["x"].properties] == [
            ("", "tag", "A", "B")
        ]

    @BOTH_WAYS
    def test_names_classes_and_parents_are_compared(self, store: SqlStore, way: Way) -> None:
        rows: dict[str, tuple[str, str, str | None, str | None]] = {
            "p": ("IfcSite", "P", None, None),
            "q": ("IfcSite", "Q", None, None),
            "x": ("IfcWall", "X", "p", None),
        }
        imported(way(store), "a", tree(rows))
        rows |= {"x": ("IfcSlab", "Y", "q", None), "0": ("IfcSite", "first", None, None)}
        imported(way(store), "a", tree(rows), "2")
        found = told(store)
        assert found["0"].changes == ["added"]
        x = found["x"]
        assert x.changes == ["renamed", "reclassified", "regrouped"]
        assert [(c.before, c.after) for c in (x.renamed, x.reclassified, x.regrouped) if c is not None] == [
            ("X", "Y"),
            ("IfcWall", "IfcSlab"),
            ("a/p", "a/q"),
        ]

    @BOTH_WAYS
    def test_shapes_come_back_and_go_with_their_revision(self, store: SqlStore, way: Way) -> None:
        box = boxes([(0, 0, 0, 1, 1, 1), None])
        for number in (1, 2):
            revision, _ = staged(way(store), "a", plain("xy"), str(number))
            store.stage_bounds(revision, box, box)
            shapes = no_shapes(2)
            for name in ("centroid", "area", "volume", "spread"):
                shapes[name][0] = 1.0
            shapes["area"][0] = 6 * number
            store.stage_shapes(revision, shapes)
            with pytest.raises(ValueError, match="shapes"):
                store.stage_shapes(revision, no_shapes(3))
            published(store, revision)
        page = store.differences("a", DifferenceQuery(before=1, after=2))
        assert page.shapes
        (item,) = page.items
        assert item.changes == ["reshaped"]
        assert item.reshaped is not None
        assert (item.reshaped.area_m2.before, item.reshaped.area_m2.difference) == (6.0, 6.0)
        assert np.isclose(item.reshaped.height_m.difference or 0, 0)

    def test_revisions_that_are_not_there_are_told_apart(self, store: SqlStore) -> None:
        for number in range(1, 9):
            imported(store, "a", plain("x"), str(number))
        with pytest.raises(NotFound):
            told(store, 7, 99)
        with pytest.raises(Conflict, match="no longer kept"):
            told(store, 1, 8)
        with pytest.raises(NotFound):
            store.differences("b", DifferenceQuery(before=1, after=2))
        with pytest.raises(InvalidQuery):
            told(store, 7, 8, cursor="nonsense")
        assert told(store, 7, 8) == {}

    def test_pages_are_complete(self, store: SqlStore) -> None:
        names = [f"{i:03}" for i in range(50)]
        imported(tabled(store), "a", plain(names))
        imported(tabled(store), "a", plain(names[10:]), "2")
        seen, cursor = [], None
        while True:
            page = store.differences("a", DifferenceQuery(before=1, after=2, limit=3, cursor=cursor))
            seen += [item.id for item in page.items]
            cursor = page.next
            if cursor is None:
                break
        assert seen == [f"a/{name}" for name in names[:10]]
        assert page.counts["removed"] == 10
