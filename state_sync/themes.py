"""Themes: what of the twin is coloured by which signals, and the codes of one byte that viewers get for them. Pure.

Codes 0 to 249 are places on the theme's scale, the ends included and what is beyond them clamped; then there are `TEXT`, `STALE`, `BAD`
and `NONE`. An object with several signals of a theme has the code that ranks highest: a place on the scale before all others, among
these the larger; then bad, stale, text, none. So a code does not depend on the order in which readings came.
"""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from twin.errors import InvalidQuery
from twin.ports.live import StateDelta
from twin.state import Quality

STEPS = 250
"""Places on a scale: finer than a screen's colours can be told apart."""

TEXT, STALE, BAD, NONE = 251, 253, 254, 255

_RANKS: NDArray[np.int64] = np.arange(256)
_RANKS[:STEPS] += 1000
_RANKS[[NONE, TEXT, STALE, BAD]] = (0, 1, 2, 3)
RANKS = _RANKS
"""(256,) which of two codes of one object is shown: the higher."""

BY_RANK: NDArray[np.uint8] = np.argsort(_RANKS).astype(np.uint8)
"""(256,) codes in the order of their ranks."""

_OF_QUALITY = np.zeros(256, np.uint8)
_OF_QUALITY[[2, 3, 255]] = (STALE, BAD, NONE)
"""By place in `twin.ports.QUALITIES`: the code that takes the place of the value's; 0: the value's own."""

_QUALITY_CODES = {Quality.STALE: STALE, Quality.BAD: BAD}


