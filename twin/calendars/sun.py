"""When the sun rises and sets, by the formulas of NOAA that astral has: within a minute or two between the polar circles."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from astral import Observer
from astral import sun as formulas

_FUNCTIONS: dict[str, Any] = {
    "sunrise": formulas.sunrise,
    "sunset": formulas.sunset,
    "dawn": formulas.dawn,
    "dusk": formulas.dusk,
}


def sun_at(event: str, day: date, zone: ZoneInfo, position: tuple[float, float]) -> datetime | None:
    """The moment (UTC) of `sunrise`, `sunset`, `dawn` or `dusk` that falls on a local day; None: there is none.

    `position`: longitude, latitude in degrees, at sea level. Near the polar circles there may be two on a day: the first counts.
    """
    longitude, latitude = position
    observer = Observer(latitude=latitude, longitude=longitude)
    # The local day overlaps two or three days of UTC, and what it has may be counted to any of them.
    for shift in (-1, 0, 1):
        try:
            found: datetime = _FUNCTIONS[event](observer, day + timedelta(days=shift), tzinfo=UTC)
        except ValueError:  # the sun does not come that low, or that high, on that day
            continue
        if found.astimezone(zone).date() == day:
            return found.replace(microsecond=0)
    return None
