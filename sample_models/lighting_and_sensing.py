"""Lamps, lamp poles, sensors, alarms and hydrants: what hangs from ceilings and walls, room by room."""

from collections.abc import Callable
from itertools import count as counter

from sample_models import plan, rooms
from sample_models.devices import at, common, electrical, maker, place_device
from sample_models.ifc_model import IfcModel
from sample_models.ifc_writing import Entity
from sample_models.rooms import Room
from sample_models.shapes import Rod, box
from sample_models.values import Between, Kind, Place, Pset, flag, measure, name, text, whole

HANG = 900.0
"""How far below the slab the lamps hang, in mm: under beams, ducts and trays."""

LAMP = Kind(
    key="lamp_led_1200x300",
    cls="IfcLightFixtureType",
    label=name("LED灯盘 1200×300", "LED panel light 1200×300"),
    solids=(
        box((-600.0, -150.0, 0.0), (600.0, 150.0, 50.0), "device"),
        box((-580.0, -130.0, -8.0), (580.0, 130.0, 0.0), "lamp"),
        Rod(start=(-400.0, 0.0, 50.0), end=(-400.0, 0.0, HANG), radius=6.0, style="light_metal"),
        Rod(start=(400.0, 0.0, 50.0), end=(400.0, 0.0, HANG), radius=6.0, style="light_metal"),
    ),
    attributes={"PredefinedType": "POINTSOURCE"},
    psets=(
        common(
            "Pset_LightFixtureTypeCommon",
            "LED-36",
            {"NumberOfSources": whole(1), "TotalWattage": measure("Power", 36.0)},
        ),
        Pset(name="光学参数", properties={"光通量": measure("LuminousFlux", 4300.0), "色温": text("4000K")}),
        *electrical(0.036),
        maker("甬光照明", "YG-P36"),
    ),
    code="30-DQ.01",
)
POLE = Kind(
    key="smart_lamp_pole",
    cls="IfcLightFixtureType",
    label=name("智慧灯杆", "Smart lamp pole"),
    solids=(
        box((-200.0, -200.0, -200.0), (200.0, 200.0, 30.0), "concrete"),
        Rod(start=(0.0, 0.0, 30.0), end=(0.0, 0.0, 5200.0), radius=70.0, style="dark_metal"),
        box((-60.0, -1100.0, 5200.0), (60.0, 120.0, 5280.0), "dark_metal"),
        box((-110.0, -1080.0, 5185.0), (110.0, -420.0, 5200.0), "lamp"),
        box((-230.0, -110.0, 2600.0), (230.0, -75.0, 3500.0), "solar"),
        box((-90.0, -90.0, 4300.0), (90.0, 90.0, 4500.0), "device"),
    ),
    attributes={"PredefinedType": "POINTSOURCE"},
    psets=(
        common("Pset_LightFixtureTypeCommon", "ZHDG-01", {"TotalWattage": measure("Power", 60.0)}),
        *electrical(0.12),
        maker("甬光照明", "YG-SP5"),
    ),
    code="30-DQ.02",
)


def _ceiling(radius: float) -> tuple[Rod, ...]:
    """A round detector that hangs from z = 0."""
    return (
        Rod(start=(0.0, 0.0, -18.0), end=(0.0, 0.0, 0.0), radius=radius, style="device"),
        Rod(start=(0.0, 0.0, -48.0), end=(0.0, 0.0, -18.0), radius=radius * 0.7, style="device"),
    )


def sensor(key: str, label: tuple[str, str], kind: str, own: tuple[Pset, ...]) -> Kind:
    """A kind of sensor; `kind` is its IfcSensorTypeEnum, its reference the key in capitals."""
    on_ceiling = kind in {"SMOKESENSOR", "COSENSOR"}
    body = box((-43.0, -26.0, -60.0), (43.0, 0.0, 60.0), "device")
    return Kind(
        key=key,
        cls="IfcSensorType",
        label=name(*label),
        solids=_ceiling(55.0) if on_ceiling else (body,),
        attributes={"PredefinedType": kind},
        psets=(
            common("Pset_SensorTypeCommon", key.upper()),
            *own,
            maker("宁感科技", f"NG-{key[:3].upper()}"),
        ),
        code="30-ZN.01",
    )


