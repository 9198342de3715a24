"""What callers need from a store of commands: those who ask, and the loop that sends and watches. Synchronous; StoreError from any method."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from twin.commands import Command, Hold, Refusal, Status
from twin.controls import Priority
from twin.policy import Reach
from twin.ports.calendars import CalendarRun
from twin.ports.live import SignalRecord
from twin.queries import Page
from twin.state import Value

MAX_TARGETS = 50_000
"""Of one request: five times the lamp poles of a district."""


class Target(Struct, frozen=True):
    """What one signal, by id, is to be set to. `refused`: why somebody before the store has refused it; it is kept as an outcome."""

    signal: str
    value: Value
    refused: Refusal | None = None


class Order(Struct, frozen=True, kw_only=True):
    """A request to command signals. Times in microseconds since 1970 UTC.

    `priority`, `expires_at` None: as each signal declares. `rate`: commands a second at most; None: as fast as they go. `key`: with the same one `by` the same
    person gets the same request again. `bulk`: it is about several targets, of which some may be refused. `run`: the occurrence of a calendar that asks: for one
    that has been dealt with before, the same request comes back.
    """

    by: str
    reason: str
    targets: Sequence[Target]
    priority: Priority | None = None
    start_at: int | None = None
    expires_at: int | None = None
    rate: float | None = None
    key: str | None = None
    bulk: bool = False
    run: CalendarRun | None = None


class TargetOutcome(Struct, frozen=True, kw_only=True):
    """What becomes of a target when it is asked for. `failing`: interlocks that do not hold now; they count when it is sent.

    `supersedes`: ids of open commands that give way. `approval`: another person has to approve.
    """

    signal: str
    refusals: tuple[Refusal, ...] = ()
    failing: tuple[Refusal, ...] = ()
    supersedes: tuple[str, ...] = ()
    approval: bool = False


class CommandView(Struct, frozen=True, kw_only=True):
    """A command with its signal."""

    command: Command
    signal: SignalRecord


class RequestView(Struct, frozen=True, kw_only=True):
    """A request as it stands: how many of its commands have come how far. `only`: its command, where it was for one signal alone."""

    number: int
    id: str
    by: str
    reason: str
    priority: Priority
    created_at: int
    start_at: int
    rate: float | None
    targets: int
    counts: Mapping[Status, int]
    only: CommandView | None


class Placed(Struct, frozen=True, kw_only=True):
    """What came of an order. `id`: of the request; None: nothing was taken (all refused, or a dry run). `created`: False: it was there already.

    `view`: the request as it was recorded; None: it was there already, or is recorded in pieces.
    """

    id: str | None
    created: bool
    outcomes: Sequence[TargetOutcome]
    view: RequestView | None = None


class StepView(Struct, frozen=True, kw_only=True):
    """One line of a command's log. `told`: only noted, the status is what it was."""

    status: Status
    at: int
    by: str
    detail: str | None
    told: bool


class CommandQuery(Struct, frozen=True, kw_only=True):
    """Which requests: all conditions hold, empty means any; the newest come first.

    `statuses`, `signals` (ids), `models`: requests that have such a command. `start`, `end`: asked for at or after, and before.
    `reach`: only requests of which all signals are reached.
    """

    statuses: tuple[Status, ...] = ()
    signals: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    by: str | None = None
    start: int | None = None
    end: int | None = None
    reach: Reach | None = None
    limit: int = 100
    cursor: str | None = None


class CommandKeeper(Protocol):
    """Commands for those who ask."""

    def place_command(
        self, order: Order, *, dry_run: bool = False, known: Sequence[SignalRecord] = ()
    ) -> Placed:
        """Check and record in one durable transaction; `dry_run` only checks. `known`: signals among the targets that have just been read.

        Of a bulk order the targets that are refused are recorded as failed; if all are, nothing is. Raises KeyReused for a key that the same person has used for
        another content.
        """
        ...

    def commands(self, query: CommandQuery) -> Page[RequestView]:
        """Requests that pass. Raises InvalidQuery."""
        ...

    def command(self, identifier: str) -> RequestView:
        """One request. Raises NotFound."""
        ...

    def command_targets(
        self, identifier: str, *, statuses: Sequence[Status] = (), limit: int, cursor: str | None = None
    ) -> Page[CommandView]:
        """The commands of a request, in their order. Raises NotFound, InvalidQuery."""
        ...

    def command_steps(self, identifier: str) -> list[StepView]:
        """The log of one command, by the id that its device sees; the oldest first. Raises NotFound."""
        ...

    def approve_command(self, identifier: str, *, by: str) -> RequestView:
        """Let a request's commands go that wait for approval. Raises NotFound, StepRefused, ApprovalRefused."""
        ...

    def cancel_command(self, identifier: str, *, by: str, note: str | None = None) -> RequestView:
        """Take back what has not been sent of a request. Raises NotFound; StepRefused if that is nothing."""
        ...

    def hold_command(
        self, identifier: str, *, by: str, until: int | None = None, reason: str | None = None
    ) -> list[Hold]:
        """Hold the request's priority on its signals: lower ones are refused. Raises NotFound; Conflict where a higher one is held."""
        ...

    def release_command(self, identifier: str, *, by: str) -> int:
        """Let go of what `hold_command` took; returns of how many signals. Raises NotFound; Conflict if nothing is held."""
        ...

    def command_holds(self) -> list[tuple[SignalRecord, Hold]]:
        """All holds that hold now."""
        ...


class Outgoing(Struct, frozen=True, kw_only=True):
    """A command that is recorded as sent and is to be sent now. `again`: it may have been sent before, by a process that is gone."""

    command: Command
    signal: SignalRecord
    again: bool = False


class CommandOutbox(Protocol):
    """The loop that sends and watches. Several processes may work at once: each command is handed to one of them."""

    def commands_due(self, *, sending: bool = True) -> bool:
        """Whether there is work: one look, nothing written. `sending` as for `work_commands`."""
        ...

    def work_commands(self, worker: str, *, sending: bool = True, limit: int = 500) -> list[Outgoing]:
        """Let the clock do what it does to commands, and take those that can be sent now: they are recorded as sent, durably, by `worker`.

        `sending` False: there is no way to devices now, and none is taken.
        """
        ...

    def recover_commands(self, worker: str) -> list[Outgoing]:
        """Take over what workers that are gone have recorded as sent, and nobody knows whether they did. What may be sent again is returned."""
        ...

    def commands_published(self, numbers: Sequence[int]) -> None:
        """The broker has these."""
        ...

    def commands_doubtful(self, numbers: Sequence[int]) -> None:
        """Nobody knows whether the broker has these, and they must not be sent again."""
        ...

    def commands_failed(self, numbers: Sequence[int], *, why: str) -> None:
        """These could not be sent at all."""
        ...

    def still_sent(self, numbers: Sequence[int]) -> set[int]:
        """Which of these are still to be sent: nothing else has happened to them."""
        ...
