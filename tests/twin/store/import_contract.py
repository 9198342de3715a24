"""What every store must do about imports; adapters' tests inherit these classes and give `store`."""

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
    request,
    staged,
    with_properties,
)
from tests.twin.store.clock import Clock
from twin.errors import Conflict, InvalidKey, KeyTaken, NotFound
from twin.events import ChangeKind
from twin.ports import StagedRevision, Store, TilesetFiles, Unchanged
from twin.queries import ObjectQuery


def shown(store: Store, key: str | None = None) -> list[str]:
    """Ids of all objects that are visible."""
    found, cursor = [], None
    while True:
        page = store.objects(ObjectQuery(models=() if key is None else (key,), limit=1000, cursor=cursor))
        found += [item.id for item in page.items]
        if page.next is None:
            return found
        cursor = page.next


class StateIndexContract:
    def test_indexes_follow_the_order_of_staging_and_have_no_gaps(self, store: Store) -> None:
        assert imported(store, "a", plain("xyz")) == {"x": 0, "y": 1, "z": 2}
        assert imported(store, "b", plain("xw")) == {"w": 3, "x": 4}

    def test_an_index_is_kept_through_a_new_revision(self, store: Store) -> None:
        first = imported(store, "a", plain("xyz"))
        second = imported(store, "a", plain("uxz"), "2")
        assert second == {"u": 3, "x": first["x"], "z": first["z"]}

    def test_an_object_that_returns_has_its_old_index(self, store: Store) -> None:
        first = imported(store, "a", plain("xy"))
        imported(store, "a", plain("x"), "2")
        assert imported(store, "a", plain("xy"), "3") == first

    def test_a_removed_model_gets_the_same_indexes_when_it_is_imported_again(self, store: Store) -> None:
        first = imported(store, "a", plain("xy"))
        store.remove("a")
        imported(store, "b", plain("q"))
        assert imported(store, "a", plain("xy")) == first

    def test_an_index_of_a_retired_object_is_never_given_to_another(self, store: Store) -> None:
        imported(store, "a", plain("xyz"))
        imported(store, "a", plain("x"), "2")
        assert imported(store, "b", plain("k"))["k"] == 3

    def test_a_discarded_import_at_the_tail_gives_its_indexes_back(self, store: Store) -> None:
        revision, _ = staged(store, "a", plain("xyz"))
        store.discard(revision)
        assert imported(store, "b", plain("k")) == {"k": 0}

    def test_a_discarded_import_below_the_tail_keeps_its_indexes_for_the_same_objects(
        self, store: Store
    ) -> None:
        revision, indexes = staged(store, "a", plain("xy"))
        imported(store, "b", plain("k"))
        store.discard(revision)
        assert imported(store, "c", plain("m"))["m"] == 3
        assert imported(store, "a", plain("xy")) == dict(zip("xy", indexes, strict=True))

    def test_discarding_a_second_revision_leaves_the_indexes_of_the_first(self, store: Store) -> None:
        first = imported(store, "a", plain("xy"))
        revision, _ = staged(store, "a", plain("uvxy"), "2")
        store.discard(revision)
        assert imported(store, "b", plain("k")) == {"k": 2}
        assert imported(store, "a", plain("xy"), "3") == first

    def test_batches_of_one_source_are_one_sequence(self, store: Store) -> None:
        objects = plain([f"{i:04}" for i in range(700)])
        revision = store.begin_revision(request("a"))
        assert isinstance(revision, StagedRevision)
        given = np.concatenate([store.stage_objects(revision, objects[i : i + 300]) for i in (0, 300, 600)])
        assert given.dtype == np.uint32
        assert given.tolist() == list(range(700))


