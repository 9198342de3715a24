"""When calendars do something: clock and sun, days, holidays, rules, daylight saving, polar days, and what was missed."""

import math
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from twin.calendars import (
    Calendar,
    InvalidCalendar,
    calendar_from,
    following,
    occurrences,
    read_calendars,
    sun_at,
    to_do,
)
from twin.times import from_microseconds, to_microseconds

NINGBO = (121.55, 29.88)
TROMSO = (18.96, 69.65)
S = 1_000_000


def calendar(*entries: dict[str, Any], **fields: Any) -> Calendar:
    given: dict[str, Any] = {
        "targets": {"names": ["on"]},
        "zone": "Asia/Shanghai",
        "position": NINGBO,
        "entries": [{"value": True, **each} for each in entries],
    }
    return calendar_from("lamps", given | fields)


def instant(text: str) -> int:
    return to_microseconds(datetime.fromisoformat(text))


def local(of: Calendar, start: str, end: str) -> list[str]:
    """Occurrences of a span as local times."""
    zone = ZoneInfo(of.zone)
    begin, until = (
        to_microseconds(datetime.fromisoformat(text).replace(tzinfo=zone)) for text in (start, end)
    )
    return [from_microseconds(each.at).astimezone(zone).isoformat() for each in occurrences(of, begin, until)]


# ------------------------------------------------------------------------------------------------ the sun
def altitude_deg(moment: datetime, position: tuple[float, float]) -> float:
    """Of the sun's centre without refraction, by the low-precision formulas of the Astronomical Almanac (page C5)."""
    longitude, latitude = position
    n = (moment - datetime(2000, 1, 1, 12, tzinfo=UTC)).total_seconds() / 86_400
    mean = 280.460 + 0.9856474 * n
    anomaly = math.radians(357.528 + 0.9856003 * n)
    ecliptic = math.radians(mean + 1.915 * math.sin(anomaly) + 0.020 * math.sin(2 * anomaly))
    obliquity = math.radians(23.439 - 0.0000004 * n)
    ascension = math.atan2(math.cos(obliquity) * math.sin(ecliptic), math.cos(ecliptic))
    declination = math.asin(math.sin(obliquity) * math.sin(ecliptic))
    sidereal = math.radians((280.46062 + 360.98564737 * n + longitude) % 360)
    phi = math.radians(latitude)
    hour = sidereal - ascension
    return math.degrees(
        math.asin(
            math.sin(phi) * math.sin(declination) + math.cos(phi) * math.cos(declination) * math.cos(hour)
        )
    )


@settings(max_examples=150)
@given(
    st.dates(date(2020, 1, 1), date(2060, 1, 1)),
    st.floats(-180, 180),
    st.floats(-60, 60),
    st.sampled_from(["sunrise", "sunset", "dawn", "dusk"]),
    st.sampled_from(["Asia/Shanghai", "Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"]),
)
def test_the_sun_stands_where_it_has_to_when_it_rises_and_sets(
    day: date, longitude: float, latitude: float, event: str, zone: str
) -> None:
    position, where = (longitude, latitude), ZoneInfo(zone)

    found = sun_at(event, day, where, position)

    assume(found is not None)
    assert found is not None
    assert found.astimezone(where).date() == day
    wanted = -6.0 if event in {"dawn", "dusk"} else -0.833
    assert altitude_deg(found, position) == pytest.approx(wanted, abs=0.25)
    later = altitude_deg(found + timedelta(minutes=10), position)
    assert (later > wanted) == (event in {"sunrise", "dawn"})


def test_dusk_follows_sunset_through_the_year_with_an_offset() -> None:
    of = calendar({"at": "sunset-00:15"})

    summer, winter = (
        following(of, instant(f"{day}T00:00+08:00"))[0].at for day in ("2026-06-21", "2026-12-21")
    )

    assert from_microseconds(summer).hour == 10  # 18:49 in Ningbo
    assert from_microseconds(winter).hour == 8  # 16:47
    sunset = sun_at("sunset", date(2026, 6, 21), ZoneInfo("Asia/Shanghai"), NINGBO)
    assert sunset is not None
    assert summer == to_microseconds(sunset) - 15 * 60 * S


def test_a_day_without_a_sunset_is_told_and_skipped() -> None:
    of = calendar({"at": "sunset"}, zone="Europe/Oslo", position=TROMSO)

    (due,) = to_do(of, instant("2026-06-20T23:00+02:00"), instant("2026-06-21T23:00+02:00"))

    assert due.occurrence.missing == "there is no sunset on 2026-06-21 at this position"
    assert due.skip == due.occurrence.missing


def test_a_day_without_a_sunset_can_have_another_time() -> None:
    of = calendar({"at": "sunset", "otherwise": "16:00"}, zone="Europe/Oslo", position=TROMSO)

    assert local(of, "2026-12-24T00:00", "2026-12-25T00:00") == ["2026-12-24T16:00:00+01:00"]


