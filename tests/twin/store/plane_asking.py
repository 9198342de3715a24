"""State machine of the command plane, first part: what is asked for, and servers that send it and crash."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from msgspec import Struct

from tests.twin.store.builders import imported, plain
from tests.twin.store.clock import Clock
from tests.twin.store.live_contract import temperature
from tests.twin.store.plane_oracle import (
    ENDED,
    KINDS,
    LEVEL,
    METER,
    TOLERANCE,
    Known,
    Oracle,
    S,
)
from twin.commands import KeyReused, ReplyKind
from twin.controls import Priority
from twin.ports import CalendarRun, Order, Outgoing, Target
from twin.state import Quality
from twin.store import SqlStore
from twin.times import to_microseconds

SERVERS = st.sampled_from(["one", "two"])
VALUES = st.sampled_from([10.0, 20.0, 30.0])
PICK = st.integers(0, 7)
OFFS = st.sampled_from([0.0, 0.0, 0.9, -1.0, 1.1, -1.1, -5.0, 5.0])
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


def prepare(store: SqlStore) -> None:
    """The model and its signals."""
    imported(store, "a", plain([*KINDS, LEVEL, METER]))
    declared = [
        temperature(kind, settable=True, control=control, tolerance=TOLERANCE, deadband=TOLERANCE)
        for kind, control in KINDS.items()
    ]
    store.declare_signals([*declared, temperature(LEVEL), temperature(METER)])


class Told(Struct):
    """A command that a server has been told to send."""

    outgoing: Outgoing
    worker: str


class Asking(RuleBasedStateMachine):
    """`opened` is given by the test: a store of two servers' database."""

    def opened(self) -> SqlStore:
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.oracle = Oracle()
        self.generation = {"one": 0, "two": 0}
        self.dead: set[str] = set()
        self.told: dict[str, list[Told]] = {"one": [], "two": []}
        self.network: list[Known] = []
        self.replies: list[Known] = []
        self.reports: list[tuple[int, float, int]] = []
        self.state: dict[int, float] = {}
        self.done_by_device: set[str] = set()
        self.holds: dict[int, tuple[Priority, str]] = {}
        self.keyed: list[tuple[Order, str]] = []
        self.occurrence = 0
        self.stores: dict[str, SqlStore] = {}

    @initialize(kinds=st.lists(st.sampled_from(sorted(KINDS)), min_size=2, max_size=2, unique=True))
    def begin(self, kinds: list[str]) -> None:
        self.kinds = kinds
        self.stores = {"one": self.opened(), "two": self.opened()}
        self.numbers = {
            record.signal.global_id: record.number for record in self.stores["one"].signal_records()
        }
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

    def _worker(self, server: str) -> str:
        return f"{server}{self.generation[server]}"

    def _lease(self, server: str) -> str:
        return f"control:{self._worker(server)}"

    def _kind(self, pick: int) -> str:
        return self.kinds[pick % len(self.kinds)]

    @invariant()
    def nothing_happens_without_a_reason(self) -> None:
        if self.stores:
            self.oracle.check(self.store, self.now)

    # ------------------------------------------------------------------------------------------- asking
    @rule(
        pick=PICK, value=VALUES, priority=PRIORITIES, delay=st.sampled_from([0, 0, 0, 4]), keyed=st.booleans()
    )
    def ask(self, *, pick: int, value: float, priority: Priority, delay: int, keyed: bool) -> None:
        self._tick()
        kind = self._kind(pick)
        order = Order(
            by="ada", reason="x", targets=[Target(f"a/{kind}/temperature", value)], priority=priority,
            start_at=self.now + delay * S, key=f"k{self.now}" if keyed else None,
        )  # fmt: skip
        refused = self._refused(kind, priority)
        placed = self.store.place_command(order)
        assert (placed.id is None) == refused
        if placed.id is not None:
            self._learn(placed.id, order, [kind])
            if keyed:
                self.keyed.append((order, placed.id))

    @precondition(lambda self: self.keyed)
    @rule(pick=PICK, server=SERVERS, other=st.booleans())
    def ask_again(self, *, pick: int, server: str, other: bool) -> None:
        """The same key: the same request, whichever server is asked, whatever has become of it; another content is refused."""
        order, identifier = self.keyed[pick % len(self.keyed)]
        if other:
            order = _changed(order)
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
        targets = [Target(f"a/{kind}/temperature", value) for kind in self.kinds]
        order = Order(by="ada", reason="x", targets=targets, priority=Priority.MANUAL, rate=rate, bulk=True)
        refused = {kind for kind in self.kinds if self._refused(kind, Priority.MANUAL)}
        placed = self.store.place_command(order)
        assert (placed.id is None) == (len(refused) == len(self.kinds))
        told = {kind for kind, each in zip(self.kinds, placed.outcomes, strict=True) if each.refusals}
        assert told == refused
        if placed.id is not None:
            self._learn(placed.id, order, self.kinds, refused)
        self._work("one", 50)

    @rule(pick=PICK, value=VALUES, again=st.booleans())
    def a_calendar_asks(self, *, pick: int, value: float, again: bool) -> None:
        """One occurrence, done by both servers, or by one after a crash: one request. A later one is another."""
        self._tick()
        self.occurrence += 1
        kind = self._kind(pick)
        order = Order(
            by="ada", reason="calendar", targets=[Target(f"a/{kind}/temperature", value)], priority=Priority.SCHEDULE,
            bulk=True, run=CalendarRun(calendar="c", at=self.occurrence, entry=0), key=f"calendar/c/{self.occurrence}",
        )  # fmt: skip
        refused = self._refused(kind, Priority.SCHEDULE)
        placed = self.store.place_command(order)
        assert (placed.id is None) == refused
        if placed.id is not None:
            self._learn(placed.id, order, [kind])
            if again:
                owner = Order(
                    **{name: getattr(order, name) for name in Order.__struct_fields__} | {"by": "bob"}
                )
                assert self.stores["two"].place_command(owner).id == placed.id

    def _refused(self, kind: str, priority: Priority) -> bool:
        self.oracle.read(self.store)
        signal = self.numbers[kind]
        held = self.holds.get(signal)
        stronger = [each for each in self.oracle.open_of(signal) if each.priority.rank > priority.rank]
        return bool(stronger) or (held is not None and held[0].rank > priority.rank)

    def _learn(self, identifier: str, order: Order, kinds: list[str], refused: Any = ()) -> None:
        before, outranked = dict(self.oracle.rows), list[Known]()
        store_rows = self._rows_of(identifier)
        assert len(store_rows) == len(kinds), "a target is lost"
        start = max(order.start_at or self.now, self.now)
        for position, (kind, (own, number)) in enumerate(zip(kinds, store_rows, strict=True)):
            begins = start + (0 if order.rate is None else round(position * S / order.rate))
            assert order.priority is not None
            one = Known(
                id=own, number=number, kind=kind, signal=self.numbers[kind], value=float(order.targets[position].value),
                priority=order.priority, by="ada", created_at=self.now, start_at=begins, expires_at=begins + 60 * S,
                refused=kind in refused,
            )  # fmt: skip
            if one.refused:
                one.proofs.add("failed")
            for other in self.oracle.known.values():
                is_open = other.id in before and before[other.id].status not in {"", *ENDED}
                if (
                    not one.refused
                    and other.signal == one.signal
                    and is_open
                    and other.priority.rank < one.priority.rank
                ):
                    other.proofs.add("superseded")
                    outranked.append(other)
            self.oracle.known[own] = one
        self.oracle.check(self.store, self.now)
        assert all(self.oracle.status(each.id) == "superseded" for each in outranked), "a weaker one goes on"

    def _rows_of(self, identifier: str) -> list[tuple[str, int]]:
        found = self.store.command_targets(identifier, limit=100).items
        return [(each.command.id, each.command.number) for each in found]

    # ------------------------------------------------------------------------------------------ sending
    @rule(server=SERVERS, limit=st.sampled_from([1, 3, 50, 50, 50]))
    def work(self, server: str, limit: int) -> None:
        self._tick()
        self._work(server, limit)

    def _work(self, server: str, limit: int) -> None:
        self.oracle.check(self.store, self.now)
        idle = 0
        while idle < 2:  # what waits behind a command that has ended is taken at the next look
            ready = self._ready()
            taken = self.stores[server].work_commands(self._worker(server), limit=limit)
            for each in taken:
                self._take(server, each, ready)
            self.oracle.check(self.store, self.now)
            if limit < 50:
                return
            idle = 0 if taken else idle + 1
        self._nothing_is_left_behind()

    def _ready(self) -> dict[str, bool]:
        """Commands whose turn it is, and whether they may be sent; those that may not have to fail."""
        ready: dict[str, bool] = {}
        for signal in {each.signal for each in self.oracle.known.values()}:
            opened = self.oracle.open_of(signal)
            if any(self.oracle.status(each.id) in {"sent", "acknowledged"} for each in opened):
                continue
            waiting = [
                each for each in opened
                if self.oracle.status(each.id) == "queued" and each.start_at <= self.now < each.expires_at
            ]  # fmt: skip
            for one in waiting[:1]:
                ready[one.id] = self._may_be_sent(one)
                if not ready[one.id]:
                    one.proofs.add("failed")
        return ready

    def _may_be_sent(self, one: Known) -> bool:
        held = self.holds.get(one.signal)
        if held is not None and held[0].rank > one.priority.rank:
            return False
        if one.kind != "locked":
            return True
        level = self.oracle.reported.get(self.numbers[LEVEL])
        return level is not None and level.quality is Quality.GOOD and float(level.value) > 50

    def _take(self, server: str, outgoing: Outgoing, ready: dict[str, bool]) -> None:
        one = self.oracle.known[outgoing.command.id]
        assert ready.get(one.id), f"{one.kind}: it was not its turn, or nothing allowed it"
        assert (outgoing.command.value, outgoing.signal.number) == (one.value, one.signal)
        one.sent_at, one.worker = self.now, self._worker(server)
        shown = self.oracle.reported.get(one.signal)
        one.before = float(shown.value) if shown is not None and shown.quality is Quality.GOOD else None
        self.told[server].append(Told(outgoing, self._worker(server)))

    def _nothing_is_left_behind(self) -> None:
        for one in self.oracle.known.values():
            status = self.oracle.status(one.id)
            if status in ENDED:
                continue
            assert self.now < one.deadline(status), f"{one.kind} is {status} after its deadline"
        assert not any(self._ready().values()), "one whose turn it is was not taken"

    @rule(server=SERVERS, fates=st.lists(FATES, min_size=4, max_size=4), twice=st.booleans())
    @precondition(lambda self: self.told["one"] or self.told["two"])
    def send(self, *, server: str, fates: list[str], twice: bool) -> None:
        """A server sends what it was told to; the network does with it what it wants; the broker hands it over twice, perhaps."""
        self._tick()
        if not self.told[server]:
            server = "two" if server == "one" else "one"
        told, self.told[server] = self.told[server], []
        still = self.stores[server].still_sent([each.outgoing.command.number for each in told])
        for place, each in enumerate(told):
            if each.outgoing.command.number in still:
                self._leaves(server, each, fates[place % len(fates)], twice=twice)

    def _leaves(self, server: str, told: Told, fate: str, *, twice: bool) -> None:
        one = self.oracle.known[told.outgoing.command.id]
        if fate == "unsent":
            self.told[server].append(told)
            return
        one.sends += 1
        if fate in {"arrives", "doubt and arrives"}:
            self.network += [one] * (2 if twice and one.control.resend == "always" else 1)
        if fate in {"arrives", "lost"}:
            self.stores[server].commands_published([one.number])
            one.noted = True
        elif one.control.resend == "always":
            self.told[server].append(told)
        else:
            self.stores[server].commands_doubtful([one.number])
            one.doubtful = True

    @rule(server=SERVERS, sends=st.booleans(), arrives=st.booleans(), recovers=st.booleans())
    def crash(self, *, server: str, sends: bool, arrives: bool, recovers: bool) -> None:
        """It has sent what it was told to, or not, and is gone before it could say so."""
        self._tick()
        for each in self.told[server]:
            one = self.oracle.known[each.outgoing.command.id]
            one.sends += sends
            if sends and arrives:
                self.network.append(one)
        self.told[server] = []
        self.dead.add(self._worker(server))
        self.stores[server].leave_job(self._lease(server))
        self.generation[server] += 1
        assert self.stores[server].take_job(self._lease(server))
        if recovers:
            self._recover("two" if server == "one" else "one")

    @rule(server=SERVERS)
    def recover(self, server: str) -> None:
        self._tick()
        self._recover(server)

    def _recover(self, server: str) -> None:
        self.oracle.check(self.store, self.now)
        lost = [
            each for each in self.oracle.known.values()
            if self.oracle.status(each.id) == "sent" and not each.noted and each.worker in self.dead and not each.doubtful
        ]  # fmt: skip
        for outgoing in self.stores[server].recover_commands(self._worker(server)):
            one = self.oracle.known[outgoing.command.id]
            assert one in lost, f"{one.kind}: a living server has it"
            assert one.control.resend == "always", f"{one.kind} cannot tell a command that it gets again"
            one.worker = self._worker(server)
            self.told[server].append(Told(outgoing, self._worker(server)))
        for one in lost:
            one.doubtful = one.control.resend == "never"
            assert one.doubtful or one.worker == self._worker(server), "one is lost with its server"


def _changed(order: Order) -> Order:
    fields = {name: getattr(order, name) for name in Order.__struct_fields__}
    (target,) = order.targets
    return Order(**{**fields, "targets": [Target(target.signal, float(target.value) + 1)]})
