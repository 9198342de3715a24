"""What every store must do about boxes, placing, rolling back, removing, changes and files; adapters' tests inherit these classes and give `store`."""

from datetime import timedelta

import numpy as np
import pytest

from tests.twin.store.builders import (
    NOWHERE,
    boxes,
    building,
    imported,
    no_boxes,
    plain,
    published,
    staged,
    with_properties,
)
from tests.twin.store.clock import Clock
from tests.twin.store.import_contract import shown
from twin.errors import Conflict, NotFound
from twin.events import ChangeKind
from twin.ports import Store, TilesetFiles
from twin.queries import ObjectQuery


class BoundsContract:
    def test_a_parent_has_the_union_of_what_is_below_it(self, store: Store) -> None:
        objects = building()
        revision, _ = staged(store, "a", objects)
        one, two = (121.0, 29.0, 0.0, 121.1, 29.1, 3.0), (121.05, 29.05, -4.0, 121.2, 29.2, 1.0)
        where = {"e1": one, "e4": two}
        store.stage_bounds(
            revision,
            boxes([(0, 0, 0, 1, 1, 1) if o.global_id in where else None for o in objects]),
            boxes([where.get(o.global_id) for o in objects]),
        )
        published(store, revision)
        bounds = {o.global_id: store.object("a", o.global_id).record.bounds for o in objects}
        whole = (121.0, 29.0, -4.0, 121.2, 29.2, 3.0)
        assert bounds["p"] == bounds["b"] == whole == store.model("a").bounds
        assert bounds["s3"] == bounds["r"] == two
        assert bounds["s1"] is None

    def test_only_what_has_geometry_of_its_own_is_drawn(self, store: Store) -> None:
        objects = building()
        revision, _ = staged(store, "a", objects)
        one = (121.0, 29.0, 0.0, 121.1, 29.1, 3.0)
        local = boxes([(0, 0, 0, 1, 1, 1) if o.global_id == "e1" else None for o in objects])
        store.stage_bounds(revision, local, boxes([one if o.global_id == "e1" else None for o in objects]))
        published(store, revision)
        assert [o.global_id for o in objects if store.object("a", o.global_id).record.drawn] == ["e1"]
        assert {t.class_: (t.count, t.drawn) for t in store.classes("a")}["IfcWall"] == (2, 1)
        np.testing.assert_array_equal(store.local_bounds("a"), local)

    def test_boxes_for_another_number_of_objects_are_refused(self, store: Store) -> None:
        revision, _ = staged(store, "a", plain("xy"))
        with pytest.raises(ValueError, match="shape"):
            store.stage_bounds(revision, no_boxes(3), no_boxes(3))

    def test_something_drawn_nowhere_is_refused(self, store: Store) -> None:
        revision, _ = staged(store, "a", plain("x"))
        with pytest.raises(ValueError, match="finite"):
            store.stage_bounds(revision, boxes([(0, 0, 0, 1, 1, 1)]), no_boxes(1))

    def test_boxes_staged_twice_are_those_of_the_second_time(self, store: Store) -> None:
        revision, _ = staged(store, "a", plain("x"))
        local = boxes([(0, 0, 0, 1, 1, 1)])
        store.stage_bounds(revision, local, boxes([(1, 1, 1, 2, 2, 2)]))
        store.stage_bounds(revision, local, boxes([(3, 3, 3, 4, 4, 4)]))
        published(store, revision)
        assert store.model("a").bounds == (3, 3, 3, 4, 4, 4)
        assert not store.objects(ObjectQuery(bbox=(0, 0, 2.5, 2.5))).items

    def test_boxes_in_thousands_are_found_by_place(self, store: Store) -> None:
        count = 3000
        revision, _ = staged(store, "a", plain([f"{i:04}" for i in range(count)]))
        at = np.arange(count) / 1000
        geographic = np.column_stack([at, at * 0, at * 0, at, at * 0, at * 0 + 1])
        store.stage_bounds(revision, geographic, geographic)
        published(store, revision)
        found = store.objects(ObjectQuery(bbox=(1.0, -1, 1.01, 1), limit=100)).items
        assert [item.global_id for item in found] == [f"{i:04}" for i in range(1000, 1011)]