# ----------------------------------------------------------------------------------------- days and times
def test_a_time_of_day_holds_on_the_days_that_are_named() -> None:
    of = calendar({"at": "23:30", "days": ["fri", "sat"]})

    found = local(of, "2026-11-23T00:00", "2026-11-30T00:00")

    assert found == ["2026-11-27T23:30:00+08:00", "2026-11-28T23:30:00+08:00"]


def test_a_holiday_is_no_weekday_and_a_working_saturday_is_a_workday() -> None:
    fields: dict[str, Any] = {"holidays": ["2026-10-01/2026-10-07"], "workdays": ["2026-10-10"]}
    works = calendar({"at": "08:00", "days": ["workdays"]}, **fields)
    rests = calendar({"at": "09:00", "days": ["holidays", "weekends"]}, **fields)

    def days(of: Calendar) -> list[int]:
        return [int(text[8:10]) for text in local(of, "2026-10-01T00:00", "2026-10-12T23:00")]

    assert days(works) == [8, 9, 10, 12]
    assert days(rests) == [1, 2, 3, 4, 5, 6, 7, 11]


def test_nothing_happens_on_exceptions_before_the_start_and_after_the_end() -> None:
    of = calendar({"at": "12:00"}, exceptions=["2026-03-04"], starts="2026-03-03", ends="2026-03-06")

    assert [text[8:10] for text in local(of, "2026-03-01T00:00", "2026-03-10T00:00")] == ["03", "05", "06"]


def test_a_rule_of_rfc_5545_names_days() -> None:
    of = calendar({"at": "07:00", "rule": "FREQ=MONTHLY;BYDAY=-1FR"})

    assert [text[:10] for text in local(of, "2026-01-01T00:00", "2026-04-01T00:00")] == [
        "2026-01-30", "2026-02-27", "2026-03-27",
    ]  # fmt: skip


def test_every_other_week_is_counted_from_the_start() -> None:
    of = calendar({"at": "07:00", "rule": "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"}, starts="2026-03-09")

    assert [text[:10] for text in local(of, "2026-03-01T00:00", "2026-04-10T00:00")] == [
        "2026-03-09", "2026-03-23", "2026-04-06",
    ]  # fmt: skip


