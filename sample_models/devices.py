"""What all devices have in common: property sets of their kinds, serial numbers, how they are placed."""

from collections.abc import Mapping
from zlib import crc32

from sample_models.ifc_model import IfcModel
from sample_models.ifc_writing import Entity
from sample_models.shapes import Point3
from sample_models.values import (
    Between,
    Kind,
    Part,
    Place,
    Property,
    Pset,
    as_new,
    identifier,
    measure,
    text,
)

FACING: dict[str, Point3] = {
    "south": (1.0, 0.0, 0.0),
    "north": (-1.0, 0.0, 0.0),
    "west": (0.0, -1.0, 0.0),
    "east": (0.0, 1.0, 0.0),
}
"""Direction of the x axis of a device that faces a side: kinds are drawn with their front towards −y."""


def common(pset: str, reference: str, more: Mapping[str, Property] | None = None) -> Pset:
    """The common property set of a kind: reference, status, and what is its own."""
    return Pset(name=pset, properties={**as_new(reference), **(more or {})})


def maker(manufacturer: str, model: str, year: str = "2023") -> Pset:
    """Who made it; the makers are invented."""
    return Pset(
        name="Pset_ManufacturerTypeInformation",
        properties={
            "Manufacturer": text(f"{manufacturer}（样例）"),
            "ModelLabel": text(model),
            "ProductionYear": text(year),
        },
    )


def electrical(power_kw: float, volts: float = 220.0) -> tuple[Pset, ...]:
    """Rated power, voltage and frequency."""
    return (
        Pset(
            name="Pset_ElectricalDeviceCommon",
            properties={
                "RatedVoltage": Between(
                    measure="IfcElectricVoltageMeasure", low=volts * 0.9, high=volts * 1.1
                ),
                "NominalFrequencyRange": Between(measure="IfcFrequencyMeasure", low=49.5, high=50.5),
                "IP_Code": text("IP54"),
            },
        ),
        Pset(name="电气参数", properties={"额定功率": measure("Power", power_kw, "kW")}),
    )


def register(key: str, room: str) -> tuple[Pset, ...]:
    """Serial number, and the entry in the owner's register: asset number and room."""
    number = f"{crc32(key.encode()):08X}"
    return (
        Pset(name="Pset_ManufacturerOccurrence", properties={"SerialNumber": identifier(f"SN{number}")}),
        Pset(
            name="设备台账",
            properties={
                "资产编号": identifier(f"YT-{number[:6]}"),
                "所在房间": text(room),
            },
        ),
    )


def place_device(model: IfcModel, key: str, kind: Kind, where: Place, room: str) -> Entity:
    """Add a device to the storey (or `site`, `building`) that its key begins with, with serial number and register.

    `where` is relative to that spatial element. The last part of the key is its number in the name.
    """
    container, number = key.split("/", 1)[0], key.rsplit("/", 1)[-1]
    label = kind.label.with_suffix(f"{container}-{number}")
    return model.add(
        Part(key=key, label=label, kind=kind, place=where, psets=register(key, room)),
        model.spatial[container],
    )


def place_at(model: IfcModel, key: str, kind: Kind, point: Point3, room: str) -> Entity:
    """Add a device along x at a point of the building (mm, height above ±0.000) instead of its storey."""
    x, y, z = point
    level = model.level_of(key.split("/", 1)[0])
    return place_device(model, key, kind, Place(origin=(x, y, z - level)), room)


def at(x: float, y: float, z: float, facing: str = "south") -> Place:
    """Where a device stands and which way it faces."""
    return Place(origin=(x, y, z), x_axis=FACING[facing])
