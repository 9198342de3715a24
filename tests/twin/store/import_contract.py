"""What every store must do about imports; adapters' tests inherit these classes and give `store`."""

from datetime import timedelta

import numpy as np
import pytest

from tests.twin.store.builders import (
    imported,
    no_boxes,
    plain,
    published,
    request,
    staged,
)
from tests.twin.store.clock import Clock
from twin.errors import Conflict, InvalidKey, KeyTaken
from twin.ports import StagedRevision, Store, Unchanged
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
