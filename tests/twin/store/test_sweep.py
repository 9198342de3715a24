"""Behind the adapter: nothing is left of what nothing needs."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

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
from twin.ports import TilesetFiles
from twin.store import DATABASE_NAME, SqlStore, open_store

OBJECT_TABLES = (
    "object_version",
    "object_attributes",
    "object_property_set",
    "property_set",
    "property_number",
    "property_text",
    "object_box",
    "object_place",
    "class_count",
    "placement",
    "revision",
    "lease",
)


def counts(data: Path) -> dict[str, int]:
    """Rows by table."""
    with closing(sqlite3.connect(data / DATABASE_NAME)) as connection:
        return {t: connection.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in OBJECT_TABLES}


def broken_references(data: Path) -> list[object]:
    with closing(sqlite3.connect(data / DATABASE_NAME)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return connection.execute("PRAGMA foreign_key_check").fetchall()


def full_import(store: SqlStore, number: int, finish: Callable[..., object] = published) -> None:
    ids = [f"{i:03}" for i in range(200)]
    values = {g: {"n": float(number), "s": f"{number}/{g}", "same": True, "list": [1, 1, "a"]} for g in ids}
    revision, _ = staged(store, "a", with_properties(ids, values), str(number))
    at = boxes([(number, 0, 0, number + 1, 1, 1)] * len(ids))
    store.stage_bounds(revision, at, at)
    finish(store, revision)


def test_a_discarded_import_leaves_no_row(data: Path) -> None:
    with open_store(data) as store:
        full_import(store, 1, finish=lambda store, revision: store.discard(revision))
    assert set(counts(data).values()) == {0}


def test_the_database_does_not_grow_with_the_number_of_imports(data: Path) -> None:
    with open_store(data) as store:
        for number in range(1, 8):
            full_import(store, number)
        after_seven = counts(data)
        for number in range(8, 12):
            full_import(store, number)
    after = counts(data)
    growing = {"revision", "placement", "class_count"}  # a few rows an import, or one class more
    assert {t: n for t, n in after.items() if t not in growing} == {
        t: n for t, n in after_seven.items() if t not in growing
    }
    assert after["object_version"] == 6 * 200
    assert after["class_count"] == 6
    assert broken_references(data) == []


def test_equal_sets_of_objects_and_revisions_are_stored_once(data: Path) -> None:
    ids = [f"{i:03}" for i in range(200)]
    with open_store(data) as store:
        for number in range(3):
            imported(store, "a", with_properties(ids, {g: {"n": 1.0, "s": "x"} for g in ids}), str(number))
    found = counts(data)
    assert (found["property_set"], found["property_number"], found["property_text"]) == (1, 1, 1)
    assert found["object_property_set"] == 600


def test_erasing_a_revision_leaves_sets_that_another_uses(data: Path) -> None:
    with open_store(data) as store:
        imported(store, "a", with_properties("xy", {"x": {"n": 1.0}, "y": {"n": 2.0}}))
        revision, _ = staged(store, "a", with_properties("xy", {"x": {"n": 1.0}, "y": {"n": 3.0}}), "2")
        store.discard(revision)
        assert store.object("a", "x").attributes.properties["Pset"]["n"].value == 1.0
    assert counts(data)["property_number"] == 2
    assert broken_references(data) == []


def test_a_replaced_placement_leaves_no_boxes(data: Path) -> None:
    with open_store(data) as store:
        full_import(store, 1)
        at = boxes([(5, 5, 0, 6, 6, 1)] * 200)
        store.place("a", tiles=TilesetFiles(tileset="u.json"), diagnosis=NOWHERE, geographic=at)
        with pytest.raises(ValueError, match="shape"):
            store.place("a", tiles=TilesetFiles(tileset="u.json"), diagnosis=NOWHERE, geographic=no_boxes(1))
    found = counts(data)
    assert (found["object_box"], found["object_place"], found["placement"]) == (200, 200, 1)


def test_retired_objects_keep_their_identity(data: Path) -> None:
    with open_store(data) as store:
        imported(store, "a", plain("xyz"))
        imported(store, "a", plain("x"), "2")
        imported(store, "a", plain("xy"), "3")
    with closing(sqlite3.connect(data / DATABASE_NAME)) as connection:
        rows = connection.execute(
            "SELECT global_id, first_revision, retired_revision FROM object ORDER BY state_index"
        ).fetchall()
    assert rows == [("x", 1, None), ("y", 1, None), ("z", 1, 2)]