class ImportContract:
    def test_nothing_is_visible_before_it_is_published(self, store: Store) -> None:
        revision, _ = staged(store, "a", plain("xy"))
        assert store.models() == []
        assert shown(store) == []
        published(store, revision)
        assert shown(store) == ["a/x", "a/y"]

    def test_a_new_revision_replaces_the_old_one_at_once(self, store: Store) -> None:
        imported(store, "a", plain("xy"))
        revision, _ = staged(store, "a", plain("yz"), "2")
        assert shown(store) == ["a/x", "a/y"]
        published(store, revision)
        assert shown(store) == ["a/y", "a/z"]

    def test_the_same_content_is_recognised(self, store: Store) -> None:
        imported(store, "a", plain("x"))
        assert store.begin_revision(request("a")) == Unchanged(key="a", revision=1, tileset="t.json")

    def test_the_same_content_is_imported_again_when_forced(self, store: Store) -> None:
        imported(store, "a", plain("x"))
        imported(store, "a", plain("x"), force=True)
        assert store.model("a").revision == 2

    def test_a_removed_model_is_not_unchanged(self, store: Store) -> None:
        imported(store, "a", plain("x"))
        store.remove("a")
        assert isinstance(store.begin_revision(request("a")), StagedRevision)

    def test_a_default_key_of_another_source_is_taken(self, store: Store) -> None:
        imported(store, "a", plain("x"))
        with pytest.raises(KeyTaken, match="--key") as caught:
            store.begin_revision(request("a", "2", source="/elsewhere/a.ifc"))
        assert caught.value.owner == "/models/a.ifc"

    def test_an_explicit_key_of_another_source_makes_a_revision_and_moves_the_ownership(
        self, store: Store
    ) -> None:
        imported(store, "a", plain("x"))
        imported(store, "a", plain("x"), "2", explicit=True, source="/new/a.ifc")
        assert store.model("a").source == "/new/a.ifc"
        with pytest.raises(KeyTaken):
            store.begin_revision(request("a", "3"))

    def test_a_failed_first_import_does_not_own_its_key(self, store: Store) -> None:
        revision, _ = staged(store, "a", plain("x"))
        store.discard(revision)
        imported(store, "a", plain("y"), source="/elsewhere/a.ifc")
        assert store.model("a").source == "/elsewhere/a.ifc"

    def test_a_removed_model_does_not_own_its_key(self, store: Store) -> None:
        imported(store, "a", plain("x"))
        store.remove("a")
        imported(store, "a", plain("y"), source="/elsewhere/a.ifc")
        assert shown(store) == ["a/y"]

    def test_keys_that_differ_in_unicode_form_alone_are_one(self, store: Store) -> None:
        imported(store, "Gebäude", plain("x"))
        with pytest.raises(KeyTaken):
            store.begin_revision(request("Geba\u0308ude", "2", source="/elsewhere"))

    def test_a_key_with_a_slash_is_refused(self, store: Store) -> None:
        with pytest.raises(InvalidKey):
            store.begin_revision(request("../a"))

    def test_a_second_import_of_a_key_conflicts_while_the_first_is_under_way(self, store: Store) -> None:
        revision, _ = staged(store, "a", plain("x"))
        with pytest.raises(Conflict):
            store.begin_revision(request("a", "2"))
        published(store, revision)
        assert isinstance(store.begin_revision(request("a", "2")), StagedRevision)

    def test_imports_of_two_keys_run_side_by_side(self, store: Store) -> None:
        first, _ = staged(store, "a", plain("x"))
        second, _ = staged(store, "b", plain("y"))
        published(store, second)
        published(store, first)
        assert shown(store) == ["a/x", "b/y"]

    def test_publishing_twice_conflicts(self, store: Store) -> None:
        revision, _ = staged(store, "a", plain("x"))
        published(store, revision)
        with pytest.raises(Conflict):
            published(store, revision)

    def test_discarding_a_published_revision_does_nothing(self, store: Store) -> None:
        revision, _ = staged(store, "a", plain("x"))
        published(store, revision)
        store.discard(revision)
        assert shown(store) == ["a/x"]

    def test_staging_into_a_discarded_revision_conflicts(self, store: Store) -> None:
        revision, _ = staged(store, "a", plain("x"))
        store.discard(revision)
        with pytest.raises(Conflict):
            store.stage_objects(revision, plain("x"))

    def test_objects_out_of_order_conflict(self, store: Store) -> None:
        revision = store.begin_revision(request("a"))
        assert isinstance(revision, StagedRevision)
        with pytest.raises(Conflict, match="order"):
            store.stage_objects(revision, plain("xy")[::-1])

    def test_an_import_that_fell_silent_is_taken_over(self, store: Store, clock: Clock) -> None:
        silent, _ = staged(store, "a", plain("x"))
        clock.advance(timedelta(minutes=6))
        revision, _ = staged(store, "a", plain("y"), "2")
        with pytest.raises(Conflict):
            published(store, silent)
        published(store, revision)
        assert shown(store) == ["a/y"]

    def test_an_import_that_says_it_is_alive_is_not_taken_over(self, store: Store, clock: Clock) -> None:
        revision, _ = staged(store, "a", plain("x"))
        for _ in range(3):
            clock.advance(timedelta(minutes=4))
            store.keep_alive(revision)
        with pytest.raises(Conflict):
            store.begin_revision(request("a", "2"))

    def test_a_model_without_objects_or_tiles_can_be_published(self, store: Store) -> None:
        revision, indexes = staged(store, "a", [])
        store.stage_bounds(revision, no_boxes(0), no_boxes(0))
        published(store, revision, tileset=None)
        assert indexes == []
        assert store.model("a").tileset is None


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
