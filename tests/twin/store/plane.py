"""The whole command plane as a state machine: two servers that crash at any step, devices and a broker that do what those do."""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from msgspec import Struct

from tests.twin.store.builders import imported, plain
from tests.twin.store.clock import Clock
from tests.twin.store.live_contract import temperature
from tests.twin.store.plane_oracle import (
    ALLOWANCE_US,
    KINDS,
    LEVEL,
    METER,
    TOLERANCE,
    Known,
    Oracle,
    S,
)
from twin.commands import ApprovalRefused, KeyReused, Reply, ReplyKind, StepRefused
from twin.controls import Confirm, Priority
from twin.errors import Conflict
from twin.ports import CalendarRun, Order, Outgoing, Target
from twin.state import Quality, Reading
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
_SOUND: dict[str, Any] = {
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


class Plane(RuleBasedStateMachine):
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

    def teardown(self) -> None:
        if self.stores:
            try:
                self._let_end()
            finally:
                for store in self.stores.values():
                    store.close()

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
                is_open = other.id in before and before[other.id].status not in {"", *_OVER}
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
            if status in _OVER:
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

    # ------------------------------------------------------------------------------------------ devices
    @precondition(lambda self: self.network)
    @rule(pick=PICK, says=st.booleans())
    def a_device_acts(self, *, pick: int, says: bool) -> None:
        """It does what it is told, once if it can tell; acknowledges, and reports what is more than its deadband away."""
        self._tick()
        one = self.network.pop(pick % len(self.network))
        if one.control.resend == "never" or one.id not in self.done_by_device:
            one.executions += 1
            before = self.state.get(one.signal)
            self.state[one.signal] = one.value
            if says and (before is None or abs(before - one.value) >= TOLERANCE):
                self.reports.append((self._shown_by(one.kind), one.value, self.now))
        self.done_by_device.add(one.id)
        self.replies.append(one)

    def _shown_by(self, kind: str) -> int:
        return self.numbers[METER if kind == "far" else kind]

    @precondition(lambda self: self.replies)
    @rule(
        pick=PICK,
        kind=st.sampled_from([ReplyKind.ACCEPTED] * 3 + list(ReplyKind)),
        stranger=st.sampled_from([False, False, False, True]),
        keep=st.booleans(),
    )
    def a_reply_comes(self, *, pick: int, kind: ReplyKind, stranger: bool, keep: bool) -> None:
        """Once, twice, late, in any order, from the device or from another."""
        self._tick()
        self.oracle.check(self.store, self.now)
        one = self.replies[pick % len(self.replies)]
        if not keep:
            self.replies.remove(one)
        before = self.oracle.status(one.id)
        wanted = before if stranger else self._after_reply(one, before, kind)
        signals = frozenset({one.signal + (1000 if stranger else 0)})
        self.store.record_replies([Reply(id=one.id, kind=kind, received_at=self.now, signals=signals)])
        self.oracle.check(self.store, self.now)
        assert self.oracle.status(one.id) == wanted, (
            f"{one.kind} was {before}: {kind} made it {self.oracle.status(one.id)}"
        )

    def _after_reply(self, one: Known, before: str, kind: ReplyKind) -> str:
        if kind is ReplyKind.ACCEPTED:
            if before != "sent":
                return before
            one.proofs.add("acknowledged")
            shown = self.oracle.reported.get(one.signal)
            has_it = (
                one.control.on_change
                and shown is not None
                and shown.quality is Quality.GOOD
                and abs(float(shown.value) - one.value) <= TOLERANCE
            )
            if one.by_reply or has_it:
                one.proofs.add("confirmed")
                return "confirmed"
            return "acknowledged"
        if before not in {"sent", "acknowledged"}:
            return before
        ending = "rejected" if kind is ReplyKind.REJECTED and before == "sent" else "failed"
        one.proofs.add(ending)
        return ending

    # ----------------------------------------------------------------------------------------- readings
    @precondition(lambda self: self.reports)
    @rule(pick=PICK, keep=st.booleans(), retained=st.sampled_from([False, False, True]), quality=QUALITIES)
    def a_report_comes(self, *, pick: int, keep: bool, retained: bool, quality: Quality) -> None:
        """What a device has said arrives: late, twice, by the broker's memory, in any order."""
        self._tick()
        report = self.reports[pick % len(self.reports)]
        if not keep:
            self.reports.remove(report)
        signal, value, observed = report
        self._record([Reading(signal, value, observed, self.now, quality, retained)])

    @rule(
        pick=PICK, off=OFFS, quality=QUALITIES, late_s=st.sampled_from([0, 0, 0, 1, 3, 30]),
        retained=st.sampled_from([False, False, False, True]), crowd=st.booleans(), queued=st.sampled_from([False, False, True]),
    )  # fmt: skip
    def a_device_reports(
        self,
        *,
        pick: int,
        off: float,
        quality: Quality,
        late_s: int,
        retained: bool,
        crowd: bool,
        queued: bool,
    ) -> None:
        """What it has, or what it was told, near enough or not; alone or with another report; received now, or before a command was sent."""
        self._tick()
        kind = self._kind(pick)
        signal = self._shown_by(kind)
        flying = [each.value for each in self.oracle.flying() if each.kind == kind]
        value = (flying[0] if flying else self.state.get(self.numbers[kind], 0.0)) + off
        received = self.now - ALLOWANCE_US // 2 if queued else self.now
        reading = Reading(signal, value, received - late_s * S, received, quality, retained)
        later = Reading(signal, 999.0, received - late_s * S + 1, received)
        self._record([reading, later] if crowd else [reading])

    @rule(value=st.sampled_from([60.0, 60.0, 40.0]), quality=QUALITIES)
    @precondition(lambda self: "locked" in self.kinds)
    def the_level_changes(self, value: float, quality: Quality) -> None:
        self._tick()
        self._record([Reading(self.numbers[LEVEL], value, self.now, self.now, quality)])

    def _record(self, readings: list[Reading]) -> None:
        self.oracle.check(self.store, self.now)
        shown = []
        for one in self.oracle.flying():
            own = [each for each in readings if each.signal == self._shown_by(one.kind)]
            if one.control.confirm is not Confirm.ACK and any(map(one.is_shown_by, own)):
                one.proofs.add("confirmed")
                shown.append(one)
        self.store.record(readings)
        for each in readings:
            known = self.oracle.reported.get(each.signal)
            if known is None or each.observed_at >= known.observed_at:
                self.oracle.reported[each.signal] = each
        self.oracle.check(self.store, self.now)
        for one in shown:
            assert self.oracle.status(one.id) == "confirmed", (
                f"{one.kind}: a reading shows it, and it is not confirmed"
            )

    # -------------------------------------------------------------------------------------- whole lives
    @rule(
        pick=PICK, value=VALUES, server=SERVERS, fate=FATES,
        reply=st.sampled_from([None, None, *ReplyKind, ReplyKind.ACCEPTED]), stranger=st.sampled_from([False, False, True]),
        flaw=st.none() | st.sampled_from(sorted(FLAWS)), first=st.booleans(), waits=WAITS, follows=st.booleans(),
    )  # fmt: skip
    def a_life(self, *, fate: str, **drawn: Any) -> None:
        """A command as it usually goes, up to where something goes wrong; single steps come in between by the other rules."""
        self._live(fate=fate, **drawn)

    @rule(
        pick=PICK, value=VALUES, server=SERVERS, first=st.booleans(),
        flaws=st.permutations(sorted(DISQUALIFYING)), flaw=st.sampled_from(sorted(FLAWS.keys() - DISQUALIFYING)),
    )  # fmt: skip
    def a_life_with_flawed_reports(self, *, flaws: list[str], flaw: str, first: bool, **drawn: Any) -> None:
        """Reports of which each has one fault, and at last one that is sound enough; the acknowledgement comes before them, or never."""
        reply = None if first else ReplyKind.ACCEPTED
        self._live(
            fate="arrives",
            reply=reply,
            stranger=False,
            waits=0,
            follows=False,
            flaw=None,
            first=first,
            **drawn,
        )
        for each in (*flaws, flaw):
            self.a_device_reports(pick=drawn["pick"], **(_SOUND | FLAWS[each]))

    @rule(
        pick=PICK,
        value=VALUES,
        server=SERVERS,
        reply=st.sampled_from([None, ReplyKind.ACCEPTED]),
        follows=st.booleans(),
    )
    def a_life_that_nothing_shows(self, **drawn: Any) -> None:
        """What was before is known; nothing comes in time, and the reply is late."""
        kind = self._kind(drawn["pick"])
        self._record([Reading(self.numbers[kind], 77.0, self.now, self.now)])
        self._live(fate="arrives", stranger=False, flaw=None, first=True, waits=6, **drawn)
        if self.replies:
            self.a_reply_comes(
                pick=len(self.replies) - 1, kind=ReplyKind.ACCEPTED, stranger=False, keep=False
            )

    def _live(
        self, *, pick: int, value: float, server: str, fate: str, reply: ReplyKind | None, stranger: bool,
        flaw: str | None, first: bool, waits: int, follows: bool,
    ) -> None:  # fmt: skip
        kind = self._kind(pick)
        if kind == "locked":
            self.the_level_changes(value=40.0 if fate == "lost" else 60.0, quality=Quality.GOOD)
        self.ask(pick=pick, value=value, priority=Priority.MANUAL, delay=0, keyed=False)
        self._agree(kind, in_time=fate != "unsent")
        self._work(server, 50)
        if self.told["one"] or self.told["two"]:
            self.send(server=server, fates=[fate], twice=False)
        if self.network:
            self.a_device_acts(pick=len(self.network) - 1, says=first)
        if follows:
            self.ask(pick=pick, value=value + 10, priority=Priority.MANUAL, delay=0, keyed=False)
        for step in ("report", "reply") if first else ("reply", "report"):
            if step == "report" and flaw is not None:
                self.a_device_reports(pick=pick, **(_SOUND | FLAWS[flaw]))
            if step == "reply" and reply is not None and self.replies:
                self.a_reply_comes(pick=len(self.replies) - 1, kind=reply, stranger=stranger, keep=first)
        self.clock.advance(timedelta(seconds=waits))
        self._work(server, 50)

    def _agree(self, kind: str, *, in_time: bool) -> None:
        if kind == "danger":
            self.somebody_approves(pick=0, by="ada")
            self.clock.advance(timedelta(seconds=0 if in_time else 11))
            self.somebody_approves(pick=0, by="bob")

    @rule(pick=PICK, value=VALUES, server=SERVERS)
    def one_that_nobody_sends_in_time(self, pick: int, value: float, server: str) -> None:
        self.ask(pick=pick, value=value, priority=Priority.MANUAL, delay=0, keyed=False)
        self._agree(self._kind(pick), in_time=True)
        self.clock.advance(timedelta(seconds=61))
        self._work(server, 50)

    @rule(pick=PICK, value=VALUES, server=SERVERS)
    def one_that_is_over_is_held(self, pick: int, value: float, server: str) -> None:
        """A weaker one was taken before; when it is to be sent, it may not."""
        before = len(self.oracle.known)
        self.ask(pick=pick, value=value, priority=Priority.MANUAL_LIFE_SAFETY, delay=0, keyed=False)
        if len(self.oracle.known) == before:
            return
        self.somebody_cancels(0)
        self.ask(pick=pick, value=value, priority=Priority.MANUAL, delay=0, keyed=False)
        self.somebody_holds(pick=len(self.oracle.known) - before - 1, release=False)
        self._work(server, 50)
        self.somebody_holds(pick=len(self.oracle.known) - before - 1, release=True)

    # ------------------------------------------------------------------------------------------- people
    @rule(pick=PICK, by=st.sampled_from(["ada", "bob"]))
    @precondition(lambda self: "danger" in self.kinds)
    def somebody_approves(self, pick: int, by: str) -> None:
        self._tick()
        self.oracle.check(self.store, self.now)
        waiting = [
            each for each in self.oracle.known.values() if self.oracle.status(each.id) == "awaiting_approval"
        ]
        for one in waiting[pick % len(waiting) :][:1] if waiting else ():
            late = self.now >= one.deadline("awaiting_approval")
            if by != "ada" and not late:
                one.proofs.add("approved")
            try:
                self.store.approve_command(one.id.partition("-")[0], by=by)
            except ApprovalRefused:
                assert by == "ada"
            self.oracle.check(self.store, self.now)
            wanted = "awaiting_approval" if by == "ada" else "expired" if late else "queued"
            assert self.oracle.status(one.id) == wanted

    @rule(pick=PICK)
    def somebody_cancels(self, pick: int) -> None:
        self._tick()
        self.oracle.check(self.store, self.now)
        known = list(self.oracle.known.values())
        if not known:
            return
        request = known[-1 - pick % len(known)].id.partition("-")[0]
        own = [each for each in known if each.id.partition("-")[0] == request]
        waiting = [each for each in own if self.oracle.status(each.id) in {"awaiting_approval", "queued"}]
        for each in waiting:
            each.proofs.add("cancelled")
        try:
            self.store.cancel_command(request, by="ada")
        except StepRefused:
            assert not waiting
        else:
            assert waiting
        self.oracle.check(self.store, self.now)
        assert all(self.oracle.status(each.id) == "cancelled" for each in waiting)

    @rule(pick=PICK, release=st.booleans())
    def somebody_holds(self, *, pick: int, release: bool) -> None:
        self._tick()
        known = [each for each in self.oracle.known.values() if "-" not in each.id and each.by == "ada"]
        if not known:
            return
        one = known[-1 - pick % len(known)]
        held = self.holds.get(one.signal)
        try:
            if release:
                self.store.release_command(one.id, by="ada")
            else:
                self.store.hold_command(one.id, by="ada")
        except Conflict:
            assert (
                (held is None or held[1] != one.id)
                if release
                else (held is not None and held[0].rank > one.priority.rank)
            )
            return
        if release:
            assert held is not None
            del self.holds[one.signal]
        else:
            self.holds[one.signal] = (one.priority, one.id)

    @rule(seconds=st.sampled_from([1, 3, 6, 11, 61]))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    # ------------------------------------------------------------------------------------------- the end
    def _let_end(self) -> None:
        """One server is left, and devices have fallen silent: everything comes to an end."""
        for server in ("one", "two"):
            self.dead.add(self._worker(server))
            self.stores[server].leave_job(self._lease(server))
        self.generation["one"] += 1
        assert self.store.take_job(self._lease("one"))
        self.told = {"one": [], "two": []}
        for _ in range(3 * (len(self.oracle.known) + 3)):
            self._recover("one")
            self._work("one", 50)
            if all(map(self.oracle.is_over, self.oracle.known)):
                return
            self.clock.advance(timedelta(seconds=11))
        raise AssertionError("something does not end")


_OVER = frozenset(
    {
        "rejected", "failed", "timed_out", "unconfirmed", "expired", "cancelled", "superseded", "reverted", "confirmed",
    }
)  # fmt: skip


def _changed(order: Order) -> Order:
    fields = {name: getattr(order, name) for name in Order.__struct_fields__}
    (target,) = order.targets
    return Order(**{**fields, "targets": [Target(target.signal, float(target.value) + 1)]})


def run(machine: type[Plane], *, examples: int, steps: int, shrink: bool = True) -> None:
    """Try it; the same examples each time. Raises what goes wrong."""
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            database=None,
            print_blob=False,
            report_multiple_bugs=False,
            phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
