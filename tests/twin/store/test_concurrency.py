"""Readers and writers at the same time."""

import threading
from collections.abc import Callable

from tests.twin.store.builders import plain, published, request, staged, with_properties
from tests.twin.store.places import Place
from twin.ports import StagedRevision
from twin.queries import ObjectQuery, parse_condition


def test_readers_see_one_whole_revision_or_the_other(place: Place) -> None:
    ids = [f"{i:03}" for i in range(300)]
    seen: list[set[str]] = []
    with place.opened() as store:
        revision, _ = staged(store, "a", with_properties(ids, {g: {"rev": "0"} for g in ids}), "0")
        published(store, revision)
        done = threading.Event()

        def read() -> None:
            while not done.is_set():
                items = store.objects(ObjectQuery(limit=300)).items
                assert len(items) == 300
                values = [
                    store.objects(ObjectQuery(properties=(parse_condition(f"rev={n}"),), limit=300))
                    for n in range(5)
                ]
                seen.extend({i.global_id for i in page.items} for page in values)

        readers = [threading.Thread(target=_caught(read, seen)) for _ in range(3)]
        for thread in readers:
            thread.start()
        for number in range(1, 5):
            revision, _ = staged(
                store, "a", with_properties(ids, {g: {"rev": str(number)} for g in ids}), str(number)
            )
            published(store, revision)
        done.set()
        for thread in readers:
            thread.join()
    assert seen
    assert {len(part) for part in seen} <= {0, 300}


def _caught(task: Callable[[], None], seen: list[set[str]]) -> Callable[[], None]:
    def run() -> None:
        try:
            task()
        except BaseException:
            seen.append({"failed"})
            raise

    return run


def test_two_threads_import_two_models_at_once(place: Place) -> None:
    objects = plain([f"{i:04}" for i in range(2000)])
    with place.opened() as store:

        def work(key: str) -> None:
            revision = store.begin_revision(request(key))
            assert isinstance(revision, StagedRevision)
            for first in range(0, len(objects), 100):
                store.stage_objects(revision, objects[first : first + 100])
            published(store, revision)

        threads = [threading.Thread(target=work, args=(key,)) for key in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        models = store.models()
        assert [record.objects for record in models] == [2000, 2000]
        indexes, cursor = [], None
        while True:
            page = store.objects(ObjectQuery(limit=1000, cursor=cursor))
            indexes += [item.state_index for item in page.items]
            cursor = page.next
            if cursor is None:
                break
    assert sorted(indexes) == list(range(4000))
