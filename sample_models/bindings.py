"""The binding file of the community centre: what its devices report, on which topics. The same text every time."""

import json

from sample_models.samples import COMMUNITY_CENTRE

MODEL = COMMUNITY_CENTRE.removesuffix(".ifc")
"""Key of the model, as an import gives it by the file's name."""

FILE_NAME = "community_centre.bindings.toml"

ROOT = "kangqiao"
"""First level of all topics; the second one is the gateway."""

_Fields = dict[str, str | float | bool]

_HEAD = f"""\
# What the devices of the sample community centre report. Each message is {{"time": RFC 3339, "value": …}}.

[defaults]
model = "{MODEL}"
codec = "json"
path = "value"
time = "time"
"""


def _sensor(reference: str, gateway: str, signal: str, **more: str | float | bool) -> _Fields:
    chosen = {"class": "IfcSensor", "property": f"Pset_SensorTypeCommon.Reference={reference}"}
    return {**chosen, "gateway": gateway, "signal": signal, "kind": signal, **more}


_WATER_METER: _Fields = {
    "class": "IfcFlowMeter",
    "property": "Pset_FlowMeterTypeWaterMeter.ConnectionSize>0",
    "gateway": "water",
}
_POWER_METER: _Fields = {
    "class": "IfcFlowMeter",
    "property": "Pset_FlowMeterTypeEnergyMeter.MaximumCurrent>0",
    "gateway": "power",
}
_LAMP: _Fields = {"class": "IfcLightFixture", "gateway": "lighting"}

ENTRIES: tuple[_Fields, ...] = (
    _sensor(
        "SMOKE",
        "fire",
        "smoke",
        type="boolean",
        period_s=60.0,
        alarm="stale severity=major|state true severity=critical message=smoke",
    ),
    _sensor(
        "CO",
        "fire",
        "co",
        unit="[ppm]",
        minimum=0.0,
        maximum=100.0,
        period_s=60.0,
        alarm="high 9 hysteresis=1 delay_s=30|high_high 30 hysteresis=2|stale severity=major",
    ),
    _sensor(
        "TEMPERATURE",
        "climate",
        "temperature",
        unit="Cel",
        minimum=-20.0,
        maximum=60.0,
        period_s=60.0,
        alarm="high 30 hysteresis=1 delay_s=60|low 5 hysteresis=1 delay_s=60|stale delay_s=60",
    ),
    _sensor("LIGHT", "climate", "illuminance", unit="lx", minimum=0.0, maximum=200000.0, period_s=120.0),
    _sensor("SOUND", "climate", "noise", unit="dB", minimum=0.0, maximum=140.0, period_s=30.0),
    _sensor(
        "LEVEL",
        "water",
        "level",
        unit="m",
        minimum=0.0,
        maximum=2.5,
        period_s=120.0,
        alarm="low 0.5 hysteresis=0.1|low_low 0.3 hysteresis=0.05",
    ),
    {**_WATER_METER, "signal": "flow", "kind": "water", "unit": "L/min", "minimum": 0.0, "period_s": 60.0},
    {**_POWER_METER, "signal": "power", "kind": "power", "unit": "W", "minimum": 0.0, "period_s": 20.0},
    {**_POWER_METER, "signal": "energy", "kind": "energy", "unit": "kW.h", "minimum": 0.0, "period_s": 120.0},
    {**_LAMP, "signal": "on", "kind": "switch", "type": "boolean", "settable": True, "period_s": 120.0},
)
"""One entry a kind of device; the object is told by the topic."""


def binding_file() -> str:
    """The file as TOML: some 240 signals of the building."""
    return _HEAD + "".join(_entry(dict(fields)) for fields in ENTRIES)


def _entry(fields: _Fields) -> str:
    topic = f"{ROOT}/{fields.pop('gateway')}/{{global_id}}/{fields['signal']}"
    lines = [f"{name} = {json.dumps(value)}" for name, value in {**fields, "topic": topic}.items()]
    return "\n[[binding]]\n" + "\n".join(lines) + "\n"
