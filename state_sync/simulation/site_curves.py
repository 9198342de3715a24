"""Curves of a site's machines and streets, by the name of the signal: street lamps, pumps, drains, lifts, chargers. Pure, as `curves`.

What rains on one drain rains on all: weather depends on the time alone, not on the signal.
"""

import math

from msgspec import structs

from state_sync.simulation.curves import (
    DAY_US,
    HOUR_US,
    Curve,
    Moment,
    bump,
    daylight,
    drift,
    presence,
    scatter,
)

_WEATHER = 20_260_101
"""Seed of what all signals share."""

_DUSK, _DAWN = 17.9, 6.1


def _shared(now: Moment) -> Moment:
    return structs.replace(now, seed=_WEATHER)


def rain(now: Moment) -> float:
    """How hard it rains, in [0, 1]: dry most of the time, a shower of some hours about every other day."""
    return max(0.0, min(1.0, 2.2 * (drift(_shared(now), 5 * HOUR_US) - 0.45)))


def _dark(now: Moment) -> float:
    """Street lamps: from dusk to dawn; not all in the same minute."""
    late = 0.25 * (scatter(now.seed, -5) - 0.5)
    return float(now.hour >= _DUSK + late or now.hour < _DAWN + late)


def _brightness(now: Moment) -> float:
    """Full in the evening and before dawn, dimmed at night."""
    return _dark(now) * (40.0 if now.hour >= 23.5 or now.hour < 5.0 else 100.0)


def _lamp_power(now: Moment) -> float:
    return 3.0 + 1.35 * _brightness(now) * (0.96 + 0.04 * drift(now, HOUR_US))


def _lamp_energy(now: Moment) -> float:
    """A meter that stands by day: 0.9 kWh a night."""
    local_day, night = divmod(now.hour - 12.0, 24.0)
    days = (now.at - now.hour * HOUR_US) / DAY_US + local_day
    return 0.9 * (days + min(1.0, max(0.0, (night - 5.9) / 12.2)))


def _solar(now: Moment) -> float:
    return 520.0 * daylight(now) * (1.0 - 0.7 * rain(now))