def _range(pset: str, prop: str, kind: str, low: float, high: float) -> Pset:
    return Pset(name=pset, properties={prop: Between(measure=kind, low=low, high=high)})


SMOKE = sensor(
    "smoke",
    ("点型光电感烟探测器", "Smoke detector"),
    "SMOKESENSOR",
    (
        Pset(
            name="Pset_SensorTypeSmokeSensor",
            properties={"CoverageArea": measure("Area", 60.0), "HasBuiltInAlarm": flag(True)},
        ),
    ),
)
LIGHT = sensor(
    "light",
    ("照度传感器", "Light sensor"),
    "LIGHTSENSOR",
    (_range("Pset_SensorTypeLightSensor", "SetPointIlluminance", "IfcIlluminanceMeasure", 0.0, 2000.0),),
)
SOUND = sensor(
    "sound",
    ("噪声传感器", "Sound sensor"),
    "SOUNDSENSOR",
    (_range("Pset_SensorTypeSoundSensor", "SetPointSound", "IfcSoundPressureMeasure", 0.00002, 2.0),),
)
TEMPERATURE = sensor(
    "temperature",
    ("温度传感器", "Temperature sensor"),
    "TEMPERATURESENSOR",
    (
        _range(
            "Pset_SensorTypeTemperatureSensor",
            "SetPointTemperature",
            "IfcThermodynamicTemperatureMeasure",
            0.0,
            50.0,
        ),
    ),
)
CO = sensor("co", ("一氧化碳探测器", "Carbon monoxide sensor"), "COSENSOR", ())

CALL_POINT = Kind(
    key="call_point",
    cls="IfcAlarmType",
    label=name("手动火灾报警按钮", "Manual call point"),
    solids=(box((-45.0, -45.0, -45.0), (45.0, 0.0, 45.0), "fire_red"),),
    attributes={"PredefinedType": "BREAKGLASSBUTTON"},
    psets=(common("Pset_AlarmTypeCommon", "SB-01"), maker("宁感科技", "NG-MCP")),
    code="30-XF.01",
)
HYDRANT = Kind(
    key="hydrant_box",
    cls="IfcFireSuppressionTerminalType",
    label=name("室内消火栓箱", "Indoor fire hydrant cabinet"),
    solids=(
        box((-350.0, -200.0, 0.0), (350.0, 0.0, 1000.0), "fire_red"),
        box((-290.0, -208.0, 60.0), (290.0, -200.0, 940.0), "spandrel"),
    ),
    attributes={"PredefinedType": "FIREHYDRANT"},
    psets=(
        common("Pset_FireSuppressionTerminalTypeCommon", "SN65"),
        Pset(
            name="Pset_FireSuppressionTerminalTypeFireHydrant",
            properties={
                "NumberOfHoseConnections": whole(1),
                "DischargeFlowRate": measure("VolumetricFlowRate", 18.0, "m3/h"),
                "PressureRating": measure("Pressure", 1.6, "MPa"),
            },
        ),
        maker("甬安消防", "YA-SN65"),
    ),
    code="30-XF.02",
)

SOUND_ROOMS = {"library", "hall", "children", "dance", "dining", "service"}
"""Rooms where noise is measured."""


def build_lighting_and_sensing(model: IfcModel) -> dict[str, list[Entity]]:
    """Add lamps, sensors and alarms to every storey; returns them by system (`lighting`, `fire`, `control`)."""
    made: dict[str, list[Entity]] = {"lighting": [], "fire": [], "control": []}
    for storey in plan.STOREYS:
        made["lighting"] += _lamps(model, storey)
        made["fire"] += _smoke_detectors(model, storey)
        made["fire"] += _fire_points(model, storey)
        made["control"] += _wall_sensors(model, storey)
    made["control"] += _car_park_sensors(model)
    made["lighting"] += _poles(model)
    return made


