"""What a test of the command plane knows by itself: what was asked for, what went out, what came in, and what follows from the documentation.

Nothing here asks the code that is tested what a command may do; rows are read by plain SQL.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from msgspec import Struct, field
from sqlalchemy import text

from twin.controls import Confirm, Control, Interlock, Priority
from twin.state import Quality, Reading
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


class Oracle:
    """All commands, and the checks that hold after every step."""

    def __init__(self) -> None:
        self.known: dict[str, Known] = {}
        self.rows: dict[str, Row] = {}
        self.reported: dict[int, Reading] = {}
        self.steps_read = 0

    # ------------------------------------------------------------------------------------------- looking
    def read(self, store: SqlStore) -> list[tuple[str, str | None, str]]:
        """Take over what the database says now; returns the steps (command, from, to) since the last time."""
        with store._database.read() as connection:
            rows = connection.execute(text(
                "SELECT number, id, signal, status, start_at, expires_at, created_at, sent_at, doubtful, reverts FROM command ORDER BY number"
            )).all()  # fmt: skip
            steps = connection.execute(text(
                f"SELECT s.number, c.id, s.status FROM command_step s JOIN command c ON c.number = s.command "
                f"WHERE NOT s.told AND s.number > {self.steps_read} ORDER BY s.number"
            )).all()  # fmt: skip
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

    def flying(self) -> Iterable[Known]:
        return [each for each in self.known.values() if self.rows[each.id].status in FLYING]

    # ------------------------------------------------------------------------------------------ checking
    def check(self, store: SqlStore, now: int) -> None:
        """After each step: only what the documentation draws, and nothing without a reason."""
        for identifier, before, after in self.read(store):
            if identifier not in self.known:
                self._reverting(identifier, now)
            one = self.known[identifier]
            assert after in WALKS.get(before, ()), f"{one.kind}: {before} → {after}"
            self._reason(one, before, after, now)
            if after == "acknowledged":
                one.acked_at = now
        for identifier in self.rows:
            assert identifier in self.known or self.rows[identifier].reverts, "nobody has asked for it"
        self._once()

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

    def _reverting(self, identifier: str, now: int) -> None:
        """A command that nobody asked for: it must undo one that was unconfirmed, and nothing may follow that."""
        row = self.rows[identifier]
        undone = next((each for each in self.known.values() if each.number == row.reverts), None)
        assert undone is not None, "it undoes nothing"
        assert undone.control.revert
        assert self.status(undone.id) in {"unconfirmed", "reverted"}
        assert undone.before is not None, "what was before is not known"
        others = [each for each in self.open_of(undone.signal) if each.number < row.number]
        assert not others, "another command follows already"
        self.known[identifier] = Known(
            id=identifier, number=row.number, kind=undone.kind, signal=undone.signal, value=undone.before,
            priority=undone.priority, by="revert", created_at=now, start_at=row.start_at, expires_at=now + 60 * S,
            reverts=undone.id,
        )  # fmt: skip
