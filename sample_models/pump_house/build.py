"""Writes the pump house as an IFC4 file: `python -m sample_models.pump_house.build OUT.ifc`."""

import argparse
from pathlib import Path

from sample_models import georeference
from sample_models.pump_house import plan
from sample_models.pump_house.machines import build_machines
from sample_models.pump_house.shell import PLOT, build_shell
from sample_models.skeleton import Skeleton, start
from sample_models.spaces import add_rooms
from sample_models.values import flag, identifier, measure, name, text, whole

PUMP_HOUSE = name("甬泰雨水泵站", "Yongtai storm-water pump house")
_GROSS_M2 = round((plan.WIDTH + 2 * plan.WALL) * (plan.DEPTH + 2 * plan.WALL) / 1e6, 1)


def _skeleton() -> Skeleton:
    return Skeleton(
        scope="pump-house/",
        label=PUMP_HOUSE,
        spot=georeference.PUMP_HOUSE,
        plot=PLOT,
        storeys=plan.STOREYS,
        footprint=plan.footprint,
        gross_m2=_GROSS_M2,
        height=plan.RIDGE - plan.GROUND,
        ground=plan.GROUND,
        facts={
            "Reference": identifier("YT-03-A"),
            "BuildingID": identifier("330203-YT-0003"),
            "ConstructionMethod": text("现浇钢筋混凝土结构"),
            "FireProtectionClass": text("二级"),
            "SprinklerProtection": flag(False),
            "OccupancyType": text("市政公用设施"),
            "GrossPlannedArea": measure("Area", _GROSS_M2),
            "NumberOfStoreys": whole(1),
            "YearOfConstruction": text("2022"),
        },
        code="10-SQ.03",
    )


def write_pump_house(path: Path) -> None:
    """Write the pump house to `path` (IFC4 ADD2, STEP); an existing file is replaced. Raises `OSError`."""
    model, _ = start(_skeleton())
    for storey in plan.STOREYS:
        add_rooms(model, storey, plan.rooms_of(storey.key))
    build_shell(model)
    made = build_machines(model)
    model.system("lighting", name("照明系统", "Lighting"), "LIGHTING", made["lighting"])
    model.system("fire-alarm", name("火灾自动报警系统", "Fire alarm"), "SIGNAL", made["fire"])
    model.system("control", name("泵站自控系统", "Automation of the pump house"), "CONTROL", made["control"])
    model.system("conveying", name("起重系统", "Lifting gear"), "CONVEYING", made["crane"])
    model.finish()
    model.writer.save(path, f"{PUMP_HOUSE.zh} {PUMP_HOUSE.en}")


def main() -> None:
    """Command line: one argument, the file to write."""
    parser = argparse.ArgumentParser(description="Write the sample pump house as an IFC4 file.")
    parser.add_argument("out", type=Path, help="file to write, for example pump_house.ifc")
    write_pump_house(parser.parse_args().out)


if __name__ == "__main__":
    main()
