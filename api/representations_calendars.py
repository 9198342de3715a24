"""Calendars as documents."""

import time

import msgspec

from api.calendar_owner import Owner
from api.moments import moment
from api.representations import Document
from twin.calendars import Calendar, Occurrence, calendar_from, following
from twin.ports import CalendarRecord, CalendarRun


def read(record: CalendarRecord) -> Calendar:
    """The calendar itself. Raises InvalidCalendar for one that was damaged."""
    return calendar_from(record.id, msgspec.json.decode(record.document))


def calendar(record: CalendarRecord) -> Document:
    """One, with what comes next."""
    own = read(record)
    fields = {name: getattr(own, name) for name in Calendar.__struct_fields__}
    entries = [{name: getattr(each, name) for name in each.__struct_fields__} for each in own.entries]
    upcoming = following(own, time.time_ns() // 1000)
    return {
        "id": record.id,
        **fields,
        "entries": entries,
        "owner": msgspec.json.decode(record.owner, type=Owner).name,
        "source": record.source,
        "changed_at": moment(record.changed_at),
        "next": occurrence(upcoming[0]) if upcoming else None,
    }


def occurrence(each: Occurrence) -> Document:
    """One to come."""
    return {"at": moment(each.at), "entry": each.entry, "value": each.value, "missing": each.missing}


def run(each: CalendarRun) -> Document:
    """What became of one."""
    return {
        "at": moment(each.at),
        "entry": each.entry,
        "outcome": each.outcome,
        "request": each.request,
        "detail": each.detail,
        "done_at": moment(each.done_at),
    }
