"""State indexes against a plain dict, over random imports of three models that overlap in time."""

import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.twin.store.builders import plain, published, request
from tests.twin.store.places import Place
from tests.twin.store.postgres_server import PostgresServer
from twin.errors import Conflict
from twin.ports import StagedRevision
from twin.queries import ObjectQuery

KEYS = st.sampled_from("abc")
IDS = st.frozensets(st.sampled_from("pqrstuv"), max_size=5)


class StateIndexes(RuleBasedStateMachine):
    """`given` is the oracle: what every object has, or would get again."""

    place: Place
    empty: Callable[[], None]

    def __init__(self) -> None:
        super().__init__()
        self.empty()
        self.store = self.place.opened()
        self.given: dict[tuple[str, str], int] = {}
        self.seen: set[tuple[str, str]] = set()
        self.next = 0
        self.staged: dict[str, tuple[StagedRevision, list[tuple[str, str]]]] = {}
        self.revisions: dict[str, dict[int, list[tuple[str, str]]]] = {}
        self.current: dict[str, int] = {}

    def teardown(self) -> None:
        self.store.close()

    @rule(key=KEYS, ids=IDS)
    def stage(self, key: str, ids: frozenset[str]) -> None:
        wish = request(key, force=True)
        if key in self.staged:
            with pytest.raises(Conflict):
                self.store.begin_revision(wish)
            return
        revision = self.store.begin_revision(wish)
        assert isinstance(revision, StagedRevision)
        objects = plain(sorted(ids))
        indexes = self.store.stage_objects(revision, objects).tolist()
        names = [(key, item.global_id) for item in objects]
        for name in names:
            if name not in self.given:
                self.given[name] = self.next
                self.next += 1
        assert indexes == [self.given[name] for name in names]
        self.staged[key] = (revision, names)

    @precondition(lambda self: self.staged)
    @rule(pick=st.randoms(use_true_random=False))
    def publish(self, pick: Random) -> None:
        key = pick.choice(sorted(self.staged))
        revision, names = self.staged.pop(key)
        published(self.store, revision)
        self.seen.update(names)
        self.revisions.setdefault(key, {})[revision.number] = names
        self.current[key] = revision.number

    @precondition(lambda self: self.staged)
    @rule(pick=st.randoms(use_true_random=False))
    def discard(self, pick: Random) -> None:
        key = pick.choice(sorted(self.staged))
        revision, _ = self.staged.pop(key)
        self.store.discard(revision)
        held = self.seen.union(*(names for _, names in self.staged.values()))
        free = {index: name for name, index in self.given.items() if name not in held}
        while self.next - 1 in free:
            self.next -= 1
            del self.given[free[self.next]]

    @rule(key=KEYS)
    def remove(self, key: str) -> None:
        if key in self.current and key not in self.staged:
            self.store.remove(key)
            del self.current[key], self.revisions[key]

    @rule(key=KEYS, back=st.integers(1, 3))
    def roll_back(self, key: str, back: int) -> None:
        older = [n for n in self.revisions.get(key, {}) if n != self.current.get(key)]
        if key in self.current and key not in self.staged and len(older) >= back:
            number = sorted(older)[-back]
            self.store.rollback(key, number)
            self.current[key] = number

    @rule()
    def reopen(self) -> None:
        """Living imports outlive the opening of the store by another part of the process."""
        self.place.opened().close()

    @invariant()
    def what_is_shown_has_the_indexes_it_always_had(self) -> None:
        shown = {
            (item.model, item.global_id): item.state_index
            for item in self.store.objects(ObjectQuery(limit=100)).items
        }
        names = [name for key, number in self.current.items() for name in self.revisions[key][number]]
        assert shown == {name: self.given[name] for name in names}

    @invariant()
    def no_index_is_given_twice(self) -> None:
        assert len(set(self.given.values())) == len(self.given)


def run(at: Place, make_empty: Callable[[], None], examples: int) -> None:
    class Machine(StateIndexes):
        place = at
        empty = staticmethod(make_empty)

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_state_indexes_are_stable_unique_and_dense(data: Path, empty_database: Path) -> None:
    def empty() -> None:
        for old in data.iterdir():
            old.unlink()
        shutil.copy(empty_database, data)

    run(Place(address=str(data)), empty, 25)


def test_state_indexes_are_stable_unique_and_dense_on_postgresql(
    postgres_url: str, postgres_server: PostgresServer, postgres_database: str
) -> None:
    run(Place(address=postgres_url), lambda: postgres_server.clear(postgres_database), 3)
