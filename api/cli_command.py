"""`twin command`: asks for a command, and waits for its end where that is wanted. The server that runs on the data folder sends it."""

import time

import msgspec
import typer

from api import representations_commands as representations
from api.commanding import named, targets
from api.local import local_user
from api.runtime import Runtime
from api.settings import Settings
from twin.commands import OPEN, Status, WrongValue, checked_value
from twin.controls import Priority
from twin.errors import TwinError
from twin.ports import CommandView, Order
from twin.state import Signal, Value

LOOK_EVERY_S = 0.1

_TRUE, _FALSE = frozenset({"true", "on", "yes"}), frozenset({"false", "off", "no"})


class Refused(TwinError):
    """The command was not taken."""

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        self.detail = detail
        super().__init__(f"{code}: {detail}")


class NotDone(TwinError):
    """The command has ended in another way than wanted, or not in time."""

    def __init__(self, view: CommandView) -> None:
        self.status = view.command.status
        super().__init__(
            f"command {view.command.id} is {self.status}: {view.command.detail or 'see its log'}"
        )


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """What was given on the command line."""

    signal: str
    value: str
    reason: str
    unit: str | None = None
    priority: Priority | None = None
    key: str | None = None
    dry_run: bool = False
    wait_s: float | None = None
    as_json: bool = False


def run(settings: Settings, asking: Asking) -> None:
    """Place the command. Raises Refused, NotDone, InvalidQuery, StoreError."""
    with Runtime(settings) as runtime:
        ((identifier, record),) = named(runtime.store, [asking.signal])
        value: Value = asking.value if record is None else parsed(record.signal, asking.value)
        order = Order(
            by=local_user(),
            reason=asking.reason,
            targets=targets([(identifier, record)], value, asking.unit, lambda found: [True] * len(found)),
            priority=asking.priority,
            key=asking.key,
        )
        placed = runtime.store.place_command(order, dry_run=asking.dry_run)
        if asking.dry_run:
            _say(representations.outcome(placed.outcomes[0]))
            return
        if placed.id is None:
            first = placed.outcomes[0].refusals[0]
            raise Refused(first.code, first.detail)
        view = _waited(runtime, placed.id, asking.wait_s)
    if asking.as_json:
        _say(representations.command(view))
    else:
        typer.echo(f"command {view.command.id} is {view.command.status}")
    if asking.wait_s is not None and view.command.status is not Status.CONFIRMED:
        raise NotDone(view)


def _waited(runtime: Runtime, identifier: str, wait_s: float | None) -> CommandView:
    deadline = time.monotonic() + (wait_s or 0)
    while True:
        view = runtime.store.command(identifier).only
        assert view is not None
        if view.command.status not in OPEN or time.monotonic() >= deadline:
            return view
        time.sleep(LOOK_EVERY_S)


def parsed(signal: Signal, text: str) -> Value:
    """A value as it is written on the command line, of the signal's type. Raises WrongValue."""
    if signal.type == "boolean":
        if text.lower() in _TRUE | _FALSE:
            return text.lower() in _TRUE
        raise WrongValue("wrong_type", f"{text!r} is neither true nor false")
    if signal.type in {"text", "enum"}:
        return checked_value(signal, text)
    try:
        return float(text)
    except ValueError as error:
        raise WrongValue("wrong_type", f"{text!r} is no number") from error


def _say(document: object) -> None:
    typer.echo(msgspec.json.encode(document).decode())
