"""A calendar as it is written, and what is wrong with one. Days are local dates of its zone, times RFC 3339 full times of day."""

import re
from collections.abc import Iterator
from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from dateutil.rrule import rrulestr
from msgspec import Struct

from twin.controls import Priority
from twin.errors import TwinError
from twin.objects import checked_key
from twin.state import Value

MAX_ENTRIES, MAX_CALENDARS, MAX_DAYS_NAMED = 100, 1_000, 1_000
"""Of a calendar, of a file, of a list of days: far beyond what people write, and quickly gone through."""

MAX_LATE_S = 86_400.0

SUN = ("sunrise", "sunset", "dawn", "dusk")
"""`dawn` and `dusk` are civil: the sun is six degrees below the horizon."""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_WORDS = (*WEEKDAYS, "workdays", "weekends", "holidays")

_WHEN = re.compile(
    r"(?:(sunrise|sunset|dawn|dusk)(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?)|(?:(\d\d):(\d\d)(?::(\d\d))?)"
)
_RULE_PARTS = frozenset(
    {
        "FREQ",
        "INTERVAL",
        "BYMONTH",
        "BYMONTHDAY",
        "BYDAY",
        "BYWEEKNO",
        "BYYEARDAY",
        "BYSETPOS",
        "WKST",
    }
)
_FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})


class InvalidCalendar(TwinError):
    """A calendar that makes no sense; nothing was changed."""

    def __init__(self, where: str, what: str) -> None:
        self.where = where
        self.what = what
        super().__init__(f"{where}: {what}.")


class When(Struct, frozen=True):
    """A time of day (`sun` None, `seconds` since midnight by the clock on the wall), or of the sun (`seconds` after it, or before)."""

    sun: str | None
    seconds: int

    @property
    def of_day(self) -> time:
        """By the clock on the wall."""
        minutes, second = divmod(self.seconds, 60)
        hour, minute = divmod(minutes, 60)
        return time(hour, minute, second)


