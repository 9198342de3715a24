"""Behind the adapter: nothing is left of what nothing needs."""

from collections.abc import Callable

import pytest

from tests.twin.store.builders import (
    NOWHERE,
    boxes,
    imported,
    no_boxes,
    plain,
    published,
    staged,
    with_properties,
)
from tests.twin.store.places import Place
from tests.twin.store.tabled import tabled
from twin.ports import Store, TilesetFiles
from twin.store import SqlStore

OBJECT_TABLES = (
    "object_version",
    "object_attributes",
    "object_property_set",
    "property_set",
    "property_number",
    "property_text",
    "object_box",
    "object_order",
    "property_column",
    "box_block",
    "place_group",
    "shape_block",
    "relation",
    "class_count",
    "placement",
    "revision",
    "lease",
)


def counts(place: Place) -> dict[str, int]:
    """Rows by table."""
    spatial = () if place.is_postgres else ("object_place",)
    return {t: place.count(t) for t in (*OBJECT_TABLES, *spatial)}


def broken_references(place: Place) -> list[object]:
    """PostgreSQL never lets one in."""
    if place.is_postgres:
        return []
    assert place.rows("PRAGMA integrity_check") == [("ok",)]
    return list(place.rows("PRAGMA foreign_key_check"))


Way = Callable[[SqlStore], Store]

BOTH_WAYS = pytest.mark.parametrize(
    "way", [pytest.param(lambda store: store, id="objects"), pytest.param(tabled, id="tables")]
)


def full_import(store: Store, number: int, finish: Callable[..., object] = published) -> None:
    ids = [f"{i:03}" for i in range(200)]
    lists = {"list": [1, 1, "a"]} if isinstance(store, SqlStore) else {}
    values = {g: {"n": float(number), "s": f"{number}/{g}", "same": True, **lists} for g in ids}
    revision, _ = staged(store, "a", with_properties(ids, values), str(number))
    at = boxes([(number, 0, 0, number + 1, 1, 1)] * len(ids))
    store.stage_bounds(revision, at, at)
    finish(store, revision)


@BOTH_WAYS
def test_a_discarded_import_leaves_no_row(place: Place, way: Way) -> None:
    with place.opened() as store:
        full_import(way(store), 1, finish=lambda store, revision: store.discard(revision))
    assert set(counts(place).values()) == {0}


@BOTH_WAYS
def test_the_database_does_not_grow_with_the_number_of_imports(place: Place, way: Way) -> None:
    with place.opened() as store:
        for number in range(1, 8):
            full_import(way(store), number)
        after_seven = counts(place)
        for number in range(8, 12):
            full_import(way(store), number)
    after = counts(place)
    growing = {"revision", "placement", "class_count"}  # a few rows an import, or one class more
    assert {t: n for t, n in after.items() if t not in growing} == {
        t: n for t, n in after_seven.items() if t not in growing
    }
    assert after["object_version"] == 6 * 200
    assert after["class_count"] == 6
    assert broken_references(place) == []


def test_equal_sets_of_objects_and_revisions_are_stored_once(place: Place) -> None:
    ids = [f"{i:03}" for i in range(200)]
    with place.opened() as store:
        for number in range(3):
            imported(store, "a", with_properties(ids, {g: {"n": 1.0, "s": "x"} for g in ids}), str(number))
    found = counts(place)
    assert (found["property_set"], found["property_number"], found["property_text"]) == (1, 1, 1)
    assert found["object_property_set"] == 600


def test_erasing_a_revision_leaves_sets_that_another_uses(place: Place) -> None:
    with place.opened() as store:
        imported(store, "a", with_properties("xy", {"x": {"n": 1.0}, "y": {"n": 2.0}}))
        revision, _ = staged(store, "a", with_properties("xy", {"x": {"n": 1.0}, "y": {"n": 3.0}}), "2")
        store.discard(revision)
        assert store.object("a", "x").attributes.properties["Pset"]["n"].value == 1.0
    assert counts(place)["property_number"] == 2
    assert broken_references(place) == []


def test_a_replaced_placement_of_tables_leaves_no_boxes(place: Place) -> None:
    with place.opened() as store:
        full_import(tabled(store), 1)
        at = boxes([(5, 5, 0, 6, 6, 1)] * 200)
        store.place("a", tiles=TilesetFiles(tileset="u.json"), diagnosis=NOWHERE, geographic=at)
    found = counts(place)
    assert (found["box_block"], found["place_group"], found["placement"]) == (1, 4, 1)
    assert found.get("object_place", 4) == 4


def test_a_replaced_placement_leaves_no_boxes(place: Place) -> None:
    with place.opened() as store:
        full_import(store, 1)
        at = boxes([(5, 5, 0, 6, 6, 1)] * 200)
        store.place("a", tiles=TilesetFiles(tileset="u.json"), diagnosis=NOWHERE, geographic=at)
        with pytest.raises(ValueError, match="shape"):
            store.place("a", tiles=TilesetFiles(tileset="u.json"), diagnosis=NOWHERE, geographic=no_boxes(1))
    found = counts(place)
    assert (found["object_box"], found["placement"]) == (200, 1)
    assert found.get("object_place", 200) == 200


def test_retired_objects_keep_their_identity(place: Place) -> None:
    with place.opened() as store:
        imported(store, "a", plain("xyz"))
        imported(store, "a", plain("x"), "2")
        imported(store, "a", plain("xy"), "3")
    rows = place.rows("SELECT global_id, first_revision, retired_revision FROM object ORDER BY state_index")
    assert rows == [("x", 1, None), ("y", 1, None), ("z", 1, 2)]