def _lamps(model: IfcModel, storey: plan.Storey) -> list[Entity]:
    numbers = counter(1)
    return [
        place_device(
            model,
            f"{storey.key}/lamp/{next(numbers):02d}",
            LAMP,
            Place(origin=(x, y, plan.ceiling(storey, x) - HANG)),
            room.label.zh,
        )
        for room in rooms.ROOMS[storey.key]
        for x, y in room.grid(*room.lamps)
    ]


def _smoke_detectors(model: IfcModel, storey: plan.Storey) -> list[Entity]:
    numbers = counter(1)
    made = []
    for room in rooms.ROOMS[storey.key]:
        if room.use == rooms.OUTDOOR or room.key in {"lift", "shaft", "tank", "stair1", "stair2"}:
            continue
        x0, _, x1, _ = room.bounds
        along = max(1, round((x1 - x0) / 10000.0))
        for x, y in room.grid(along, 1):
            # Beside the lamps and off the beams, which run through the middle of wide rooms.
            where = Place(origin=(x + 600.0 if along > 1 else x, y - 900.0, plan.ceiling(storey, x)))
            made.append(
                place_device(model, f"{storey.key}/smoke/{next(numbers):02d}", SMOKE, where, room.label.zh)
            )
    return made


def _fire_points(model: IfcModel, storey: plan.Storey) -> list[Entity]:
    """Hydrants and call points on the north wall of the corridor, by both staircases."""
    made = []
    room = "地下车库" if storey.key == "B1" else "走廊"
    for number, (hydrant_x, button_x) in enumerate(((4400.0, 3100.0), (38100.0, 39100.0)), 1):
        key = f"{storey.key}/hydrant/{number}"
        made.append(place_device(model, key, HYDRANT, at(hydrant_x, 11400.0, 600.0), room))
        key = f"{storey.key}/callpoint/{number}"
        made.append(place_device(model, key, CALL_POINT, at(button_x, 11400.0, 1400.0), room))
    return made


def _wall_sensors(model: IfcModel, storey: plan.Storey) -> list[Entity]:
    wanted: tuple[tuple[Kind, float, Callable[[Room], bool]], ...] = (
        (TEMPERATURE, 1500.0, lambda room: sum(room.lamps) > 0),
        (LIGHT, 1700.0, lambda room: sum(room.lamps) > 2),
        (SOUND, 1900.0, lambda room: room.key in SOUND_ROOMS),
    )
    made = []
    numbers = {kind.key: counter(1) for kind, _, _ in wanted}
    for room in rooms.ROOMS[storey.key]:
        if room.use not in {rooms.PUBLIC, rooms.STAFF} or room.key in {"women", "men"}:
            continue
        x0, y0, x1, y1 = room.bounds
        if y1 != 8900.0 and y0 != 11600.0:
            continue
        for kind, offset, applies in wanted:
            if applies(room):
                x = (x0 + min(x1, x0 + plan.BAY_MM)) / 2 + offset
                where = at(x, y1, 1400.0) if y1 == 8900.0 else at(x, y0, 1400.0, "north")
                key = f"{storey.key}/{kind.key}/{next(numbers[kind.key]):02d}"
                made.append(place_device(model, key, kind, where, room.label.zh))
    return made


def _car_park_sensors(model: IfcModel) -> list[Entity]:
    storey = plan.BY_KEY["B1"]
    return [
        place_device(
            model, f"B1/co/{number}", CO, Place(origin=(x, 7000.0, plan.ceiling(storey, x))), "地下车库"
        )
        for number, x in enumerate((6000.0, 18500.0, 31000.0, 46000.0), 1)
    ]


def _poles(model: IfcModel) -> list[Entity]:
    places = [
        *((x, -14500.0, "south") for x in (6500.0, 35500.0)),
        *((x, -4200.0, "south") for x in (2500.0, 39500.0)),
        *((x, 22600.0, "north") for x in (6000.0, 21000.0, 36000.0)),
        *((81800.0, y, "east") for y in (-10000.0, 3500.0, 22000.0)),
    ]
    return [
        place_device(model, f"site/pole/{number:02d}", POLE, at(x, y, plan.GROUND, side), "室外")
        for number, (x, y, side) in enumerate(places, 1)
    ]