class Theme(Struct, frozen=True, kw_only=True):
    """What is coloured by signals of these kinds. `ramp`: values (in `unit`, ascending) and their colours, `#rrggbb`."""

    key: str
    kinds: tuple[str, ...]
    zh: str
    en: str
    unit: str | None
    ramp: tuple[tuple[float, str], ...]

    @property
    def low(self) -> float:
        """The value of code 0."""
        return self.ramp[0][0]

    @property
    def high(self) -> float:
        """The value of code 249."""
        return self.ramp[-1][0]

    def code_of(self, values: NDArray[np.float64]) -> NDArray[np.uint8]:
        """(n,) places on the scale of values in `unit`; NaN: `TEXT`."""
        place = (values - self.low) / (self.high - self.low) * (STEPS - 1)
        codes = np.clip(np.rint(np.nan_to_num(place)), 0, STEPS - 1).astype(np.uint8)
        codes[np.isnan(values)] = TEXT
        return codes

    def codes(self, values: NDArray[np.float64], quality: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(n,) codes of columns as in `twin.ports.SceneAt`."""
        instead = _OF_QUALITY[quality]
        return np.where(instead > 0, instead, self.code_of(values)).astype(np.uint8)

    def codes_of(self, values: NDArray[np.float64], states: Sequence[StateDelta]) -> NDArray[np.uint8]:
        """(n,) codes of states after a change, and their values in the theme's unit."""
        instead = np.array([_QUALITY_CODES.get(state.quality, 0) for state in states], np.uint8)
        return np.where(instead > 0, instead, self.code_of(values)).astype(np.uint8)

    def colours(self) -> list[str]:
        """256 colours by code: the ramp, then those of what is no value."""
        stops = np.array([value for value, _ in self.ramp])
        parts = np.array([[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for _, colour in self.ramp])
        values = np.linspace(self.low, self.high, STEPS)
        mixed = np.stack([np.interp(values, stops, parts[:, channel]) for channel in range(3)], axis=1)
        table = [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in np.rint(mixed).astype(int).tolist()]
        return table + [SPECIAL_COLOURS.get(code, "#000000") for code in range(STEPS, 256)]


SPECIAL_COLOURS = {TEXT: "#9aa0a6", STALE: "#8d7b6c", BAD: "#c000c0", NONE: "#d9d9d9"}
SPECIAL_LABELS = {
    TEXT: ("非数值", "not a number"),
    STALE: ("数据过期", "stale"),
    BAD: ("数据无效", "bad"),
    NONE: ("无数据", "no value"),
}
"""Chinese and English."""

_BLUE, _CYAN, _GREEN, _YELLOW, _ORANGE, _RED = (
    "#2c5fd6",
    "#35b6d9",
    "#3aa655",
    "#f2d03b",
    "#f08c2e",
    "#d7301f",
)
_PURPLE, _MAROON = "#7d3c98", "#5e1a2c"
_QUIET, _DARK = "#dfe9f2", "#30343a"

THEMES = (
    Theme(key="temperature", kinds=("temperature",), zh="温度", en="Temperature", unit="Cel",
          ramp=((0.0, _BLUE), (16.0, _CYAN), (22.0, _GREEN), (26.0, _YELLOW), (30.0, _ORANGE), (40.0, _RED))),
    Theme(key="humidity", kinds=("humidity",), zh="湿度", en="Humidity", unit="%",
          ramp=((0.0, _ORANGE), (30.0, _YELLOW), (50.0, _GREEN), (70.0, _CYAN), (100.0, _BLUE))),
    Theme(key="co2", kinds=("co2",), zh="二氧化碳", en="CO₂", unit="[ppm]",
          ramp=((400.0, _GREEN), (1000.0, _YELLOW), (1500.0, _ORANGE), (2500.0, _RED))),
    Theme(key="pm25", kinds=("pm25",), zh="细颗粒物 PM2.5", en="Fine dust PM2.5", unit="ug/m3",
          ramp=((0.0, _GREEN), (35.0, _YELLOW), (75.0, _ORANGE), (115.0, _RED), (150.0, _PURPLE), (250.0, _MAROON))),
    Theme(key="power", kinds=("power",), zh="功率", en="Power", unit="W",
          ramp=((0.0, _QUIET), (100.0, _YELLOW), (1000.0, _ORANGE), (5000.0, _RED))),
    Theme(key="energy", kinds=("energy",), zh="电量", en="Energy", unit="kW.h",
          ramp=((0.0, _QUIET), (10_000.0, _YELLOW), (100_000.0, _ORANGE), (500_000.0, _RED))),
    Theme(key="voltage", kinds=("voltage",), zh="电压", en="Voltage", unit="V",
          ramp=((198.0, _BLUE), (220.0, _GREEN), (242.0, _RED))),
    Theme(key="current", kinds=("current",), zh="电流", en="Current", unit="A",
          ramp=((0.0, _QUIET), (60.0, _YELLOW), (120.0, _ORANGE), (200.0, _RED))),
    Theme(key="load", kinds=("load",), zh="负载率", en="Load", unit="%",
          ramp=((0.0, _QUIET), (40.0, _GREEN), (70.0, _YELLOW), (85.0, _ORANGE), (110.0, _RED))),
    Theme(key="winding", kinds=("winding_temperature",), zh="绕组温度", en="Temperature of windings", unit="Cel",
          ramp=((20.0, _BLUE), (60.0, _GREEN), (90.0, _YELLOW), (110.0, _ORANGE), (130.0, _RED))),
    Theme(key="water", kinds=("water", "flow"), zh="用水流量", en="Water flow", unit="L/min",
          ramp=((0.0, _QUIET), (10.0, _CYAN), (60.0, _BLUE))),
    Theme(key="volume", kinds=("volume",), zh="水量", en="Water volume", unit="m3",
          ramp=((0.0, _QUIET), (100.0, _CYAN), (1000.0, _BLUE))),
    Theme(key="level", kinds=("level",), zh="水位", en="Water level", unit="m",
          ramp=((0.0, _QUIET), (0.6, _CYAN), (1.2, _BLUE), (3.2, _PURPLE))),
    Theme(key="pressure", kinds=("pressure",), zh="水压", en="Water pressure", unit="kPa",
          ramp=((0.0, _RED), (140.0, _ORANGE), (200.0, _YELLOW), (300.0, _GREEN), (700.0, _CYAN), (1000.0, _BLUE))),
    Theme(key="valve", kinds=("valve",), zh="阀门开度", en="Valve open", unit="%",
          ramp=((0.0, _DARK), (100.0, _CYAN))),
    Theme(key="light", kinds=("light",), zh="照明", en="Light", unit=None,
          ramp=((0.0, _DARK), (1.0, _YELLOW))),
    Theme(key="switch", kinds=("switch",), zh="开关", en="Switched on", unit=None,
          ramp=((0.0, _DARK), (1.0, _YELLOW))),
    Theme(key="brightness", kinds=("brightness",), zh="灯光亮度", en="Brightness of lamps", unit="%",
          ramp=((0.0, _DARK), (100.0, _YELLOW))),
    Theme(key="speed", kinds=("speed",), zh="转速", en="Speed of pumps and fans", unit="%",
          ramp=((0.0, _QUIET), (50.0, _CYAN), (100.0, _BLUE))),
    Theme(key="illuminance", kinds=("illuminance",), zh="照度", en="Illuminance", unit="lx",
          ramp=((0.0, _DARK), (300.0, _YELLOW), (1000.0, "#ffe9a8"), (10_000.0, "#ffffff"))),
    Theme(key="smoke", kinds=("smoke",), zh="烟雾", en="Smoke", unit=None,
          ramp=((0.0, _GREEN), (0.5, _YELLOW), (1.0, _RED))),
    Theme(key="co", kinds=("co",), zh="一氧化碳", en="Carbon monoxide", unit="[ppm]",
          ramp=((0.0, _GREEN), (9.0, _YELLOW), (30.0, _ORANGE), (100.0, _RED))),
    Theme(key="gas", kinds=("gas",), zh="有毒气体", en="Toxic gas", unit="[ppm]",
          ramp=((0.0, _GREEN), (7.0, _YELLOW), (10.0, _ORANGE), (20.0, _RED))),
    Theme(key="noise", kinds=("noise",), zh="噪声", en="Noise", unit="dB",
          ramp=((30.0, _GREEN), (55.0, _YELLOW), (70.0, _ORANGE), (90.0, _RED))),
    Theme(key="occupancy", kinds=("occupancy",), zh="占用", en="Occupancy", unit=None,
          ramp=((0.0, _QUIET), (1.0, _ORANGE))),
    Theme(key="lift", kinds=("lift",), zh="电梯楼层", en="Floor of lifts", unit=None,
          ramp=((-2.0, _BLUE), (1.0, _GREEN), (12.0, _YELLOW), (24.0, _ORANGE))),
    Theme(key="fault", kinds=("fault",), zh="故障", en="Fault", unit=None,
          ramp=((0.0, _GREEN), (1.0, _RED))),
)  # fmt: skip
"""Scales: comfort and alarm limits in common use (GB/T 18883 for temperature, humidity and CO₂; GB 3096 for noise; ±10 % of 220 V; HJ 633 for
fine dust; 10 mg/m³ of hydrogen sulphide, GBZ 2.1; 0.14 and 0.28 MPa in mains, GB 50282; rising temperatures of dry-type transformers, GB 1094.11)."""


def theme(key: str) -> Theme | None:
    """A theme by its key."""
    return next((one for one in THEMES if one.key == key), None)


def known_theme(key: str) -> Theme:
    """The same. Raises InvalidQuery where there is none."""
    found = theme(key)
    if found is None:
        known = ", ".join(one.key for one in THEMES)
        raise InvalidQuery(f"There is no theme {key!r}; there are {known}.")
    return found
