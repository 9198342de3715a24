"""All technical systems in their order: fittings first, then the networks that end at them."""

from sample_models.electrical import build_electrical
from sample_models.fittings import build_garage_door, build_lift, build_sanitary, build_solar
from sample_models.ifc_model import IfcModel
from sample_models.lighting_and_sensing import build_lighting_and_sensing
from sample_models.values import name
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
    model.system("lighting", name("照明系统", "Lighting"), "LIGHTING", made["lighting"])
    model.system("fire-alarm", name("火灾自动报警系统", "Fire alarm"), "SIGNAL", made["fire"])
    model.system("control", name("楼宇自控系统", "Building automation"), "CONTROL", made["control"])
    model.system("solar", name("光伏发电系统", "Photovoltaic system"), "POWERGENERATION", build_solar(model))