def test_a_rule_that_never_holds_ends() -> None:
    assert following(calendar({"at": "07:00", "rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}), 0) == []


def test_the_twenty_ninth_of_february_is_found_four_years_ahead() -> None:
    of = calendar({"at": "07:00", "rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"})

    (found,) = following(of, instant("2024-02-29T08:00+08:00"))

    assert from_microseconds(found.at).date() == date(2028, 2, 28)  # 23:00 UTC


def test_a_calendar_that_is_off_does_nothing() -> None:
    assert following(calendar({"at": "07:00"}, enabled=False), 0) == []


# ----------------------------------------------------------------------------------------- daylight saving
def test_a_time_that_the_clock_skips_in_spring_is_an_hour_later_once() -> None:
    of = calendar({"at": "02:30"}, zone="Europe/Berlin")

    assert local(of, "2026-03-29T00:00", "2026-03-30T00:00") == ["2026-03-29T03:30:00+02:00"]


def test_a_time_that_comes_twice_in_autumn_is_the_first() -> None:
    of = calendar({"at": "02:30"}, zone="Europe/Berlin")

    assert local(of, "2026-10-25T00:00", "2026-10-26T00:00") == ["2026-10-25T02:30:00+02:00"]


def test_a_time_of_day_stays_the_same_on_the_wall_in_summer_and_winter() -> None:
    of = calendar({"at": "18:00"}, zone="Europe/Berlin")

    assert {text[11:19] for text in local(of, "2026-03-20T00:00", "2026-11-10T00:00")} == {"18:00:00"}


ENTRIES = st.lists(
    st.fixed_dictionaries(
        {"at": st.sampled_from(["00:00", "02:30", "23:59:59", "sunset", "dawn-23:59", "sunrise+23:00"])},
        optional={"days": st.lists(st.sampled_from(["mon", "workdays", "weekends", "holidays"]), max_size=2)},
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(
    ENTRIES,
    st.sampled_from(["Europe/Berlin", "America/St_Johns", "Pacific/Apia"]),
    st.lists(st.integers(0, 20 * 86_400), max_size=6),
)
def test_any_span_cut_anywhere_has_each_occurrence_once(entries: Any, zone: str, cuts: list[int]) -> None:
    of = calendar(*entries, zone=zone, holidays=["2026-10-24"])
    start, end = instant("2026-10-15T00:00+00:00"), instant("2026-11-04T00:00+00:00")
    edges = sorted({start, end, *(start + cut * S for cut in cuts)})

    pieces = [each for first, last in pairwise(edges) for each in occurrences(of, first, last)]

    assert pieces == occurrences(of, start, end)
    assert following(of, start, len(pieces)) == pieces


# --------------------------------------------------------------------------------------- what was missed
def test_what_is_missed_by_too_much_is_skipped_with_the_reason() -> None:
    of = calendar({"at": "08:00"}, late_s=600)
    at = instant("2026-11-28T08:00+08:00")

    (in_time,) = to_do(of, at - 1, at + 600 * S)
    (late,) = to_do(of, at - 1, at + 601 * S)

    assert in_time.skip is None
    assert late.skip == "missed by 601 s, more than the 600 s that are allowed (late_s)"


def test_of_several_that_are_late_only_the_newest_is_done() -> None:
    of = calendar({"at": "08:00"}, {"at": "08:10", "value": False}, late_s=3600)
    after, now = instant("2026-11-28T07:00+08:00"), instant("2026-11-28T08:20+08:00")

    on, off = to_do(of, after, now)

    assert on.skip is not None
    assert "a later one is due" in on.skip
    assert (off.skip, off.occurrence.value) == (None, False)


def test_entries_that_follow_each_other_at_once_all_happen() -> None:
    of = calendar({"at": "08:00:00"}, {"at": "08:00:01", "value": False})
    at = instant("2026-11-28T08:00+08:00")

    assert [each.skip for each in to_do(of, at - 1, at + 2 * S)] == [None, None]


# -------------------------------------------------------------------------------------------- what is wrong
@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"zone": "Mars/Olympus"}, "'Mars/Olympus' is no time zone"),
        ({"zone": "../etc/passwd"}, "is no time zone"),
        ({"entries": [{"at": "25:00", "value": 1}]}, "'25:00' is no time: write 18:30, sunset"),
        ({"entries": [{"at": "sunset", "value": 1}], "position": None}, "needs the calendar's `position`"),
        ({"entries": [{"at": "08:00", "value": 1, "days": ["friday"]}]}, "'friday' is no day; known are mon"),
        ({"entries": [{"at": "08:00", "value": 1, "days": ["mon"], "rule": "FREQ=DAILY"}]}, "not both"),
        ({"entries": [{"at": "08:00", "value": 1, "rule": "FREQ=SECONDLY"}]}, "FREQ=, one of DAILY"),
        ({"entries": [{"at": "08:00", "value": 1, "rule": "FREQ=DAILY;BYHOUR=3"}]}, "'BYHOUR' is no part"),
        (
            {"entries": [{"at": "08:00", "value": 1, "rule": "FREQ=WEEKLY;BYDAY=XX"}]},
            "is no rule of RFC 5545",
        ),
        ({"entries": [{"at": "08:00", "value": 1, "rule": "FREQ=DAILY;INTERVAL=2"}]}, "`starts`: give it"),
        ({"entries": [{"at": "08:00", "value": 1, "otherwise": "09:00"}]}, "`otherwise` is a time of day"),
        ({"entries": []}, "it has 0 entries"),
        ({"holidays": ["1 May"]}, "'1 May' is no date"),
        ({"exceptions": ["2026-05-02/2026-05-01"]}, "ends before it starts"),
        ({"starts": "2026-05-02", "ends": "2026-05-01"}, "it ends before it starts"),
        ({"position": [29.88, 121.55]}, "position is longitude, latitude"),
        ({"late_s": 0}, "late_s is 1 to"),
        ({"targets": {}}, "`targets` says nothing"),
        ({"colour": "red"}, "unknown field `colour`"),
    ],
)
def test_a_calendar_that_makes_no_sense_says_what_to_write(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidCalendar) as refused:
        calendar(**({"entries": [{"at": "08:00", "value": 1}]} | fields))

    assert said in str(refused.value)


def test_calendars_are_read_from_a_file() -> None:
    text = """
    [calendars.lamps]
    zone = "Asia/Shanghai"
    position = [121.55, 29.88]
    starts = 2026-01-01
    targets = { classes = ["IfcLightFixture"], names = ["on"] }

    [[calendars.lamps.entries]]
    at = "dusk"
    value = true
    """

    found = read_calendars(text, name="site.toml")

    assert found["lamps"].starts == date(2026, 1, 1)
    assert found["lamps"].entries[0].at == "dusk"


def test_a_file_that_is_no_toml_is_named() -> None:
    with pytest.raises(InvalidCalendar, match=r"site\.toml"):
        read_calendars("[calendars", name="site.toml")


def test_the_example_of_the_documentation_is_a_calendar(root: Path) -> None:
    text = (root / "docs" / "calendars.md").read_text(encoding="utf-8")
    example = text.partition("```toml\n")[2].partition("```")[0]

    assert len(read_calendars(example, name="calendars.md")["lamp-poles"].entries) == 3
