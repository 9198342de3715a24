"""Who acts in a request, and what they may do to signals: what routes ask that change something."""

from collections.abc import Sequence
from typing import Literal

from starlette.requests import HTTPConnection

from api.callers import Caller, caller_of
from api.runtime import Runtime
from twin.policy import Action as Named
from twin.ports import SignalRecord, Watcher

Action = Literal["read", "command", "approve"]


def principal_of(connection: HTTPConnection) -> str:
    """The name of the caller, as the audit has it."""
    return caller_of(connection).name


def may(connection: HTTPConnection, action: Action, signals: Sequence[SignalRecord]) -> list[bool]:
    """For each signal, whether the caller may do this to it. Raises StoreError."""
    runtime: Runtime = connection.app.state.runtime
    return reached(runtime.store, caller_of(connection), Named(action), signals)


def reached(store: Watcher, caller: Caller, action: Named, signals: Sequence[SignalRecord]) -> list[bool]:
    """The same of any caller."""
    reach = caller.reach(action)
    if reach.is_everything:
        return [True] * len(signals)
    numbers = store.visible_signals(reach, [record.number for record in signals])
    return [record.number in numbers for record in signals]
