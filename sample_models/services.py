"""All technical systems in their order: fittings first, then the networks that end at them."""

from sample_models.electrical import build_electrical
from sample_models.fittings import build_garage_door, build_lift, build_sanitary, build_solar
from sample_models.ifc_model import IfcModel
from sample_models.ifc_writing import Entity
from sample_models.lighting_and_sensing import build_lighting_and_sensing
from sample_models.values import Label, name
from sample_models.ventilation import build_ventilation
from sample_models.water import build_water


def build_services(model: IfcModel) -> None:
    """Add every fitting, device and system."""
    basins = build_sanitary(model)
    build_lift(model)
    build_garage_door(model, model.by_key("B1/basement-wall/E/gate"))
    made = build_lighting_and_sensing(model)
    build_water(model, basins, model.by_key("3F/hydrant/1"))
    made["control"] += build_electrical(model)
    build_ventilation(model)
    _system(model, "lighting", name("照明系统", "Lighting"), "LIGHTING", made["lighting"])
    _system(model, "fire-alarm", name("火灾自动报警系统", "Fire alarm"), "SIGNAL", made["fire"])
    _system(model, "control", name("楼宇自控系统", "Building automation"), "CONTROL", made["control"])
    _system(
        model, "solar", name("光伏发电系统", "Photovoltaic system"), "POWERGENERATION", build_solar(model)
    )


def _system(model: IfcModel, key: str, label: Label, kind: str, members: list[Entity]) -> None:
    attributes = {"LongName": label.en, "PredefinedType": kind}
    model.assign(model.group(f"system/{key}", "IfcDistributionSystem", label, attributes), members)
