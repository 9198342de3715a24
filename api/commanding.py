"""From a request to commands: which signals are meant, in which unit, and what is answered when they are refused."""

from collections.abc import Callable, Iterator, Sequence
from http import HTTPStatus
from typing import Protocol

import msgspec

from state_sync.units import NoConversion, UnknownUnit, checked_unit, conversion
from twin.commands import Refusal
from twin.errors import InvalidQuery
from twin.ports import Placed, SignalRecord, StateQuery, StateRecord, Target
from twin.queries import MAX_LIMIT, Page
from twin.state import Value

May = Callable[[Sequence[SignalRecord]], list[bool]]
"""Whether the caller may command each of these signals."""

NOT_FOUND = Refusal(code="not_found", detail="no such signal")
FORBIDDEN = Refusal(code="forbidden", detail="you have no right to command it")

_STATUS = {
    "not_found": HTTPStatus.NOT_FOUND,
    "held": HTTPStatus.CONFLICT,
    "forbidden": HTTPStatus.FORBIDDEN,
}
"""What a single refused target is answered with; anything else is 422."""


class Finder(Protocol):
    """Where signals are found: the store, or what a caller sees of it."""

    def states_of(self, signals: Sequence[str]) -> list[StateRecord]:
        """As `twin.ports.StateReader`."""
        ...

    def states(self, query: StateQuery) -> Page[StateRecord]:
        """As `twin.ports.StateReader`."""
        ...


def named(store: Finder, signals: Sequence[str]) -> list[tuple[str, SignalRecord | None]]:
    """Signals by id, None for those that are not there. Raises InvalidQuery."""
    found = {state.signal.signal.id: state.signal for state in store.states_of(signals)}
    return [(identifier, found.get(identifier)) for identifier in signals]


def matching(store: Finder, query: StateQuery) -> list[tuple[str, SignalRecord | None]]:
    """All settable signals that pass. Raises InvalidQuery, NotFound."""
    return [(record.signal.id, record) for record in _pages(store, query)]


def _pages(store: Finder, query: StateQuery) -> Iterator[SignalRecord]:
    cursor: str | None = None
    while True:
        asked = msgspec.structs.replace(query, settable=True, limit=MAX_LIMIT, cursor=cursor)
        page = store.states(asked)
        yield from (state.signal for state in page.items)
        if page.next is None:
            return
        cursor = page.next


def targets(
    found: Sequence[tuple[str, SignalRecord | None]], value: Value, unit: str | None, may: May
) -> list[Target]:
    """What each signal is to be set to; those that the caller has no right to are refused."""
    there = [record for _, record in found if record is not None]
    rights = dict(zip((record.number for record in there), may(there), strict=True))
    return [_target(identifier, record, (value, unit), rights) for identifier, record in found]


def _target(
    identifier: str, record: SignalRecord | None, given: tuple[Value, str | None], rights: dict[int, bool]
) -> Target:
    value, unit = given
    if record is None:
        return Target(identifier, value, NOT_FOUND)  # also what is there and not to be seen
    if not rights[record.number]:
        return Target(identifier, value, FORBIDDEN)
    if unit is None:
        return Target(identifier, value)
    return _converted(identifier, record, value, unit)


def _converted(identifier: str, record: SignalRecord, value: Value, unit: str) -> Target:
    own = record.signal.unit
    if isinstance(value, (bool, str)) or own is None:
        return Target(identifier, value, Refusal(code="wrong_unit", detail="the signal has no unit"))
    try:
        scale = conversion(checked_unit(unit), own)
    except (UnknownUnit, NoConversion) as error:
        return Target(identifier, value, Refusal(code="wrong_unit", detail=str(error)))
    return Target(identifier, value * scale.factor + scale.offset if scale.changes else value)


def status_of(placed: Placed) -> HTTPStatus:
    """What an order is answered with of which nothing was taken."""
    codes = [each.code for outcome in placed.outcomes for each in outcome.refusals]
    if len(placed.outcomes) == 1 and codes:
        return _STATUS.get(codes[0], HTTPStatus.UNPROCESSABLE_ENTITY)
    return HTTPStatus.FORBIDDEN if set(codes) == {"forbidden"} else HTTPStatus.UNPROCESSABLE_ENTITY


def denied(placed: Placed, *, sees_everything: bool) -> str | None:
    """For the audit, why nothing of an order was taken, if that is for want of a right; None: it is not."""
    several = len(placed.outcomes) > 1
    # What may not be seen counts as what is not there; of a single signal the answer's status tells.
    lacking = {"forbidden", "not_found"} if several and not sees_everything else {"forbidden"}
    found = [
        (outcome.signal, each)
        for outcome in placed.outcomes
        for each in outcome.refusals
        if each.code in lacking
    ]
    if not found:
        return None
    signal, first = found[0]
    more = f" and {len(found) - 1} more of {len(placed.outcomes)}" if len(found) > 1 else ""
    return f"{first.code}: {first.detail}. {signal}{more}"


def checked_subject(signal: str | None, has_targets: object) -> None:
    """Exactly one of both. Raises InvalidQuery."""
    if (signal is None) == (not has_targets):
        raise InvalidQuery("Name one `signal`, or say by `targets` which ones: exactly one of both.")
