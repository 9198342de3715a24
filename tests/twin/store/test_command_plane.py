"""The whole command plane against a model: two workers that crash at any point, replies and readings that are lost, late, doubled, retained and reordered.

What must hold whatever happens: no device is sent twice what it could not tell apart; none is confirmed without a reading, or an acknowledgement where so
declared; none is lost; each ends.
"""

import shutil
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from msgspec import Struct

from tests.twin.store.builders import imported, plain
from tests.twin.store.clock import Clock
from tests.twin.store.live_contract import temperature
from tests.twin.store.postgres_server import PostgresServer
from twin.commands import ENDINGS, OPEN, TABLE, Reply, ReplyKind, Status
from twin.controls import Confirm, Control, Priority
from twin.ports import Order, Outgoing, Target
from twin.state import Quality, Reading
from twin.store import DATABASE_NAME, SqlStore, open_store, open_store_url
from twin.times import to_microseconds

KINDS = {
    "usual": Control(ack_s=5, confirm_s=5, expires_s=60),
    "again": Control(ack_s=5, confirm_s=5, expires_s=60, resend="always", revert=True),
    "silent": Control(confirm=Confirm.READING, confirm_s=5, expires_s=60),
    "blind": Control(confirm=Confirm.ACK, ack_s=5, expires_s=60),
    "lazy": Control(on_change=True, ack_s=5, confirm_s=5, expires_s=60),
}
TOLERANCE = 1.0
GREEN = Status.CONFIRMED


class Sent(Struct, frozen=True):
    """A message that may or may not reach its device."""

    worker: str
    outgoing: Outgoing