class EditingContract:
    def test_placing_moves_the_boxes_and_changes_tileset_and_diagnosis(self, store: Store) -> None:
        revision, indexes = staged(store, "a", plain("xy"))
        local = boxes([(0, 0, 0, 1, 1, 1), None])
        store.stage_bounds(revision, local, boxes([(1, 1, 1, 2, 2, 2), None]))
        published(store, revision)
        moved = boxes([(7, 7, 7, 8, 8, 8), None])
        store.place(
            "a", tiles=TilesetFiles(tileset="u.json", files=("u.json",)), diagnosis=NOWHERE, geographic=moved
        )
        record = store.model("a")
        assert (record.tileset, record.bounds, record.revision) == ("u.json", (7, 7, 7, 8, 8, 8), 1)
        assert not store.objects(ObjectQuery(bbox=(0, 0, 3, 3))).items
        (item,) = store.objects(ObjectQuery(bbox=(6, 6, 9, 9))).items
        assert (item.global_id, item.state_index, item.drawn) == ("x", indexes[0], True)
        np.testing.assert_array_equal(store.local_bounds("a"), local)

    def test_a_placement_that_fails_leaves_the_model_where_it_was(self, store: Store) -> None:
        revision, _ = staged(store, "a", plain("x"))
        store.stage_bounds(revision, boxes([(0, 0, 0, 1, 1, 1)]), boxes([(1, 1, 1, 2, 2, 2)]))
        published(store, revision)
        with pytest.raises(ValueError, match="shape"):
            store.place("a", tiles=TilesetFiles(tileset="u.json"), diagnosis=NOWHERE, geographic=no_boxes(2))
        assert store.model("a").bounds == (1, 1, 1, 2, 2, 2)
        assert store.model("a").tileset == "t.json"

    def test_a_model_under_import_cannot_be_placed_or_removed(self, store: Store) -> None:
        imported(store, "a", plain("x"))
        staged(store, "a", plain("xy"), "2")
        with pytest.raises(Conflict):
            store.place("a", tiles=TilesetFiles(tileset="u.json"), diagnosis=NOWHERE, geographic=no_boxes(1))
        with pytest.raises(Conflict):
            store.remove("a")

    def test_rolling_back_shows_the_older_revision(self, store: Store) -> None:
        imported(store, "a", plain("xy"))
        imported(store, "a", plain("yz"), "2")
        change = store.rollback("a", 1)
        assert (change.kind, change.revision) == (ChangeKind.REVISION_ROLLED_BACK, 1)
        assert shown(store) == ["a/x", "a/y"]
        assert [(r.number, r.status) for r in store.revisions("a")] == [(1, "published"), (2, "superseded")]

    def test_an_import_after_a_roll_back_has_a_number_of_its_own(self, store: Store) -> None:
        imported(store, "a", plain("x"))
        imported(store, "a", plain("y"), "2")
        store.rollback("a", 1)
        imported(store, "a", plain("y"), "2")
        assert store.model("a").revision == 3

    def test_rolling_back_to_what_is_not_there_fails(self, store: Store) -> None:
        imported(store, "a", plain("x"))
        with pytest.raises(NotFound):
            store.rollback("a", 7)
        with pytest.raises(Conflict, match="current"):
            store.rollback("a", 1)
        with pytest.raises(NotFound):
            store.rollback("b", 1)

    def test_only_the_newest_revisions_are_kept(self, store: Store) -> None:
        for number in range(1, 9):
            imported(store, "a", with_properties("x", {"x": {"n": float(number)}}), str(number))
        assert [r.number for r in store.revisions("a") if r.kept] == [3, 4, 5, 6, 7, 8]
        with pytest.raises(Conflict, match="no longer kept"):
            store.rollback("a", 2)
        store.rollback("a", 3)
        assert store.object("a", "x").attributes.properties["Pset"]["n"].value == 3.0

    def test_a_removed_model_is_gone_from_all_lists(self, store: Store) -> None:
        imported(store, "a", plain("x"))
        store.remove("a")
        assert store.models() == []
        assert shown(store) == []
        for read in (store.model, store.classes, store.storeys, store.remove, store.local_bounds):
            with pytest.raises(NotFound):
                read("a")
        with pytest.raises(NotFound):
            store.object("a", "x")

    def test_a_removed_model_cannot_be_rolled_back(self, store: Store) -> None:
        imported(store, "a", plain("x"))
        imported(store, "a", plain("x"), "2")
        store.remove("a")
        with pytest.raises(NotFound):
            store.rollback("a", 1)
        imported(store, "a", plain("x"), "3")
        with pytest.raises(Conflict, match="no longer kept"):
            store.rollback("a", 1)


