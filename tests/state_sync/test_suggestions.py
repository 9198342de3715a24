"""Signals that objects suggest by their class."""

import ifcopenshell.ifcopenshell_wrapper as wrapper
import pytest

from state_sync.bindings.checks import signal as checked_signal
from state_sync.suggestions import BY_CLASS, BY_TYPE, CLASSES, suggested_signals, suggestions
from state_sync.units import checked_unit
from twin.objects import Attributes

SCHEMA = wrapper.schema_by_name("IFC4X3_ADD2")
ALL = {
    (class_, one)
    for class_, several in [
        *BY_CLASS.items(),
        *((c, s) for c, types in BY_TYPE.items() for s in types.values()),
    ]
    for one in several
}


@pytest.mark.parametrize("class_", CLASSES)
def test_a_class_that_suggests_is_one_of_the_standard(class_: str) -> None:
    assert SCHEMA.declaration_by_name(class_).name() == class_


@pytest.mark.parametrize("class_", BY_TYPE)
def test_each_predefined_type_that_suggests_is_one_of_the_standard(class_: str) -> None:
    enumeration = SCHEMA.declaration_by_name(f"{class_}TypeEnum").as_enumeration_type()
    assert enumeration is not None

    assert set(BY_TYPE[class_]) <= set(enumeration.enumeration_items())


def test_what_is_suggested_could_be_declared() -> None:
    for class_, one in ALL:
        declared = {name: getattr(one, name) for name in ("type", "unit", "minimum", "maximum", "choices")}
        values = {name: value for name, value in declared.items() if value not in {None, ()}}
        assert list(checked_signal({"signal": one.name, **values})) == [], (class_, one)
        assert one.unit is None or checked_unit(one.unit) == one.unit


def test_a_temperature_sensor_suggests_a_temperature_in_degrees_celsius() -> None:
    (signal,) = suggested_signals("m", "g", "IfcSensor", Attributes(predefined_type="TEMPERATURESENSOR"))

    assert (signal.id, signal.unit, signal.settable) == ("m/g/temperature", "Cel", False)


def test_a_lamp_can_be_switched_and_dimmed() -> None:
    assert [(one.name, one.settable) for one in suggestions("IfcLamp", None)] == [
        ("on", True),
        ("level", True),
    ]


@pytest.mark.parametrize(
    ("class_", "type_"),
    [("IfcWall", None), ("IfcSensor", None), ("IfcSensor", "USERDEFINED"), ("IfcFlowMeter", "NOTDEFINED")],
)
def test_what_measures_something_unknown_suggests_nothing(class_: str, type_: str | None) -> None:
    assert suggestions(class_, type_) == ()
