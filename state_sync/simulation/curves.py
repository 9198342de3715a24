"""Believable values by kind and time of day. Pure: the same seed, signal and time give the same value on every machine."""

import math
from collections.abc import Callable

from msgspec import Struct

DAY_US = 86_400_000_000
HOUR_US = 3_600_000_000
_MASK = (1 << 64) - 1


class Moment(Struct, frozen=True):
    """A time as curves see it. `hour`: 0 to 24, local; `seed` tells signals apart; `at`: microseconds since 1970 UTC."""

    at: int
    hour: float
    weekend: bool
    seed: int


def moment(at: int, seed: int, *, utc_offset_s: int) -> Moment:
    """The moment `at` where clocks are `utc_offset_s` ahead of UTC."""
    local = at + utc_offset_s * 1_000_000
    # 1970-01-01 was a Thursday.
    weekend = (local // DAY_US + 3) % 7 >= 5
    return Moment(at, local % DAY_US / HOUR_US, weekend, seed)


def scatter(seed: int, place: int) -> float:
    """A number in [0, 1) that looks random (the finalizer of SplitMix64)."""
    word = (seed * 0x9E3779B97F4A7C15 + place * 0xD1B54A32D192ED03 + 0x632BE59BD9B4E019) & _MASK
    word = ((word ^ word >> 30) * 0xBF58476D1CE4E5B9) & _MASK
    word = ((word ^ word >> 27) * 0x94D049BB133111EB) & _MASK
    return (word ^ word >> 31) / 2**64


def drift(now: Moment, period_us: int) -> float:
    """A smooth curve in [-1, 1] that takes a new direction every `period_us`."""
    place, part = divmod(now.at, period_us)
    weight = (1 - math.cos(math.pi * part / period_us)) / 2
    before, after = scatter(now.seed, place), scatter(now.seed, place + 1)
    return 2 * (before + (after - before) * weight) - 1


def bump(hour: float, middle: float, width: float) -> float:
    """1 at `middle` o'clock, falling to 0 on both sides over about `width` hours; midnight is no border."""
    away = min(abs(hour - middle), 24 - abs(hour - middle))
    return math.exp(-((away / width) ** 2))


def presence(now: Moment) -> float:
    """How likely people are about, in [0, 1]: mornings and evenings on working days, all day at weekends."""
    if now.weekend:
        return 0.15 + 0.6 * bump(now.hour, 15, 6)
    return 0.1 + 0.7 * bump(now.hour, 7.5, 1.5) + 0.8 * bump(now.hour, 20, 3)


def daylight(now: Moment) -> float:
    """Height of the sun in [0, 1]; up from six to six, less under clouds."""
    sun = max(0.0, math.sin((now.hour - 6) / 12 * math.pi))
    return sun * (0.75 + 0.25 * drift(now, HOUR_US))


def _temperature(now: Moment) -> float:
    return 22.0 + 2.5 * math.sin((now.hour - 9) / 12 * math.pi) + 0.8 * drift(now, HOUR_US)


def _humidity(now: Moment) -> float:
    return 58.0 - 8.0 * math.sin((now.hour - 9) / 12 * math.pi) + 5.0 * drift(now, 2 * HOUR_US)


def _light(now: Moment) -> float:
    lamps = 180.0 * presence(now) * (now.hour > 17.5 or now.hour < 7)
    return 12_000.0 * daylight(now) + lamps


def _power(now: Moment) -> float:
    appliance = 1_500.0 * (scatter(now.seed, now.at // (HOUR_US // 6)) < 0.12 * presence(now))
    return 90.0 + 900.0 * presence(now) + 60.0 * drift(now, HOUR_US // 4) + appliance


def _water(now: Moment) -> float:
    running = scatter(now.seed, now.at // (HOUR_US // 12)) < 0.35 * presence(now)
    return (6.0 + 2.0 * drift(now, HOUR_US // 12)) if running else 0.0


def _noise(now: Moment) -> float:
    return 34.0 + 22.0 * presence(now) + 4.0 * drift(now, HOUR_US // 20)


def _smoke(now: Moment) -> float:
    cooking = 30.0 * bump(now.hour, 18.5, 0.8) * scatter(now.seed, now.at // HOUR_US)
    return 4.0 + 2.0 * drift(now, HOUR_US) + cooking


def _carbon_monoxide(now: Moment) -> float:
    """A garage or kitchen: hardly any, some in the evening, now and then more than is good."""
    evening = 14.0 * bump(now.hour, 18.5, 0.8) * scatter(now.seed, now.at // HOUR_US)
    return 1.5 + 0.5 * drift(now, HOUR_US) + evening


def _carbon_dioxide(now: Moment) -> float:
    return 430.0 + 600.0 * presence(now) + 40.0 * drift(now, HOUR_US)


def _occupancy(now: Moment) -> float:
    return float(scatter(now.seed, now.at // (HOUR_US // 4)) < presence(now))


def _switch(now: Moment) -> float:
    """Lamps: on while it is dark and people are about."""
    dark = now.hour > 17.5 or now.hour < 6.5
    return float(dark and scatter(now.seed, now.at // (HOUR_US // 2)) < 0.15 + presence(now))


def _level(now: Moment) -> float:
    return 1.6 + 0.5 * drift(now, HOUR_US // 2)


def _voltage(now: Moment) -> float:
    return 222.0 - 4.0 * presence(now) + 2.0 * drift(now, HOUR_US // 2)


_METERS_SINCE_H = 464_592.0
"""When meters were put in, hours since 1970: at the beginning of 2023."""


def _counter(per_hour: float) -> Callable[[Moment], float]:
    """A meter: it never runs backwards, and fastest in the afternoon; some draw twice as much as others."""

    def value(now: Moment) -> float:
        hours = now.at / HOUR_US - _METERS_SINCE_H
        share = 0.6 + 0.8 * scatter(now.seed, -3)
        return per_hour * share * (hours + 2 * math.sin((now.hour - 14) / 12 * math.pi))

    return value


class Curve(Struct, frozen=True):
    """Value at a moment, its unit, and how many seconds lie between two reports of such a device."""

    value: Callable[[Moment], float]
    unit: str | None
    period_s: float


CURVES: dict[str, Curve] = {
    "temperature": Curve(_temperature, "Cel", 30),
    "humidity": Curve(_humidity, "%", 30),
    "light": Curve(_light, "lx", 60),
    "illuminance": Curve(_light, "lx", 60),
    "power": Curve(_power, "W", 10),
    "energy": Curve(_counter(0.4), "kWh", 60),
    "water": Curve(_water, "L/min", 30),
    "noise": Curve(_noise, "dB", 15),
    "sound": Curve(_noise, "dB", 15),
    "smoke": Curve(_smoke, "ppm", 15),
    "co": Curve(_carbon_monoxide, "[ppm]", 60),
    "co2": Curve(_carbon_dioxide, "ppm", 60),
    "occupancy": Curve(_occupancy, None, 20),
    "presence": Curve(_occupancy, None, 20),
    "switch": Curve(_switch, None, 60),
    "level": Curve(_level, "m", 60),
    "voltage": Curve(_voltage, "V", 30),
}
"""By `Signal.kind`, in these units (UCUM). Periods are those of common devices of the kind."""


def between(now: Moment, lowest: float, highest: float) -> float:
    """What a device of no known kind reports: a slow wave over the day in the upper part of its range."""
    wave = 0.5 + 0.3 * math.sin((now.hour - 9) / 12 * math.pi) + 0.15 * drift(now, HOUR_US)
    return lowest + (highest - lowest) * min(1.0, max(0.0, wave))