def _supply(now: Moment) -> float:
    """Of a whole building: what its flats draw together, hardly anything at night."""
    return 12.0 + 190.0 * presence(now) + 10.0 * drift(now, HOUR_US // 6)


def _drain(now: Moment) -> float:
    """Depth of water in a storm drain: it follows the rain, some minutes later."""
    return 0.06 + 1.3 * rain(structs.replace(now, at=now.at - HOUR_US // 3)) + 0.02 * drift(now, HOUR_US // 2)


def _sewer(now: Moment) -> float:
    return 0.14 + 0.16 * presence(now) + 0.02 * drift(now, HOUR_US // 2)


def _well(now: Moment) -> float:
    """A wet well: it fills within two hours, then pumps draw it down; higher while it rains."""
    return 0.8 + 1.4 * rain(now) + 0.9 * (now.at / (2 * HOUR_US) % 1.0)


def _storm_pump(now: Moment) -> float:
    return float(
        rain(now) > 0.25 + 0.3 * scatter(now.seed, -7) or scatter(now.seed, now.at // HOUR_US) < 0.06
    )


def _discharge(now: Moment) -> float:
    return 38_000.0 * min(1.0, 1.4 * rain(now)) + 400.0 * (1 + drift(now, HOUR_US))


def _current(now: Moment) -> float:
    return _storm_pump(now) * (96.0 + 4.0 * drift(now, HOUR_US // 6))


def _lift_floor(now: Moment) -> float:
    """Where a lift stands: on the ground floor when nobody calls it."""
    trip = scatter(now.seed, now.at // 40_000_000)
    if trip > 0.2 + presence(now):
        return 1.0
    return 2.0 + float(int(scatter(now.seed, now.at // 40_000_000 + 1) * 23.0))


def _charging(now: Moment) -> float:
    """A car charges for some hours, mostly in the evening."""
    wish = 0.08 + 0.5 * bump(now.hour, 21.0, 3.5)
    return 6_900.0 * (scatter(now.seed, now.at // (2 * HOUR_US)) < wish) * (0.98 + 0.02 * drift(now, HOUR_US))


def _outdoors(now: Moment) -> float:
    """Ningbo: 5 °C in January, 29 °C in July, some degrees warmer at two in the afternoon."""
    year = (now.at / DAY_US / 365.2425) % 1.0
    season = 17.0 - 12.0 * math.cos(2 * math.pi * (year - 0.055))
    return season + 3.6 * math.sin((now.hour - 8.0) / 12 * math.pi) + 3.0 * drift(_shared(now), 40 * HOUR_US)


def _outdoor_humidity(now: Moment) -> float:
    return (
        74.0 - 10.0 * math.sin((now.hour - 8.0) / 12 * math.pi) + 18.0 * rain(now) + 3.0 * drift(now, HOUR_US)
    )


def _street_noise(now: Moment) -> float:
    busy = bump(now.hour, 8.0, 1.6) + bump(now.hour, 18.0, 2.2) + 0.6 * bump(now.hour, 13.0, 4.0)
    return 42.0 + 20.0 * min(1.0, busy) + 4.0 * drift(now, HOUR_US // 10)


def _fine_dust(now: Moment) -> float:
    return 30.0 + 17.0 * drift(_shared(now), 20 * HOUR_US) - 8.0 * rain(now) + 4.0 * drift(now, HOUR_US)


def _feeder(now: Moment) -> float:
    """Power of a meter box, of some forty flats."""
    return 5_000.0 + 32_000.0 * presence(now) + 2_000.0 * drift(now, HOUR_US // 4)


def _feeder_energy(now: Moment) -> float:
    """A meter that never runs backwards, and fastest in the evening."""
    return 17.0 * (now.at / HOUR_US + 3.0 * math.sin((now.hour - 16) / 12 * math.pi)) - 8.0e6


def _station(now: Moment) -> float:
    return 620_000.0 + 3_400_000.0 * presence(now) + 60_000.0 * drift(now, HOUR_US // 4)


def _load(now: Moment) -> float:
    return 16.0 + 48.0 * presence(now) + 5.0 * drift(now, HOUR_US // 4)


def _winding(now: Moment) -> float:
    return (
        41.0 + 26.0 * presence(structs.replace(now, hour=(now.hour - 0.8) % 24.0)) + 2.0 * drift(now, HOUR_US)
    )


def _pressure(now: Moment) -> float:
    """In the street main: less when all draw."""
    return 318.0 - 46.0 * presence(now) + 6.0 * drift(now, HOUR_US // 3)


def _booster(now: Moment) -> float:
    return 760.0 - 15.0 * presence(now) + 8.0 * drift(now, HOUR_US // 6)


def _speed(now: Moment) -> float:
    return 34.0 + 52.0 * presence(now) + 4.0 * drift(now, HOUR_US // 6)


def _runs(now: Moment) -> float:
    """Pumps and fans that follow the need."""
    return float(presence(now) > 0.2 + 0.25 * scatter(now.seed, -9))


def _sump(now: Moment) -> float:
    return float(scatter(now.seed, now.at // (HOUR_US // 4)) < 0.06 + 0.4 * rain(now))


def _never(_now: Moment) -> float:
    """What only a person starts."""
    return 0.0


def _always(_now: Moment) -> float:
    return 1.0


def _position(now: Moment) -> float:
    """Valves stand open; one in fifty is shut for a day."""
    return 0.0 if scatter(now.seed, now.at // DAY_US) < 0.02 else 100.0


def _gas(now: Moment) -> float:
    return 0.6 + 0.5 * drift(now, HOUR_US) + 1.5 * rain(now)


def _volume(now: Moment) -> float:
    """A flat's water meter: eight cubic metres a month, none of it at night."""
    hours = now.at / HOUR_US
    return (
        0.0115 * (hours + 2.4 * math.sin((now.hour - 15) / 12 * math.pi))
        - 5_400.0
        + 240.0 * scatter(now.seed, -11)
    )


def _stands(now: Moment) -> float:
    """A bay is taken at night more than by day, for hours at a time."""
    home = 0.82 - 0.5 * bump(now.hour, 13.0, 5.0) * (0.4 if now.weekend else 1.0)
    return float(scatter(now.seed, now.at // (3 * HOUR_US)) < home)


NAMED: dict[str, Curve] = {
    "lamp": Curve(_dark, None, 120),
    "brightness": Curve(_brightness, "%", 120),
    "lamp_power": Curve(_lamp_power, "W", 120),
    "lamp_energy": Curve(_lamp_energy, "kW.h", 300),
    "pv_power": Curve(_solar, "W", 60),
    "supply_flow": Curve(_supply, "L/min", 60),
    "volume": Curve(_volume, "m3", 300),
    "drain_level": Curve(_drain, "m", 120),
    "sewer_level": Curve(_sewer, "m", 120),
    "well_level": Curve(_well, "m", 30),
    "storm_run": Curve(_storm_pump, None, 30),
    "discharge_flow": Curve(_discharge, "L/min", 30),
    "current": Curve(_current, "A", 30),
    "floor": Curve(_lift_floor, None, 20),
    "charging_power": Curve(_charging, "W", 30),
    "outdoor_temperature": Curve(_outdoors, "Cel", 120),
    "outdoor_humidity": Curve(_outdoor_humidity, "%", 120),
    "street_noise": Curve(_street_noise, "dB", 60),
    "pm25": Curve(_fine_dust, "ug/m3", 120),
    "feeder_power": Curve(_feeder, "W", 60),
    "feeder_energy": Curve(_feeder_energy, "kW.h", 300),
    "station_power": Curve(_station, "W", 30),
    "load": Curve(_load, "%", 60),
    "winding_temperature": Curve(_winding, "Cel", 120),
    "main_pressure": Curve(_pressure, "kPa", 60),
    "booster_pressure": Curve(_booster, "kPa", 30),
    "speed": Curve(_speed, "%", 30),
    "run": Curve(_runs, None, 60),
    "sump_run": Curve(_sump, None, 60),
    "fire_pump": Curve(_never, None, 60),
    "enabled": Curve(_always, None, 120),
    "position": Curve(_position, "%", 120),
    "gas": Curve(_gas, "[ppm]", 60),
    "occupied": Curve(_stands, None, 60),
}
"""By `Signal.name`, in these units (UCUM); a signal of another name, or in another unit, has the curve of its kind."""
