"""Writes of several threads in one transaction: they share a commit, and nothing else."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, text

from tests.twin.store.command_contract import order, settable
from tests.twin.store.places import Place
from twin.access import Entry
from twin.auditing import verify
from twin.commands import KeyReused
from twin.errors import StoreError
from twin.ports import Order, Placed
from twin.store import SqlStore
from twin.store.together import Together

KEY = b"kept elsewhere"


@contextmanager
def crowd(store: SqlStore, *works: Callable[[], Any]) -> Iterator[list[Any]]:
    """Do all of this while somebody else writes, so that all wait for the same lock; what each returned, or raised."""
    came: list[Any] = []
    together, waiting = store._database.together, threading.Event()

    def tried(work: Callable[[], Any]) -> Any:
        try:
            return work()
        except (KeyReused, StoreError) as error:
            return error

    with ThreadPoolExecutor(len(works)) as pool:
        with store._database.write(lane="live"):
            futures = [pool.submit(tried, work) for work in works]
            while len(together._waiting) < len(works):
                waiting.wait(0.005)
        came += [each.result(30) for each in futures]
    yield came


def commits(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows with each transaction of those that are shared."""
    seen: list[int] = []
    begin = store._database.together._begin

    def counted() -> Any:
        seen.append(1)
        return begin()

    monkeypatch.setattr(store._database.together, "_begin", counted)
    return seen


def test_commands_that_wait_for_the_same_lock_share_a_commit(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with place.opened() as store:
        settable(store)
        seen = commits(store, monkeypatch)
        with crowd(store, *[lambda g=g: store.place_command(order(20, g)) for g in "xyz"]) as placed:
            assert len({each.id for each in placed}) == 3
        assert len(seen) == 1
        assert all(store.command(each.id) == each.view for each in placed)


def test_one_that_fails_fails_alone(place: Place) -> None:
    with place.opened() as store:
        settable(store)
        first = store.place_command(order(20, "x", key="k"))
        works = [
            lambda: store.place_command(order(20, "y")),
            lambda: store.place_command(order(99, "x", key="k")),
            lambda: store.place_command(order(20, "z")),
        ]
        with crowd(store, *works) as came:
            assert [type(each) for each in came] == [Placed, KeyReused, Placed]
        assert len({first.id, came[0].id, came[2].id}) == 3
        assert all(store.command(each.id) == each.view for each in (came[0], came[2]))


def test_the_same_key_in_one_transaction_is_one_command(place: Place) -> None:
    with place.opened() as store:
        settable(store)
        with crowd(store, *[lambda: store.place_command(order(20, "x", key="k"))] * 4) as placed:
            assert len({each.id for each in placed}) == 1
            assert sum(each.created for each in placed) == 1


def test_who_acts_is_entered_before_what_they_do_and_once(place: Place) -> None:
    def acting(store: SqlStore, name: str, wanted: Order) -> Placed:
        with store.acting(Entry(who=name, action="command.place")):
            return store.place_command(wanted)

    with place.opened() as store:
        store.keep_audit(KEY)
        settable(store)
        store.place_command(order(20, "x", key="k", by="b"))
        works = [
            lambda: acting(store, "a", order(20, "x", by="a")),
            lambda: acting(store, "b", order(21, "x", key="k", by="b")),  # refused: the key is taken
            lambda: acting(store, "c", order(20, "z", by="c")),
        ]
        with crowd(store, *works):
            chain = list(store.audit_chain())
        entered = [(each.entry.who, each.entry.action) for each in chain][1:]
        assert sorted(entered[::2]) == [("a", "command.place"), ("c", "command.place")]
        assert [(who, "command.queued") for who, _ in entered[::2]] == entered[1::2]
        assert verify(chain, KEY, count=store.audit_count()) == []


def test_what_cannot_be_committed_is_told_to_all(place: Place) -> None:
    with place.opened() as store:
        settable(store)

        @contextmanager
        def failing() -> Iterator[Connection]:
            with store._database.write(durable=True, lane="live") as connection:
                yield connection
                raise StoreError("the disk is full")

        store._database.together = Together(failing)
        with crowd(store, *[lambda g=g: store.place_command(order(20, g)) for g in "xyz"]) as came:
            assert [str(each) for each in came] == ["the disk is full"] * 3
        with store._database.read() as connection:
            assert connection.execute(text("SELECT count(*) FROM command")).scalar() == 0


def test_without_a_database_nobody_waits_for_ever(place: Place) -> None:
    with place.opened() as store:
        settable(store)

        def away() -> Any:
            raise StoreError("there is none")

        store._database.together = Together(away)
        for _ in range(2):
            with pytest.raises(StoreError, match="there is none"):
                store.place_command(order(20, "x"))
        assert not store._database.together._waiting
