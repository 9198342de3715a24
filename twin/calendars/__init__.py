"""Commands by the calendar: at times of day and by the sun, on some days and not on others. Pure: time comes in, occurrences go out."""

from twin.calendars.calendar import (
    Calendar,
    CalendarEntry,
    InvalidCalendar,
    When,
    calendar_from,
    checked_calendar,
    parse_when,
    read_calendars,
)
from twin.calendars.occurring import Due, Occurrence, following, occurrences, to_do
from twin.calendars.sun import sun_at

__all__ = [
    "Calendar",
    "CalendarEntry",
    "Due",
    "InvalidCalendar",
    "Occurrence",
    "When",
    "calendar_from",
    "checked_calendar",
    "following",
    "occurrences",
    "parse_when",
    "read_calendars",
    "sun_at",
    "to_do",
]
