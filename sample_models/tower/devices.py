"""Lamps, detectors, sensors, hydrants and parking of the tower, storey by storey."""

from itertools import count as counter

from sample_models.devices import at, common, electrical, maker, place_device
from sample_models.electrical_kinds import CHARGER, CONTROLLER, GATEWAY
from sample_models.ifc_model import IfcModel
from sample_models.ifc_writing import Entity
from sample_models.lighting_and_sensing import (
    CALL_POINT,
    CO,
    HANG,
    LAMP,
    LIGHT,
    SMOKE,
    SOUND,
    TEMPERATURE,
    sensor,
)
from sample_models.plan import Storey
from sample_models.rooms import Room
from sample_models.shapes import Rod
from sample_models.spaces import BAY_LENGTH, add_bay
from sample_models.tower import plan
from sample_models.tower.structure import ceiling_at
from sample_models.values import Kind, Place, measure, name, whole

CEILING_LAMP = Kind(
    key="lamp_ceiling",
    cls="IfcLightFixtureType",
    label=name("LED吸顶灯", "LED ceiling light"),
    solids=(
        Rod(start=(0.0, 0.0, -30.0), end=(0.0, 0.0, 0.0), radius=210.0, style="device"),
        Rod(start=(0.0, 0.0, -90.0), end=(0.0, 0.0, -30.0), radius=190.0, style="lamp"),
    ),
    attributes={"PredefinedType": "POINTSOURCE"},
    psets=(
        common("Pset_LightFixtureTypeCommon", "LED-18",
               {"NumberOfSources": whole(1), "TotalWattage": measure("Power", 18.0)}),
        *electrical(0.018),
        maker("甬光照明", "YG-C18"),
    ),
    code="30-DQ.01",
)  # fmt: skip
PUBLIC_LAMP = Kind(
    key="lamp_public",
    cls="IfcLightFixtureType",
    label=name("公共区域LED吸顶灯", "LED ceiling light of public areas"),
    solids=CEILING_LAMP.solids,
    attributes={"PredefinedType": "POINTSOURCE"},
    psets=(
        common("Pset_LightFixtureTypeCommon", "LED-12G",
               {"NumberOfSources": whole(1), "TotalWattage": measure("Power", 12.0)}),
        *electrical(0.012),
        maker("甬光照明", "YG-C12G"),
    ),
    code="30-DQ.01",
)  # fmt: skip
BAY_SENSOR = sensor("parking", ("车位检测器", "Parking bay detector"), "MOVEMENTSENSOR", ())

Made = dict[str, list[Entity]]


def build_devices(model: IfcModel) -> Made:
    """Add them all; returns them by system (`lighting`, `fire`, `control`)."""
    made: Made = {"lighting": [], "fire": [], "control": []}
    for storey in plan.STOREYS[:-1]:
        rooms = plan.rooms_of(storey.key)
        made["lighting"] += _lamps(model, storey, rooms)
        made["fire"] += _detectors(model, storey, rooms)
        made["fire"].append(_call_point(model, storey))
        if storey.level >= 0:
            made["control"] += _climate(model, storey, rooms)
        if storey.above_ground and (int(storey.key[:-1]) - 1) % 4 == 0:
            made["control"] += _cabinets(model, storey)
    for storey_key in ("B2", "B1"):
        made["control"] += _parking(model, plan.BY_KEY[storey_key])
        made["fire"] += _carbon_monoxide(model, plan.BY_KEY[storey_key])
    for kind, x in ((LIGHT, 16600.0), (SOUND, 19400.0)):
        made["control"].append(
            place_device(model, f"1F/{kind.key}/1", kind, at(x, 10490.0, 1500.0), "电梯厅")
        )
    made["control"] += _cabinets(model, plan.BY_KEY["B1"])
    return made


def _is_public(room: Room) -> bool:
    return room.key.startswith(("core/", "park/", "plant/"))


def _lamps(model: IfcModel, storey: Storey, rooms: tuple[Room, ...]) -> list[Entity]:
    numbers = counter(1)
    made = []
    for room in rooms:
        for x, y in room.grid(*room.lamps):
            below = storey.level < 0
            kind = LAMP if below else PUBLIC_LAMP if _is_public(room) else CEILING_LAMP
            height = ceiling_at(storey, x, y) - (HANG if below else 0.0)
            key = f"{storey.key}/lamp/{next(numbers):02d}"
            made.append(place_device(model, key, kind, Place(origin=(x, y, height)), room.label.zh))
    return made