class CalendarEntry(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """When signals are set to a value.

    `at`: `18:30`, `sunset-00:15`. `days`: words, any of which takes the day; empty: every day. `rule`: instead, days by an RFC 5545 rule.
    `otherwise`: a time of day for days on which the sun does not do that; None: such a day is skipped.
    """

    at: str
    value: Value
    days: tuple[str, ...] = ()
    rule: str | None = None
    otherwise: str | None = None


class Calendar(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Entries for one set of targets.

    `targets`: as a request for commands says them. `zone`: of all days and times. `position`: longitude and latitude in degrees (WGS 84), for the
    sun. `late_s`: an occurrence that is missed by more is skipped. `holidays`, `workdays`, `exceptions`: dates, or `first/last`, both included;
    on exceptions nothing happens. `starts`, `ends`: first and last day.
    """

    targets: dict[str, Any]
    entries: tuple[CalendarEntry, ...]
    zone: str
    position: tuple[float, float] | None = None
    description: str = ""
    unit: str | None = None
    priority: Priority = Priority.SCHEDULE
    rate: float | None = None
    late_s: float = 900.0
    holidays: tuple[str, ...] = ()
    workdays: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()
    starts: date | None = None
    ends: date | None = None
    enabled: bool = True


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    calendars: dict[str, Calendar] = {}


def read_calendars(text: str, *, name: str) -> dict[str, Calendar]:
    """Calendars of a TOML file, `[calendars.ID]`. Raises InvalidCalendar, which names what is wrong and where."""
    try:
        found = msgspec.toml.decode(text, type=_File).calendars
    except msgspec.DecodeError as error:
        raise InvalidCalendar(name, str(error)) from None
    if len(found) > MAX_CALENDARS:
        raise InvalidCalendar(name, f"{len(found)} calendars; at most {MAX_CALENDARS}")
    return {checked_key(key): checked_calendar(key, each) for key, each in found.items()}


def calendar_from(identifier: str, document: object) -> Calendar:
    """A calendar from plain values. Raises InvalidCalendar."""
    try:
        return checked_calendar(identifier, msgspec.convert(document, Calendar))
    except msgspec.ValidationError as error:
        raise InvalidCalendar(f"calendar {identifier}", str(error)) from None


def checked_calendar(identifier: str, calendar: Calendar) -> Calendar:
    """The same calendar. Raises InvalidCalendar."""
    where = f"calendar {identifier}"
    if not 1 <= len(calendar.entries) <= MAX_ENTRIES:
        raise InvalidCalendar(where, f"it has {len(calendar.entries)} entries; give 1 to {MAX_ENTRIES}")
    if not calendar.targets:
        raise InvalidCalendar(where, "`targets` says nothing: name signals, or a condition")
    if not 1 <= calendar.late_s <= MAX_LATE_S:
        raise InvalidCalendar(where, f"late_s is 1 to {MAX_LATE_S:.0f} seconds")
    zone_of(where, calendar.zone)
    if calendar.position is not None:
        longitude, latitude = calendar.position
        if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
            raise InvalidCalendar(where, "position is longitude, latitude in degrees, such as [121.5, 29.9]")
    for field in ("holidays", "workdays", "exceptions"):
        spans(f"{where}, {field}", getattr(calendar, field))
    if calendar.starts and calendar.ends and calendar.starts > calendar.ends:
        raise InvalidCalendar(where, "it ends before it starts")
    for place, entry in enumerate(calendar.entries, 1):
        _check_entry(f"{where}, entry {place}", calendar, entry)
    return calendar


def _check_entry(where: str, calendar: Calendar, entry: CalendarEntry) -> None:
    when = parse_when(where, entry.at)
    if when.sun is not None and calendar.position is None:
        raise InvalidCalendar(where, f"{entry.at!r} needs the calendar's `position`: [longitude, latitude]")
    if entry.otherwise is not None and (
        when.sun is None or parse_when(where, entry.otherwise).sun is not None
    ):
        raise InvalidCalendar(where, "`otherwise` is a time of day for an entry by the sun, such as 16:30")
    if unknown := set(entry.days) - set(DAY_WORDS):
        raise InvalidCalendar(where, f"{min(unknown)!r} is no day; known are {', '.join(DAY_WORDS)}")
    if entry.rule is not None:
        if entry.days:
            raise InvalidCalendar(where, "give `days` or `rule`, not both")
        _check_rule(where, entry.rule, has_start=calendar.starts is not None)


def _check_rule(where: str, rule: str, *, has_start: bool) -> None:
    parts = {name: value for name, _, value in (part.partition("=") for part in rule.split(";"))}
    if unknown := set(parts) - _RULE_PARTS:
        raise InvalidCalendar(
            where,
            f"{min(unknown)!r} is no part of a rule for days (RFC 5545: {', '.join(sorted(_RULE_PARTS))})",
        )
    if parts.get("FREQ") not in _FREQUENCIES:
        raise InvalidCalendar(where, f"a rule begins with FREQ=, one of {', '.join(sorted(_FREQUENCIES))}")
    if "INTERVAL" in parts and not has_start:
        raise InvalidCalendar(where, "a rule with INTERVAL is counted from the calendar's `starts`: give it")
    try:
        rrulestr(rule)
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise InvalidCalendar(where, f"{rule!r} is no rule of RFC 5545: {error}") from None


def parse_when(where: str, text: str) -> When:
    """`18:30`, `06:00:30`, `sunset`, `sunrise+00:20`. Raises InvalidCalendar."""
    found = _WHEN.fullmatch(text)
    if found is not None:
        sun, sign, *digits = found.groups()
        hours, minutes, seconds = (int(each or 0) for each in (digits[:3] if sun else digits[3:]))
        if hours < 24 and minutes < 60 and seconds < 60:
            total = hours * 3600 + minutes * 60 + seconds
            return When(sun, -total if sign == "-" else total)
    raise InvalidCalendar(where, f"{text!r} is no time: write 18:30, sunset, dusk+00:10 or sunrise-01:00")


def zone_of(where: str, name: str) -> ZoneInfo:
    """The time zone. Raises InvalidCalendar."""
    try:
        return ZoneInfo(name)
    except (
        KeyError,
        ValueError,
        OSError,
    ):  # ZoneInfoNotFoundError is a KeyError; a folder of zones an OSError
        raise InvalidCalendar(
            where, f"{name!r} is no time zone; write Asia/Shanghai, Europe/Berlin …"
        ) from None


def spans(where: str, texts: tuple[str, ...]) -> list[tuple[date, date]]:
    """First and last day of each. Raises InvalidCalendar."""
    if len(texts) > MAX_DAYS_NAMED:
        raise InvalidCalendar(where, f"{len(texts)} days; at most {MAX_DAYS_NAMED}")
    return list(_spans(where, texts))


def _spans(where: str, texts: tuple[str, ...]) -> Iterator[tuple[date, date]]:
    for text in texts:
        first, _, last = text.partition("/")
        try:
            span = date.fromisoformat(first), date.fromisoformat(last or first)
        except ValueError:
            raise InvalidCalendar(
                where, f"{text!r} is no date: write 2026-10-01, or 2026-10-01/2026-10-07"
            ) from None
        if span[0] > span[1]:
            raise InvalidCalendar(where, f"{text!r} ends before it starts")
        yield span
