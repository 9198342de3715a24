"""Rooms, floor finishes, parking bays and the fire compartments that group the rooms."""

from collections.abc import Sequence

from sample_models import plan, rooms
from sample_models.ifc_model import IfcModel
from sample_models.ifc_writing import Entity
from sample_models.rooms import Room
from sample_models.shapes import area, box, perimeter, plate
from sample_models.values import (
    Kind,
    Label,
    Part,
    Place,
    Pset,
    Quantities,
    as_new,
    count,
    flag,
    identifier,
    measure,
    name,
    naming,
    text,
)

CODES = {
    rooms.PUBLIC: "12-KJ.01",
    rooms.STAFF: "12-KJ.02",
    rooms.SERVICE: "12-KJ.03",
    rooms.PASSAGE: "12-KJ.04",
    rooms.PARKING: "12-KJ.05",
    rooms.OUTDOOR: "12-KJ.06",
}
"""Class of a room by its use."""

FINISHES = {
    "tile": name("地砖地面", "Tiled floor"),
    "wet_tile": name("防滑地砖地面", "Non-slip tiled floor"),
    "timber_floor": name("木地板地面", "Timber floor"),
    "carpet": name("方块地毯地面", "Carpet tiles"),
    "epoxy": name("环氧地坪", "Epoxy floor"),
    "paving": name("石材铺装", "Stone paving"),
}
"""Names of the floor finishes by paint."""

BAY_LENGTH, BAY_HEIGHT = 5300.0, 2200.0
SOUTH_ROW, NORTH_ROW = 100.0, 11550.0
"""Least y of the two rows of parking bays."""

BAY_KIND = Kind(
    key="bay_marking",
    cls="IfcCoveringType",
    label=name("车位划线 2500×5300", "Parking bay marking 2500×5300"),
    solids=(
        box((-1250.0, 0.0, 0.0), (1250.0, BAY_LENGTH, 6.0), "parking_green"),
        box((-1250.0, 0.0, 6.0), (-1170.0, BAY_LENGTH, 10.0), "line_white"),
        box((1170.0, 0.0, 6.0), (1250.0, BAY_LENGTH, 10.0), "line_white"),
        box((-1170.0, 0.0, 6.0), (1170.0, 80.0, 10.0), "line_white"),
        box((-700.0, 700.0, 6.0), (700.0, 820.0, 110.0), "dark_metal"),
    ),
    attributes={"PredefinedType": "FLOORING"},
    code="14-DM.01",
)
"""Paint on the floor, and a wheel stop; the closed end lies at y = 0."""


def build_spaces(model: IfcModel) -> None:
    """Add the rooms of every storey with their floors, the parking bays, and the fire compartments."""
    for storey in plan.STOREYS:
        add_rooms(model, storey, rooms.ROOMS[storey.key])
    _parking(model)


def add_rooms(model: IfcModel, storey: plan.Storey, of_storey: Sequence[Room]) -> None:
    """Add the rooms of a storey with their floors, and the fire compartment that they make up."""
    members = [_room(model, storey, room) for room in of_storey]
    planned = sum(area(room.outline) for room in of_storey) / 1e6
    _compartment(model, storey, members, planned)


def _room(model: IfcModel, storey: plan.Storey, room: Room) -> Entity:
    key = f"{storey.key}/room/{room.key}"
    height = 2800.0 if room.use == rooms.OUTDOOR else storey.clear
    space = model.add_space(
        Part(
            key=key,
            cls="IfcSpace",
            label=room.label,
            solids=(plate(room.outline, 0.0, height, "room"),),
            attributes={
                "LongName": room.label.en,
                "CompositionType": "ELEMENT",
                "PredefinedType": _predefined(room),
            },
            psets=(*_common(storey, room), naming(room.label)),
            quantities=_quantities(room, height),
            code=CODES[room.use],
        ),
        model.spatial[storey.key],
    )
    if room.finish:
        _floor(model, storey, room)
    return space


def _predefined(room: Room) -> str:
    special = {rooms.PARKING: "PARKING", rooms.OUTDOOR: "EXTERNAL"}
    return special.get(room.use, "INTERNAL")


def _common(storey: plan.Storey, room: Room) -> tuple[Pset, ...]:
    public = room.use in {rooms.PUBLIC, rooms.PASSAGE, rooms.PARKING, rooms.OUTDOOR}
    common = Pset(
        name="Pset_SpaceCommon",
        properties={
            "Reference": identifier(f"{storey.key}-{room.key}"),
            "IsExternal": flag(room.use == rooms.OUTDOOR),
            "GrossPlannedArea": measure("Area", round(area(room.outline) / 1e6, 2)),
            "PubliclyAccessible": flag(public),
            "HandicapAccessible": flag(public),
        },
    )
    if not room.people:
        return (common,)
    occupancy = Pset(
        name="Pset_SpaceOccupancyRequirements",
        properties={"OccupancyType": text(room.label.zh), "OccupancyNumber": count(room.people)},
    )
    climate = Pset(
        name="Pset_SpaceThermalRequirements",
        properties={
            "SpaceTemperatureSummerMax": measure("ThermodynamicTemperature", 26.0),
            "SpaceTemperatureWinterMin": measure("ThermodynamicTemperature", 18.0),
            "AirConditioning": flag(True),
        },
    )
    return common, occupancy, climate