def _detectors(model: IfcModel, storey: Storey, rooms: tuple[Room, ...]) -> list[Entity]:
    """In kitchens, corridors, lobbies, plant rooms and over the car park."""
    numbers = counter(1)
    made = []
    for room in rooms:
        last = room.key.rsplit("/", 1)[1]
        if last not in {"kitchen", "corridor", "lobby"} and not room.key.startswith(("park/", "plant/")):
            continue
        x0, y0, x1, y1 = room.bounds
        along, deep = max(1, round((x1 - x0) / 9000.0)), max(1, round((y1 - y0) / 9000.0))
        for x, y in room.grid(along, deep):
            where = Place(origin=(x + 500.0, y - 300.0, ceiling_at(storey, x, y)))
            made.append(
                place_device(model, f"{storey.key}/smoke/{next(numbers):02d}", SMOKE, where, room.label.zh)
            )
    return made


def _call_point(model: IfcModel, storey: Storey) -> Entity:
    return place_device(
        model, f"{storey.key}/callpoint/1", CALL_POINT, at(12600.0, 8100.0, 1400.0), "公共走廊"
    )


def _climate(model: IfcModel, storey: Storey, rooms: tuple[Room, ...]) -> list[Entity]:
    """A room sensor on the wall of every living room; its number is that of the flat."""
    made = []
    for room in rooms:
        flat, _, last = room.key.partition("/")
        if last == "living":
            x0, _, x1, _ = room.bounds
            x, facing = (x1 - 100.0, "west") if flat in "AB" else (x0 + 100.0, "east")
            key = f"{storey.key}/temperature/{plan.flat_number(storey.key, flat)}"
            made.append(place_device(model, key, TEMPERATURE, at(x, 2600.0, 1400.0, facing), room.label.zh))
    return made


def _cabinets(model: IfcModel, storey: Storey) -> list[Entity]:
    room = "强弱电井"
    return [
        place_device(model, f"{storey.key}/gateway/1", GATEWAY, at(9700.0, 9690.0, 1500.0), room),
        place_device(model, f"{storey.key}/controller/1", CONTROLLER, at(9300.0, 9690.0, 1500.0), room),
    ]


# ------------------------------------------------------------------------------------------------ car park
def bay_places() -> tuple[tuple[str, float, float, float], ...]:
    """Bays of a basement: key of the car park, middle of the closed end (x, y), and 1 for those that open to the north."""
    (x0, y0), (_, y1) = plan.BASEMENT_LOW, plan.BASEMENT_HIGH
    middles = [x0 + 8400.0 * field + 1600.0 + 2600.0 * i for field in range(7) for i in range(3)]
    south = [("park/south", x, y0 + 60.0, 1.0) for x in middles]
    return (*south, *(("park/north", x, y1 - 60.0, -1.0) for x in middles))


def _parking(model: IfcModel, storey: Storey) -> list[Entity]:
    """Bays with a detector over each; in the north row of the upper basement with chargers."""
    made = []
    for number, (room, x, y, turn) in enumerate(bay_places(), 1):
        charged = storey.key == "B1" and room == "park/north"
        use = "充电车位" if charged else "普通车位"
        add_bay(model, f"{storey.key}/room/{room}", number, (x, y, turn), use)
        height = ceiling_at(storey, x, y) - 400.0
        where = Place(origin=(x, y + turn * (BAY_LENGTH - 600.0), height))
        made.append(place_device(model, f"{storey.key}/parking/{number:02d}", BAY_SENSOR, where, "停车区"))
        if charged:
            key = f"{storey.key}/charger/{number:02d}"
            made.append(place_device(model, key, CHARGER, at(x + 1300.0, y + 50.0, 0.0), "停车区B"))
    return made


def _carbon_monoxide(model: IfcModel, storey: Storey) -> list[Entity]:
    places = [(x, y) for y in (-3100.0, 16300.0) for x in (0.0, 14000.0, 28000.0, 42000.0)]
    return [
        place_device(
            model, f"{storey.key}/co/{number}", CO, Place(origin=(x, y, ceiling_at(storey, x, y))), "停车区"
        )
        for number, (x, y) in enumerate(places, 1)
    ]
