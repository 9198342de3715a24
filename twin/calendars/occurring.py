"""When a calendar does something. Times are microseconds since 1970-01-01 UTC; spans exclude their start and include their end."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import cast
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr
from msgspec import Struct

from twin.calendars.calendar import WEEKDAYS, Calendar, CalendarEntry, When, parse_when, spans, zone_of
from twin.calendars.sun import sun_at
from twin.state import Value
from twin.times import from_microseconds, to_microseconds

HORIZON_DAYS = 1500
"""How far the next occurrence is looked for: beyond the four years to a 29th of February."""

WINDOW_DAYS = 40

CLOSE_US = 60_000_000
"""Occurrences that follow each other so closely all happen, also if they are seen together."""

_EPOCH = datetime(2000, 1, 3)  # noqa: DTZ001 - a Monday; days are counted without a zone
_DAY = timedelta(days=1)


class Occurrence(Struct, frozen=True, kw_only=True):
    """One time that an entry comes up. `entry`: its place, from 0. `missing`: why there is none on that day (`at` is then local noon)."""

    at: int
    entry: int
    value: Value
    missing: str | None = None


class Due(Struct, frozen=True):
    """An occurrence whose time has come. `skip`: why nothing is done; None: it is to be done."""

    occurrence: Occurrence
    skip: str | None


def occurrences(calendar: Calendar, start: int, end: int) -> list[Occurrence]:
    """All of a span, in their order."""
    if not calendar.enabled or end <= start:
        return []
    days = _Days(calendar)
    zone = days.zone
    first = from_microseconds(start).astimezone(zone).date() - 2 * _DAY
    last = (
        from_microseconds(end).astimezone(zone).date() + 2 * _DAY
    )  # offsets reach into the day before and after
    found = [
        each
        for place, entry in enumerate(calendar.entries)
        for day in days.of(entry, first, last)
        for each in (_occurrence(calendar, place, day, zone),)
        if start < each.at <= end
    ]
    return sorted(found, key=lambda each: (each.at, each.entry))


def following(calendar: Calendar, after: int, count: int = 1) -> list[Occurrence]:
    """The next ones, within four years."""
    found: list[Occurrence] = []
    step = WINDOW_DAYS * 86_400_000_000
    for start in range(after, after + HORIZON_DAYS * 86_400_000_000, step):
        found += occurrences(calendar, start, start + step)
        if len(found) >= count:
            break
    return found[:count]


def to_do(calendar: Calendar, after: int, now: int) -> list[Due]:
    """What has come up since `after`, and what is to be done of it now.

    What is missed by more than the calendar allows is skipped; so is what is more than a minute late and followed by another that is due: only the newest
    says how things should be.
    """
    due = occurrences(calendar, after, now)
    newest = max((each.at for each in due if each.missing is None), default=0)
    return [Due(each, _skip(calendar, each, now, newest)) for each in due]


def _skip(calendar: Calendar, each: Occurrence, now: int, newest: int) -> str | None:
    if each.missing is not None:
        return each.missing
    late = now - each.at
    if late > calendar.late_s * 1e6:
        return f"missed by {late / 1e6:.0f} s, more than the {calendar.late_s:g} s that are allowed (late_s)"
    if late > CLOSE_US and newest > each.at:
        return f"missed by {late / 1e6:.0f} s, and a later one is due, too"
    return None


class _Days:
    """On which days entries hold."""

    def __init__(self, calendar: Calendar) -> None:
        self.zone = zone_of("calendar", calendar.zone)
        self._calendar = calendar
        self._holidays = spans("holidays", calendar.holidays)
        self._workdays = spans("workdays", calendar.workdays)
        self._exceptions = spans("exceptions", calendar.exceptions)

    def of(self, entry: CalendarEntry, first: date, last: date) -> Iterator[date]:
        """Those of an entry, both ends included."""
        first = max(first, self._calendar.starts or first)
        last = min(last, self._calendar.ends or last)
        ruled = None if entry.rule is None else _ruled(entry.rule, self._calendar.starts, first, last)
        for place in range((last - first).days + 1):
            day = first + place * _DAY
            if _within(day, self._exceptions) or (ruled is not None and day not in ruled):
                continue
            if not entry.days or not self._words(day).isdisjoint(entry.days):
                yield day

    def _words(self, day: date) -> set[str]:
        """What a day is called."""
        if _within(day, self._holidays):
            return {"holidays"}
        name = WEEKDAYS[day.weekday()]
        works = day.weekday() < 5 or _within(day, self._workdays)
        return {name, "workdays" if works else "weekends"}


def _within(day: date, some: list[tuple[date, date]]) -> bool:
    return any(first <= day <= last for first, last in some)


def _ruled(text: str, starts: date | None, first: date, last: date) -> set[date]:
    if last < first:
        return set()
    begin = _EPOCH if starts is None else _midnight(starts)
    until = _midnight(last)
    # Bounded, or a rule that never holds would be followed to the year 9999.
    bounded = cast(rrule, rrulestr(text, dtstart=begin)).replace(until=until)
    return {each.date() for each in bounded.between(_midnight(first), until, inc=True)}


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - rules count days without a zone


def _occurrence(calendar: Calendar, place: int, day: date, zone: ZoneInfo) -> Occurrence:
    entry = calendar.entries[place]
    when = parse_when("entry", entry.at)
    if when.sun is None:
        return Occurrence(at=_local(day, when, zone), entry=place, value=entry.value)
    assert calendar.position is not None
    sun = _sun_at(when.sun, day, calendar.zone, calendar.position)
    if sun is not None:
        return Occurrence(at=sun + when.seconds * 1_000_000, entry=place, value=entry.value)
    if entry.otherwise is not None:
        at = _local(day, parse_when("entry", entry.otherwise), zone)
        return Occurrence(at=at, entry=place, value=entry.value)
    why = f"there is no {when.sun} on {day} at this position"
    return Occurrence(at=_local(day, When(None, 43_200), zone), entry=place, value=entry.value, missing=why)


@lru_cache(maxsize=4096)
def _sun_at(event: str, day: date, zone: str, position: tuple[float, float]) -> int | None:
    found = sun_at(event, day, ZoneInfo(zone), position)
    return None if found is None else to_microseconds(found)


def _local(day: date, when: When, zone: ZoneInfo) -> int:
    """A time by the clock on the wall.

    One that the clock skips in spring is as much later as it skips; one that comes twice in autumn is the first (RFC 5545, 3.3.5).
    """
    wall = datetime.combine(day, when.of_day, zone)
    return to_microseconds(wall.astimezone(UTC))