class Plane(RuleBasedStateMachine):
    """Two servers on one database; `evidence` is what the model knows to have shown a command."""

    messages = Bundle("messages")
    replies = Bundle("replies")

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.executed: Counter[str] = Counter()
        self.asked: list[str] = []
        self.shown: set[str] = set()
        self.acknowledged: set[str] = set()
        self.dead: set[str] = set()
        self.generation = {"one": 0, "two": 0}
        self.values: dict[int, float] = {}
        self.place: str | None = None

    def _open(self) -> SqlStore:
        raise NotImplementedError

    @initialize()
    def begin(self) -> None:
        self.stores = {"one": self._open(), "two": self._open()}
        store = self.stores["one"]
        imported(store, "a", plain(sorted(KINDS)))
        records = store.declare_signals(
            [
                temperature(kind, settable=True, control=control, tolerance=TOLERANCE, deadband=TOLERANCE)
                for kind, control in KINDS.items()
            ]
        )
        self.numbers = dict(zip(KINDS, (record.number for record in records), strict=True))
        for server in self.stores:
            assert self.stores[server].take_job(self._lease(server))

    def teardown(self) -> None:
        if not hasattr(self, "stores"):
            return
        self._let_end()
        for store in self.stores.values():
            store.close()

    @property
    def store(self) -> SqlStore:
        return self.stores["one"]

    @property
    def now(self) -> int:
        return to_microseconds(self.clock.now)

    def _worker(self, server: str) -> str:
        return f"{server}{self.generation[server]}"

    def _lease(self, server: str) -> str:
        return f"control:{self._worker(server)}"

    def _command(self, identifier: str) -> Any:
        view = self.store.command(identifier)
        assert view.only is not None
        return view.only.command

    # --------------------------------------------------------------------------------------- what happens
    @rule(
        kind=st.sampled_from(sorted(KINDS)),
        value=st.integers(0, 9),
        priority=st.sampled_from(list(Priority)[1:3]),
    )
    def ask(self, kind: str, value: int, priority: Priority) -> None:
        targets = [Target(f"a/{kind}/temperature", value * 10.0)]
        placed = self.store.place_command(Order(by="ada", reason="x", targets=targets, priority=priority))
        if placed.id is not None:
            self.asked.append(placed.id)

    @rule(target=messages, server=st.sampled_from(["one", "two"]), kind=st.sampled_from(sorted(KINDS)))
    def work(self, server: str, kind: str) -> Any:
        self.ask(kind, 7, Priority.MANUAL)
        taken = self.stores[server].work_commands(self._worker(server), limit=3)
        return multiple(*(Sent(self._worker(server), each) for each in taken))

    def recover(self, server: str) -> Any:
        taken = self.stores[server].recover_commands(self._worker(server))
        return multiple(*(Sent(self._worker(server), each) for each in taken))

    @rule(target=messages, server=st.sampled_from(["one", "two"]))
    def crash(self, server: str) -> Any:
        """What it had taken and not sent is never sent by it; another generation comes, and the other server takes over."""
        self.dead.add(self._worker(server))
        self.stores[server].leave_job(self._lease(server))
        self.generation[server] += 1
        assert self.stores[server].take_job(self._lease(server))
        return self.recover("two" if server == "one" else "one")

    @rule(
        target=messages,
        server=st.sampled_from(["one", "two"]),
        kind=st.sampled_from(sorted(KINDS)),
        arrives=st.booleans(),
    )
    def die_while_sending(self, *, server: str, kind: str, arrives: bool) -> Any:
        """It takes commands, sends them, or not, and is gone before it has told: the moment that matters most."""
        self.ask(kind, 5, Priority.MANUAL)
        for each in self.stores[server].work_commands(self._worker(server), limit=3):
            self.executed[each.command.id] += arrives
        return self.crash(server)

    @rule(target=replies)
    def send_all(self) -> Any:
        """A server that lives and is well."""
        taken = self.stores["two"].work_commands(self._worker("two"), limit=3)
        return multiple(*(self._delivered(Sent(self._worker("two"), each)) for each in taken))

    def _delivered(self, message: Sent) -> str:
        one = message.outgoing.command
        self.store.commands_published([one.number])
        self.executed[one.id] += 1
        self.values[one.signal] = float(one.value)
        return str(one.id)

    @rule(target=replies, message=consumes(messages), arrives=st.booleans(), told=st.booleans())
    def send(self, *, message: Sent, arrives: bool, told: bool) -> Any:
        """The message leaves, if its worker lives; the worker may die before it tells."""
        if message.worker in self.dead:
            return multiple()
        one = message.outgoing.command
        if told and arrives:
            self.store.commands_published([one.number])
        if not arrives:
            return multiple()
        self.executed[one.id] += 1
        self.values[one.signal] = float(one.value)
        return one.id

    @rule(identifier=replies, kind=st.sampled_from([ReplyKind.ACCEPTED] * 3 + list(ReplyKind)))
    def answer(self, identifier: str, kind: ReplyKind) -> None:
        """Once, twice, late: the bundle keeps what was answered."""
        if kind is ReplyKind.ACCEPTED and self._command(identifier).status is Status.SENT:
            self.acknowledged.add(identifier)
        self.store.record_replies([Reply(id=identifier, kind=kind, received_at=self.now)])

    @rule(
        kind=st.sampled_from(sorted(KINDS)),
        off=st.sampled_from([0.0, 0.0, 0.9, -1.0, 5.0]),
        quality=st.sampled_from([Quality.GOOD] * 4 + [Quality.UNCERTAIN, Quality.BAD]),
        late_s=st.sampled_from([0, 0, 0, 1, 30]),
        retained=st.booleans(),
    )
    def report(self, *, kind: str, off: float, quality: Quality, late_s: int, retained: bool) -> None:
        """A device says what it has, near enough or not, late, badly, or by the broker's memory."""
        self.clock.advance(timedelta(microseconds=10))
        number = self.numbers[kind]
        value = self.values.get(number, 0.0) + off
        reading = Reading(number, value, self.now - late_s * 1_000_000, self.now, quality, retained)
        allowance = 2_000_000
        for identifier in self.asked:
            one = self._command(identifier)
            fits = abs(one.value - value) <= TOLERANCE and quality is Quality.GOOD and not retained
            sent_at = one.sent_at
            if one.signal != number or sent_at is None or not fits:
                continue
            if reading.received_at > sent_at and reading.observed_at >= sent_at - allowance:
                self.shown.add(identifier)
        self.store.record([reading])

    @rule(seconds=st.sampled_from([1, 3, 6, 61]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    # ------------------------------------------------------------------------------------- what must hold
    @invariant()
    def nothing_is_done_twice_by_a_device_that_cannot_tell(self) -> None:
        for identifier, times in self.executed.items():
            if times > 1:
                one = self._command(identifier)
                kind = next(kind for kind, number in self.numbers.items() if number == one.signal)
                assert KINDS[kind].resend == "always", (identifier, times)

    @invariant()
    def nothing_is_confirmed_without_proof(self) -> None:
        for identifier in self.asked:
            one = self._command(identifier)
            if one.status is not GREEN:
                continue
            kind = next(kind for kind, number in self.numbers.items() if number == one.signal)
            control = KINDS[kind]
            by_reply = control.confirm is Confirm.ACK or control.on_change
            assert identifier in self.shown or (by_reply and identifier in self.acknowledged), kind

    @invariant()
    def the_log_is_a_walk_through_the_table(self) -> None:
        for identifier in self.asked:
            path = [step.status for step in self.store.command_steps(identifier) if not step.told]
            assert path[0] is Status.QUEUED
            assert all(after in TABLE[before] for before, after in pairwise(path))
            assert path[-1] is self._command(identifier).status

    @invariant()
    def one_command_of_a_signal_is_under_way(self) -> None:
        going = Counter(
            one.signal
            for identifier in self.asked
            for one in (self._command(identifier),)
            if one.status in {Status.SENT, Status.ACKNOWLEDGED}
        )
        assert not going or max(going.values()) == 1

    def _let_end(self) -> None:
        """Time passes, and one server works: everything comes to an end."""
        worker = self._worker("one")
        for _ in range(4 * (len(self.asked) + 2)):
            self.store.recover_commands(worker)
            self.store.work_commands(worker)
            self.clock.advance(timedelta(seconds=8))
        for identifier in self.asked:
            status = self._command(identifier).status
            assert status in ENDINGS, (identifier, status)
            assert status not in OPEN


def _run(opened: Callable[[Plane], SqlStore], *, examples: int, steps: int) -> None:
    class Machine(Plane):
        def _open(self) -> SqlStore:
            return opened(self)

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.timeout(600)
def test_whatever_happens_on_sqlite(empty_database: Path, tmp_path: Path) -> None:
    def opened(machine: Plane) -> SqlStore:
        if machine.place is None:
            machine.place = mkdtemp(dir=tmp_path)
            shutil.copy(empty_database, Path(machine.place) / DATABASE_NAME)
        return open_store(Path(machine.place), clock=machine.clock)

    _run(opened, examples=30, steps=40)


@pytest.mark.timeout(600)
def test_whatever_happens_with_two_servers_on_postgresql(
    postgres_server: PostgresServer, postgres_database: str
) -> None:
    def opened(machine: Plane) -> SqlStore:
        if machine.place is None:
            postgres_server.clear(postgres_database)
            machine.place = postgres_server.url(postgres_database)
        return open_store_url(machine.place, clock=machine.clock)

    _run(opened, examples=8, steps=25)
