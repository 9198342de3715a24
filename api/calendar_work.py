"""Calendars of a store: saved, removed and seen by those who may; for the command line and for the API alike."""

import time

import msgspec

from api.calendar_owner import Owner, owner_of
from api.calendar_targets import check_targets, found_for
from api.callers import ADMINISTRATOR, Caller
from api.representations_calendars import read
from api.rights import refused
from twin.calendars import Calendar, following
from twin.calendars.calendar import MAX_CALENDARS
from twin.errors import Conflict, NotFound, StoreError, TwinError
from twin.objects import checked_key
from twin.policy import Action
from twin.ports import CalendarRecord, TwinStore


def save(
    store: TwinStore, caller: Caller, identifier: str, calendar: Calendar, *, source: str | None = None
) -> bool:
    """Keep it as the caller's; returns whether it is new. `calendar` has been checked. `source`: the file that it stands in.

    Raises NotAllowed, NotFound, InvalidCalendar, InvalidKey, Conflict.
    """
    checked_key(identifier)
    known = store.calendars()
    old = next((each for each in known if each.id == identifier), None)
    if old is None and len(known) >= MAX_CALENDARS:
        raise Conflict(f"There are {MAX_CALENDARS} calendars: remove one first.")
    if old is not None:
        check_change(store, caller, old)
    check_targets(store, caller, calendar)
    now = time.time_ns() // 1000
    upcoming = following(calendar, now)
    return store.put_calendar(
        CalendarRecord(
            id=identifier,
            document=msgspec.json.encode(calendar).decode(),
            owner=msgspec.json.encode(owner_of(caller.principal, now)).decode(),
            source=source,
            next_at=upcoming[0].at if upcoming else None,
        )
    )


def check_change(store: TwinStore, caller: Caller, record: CalendarRecord) -> None:
    """Whether the caller may change or remove it. Raises NotFound where it may not even be seen, NotAllowed."""
    if caller.reach(Action.COMMAND).is_everything or _is_own(caller, record):
        return
    if not is_seen(store, caller, record):
        raise NotFound("calendar", record.id)
    if not _reaches(store, caller, record, Action.COMMAND):
        raise refused(caller, Action.COMMAND, " all of its signals")


def is_seen(store: TwinStore, caller: Caller, record: CalendarRecord) -> bool:
    """Whether the caller may know of it: it is the caller's, or all of its signals may be read. Raises StoreError."""
    if caller.reach(Action.READ).is_everything or _is_own(caller, record):
        return True
    return _reaches(store, caller, record, Action.READ)


def _is_own(caller: Caller, record: CalendarRecord) -> bool:
    owner = msgspec.json.decode(record.owner, type=Owner)
    return (owner.name, owner.kind) == (caller.name, caller.principal.kind)


def _reaches(store: TwinStore, caller: Caller, record: CalendarRecord, action: Action) -> bool:
    """Whether all signals that it is about are reached; one that is about nothing that is there is nobody else's."""
    try:
        found = found_for(store, _everywhere(caller), read(record))
    except StoreError:
        raise
    except TwinError:
        return False
    numbers = [signal.number for _, signal in found if signal is not None]
    return bool(numbers) and set(numbers) <= store.visible_signals(caller.reach(action), numbers)


def _everywhere(caller: Caller) -> Caller:
    """Somebody who sees all, to find what a calendar is about."""
    return Caller(ADMINISTRATOR, caller.rules, caller.origin)


def seen(store: TwinStore, caller: Caller, identifier: str) -> CalendarRecord:
    """One that the caller may know of. Raises NotFound."""
    record = store.calendar(identifier)
    if not is_seen(store, caller, record):
        raise NotFound("calendar", identifier)
    return record
