"""Which signals a calendar is about, and whether somebody may have it command them."""

from collections.abc import Sequence

from pydantic import ValidationError

from api.acting import reached
from api.callers import Caller
from api.commanding import FORBIDDEN, NOT_FOUND, matching, named, targets
from api.reader import Reader
from api.routes.live_filters import asked_of
from api.schemas_commands import CommandTargets
from api.schemas_live import StateQuestion
from twin.calendars import Calendar, InvalidCalendar
from twin.controls import Priority
from twin.errors import NotAllowed, NotFound
from twin.policy import Action
from twin.ports import Order, SignalRecord, Target, TwinStore
from twin.state import Value

Found = Sequence[tuple[str, SignalRecord | None]]

_PASSING = frozenset({"held", "expired", NOT_FOUND.code, FORBIDDEN.code})
"""Refusals that may be over when the time comes, or that are told otherwise."""


def found_for(store: TwinStore, caller: Caller, calendar: Calendar) -> Found:
    """Its targets as the caller sees them, None for what is not there. Raises InvalidCalendar, InvalidQuery, NotFound."""
    try:
        wanted = CommandTargets.model_validate(calendar.targets)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise InvalidCalendar(f"targets {'.'.join(map(str, fault['loc']))}", fault["msg"]) from None
    seen = Reader(store, caller)
    if wanted.signals is not None:
        return named(seen, list(dict.fromkeys(wanted.signals)))
    conditions = wanted.model_dump(exclude={"signals"}, exclude_defaults=True)
    if not conditions:
        raise InvalidCalendar("targets", "it says nothing: name signals, or a condition")
    return matching(seen, asked_of(StateQuestion(**conditions)))


def targets_for(store: TwinStore, caller: Caller, calendar: Calendar, value: Value) -> list[Target]:
    """What its targets are to be set to, by the caller's rights of now. Raises as `found_for`; NotFound if there are none."""
    found = found_for(store, caller, calendar)
    if not found:
        raise NotFound("settable signal", "that passes the conditions")
    return targets(found, value, calendar.unit, lambda some: reached(store, caller, Action.COMMAND, some))


def check_targets(store: TwinStore, caller: Caller, calendar: Calendar) -> int:
    """Whether the caller may have this done, and every value fits; returns the number of targets.

    Raises as `targets_for`, and NotAllowed, InvalidCalendar.
    """
    values = list({(type(entry.value), entry.value): entry.value for entry in calendar.entries}.values())
    count = 0
    for value in values:
        wanted = targets_for(store, caller, calendar, value)
        count = len(wanted)
        for target in wanted:
            _check(caller, target)
        order = Order(
            by=caller.name, reason="calendar", targets=wanted, priority=Priority.MANUAL_LIFE_SAFETY, bulk=True
        )
        for outcome in store.place_command(order, dry_run=True).outcomes:
            for refusal in outcome.refusals:
                if refusal.code not in _PASSING:
                    raise InvalidCalendar(outcome.signal, f"{refusal.code}: {refusal.detail}")
    return count


def _check(caller: Caller, target: Target) -> None:
    if target.refused == NOT_FOUND:
        raise NotFound("signal", target.signal)
    if target.refused == FORBIDDEN:
        raise NotAllowed(
            f"{caller.name} may not command {target.signal}: a calendar commands with the rights of who saves it."
        )
    if target.refused is not None:
        raise InvalidCalendar(target.signal, f"{target.refused.code}: {target.refused.detail}")