class ChangeContract:
    def test_changes_are_numbered_from_one_without_gaps_in_the_order_of_commits(
        self, store: Store, clock: Clock
    ) -> None:
        imported(store, "a", plain("x"))
        clock.advance(timedelta(seconds=1))
        imported(store, "a", plain("xy"), "2")
        store.rollback("a", 1)
        store.place("a", tiles=TilesetFiles(tileset="u.json"), diagnosis=NOWHERE, geographic=no_boxes(1))
        store.remove("a")
        changes = store.changes(0, limit=10)
        assert [(c.seq, c.kind, c.model, c.revision) for c in changes] == [
            (1, ChangeKind.REVISION_PUBLISHED, "a", 1),
            (2, ChangeKind.REVISION_PUBLISHED, "a", 2),
            (3, ChangeKind.REVISION_ROLLED_BACK, "a", 1),
            (4, ChangeKind.MODEL_PLACED, "a", 1),
            (5, ChangeKind.MODEL_REMOVED, "a", None),
        ]
        assert changes[1].at - changes[0].at == timedelta(seconds=1)
        assert changes[1].payload == {"objects": 2, "tileset": "t.json"}
        assert store.last_change() == 5

    def test_changes_are_read_from_where_the_reader_is(self, store: Store) -> None:
        for key in "abc":
            imported(store, key, plain("x"))
        assert [c.model for c in store.changes(1, limit=1)] == ["b"]
        assert store.changes(3, limit=5) == []

    def test_a_discarded_import_leaves_no_change(self, store: Store) -> None:
        revision, _ = staged(store, "a", plain("x"))
        store.discard(revision)
        assert store.last_change() == 0
        assert store.changes(0, limit=1) == []


class FileContract:
    def test_files_of_a_replaced_tileset_are_collected_a_day_after_nothing_needs_them(
        self, store: Store, clock: Clock
    ) -> None:
        for number in range(1, 8):
            revision, _ = staged(store, "a", plain("x"), str(number))
            published(store, revision, files=["content/same.glb", f"content/{number}.glb"])
        clock.advance(timedelta(hours=23))
        assert store.collectable_files(clock()) == {}
        clock.advance(timedelta(hours=2))
        assert store.collectable_files(clock()) == {"a": ["content/1.glb"]}

    def test_collecting_deletes_and_forgets(self, store: Store, clock: Clock) -> None:
        imported(store, "a", plain("x"))
        store.remove("a")
        clock.advance(timedelta(days=2))
        deleted: list[tuple[str, list[str]]] = []
        assert store.collect_files(clock(), lambda key, names: deleted.append((key, list(names)))) == 1
        assert deleted == [("a", ["content/1.glb"])]
        assert store.known_files("a") == set()
        assert store.collect_files(clock(), lambda key, names: deleted.append((key, list(names)))) == 0

    def test_a_file_that_a_new_import_needs_again_is_not_collected(self, store: Store, clock: Clock) -> None:
        imported(store, "a", plain("x"))
        store.remove("a")
        imported(store, "a", plain("x"))
        clock.advance(timedelta(days=2))
        assert store.collectable_files(clock()) == {}
        assert store.known_files("a") == {"content/1.glb"}

    def test_nothing_of_a_model_under_import_is_collected(self, store: Store, clock: Clock) -> None:
        imported(store, "a", plain("x"))
        store.remove("a")
        clock.advance(timedelta(days=2))
        revision, _ = staged(store, "a", plain("x"), "2")
        assert store.collectable_files(clock()) == {}
        store.discard(revision)
        assert store.collectable_files(clock()) == {"a": ["content/1.glb"]}

    def test_files_of_the_placement_before_are_let_go(self, store: Store, clock: Clock) -> None:
        revision, _ = staged(store, "a", plain("x"))
        published(store, revision, files=["content/x.glb", "t.json"])
        store.place(
            "a",
            tiles=TilesetFiles(tileset="u.json", files=("content/x.glb", "u.json")),
            diagnosis=NOWHERE,
            geographic=no_boxes(1),
        )
        clock.advance(timedelta(days=2))
        assert store.collectable_files(clock()) == {"a": ["t.json"]}

    def test_a_collection_that_fails_forgets_nothing(self, store: Store, clock: Clock) -> None:
        imported(store, "a", plain("x"))
        store.remove("a")
        clock.advance(timedelta(days=2))

        def failing(key: str, names: object) -> None:
            raise OSError(key)

        with pytest.raises(OSError, match="a"):
            store.collect_files(clock(), failing)
        assert store.collectable_files(clock()) == {"a": ["content/1.glb"]}