def _quantities(room: Room, height: float) -> Quantities:
    floor = area(room.outline) / 1e6
    return Quantities(
        name="Qto_SpaceBaseQuantities",
        lengths_mm={"Height": height, "GrossPerimeter": perimeter(room.outline)},
        areas_m2={"GrossFloorArea": floor, "NetFloorArea": floor},
        volumes_m3={"GrossVolume": floor * height / 1000},
    )


def _floor(model: IfcModel, storey: plan.Storey, room: Room) -> None:
    assert room.finish
    label = FINISHES[room.finish]
    external = room.use == rooms.OUTDOOR
    model.add(
        Part(
            key=f"{storey.key}/floor/{room.key}",
            cls="IfcCovering",
            label=Label(zh=f"{room.label.zh}{label.zh}", en=f"{label.en}, {room.label.en}"),
            solids=(plate(room.outline, -plan.FLOOR_FINISH, -20.0 if external else 0.0, room.finish),),
            attributes={"PredefinedType": "FLOORING"},
            psets=(
                Pset(
                    name="Pset_CoveringCommon",
                    properties={
                        **as_new(room.finish),
                        "FlammabilityRating": text("B1" if room.finish == "carpet" else "A"),
                        "IsExternal": flag(external),
                    },
                ),
            ),
        ),
        model.spatial[storey.key],
    )


def _compartment(model: IfcModel, storey: plan.Storey, members: list[Entity], planned_m2: float) -> None:
    label = Label(zh=f"{storey.label.zh}防火分区", en=f"Fire compartment, {storey.label.en}")
    key = f"zone/fire/{storey.key}"
    attributes = {"ObjectType": "防火分区 FireCompartment", "LongName": label.en}
    zone = model.group(key, "IfcZone", label, attributes)
    model.assign(zone, members)
    fire = Pset(
        name="Pset_SpaceFireSafetyRequirements",
        properties={"SprinklerProtection": flag(True), "SprinklerProtectionAutomatic": flag(True)},
    )
    common = Pset(
        name="Pset_ZoneCommon",
        properties={
            "Reference": identifier(f"FZ-{storey.key}"),
            "GrossPlannedArea": measure("Area", round(planned_m2, 1)),
        },
    )
    model.describe(zone, (common, fire, naming(label)))


def bay_places() -> tuple[tuple[float, float, bool], ...]:
    """Middle of the closed end of every bay (x, y), and whether it is in the north row; numbered in this order."""
    south = [(x, SOUTH_ROW, False) for field in range(6) for x in _bay_middles(field)]
    north = [(x, NORTH_ROW + BAY_LENGTH, True) for field in (1, 3, 5) for x in _bay_middles(field)]
    return (*south, *north)


def _bay_middles(field: int) -> tuple[float, ...]:
    # Between the columns of the field: those at both ends of the car park and at axis 6 stand inside their axis.
    left = field * plan.BAY_MM + (600.0 if field == 0 else 0.0 if field == 5 else 300.0)
    right = (field + 1) * plan.BAY_MM - (600.0 if field in {4, 5} else 300.0)
    middle, step = (left + right) / 2, (right - left) / 3
    return (middle - step, middle, middle + step)


def _parking(model: IfcModel) -> None:
    for number, (x, y, north) in enumerate(bay_places(), 1):
        use = "充电车位" if north else "普通车位"
        add_bay(model, "B1/room/carpark", number, (x, y, -1.0 if north else 1.0), use)


def add_bay(
    model: IfcModel, car_park: str, number: int, where: tuple[float, float, float], use: str
) -> Entity:
    """Add a parking bay to the car park with this key, as a space and as paint; returns the space.

    `where`: x and y of the middle of the closed end, and 1 for a bay that opens to the north, −1 to the south.
    """
    storey_key = car_park.split("/", 1)[0]
    label = name(f"车位{number:03d}", f"Parking bay {number:03d}")
    place = Place(origin=(where[0], where[1], 0.0), x_axis=(where[2], 0.0, 0.0))
    space = model.add_space(
        Part(
            key=f"{storey_key}/bay/{number:03d}",
            cls="IfcSpace",
            label=label,
            place=place,
            solids=(box((-1200.0, 50.0, 20.0), (1200.0, BAY_LENGTH - 50.0, BAY_HEIGHT), "bay"),),
            attributes={"LongName": label.en, "CompositionType": "PARTIAL", "PredefinedType": "PARKING"},
            psets=(
                Pset(
                    name="Pset_SpaceParking",
                    properties={"ParkingUse": text(use), "ParkingUnits": count(1)},
                ),
            ),
        ),
        model.spatial[car_park],
    )
    model.add(
        Part(key=f"{storey_key}/marking/{number:03d}", label=label, kind=BAY_KIND, place=place),
        model.spatial[storey_key],
    )
    return space
