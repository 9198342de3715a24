"""Signals that objects suggest by their class: an IfcSensor that measures temperature has a temperature. A pure table.

Predefined types are those of IFC 4.3 (ISO 16739-1:2024); IFC 2x3 files have some of them under the classes of types. Names and
units are ours: UCUM-like, in the size in which building operators read them.
"""

from msgspec import Struct

from twin.objects import Attributes
from twin.state import Signal, SignalType


class Suggestion(Struct, frozen=True, kw_only=True):
    """One signal that a class of objects usually has. `settable`: it can be commanded."""

    name: str
    kind: str
    type: SignalType = "number"
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    settable: bool = False


def _measured(name: str, unit: str, low: float | None = None, high: float | None = None) -> Suggestion:
    return Suggestion(name=name, kind=name, unit=unit, minimum=low, maximum=high)


def _detected(name: str) -> Suggestion:
    return Suggestion(name=name, kind=name, type="boolean")


_SWITCH = Suggestion(name="on", kind="switch", type="boolean", settable=True)
_POSITION = Suggestion(name="position", kind="position", unit="%", minimum=0, maximum=100, settable=True)
_DIMMER = Suggestion(name="level", kind="brightness", unit="%", minimum=0, maximum=100, settable=True)
_ALARM = Suggestion(name="alarm", kind="alarm", type="boolean")
_FAULT = Suggestion(name="fault", kind="fault", type="boolean")
_POWER = _measured("power", "W")
_ENERGY = _measured("energy", "kW.h", 0)
_TEMPERATURE = _measured("temperature", "Cel", -60, 150)
_FLOW = _measured("flow", "m3/h")

SENSORS: dict[str, tuple[Suggestion, ...]] = {
    "TEMPERATURESENSOR": (_TEMPERATURE,),
    "HUMIDITYSENSOR": (_measured("humidity", "%", 0, 100),),
    "MOISTURESENSOR": (_measured("moisture", "%", 0, 100),),
    "CO2SENSOR": (_measured("co2", "[ppm]", 0, 40_000),),
    "COSENSOR": (_measured("co", "[ppm]", 0, 10_000),),
    "GASSENSOR": (_measured("gas", "[ppm]", 0),),
    "LIGHTSENSOR": (_measured("illuminance", "lx", 0, 200_000),),
    "SOUNDSENSOR": (_measured("sound_level", "dB(A)", 0, 160),),
    "PRESSURESENSOR": (_measured("pressure", "kPa"),),
    "FLOWSENSOR": (_FLOW,),
    "LEVELSENSOR": (_measured("level", "m"),),
    "WINDSENSOR": (_measured("wind_speed", "m/s", 0, 120),),
    "PHSENSOR": (_measured("ph", "pH", 0, 14),),
    "CONDUCTANCESENSOR": (_measured("conductance", "uS"),),
    "RADIATIONSENSOR": (_measured("radiation", "W/m2"),),
    "RADIOACTIVITYSENSOR": (_measured("radioactivity", "uSv/h", 0),),
    "IONCONCENTRATIONSENSOR": (_measured("ion_concentration", "mg/L", 0),),
    "SMOKESENSOR": (Suggestion(name="smoke", kind="smoke", type="boolean"), _FAULT),
    "FIRESENSOR": (Suggestion(name="fire", kind="fire", type="boolean"), _FAULT),
    "HEATSENSOR": (Suggestion(name="heat", kind="heat", type="boolean"), _FAULT),
    "MOVEMENTSENSOR": (_detected("movement"),),
    "CONTACTSENSOR": (_detected("contact"),),
    "FROSTSENSOR": (_detected("frost"),),
    "OBSTACLESENSOR": (_detected("obstacle"),),
    "IDENTIFIERSENSOR": (Suggestion(name="identifier", kind="identifier", type="text"),),
}
"""IfcSensor and IfcSensorType by predefined type."""

FLOW_METERS: dict[str, tuple[Suggestion, ...]] = {
    "ENERGYMETER": (_ENERGY, _POWER),
    "WATERMETER": (_measured("volume", "m3", 0), _FLOW),
    "GASMETER": (_measured("volume", "m3", 0), _FLOW),
    "OILMETER": (_measured("volume", "L", 0),),
}

