"""What a test of the command plane knows by itself: what was asked for, what went out, what came in, and what follows from the documentation.

Nothing here asks the code that is tested what a command may do; rows are read by plain SQL.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from msgspec import Struct, field
from sqlalchemy import text

from twin.controls import Confirm, Control, Interlock, Priority
from twin.state import Quality, Reading, order
from twin.store import SqlStore

S = 1_000_000
TOLERANCE = 1.0
ALLOWANCE_US = 2 * S
FOREVER = 1 << 62
LEVEL, METER = "level", "meter"

_SPANS: dict[str, Any] = {"ack_s": 5, "confirm_s": 5, "expires_s": 60}
KINDS = {
    "usual": Control(**_SPANS),
    "again": Control(**_SPANS, resend="always", revert=True),
    "silent": Control(**_SPANS, confirm=Confirm.READING),
    "blind": Control(**_SPANS, confirm=Confirm.ACK),
    "lazy": Control(**_SPANS, on_change=True),
    "locked": Control(
        **_SPANS, interlocks=(Interlock(signal=f"a/{LEVEL}/temperature", comparison=">", value=50.0),)
    ),
    "danger": Control(**_SPANS, dangerous=True, approval_s=10),
    "far": Control(**_SPANS, confirm_signal=f"a/{METER}/temperature"),
}
ENDED = frozenset(
    {
        "rejected", "failed", "timed_out", "unconfirmed", "expired", "cancelled", "superseded", "reverted", "confirmed",
    }
)  # fmt: skip
FLYING = frozenset({"sent", "acknowledged"})
WALKS = {
    None: {"queued", "awaiting_approval", "failed"},
    "awaiting_approval": {"queued", "failed", "expired", "cancelled", "superseded"},
    "queued": {"sent", "failed", "expired", "cancelled", "superseded"},
    "sent": {"acknowledged", "confirmed", "rejected", "failed", "timed_out", "unconfirmed", "superseded"},
    "acknowledged": {"confirmed", "failed", "unconfirmed", "superseded"},
    "unconfirmed": {"reverted"},
}
"""As docs/commands.md draws it."""


_ROWS = text(
    "SELECT number, id, signal, status, start_at, expires_at, created_at, sent_at, doubtful, reverts "
    "FROM command WHERE number > :first ORDER BY number"
)
_STEPS = text(
    "SELECT s.number, c.id, s.status FROM command_step s JOIN command c ON c.number = s.command "
    "WHERE NOT s.told AND s.number > :first ORDER BY s.number"
)


class Row(NamedTuple):
    """A command as the database has it."""

    number: int
    id: str
    signal: int
    status: str
    start_at: int
    expires_at: int
    created_at: int
    sent_at: int | None
    doubtful: bool
    reverts: int | None


class Known(Struct):
    """What has happened to a command, as far as the world outside can tell."""

    id: str
    number: int
    kind: str
    signal: int
    value: float
    priority: Priority
    by: str
    created_at: int
    start_at: int
    expires_at: int
    refused: bool = False
    sends: int = 0
    executions: int = 0
    worker: str | None = None
    noted: bool = False
    doubtful: bool = False
    sent_at: int | None = None
    acked_at: int | None = None
    before: float | None = None
    reverts: str | None = None
    proofs: set[str] = field(default_factory=set)
    """Endings, and `acknowledged`, that something has given a reason for."""

    @property
    def control(self) -> Control:
        return KINDS[self.kind]

    @property
    def by_reply(self) -> bool:
        """Whether an acknowledgement can be all there is."""
        return self.control.confirm is Confirm.ACK

    def is_shown_by(self, reading: Reading) -> bool:
        """As docs/commands.md says under What confirms."""
        return (
            self.sent_at is not None
            and reading.quality is Quality.GOOD
            and not reading.retained
            and reading.received_at > self.sent_at
            and reading.observed_at >= self.sent_at - ALLOWANCE_US
            and abs(float(reading.value) - self.value) <= TOLERANCE + 1e-6
        )

    def deadline(self, status: str) -> int:
        """When it has to be over, if nothing more comes."""
        if status == "awaiting_approval":
            return min(self.expires_at, self.created_at + 10 * S)
        if status == "queued":
            return self.expires_at
        if status == "sent":
            assert self.sent_at is not None
            return self.sent_at + (10 if self.doubtful else 5) * S
        assert self.acked_at is not None
        return self.acked_at + 5 * S


class Begun(Struct):
    """A request, as it was asked for; its commands are there at once, or in pieces. `proofs`: of what has been done to all of it meanwhile."""

    kinds: list[str]
    signals: list[int]
    values: list[float]
    priority: Priority
    by: str
    start_at: int
    touched_at: int
    rate: float | None = None
    proofs: set[str] = field(default_factory=set)
    there: int = 0

    def begins(self, position: int, now: int) -> int:
        """A rate spreads the commands over time, from when they are recorded if that is late."""
        return max(self.start_at, now) + (0 if self.rate is None else round(position * S / self.rate))


class Oracle:
    """All commands, and the checks that hold after every step. `first`: number of the last command and step before."""

    def __init__(self, first: tuple[int, int] = (0, 0)) -> None:
        self.known: dict[str, Known] = {}
        self.begun: dict[str, Begun] = {}
        self.rows: dict[str, Row] = {}
        self.reported: dict[int, Reading] = {}
        self.away: set[int] = set()
        self.holds: dict[int, tuple[Priority, str]] = {}
        self._first, self.steps_read = first

    # ------------------------------------------------------------------------------------------- looking
    def read(self, store: SqlStore) -> list[tuple[str, str | None, str]]:
        """Take over what the database says now; returns the steps (command, from, to) since the last time."""
        with store._database.read() as connection:
            rows = connection.execute(_ROWS, {"first": self._first}).all()
            steps = connection.execute(_STEPS, {"first": self.steps_read}).all()
        before = {identifier: row.status for identifier, row in self.rows.items()}
        self.rows = {row.id: Row(*row) for row in rows}
        walked = []
        for number, identifier, status in steps:
            walked.append((identifier, before.get(identifier), status))
            before[identifier] = status
            self.steps_read = number
        for identifier, row in self.rows.items():
            assert before.get(identifier) == row.status, f"{identifier}: a change without a step"
        return walked

    def status(self, identifier: str) -> str:
        return self.rows[identifier].status

    def open_of(self, signal: int) -> list[Known]:
        found = [each for each in self.known.values() if each.signal == signal and not self.is_over(each.id)]
        return sorted(found, key=lambda each: each.number)

    def is_over(self, identifier: str) -> bool:
        return self.rows[identifier].status in ENDED

    def all_over(self) -> bool:
        return not self.begun and all(map(self.is_over, self.known))

    def flying(self) -> Iterable[Known]:
        return [each for each in self.known.values() if self.rows[each.id].status in FLYING]

    def refuses(self, signal: int, priority: Priority, rows: Mapping[str, Row] | None = None) -> bool:
        """Whether somebody has a higher priority there. `rows`: as the database was then; None: as it is."""
        rows = self.rows if rows is None else rows
        held = self.holds.get(signal)
        stronger = any(
            each.signal == signal and each.priority.rank > priority.rank and rows[each.id].status not in ENDED
            for each in self.known.values()
            if each.id in rows
        )
        return stronger or (held is not None and held[0].rank > priority.rank)

    def good(self, signal: int) -> float | None:
        """What a signal says, as far as that can be trusted."""
        found = self.reported.get(signal)
        trusted = found is not None and found.quality is Quality.GOOD and signal not in self.away
        return float(found.value) if found is not None and trusted else None

    def is_away(self, signal: int) -> bool:
        """Whether its device has gone silent: what is bad as well is bad."""
        return signal in self.away and self.reported[signal].quality is not Quality.BAD

    def is_growing(self, one: Known) -> bool:
        """Whether its request is not all recorded yet: nothing of it is sent."""
        return one.id.partition("-")[0] in self.begun

    def hears(self, reading: Reading) -> None:
        """The newer wins; of one time, by the fixed order of readings."""
        known = self.reported.get(reading.signal)
        if known is None or _place(reading) > _place(known):
            self.reported[reading.signal] = reading
            self.away.discard(reading.signal)

    # ------------------------------------------------------------------------------------------ checking
    def check(self, store: SqlStore, now: int) -> None:
        """After each step: only what the documentation draws, and nothing without a reason."""
        was = self.rows
        walked = self.read(store)
        for identifier, row in self.rows.items():
            if identifier not in self.known:
                self._appears(row, was, now)
        for identifier, before, after in walked:
            one = self.known[identifier]
            assert after in WALKS.get(before, ()), f"{one.kind}: {before} → {after}"
            self._reason(one, before, after, now)
            if after == "acknowledged":
                one.acked_at = now
            elif after == "unconfirmed":
                self._undone(one)
        self._once()
        for one in self.known.values():
            self._as_asked(one, self.rows[one.id])

    def _as_asked(self, one: Known, row: Row) -> None:
        """Nothing changes on the way what was asked for; and the database is in doubt of what is doubtful, and of nothing else."""
        if one.refused:
            return
        assert row.signal == one.signal
        assert row.start_at == one.start_at, f"{one.kind} starts {(row.start_at - one.start_at) / S} s late"
        assert (row.created_at, row.expires_at) == (one.created_at, one.expires_at)
        assert row.sent_at == one.sent_at
        assert bool(row.doubtful) == one.doubtful, f"{one.kind}: doubtful is {bool(row.doubtful)}"

    def _once(self) -> None:
        for one in self.known.values():
            if one.control.resend == "never":
                assert one.sends <= 1, f"{one.kind} cannot tell, and was sent {one.sends} times"
                assert one.executions <= 1, f"{one.kind} cannot tell, and has done it {one.executions} times"
        going: dict[int, str] = {}
        for one in self.flying():
            assert one.signal not in going, "two commands to one signal are under way"
            going[one.signal] = one.id

    def _reason(self, one: Known, before: str | None, after: str, now: int) -> None:
        if after in {"timed_out", "unconfirmed", "expired"}:
            assert before is not None
            assert now >= one.deadline(before), f"{one.kind}: {after} before its time"
            if after == "timed_out":
                assert one.control.confirm is not Confirm.READING, "nobody has to acknowledge it"
            return
        if after == "queued" or (before is None and after != "failed"):
            assert before is None or "approved" in one.proofs, "nobody has approved it"
            return
        if after == "sent":
            assert one.sent_at == now, "it is sent, and nobody was told to send it"
            return
        if after == "reverted":
            undoing = [each for each in self.known.values() if each.reverts == one.id]
            assert any("confirmed" in each.proofs for each in undoing), "the value before is not shown"
            return
        assert after in one.proofs, f"{one.kind}: {after} for no reason"

    # ---------------------------------------------------------------------------------------- new commands
    def _appears(self, row: Row, was: Mapping[str, Row], now: int) -> None:
        """A command that was not there: somebody has asked for it, or it undoes one."""
        request, _, position = row.id.partition("-")
        if request not in self.begun:
            self._reverting(row, now)
            return
        begun, place = self.begun[request], int(position or 0)
        assert place == begun.there, "a target is left out, or comes twice"
        start = begun.begins(place, now)
        one = Known(
            id=row.id, number=row.number, kind=begun.kinds[place], signal=begun.signals[place], value=begun.values[place],
            priority=begun.priority, by=begun.by, created_at=now, start_at=start, expires_at=start + 60 * S,
            refused=self.refuses(begun.signals[place], begun.priority, was), proofs=set(begun.proofs),
        )  # fmt: skip
        if one.refused:
            one.proofs.add("failed")
        else:
            self._outranks(one, was)
        self.known[row.id] = one
        begun.there += 1
        if begun.there == len(begun.kinds):
            del self.begun[request]

    def _outranks(self, one: Known, was: Mapping[str, Row]) -> None:
        for other in self.known.values():
            is_weaker = other.signal == one.signal and other.priority.rank < one.priority.rank
            if is_weaker and other.id in was and was[other.id].status not in ENDED:
                other.proofs.add("superseded")
                assert self.is_over(other.id), "a weaker one goes on"

    def _reverting(self, row: Row, now: int) -> None:
        """A command that nobody asked for: it must undo one that was unconfirmed, and nothing may follow that."""
        undone = next((each for each in self.known.values() if each.number == row.reverts), None)
        assert undone is not None, "nobody has asked for it, and it undoes nothing"
        assert undone.control.revert
        assert self.status(undone.id) in {"unconfirmed", "reverted"}
        assert undone.before is not None, "what was before is not known"
        others = [each for each in self.open_of(undone.signal) if each.number < row.number]
        assert not others, "another command follows already"
        self.known[row.id] = Known(
            id=row.id, number=row.number, kind=undone.kind, signal=undone.signal, value=undone.before,
            priority=undone.priority, by="revert", created_at=now, start_at=now, expires_at=now + 60 * S,
            reverts=undone.id,
        )  # fmt: skip

    def _undone(self, one: Known) -> None:
        """What nothing shows is undone where its signal says so, and nothing speaks against it."""
        differs = one.before is not None and abs(one.before - one.value) > TOLERANCE + 1e-6
        undoing = [each for each in self.known.values() if each.reverts == one.id]
        others = [each for each in self.open_of(one.signal) if each not in undoing]
        held = self.holds.get(one.signal)
        is_held = held is not None and held[0].rank > one.priority.rank
        expected = one.control.revert and one.reverts is None and differs and not others and not is_held
        assert len(undoing) == expected, f"{one.kind}: undone {len(undoing)} times"


def _place(reading: Reading) -> tuple[int, Any]:
    return reading.observed_at, order(reading.value, reading.quality)
