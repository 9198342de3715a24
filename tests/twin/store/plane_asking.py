"""State machine of the command plane, first part: what people and calendars ask for."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from msgspec import Struct
from msgspec.structs import replace

from tests.twin.store.plane_oracle import KINDS, LEVEL, METER, Begun, Known, Oracle, S
from tests.twin.store.plane_servers import Servers, named
from twin.commands import KeyReused, ReplyKind
from twin.controls import Priority
from twin.ports import CalendarRun, CommandQuery, Order, Outgoing, Target
from twin.state import Quality
from twin.store import SqlStore, command_bulk, command_orders
from twin.times import to_microseconds

SERVERS = st.sampled_from(["one", "two"])
VALUES = st.sampled_from([10.0, 20.0, 30.0])
PICK = st.integers(0, 7)
OFFS = st.sampled_from([0.0, 0.0, 0.9, -1.0, 1.1, -1.1, -5.0, 5.0])
KINDS_OF_AN_EXAMPLE = st.lists(st.sampled_from(sorted(KINDS)), min_size=2, max_size=2, unique=True)
"""The fewer, the more they have to do with each other."""
QUALITIES = st.sampled_from([Quality.GOOD] * 4 + [Quality.UNCERTAIN, Quality.BAD])
FATES = st.sampled_from(["arrives", "arrives", "arrives", "lost", "unsent", "doubt", "doubt and arrives"])
PRIORITIES = st.sampled_from(
    [Priority.SCHEDULE, Priority.MANUAL, Priority.MANUAL, Priority.MANUAL_LIFE_SAFETY]
)

WAITS = st.sampled_from([0, 0, 3, 6, 11])
SOUND: dict[str, Any] = {
    "off": 0.0, "quality": Quality.GOOD, "late_s": 0, "retained": False, "crowd": False, "queued": False,
}  # fmt: skip
FLAWS: dict[str, dict[str, Any]] = {
    "none": {},
    "near above": {"off": 0.9},
    "near below": {"off": -1.0},
    "beyond above": {"off": 1.1},
    "beyond below": {"off": -1.1},
    "bad": {"quality": Quality.BAD},
    "a little late": {"late_s": 1},
    "late": {"late_s": 3},
    "retained": {"retained": True},
    "among others": {"crowd": True},
    "received before": {"queued": True},
}
"""What is wrong with a report, one thing at a time."""
ENDS: dict[str, dict[str, Any]] = {
    "doubt": {"fate": "doubt", "reply": None, "waits": 6},
    "lost": {"fate": "lost", "reply": None, "waits": 6},
    "rejected": {"fate": "arrives", "reply": ReplyKind.REJECTED, "waits": 0},
    "failed": {"fate": "arrives", "reply": ReplyKind.FAILED, "waits": 0},
}
DISQUALIFYING = frozenset({"beyond above", "beyond below", "bad", "late", "retained", "received before"})


class Told(Struct):
    """A command that a server has been told to send."""

    outgoing: Outgoing
    worker: str


class Asking(RuleBasedStateMachine):
    """`servers` is given by the test. `set`: which of the signals are those of this example."""

    servers: Servers

    def __init__(self) -> None:
        super().__init__()
        self.oracle = Oracle()
        self.generation = {"one": 0, "two": 0}
        self.dead: set[str] = set()
        self.told: dict[str, list[Told]] = {"one": [], "two": []}
        self.network: list[Known] = []
        self.replies: list[Known] = []
        self.reports: list[tuple[int, float, int]] = []
        self.state: dict[int, float] = {}
        self.done_by_device: set[str] = set()
        self.keyed: list[tuple[Order, str]] = []
        self.runs: list[tuple[Order, str]] = []
        self.stores: dict[str, SqlStore] = {}
        self.chunk: Any = None

    @initialize(kinds=KINDS_OF_AN_EXAMPLE, pieces=st.booleans())
    def begin(self, *, kinds: list[str], pieces: bool) -> None:
        """`pieces`: requests for several signals are recorded one command at a time."""
        pair = self.servers.take()
        self.kinds, self.stores, self.clock, self.set = kinds, pair.stores, pair.clock, pair.used
        self.numbers = {kind: pair.numbers[named(kind, self.set)] for kind in (*KINDS, LEVEL, METER)}
        self.oracle = Oracle(pair.last())
        self.chunk = patch.object(command_bulk, "CHUNK", 1 if pieces else command_bulk.CHUNK)
        self.chunk.start()
        for server in self.stores:
            assert self.stores[server].take_job(self._lease(server))

    @property
    def store(self) -> SqlStore:
        return self.stores["one"]

    @property
    def now(self) -> int:
        return to_microseconds(self.clock.now)

    def _tick(self) -> None:
        self.clock.advance(timedelta(microseconds=10))

    def _check(self) -> None:
        self.oracle.check(self.store, self.now)

    def _worker(self, server: str) -> str:
        return f"{server}-{self.set}-{self.generation[server]}"

    def _lease(self, server: str) -> str:
        return f"control:{self._worker(server)}"

    def _kind(self, pick: int) -> str:
        return self.kinds[pick % len(self.kinds)]

    def _target(self, kind: str, value: float) -> Target:
        return Target(f"a/{named(kind, self.set)}/temperature", value)

    @invariant()
    def nothing_happens_without_a_reason(self) -> None:
        if self.stores:
            self._check()

    # ------------------------------------------------------------------------------------------- asking
    @rule(
        pick=PICK, value=VALUES, priority=PRIORITIES, delay=st.sampled_from([0, 0, 0, 4]), keyed=st.booleans()
    )
    def ask(self, *, pick: int, value: float, priority: Priority, delay: int, keyed: bool) -> None:
        self._tick()
        self._ask(self._kind(pick), value, priority, delay=delay, keyed=keyed)

    def _ask(
        self,
        kind: str,
        value: float,
        priority: Priority = Priority.MANUAL,
        *,
        delay: int = 0,
        keyed: bool = False,
    ) -> Known | None:
        """A command to one signal; None: it has to be refused, and is."""
        self._tick()
        order = Order(
            by="ada", reason="x", targets=[self._target(kind, value)], priority=priority,
            start_at=self.now + delay * S, key=f"k{self.now}" if keyed else None,
        )  # fmt: skip
        placed = self._place(order, [kind])
        if placed is not None and keyed:
            self.keyed.append((order, placed))
        return None if placed is None else self.oracle.known[placed]

    def _place(self, order: Order, kinds: list[str], server: str = "one") -> str | None:
        """Id of the request; None: all of it has to be refused, and is."""
        self._check()
        assert order.priority is not None
        refused = [self.oracle.refuses(self.numbers[kind], order.priority) for kind in kinds]
        placed = self.stores[server].place_command(order)
        assert (placed.id is None) == all(refused)
        assert [bool(each.refusals) for each in placed.outcomes] == refused
        if placed.id is None:
            return None
        assert placed.created
        self._begun(placed.id, order, kinds)
        self._check()
        assert placed.id not in self.oracle.begun, "a target is lost"
        return placed.id

    def _begun(self, identifier: str, order: Order, kinds: list[str]) -> None:
        assert order.priority is not None
        self.oracle.begun[identifier] = Begun(
            kinds=kinds, signals=[self.numbers[kind] for kind in kinds], values=[float(each.value) for each in order.targets],
            priority=order.priority, by=order.by, start_at=max(order.start_at or self.now, self.now), touched_at=self.now,
            rate=order.rate,
        )  # fmt: skip

    @precondition(lambda self: self.keyed)
    @rule(pick=PICK, server=SERVERS, other=st.booleans())
    def ask_again(self, *, pick: int, server: str, other: bool) -> None:
        """The same key: the same request, whichever server is asked, whatever has become of it; another content is refused."""
        order, identifier = self.keyed[pick % len(self.keyed)]
        self._with_its_key(order, identifier, server, other=other)

    def _with_its_key(self, order: Order, identifier: str, server: str, *, other: bool) -> None:
        if other:
            order = changed(order)
        try:
            placed = self.stores[server].place_command(order)
        except KeyReused:
            assert other
        else:
            assert not other
            assert (placed.id, placed.created) == (identifier, False)

    @rule(value=VALUES, rate=st.sampled_from([None, 0.5, 0.5]))
    def ask_many(self, value: float, rate: float | None) -> None:
        self._tick()
        self._place(self._many(value, rate), self.kinds)

    def _many(self, value: float, rate: float | None) -> Order:
        targets = [self._target(kind, value) for kind in self.kinds]
        return Order(by="ada", reason="x", targets=targets, priority=Priority.MANUAL, rate=rate, bulk=True)

    @rule(value=VALUES, rate=st.sampled_from([None, 0.5]), pieces=st.integers(0, 1))
    def ask_many_and_die(self, value: float, rate: float | None, pieces: int) -> None:
        """The server is gone after some pieces of the request, before it could answer."""
        self._tick()
        self._check()
        order, real, left = self._many(value, rate), command_orders.finish_some, iter(range(pieces))

        def dying(*args: Any) -> Any:
            if next(left, None) is None:
                raise KeyboardInterrupt
            return real(*args)

        with patch.object(command_orders, "finish_some", dying), patch.object(command_bulk, "CHUNK", 1):
            try:
                placed = self.store.place_command(order)
            except KeyboardInterrupt:
                (view,) = self.store.commands(CommandQuery(limit=1)).items
                self._begun(view.id, order, self.kinds)
                self._check()
            else:
                assert placed.id is None
                assert all(self.oracle.refuses(self.numbers[kind], Priority.MANUAL) for kind in self.kinds)

    @rule(pick=PICK, value=VALUES, server=SERVERS)
    def a_calendar_asks(self, *, pick: int, value: float, server: str) -> None:
        """An occurrence of its own."""
        self._tick()
        kind, at = self._kind(pick), self.now
        order = Order(
            by="ada", reason="calendar", targets=[self._target(kind, value)], priority=Priority.SCHEDULE,
            bulk=True, run=CalendarRun(calendar="c", at=at, entry=0), key=f"calendar/c/{at}",
        )  # fmt: skip
        placed = self._place(order, [kind], server)
        if placed is not None:
            self.runs.append((order, placed))

    @precondition(lambda self: self.runs)
    @rule(pick=PICK, server=SERVERS, by=st.sampled_from(["ada", "bob"]))
    def a_calendar_asks_again(self, *, pick: int, server: str, by: str) -> None:
        """An occurrence that was dealt with comes up again: both servers look, or one is gone before it has noted that it was done."""
        order, identifier = self.runs[pick % len(self.runs)]
        placed = self.stores[server].place_command(replace(order, by=by))
        assert (placed.id, placed.created) == (identifier, False), "an occurrence is done twice"


def changed(order: Order) -> Order:
    """The same with another value."""
    (target,) = order.targets
    return replace(order, targets=[Target(target.signal, float(target.value) + 1)])