CONTROLLERS: dict[str, tuple[Suggestion, ...]] = {
    "TWOPOSITION": (_SWITCH,),
    "FLOATING": (_POSITION,),
    "PROPORTIONAL": (Suggestion(name="setpoint", kind="setpoint", settable=True),),
}

INSTRUMENTS: dict[str, tuple[Suggestion, ...]] = {
    "THERMOMETER": (_TEMPERATURE,),
    "PRESSUREGAUGE": (_measured("pressure", "kPa"),),
    "AMMETER": (_measured("current", "A"),),
    "VOLTMETER": (_measured("voltage", "V"),),
    "VOLTMETER_PEAK": (_measured("voltage", "V"),),
    "VOLTMETER_RMS": (_measured("voltage", "V"),),
    "FREQUENCYMETER": (_measured("frequency", "Hz", 0),),
    "PHASEANGLEMETER": (_measured("phase_angle", "deg", -180, 180),),
    "POWERFACTORMETER": (_measured("power_factor", "1", -1, 1),),
    "COMBINED": (_measured("voltage", "V"), _measured("current", "A"), _POWER),
}

BY_TYPE: dict[str, dict[str, tuple[Suggestion, ...]]] = {
    "IfcSensor": SENSORS,
    "IfcFlowMeter": FLOW_METERS,
    "IfcController": CONTROLLERS,
    "IfcFlowInstrument": INSTRUMENTS,
}

BY_CLASS: dict[str, tuple[Suggestion, ...]] = {
    "IfcActuator": (_POSITION,),
    "IfcAlarm": (_ALARM,),
    "IfcController": (Suggestion(name="setpoint", kind="setpoint", settable=True),),
    "IfcLamp": (_SWITCH, _DIMMER),
    "IfcLightFixture": (_SWITCH, _DIMMER, _POWER),
    "IfcSwitchingDevice": (_SWITCH,),
    "IfcOutlet": (_SWITCH, _POWER),
    "IfcValve": (_POSITION,),
    "IfcDamper": (_POSITION,),
    "IfcPump": (_SWITCH, _POWER, _FAULT),
    "IfcFan": (_SWITCH, _POWER, _FAULT),
    "IfcUnitaryEquipment": (_SWITCH, _POWER, _FAULT),
    "IfcElectricMotor": (_SWITCH, _POWER, _FAULT),
    "IfcSolarDevice": (_POWER, _ENERGY),
    "IfcTank": (_measured("fill_level", "%", 0, 100),),
    "IfcTransportElement": (_FAULT,),
    "IfcFireSuppressionTerminal": (_ALARM,),
    "IfcElectricFlowStorageDevice": (_measured("charge", "%", 0, 100), _POWER),
}
"""Where no predefined type says more."""


def suggestions(class_: str, predefined_type: str | None) -> tuple[Suggestion, ...]:
    """Signals that an object of this class usually has; empty for classes that report nothing by themselves.

    A sensor or meter whose predefined type says nothing (NOTDEFINED, USERDEFINED) suggests nothing: what it measures is unknown.
    """
    of_type = BY_TYPE.get(class_, {}).get((predefined_type or "").upper())
    return BY_CLASS.get(class_, ()) if of_type is None else of_type


def suggested_signals(model: str, global_id: str, class_: str, attributes: Attributes) -> list[Signal]:
    """The suggestions for an object, as signals that could be declared."""
    return [
        Signal(
            model=model,
            global_id=global_id,
            name=one.name,
            type=one.type,
            kind=one.kind,
            unit=one.unit,
            minimum=one.minimum,
            maximum=one.maximum,
            choices=one.choices,
            settable=one.settable,
        )
        for one in suggestions(class_, attributes.predefined_type)
    ]


CLASSES: tuple[str, ...] = tuple(sorted({*BY_TYPE, *BY_CLASS}))
"""Classes that can suggest a signal: what to look for in a model."""
