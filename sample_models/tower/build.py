"""Writes the residential tower as an IFC4 file: `python -m sample_models.tower.build OUT.ifc`."""

import argparse
from pathlib import Path

from sample_models import georeference
from sample_models.skeleton import Skeleton, start
from sample_models.spaces import add_rooms
from sample_models.tower import plan
from sample_models.tower.air import build_air
from sample_models.tower.circulation import build_circulation
from sample_models.tower.devices import build_devices
from sample_models.tower.facade import build_facade
from sample_models.tower.plot import PLOT, build_plot, poles
from sample_models.tower.power import build_power
from sample_models.tower.roof import build_roof, solar_panels
from sample_models.tower.structure import build_structure
from sample_models.tower.water import build_water
from sample_models.values import flag, identifier, measure, name, text, whole

TOWER = name("甬泰社区1号楼", "Yongtai community, building 1")
_GROSS_M2 = round((plan.WIDTH + 2 * plan.WALL) * (plan.DEPTH + 2 * plan.WALL) * plan.FLATS / 1e6, 1)


def _skeleton() -> Skeleton:
    return Skeleton(
        scope="tower/",
        label=TOWER,
        spot=georeference.TOWER,
        plot=PLOT,
        storeys=plan.STOREYS,
        footprint=plan.footprint,
        gross_m2=_GROSS_M2,
        height=plan.PARAPET - plan.GROUND,
        ground=plan.GROUND,
        facts={
            "Reference": identifier("YT-02-A"),
            "BuildingID": identifier("330203-YT-0002"),
            "ConstructionMethod": text("现浇钢筋混凝土剪力墙结构"),
            "FireProtectionClass": text("一级"),
            "SprinklerProtection": flag(True),
            "OccupancyType": text("住宅"),
            "GrossPlannedArea": measure("Area", _GROSS_M2),
            "NumberOfStoreys": whole(plan.FLATS),
            "YearOfConstruction": text("2023"),
        },
        code="10-SQ.02",
    )


def write_tower(path: Path) -> None:
    """Write the tower to `path` (IFC4 ADD2, STEP); an existing file is replaced. Raises `OSError`."""
    model, _ = start(_skeleton())
    for storey in plan.STOREYS[:-1]:
        add_rooms(model, storey, plan.rooms_of(storey.key))
    build_structure(model)
    lifts = build_circulation(model)
    build_facade(model)
    build_roof(model)
    build_plot(model)
    made = build_devices(model)
    build_water(model)
    build_power(model)
    build_air(model)
    model.system("lighting", name("照明系统", "Lighting"), "LIGHTING", [*made["lighting"], *poles(model)])
    model.system("fire-alarm", name("火灾自动报警系统", "Fire alarm"), "SIGNAL", made["fire"])
    model.system("control", name("楼宇自控系统", "Building automation"), "CONTROL", made["control"])
    model.system("conveying", name("电梯系统", "Lifts"), "CONVEYING", lifts)
    model.system("solar", name("光伏发电系统", "Photovoltaic system"), "POWERGENERATION", solar_panels(model))
    model.finish()
    model.writer.save(path, f"{TOWER.zh} {TOWER.en}")


def main() -> None:
    """Command line: one argument, the file to write."""
    parser = argparse.ArgumentParser(description="Write the sample residential tower as an IFC4 file.")
    parser.add_argument("out", type=Path, help="file to write, for example tower.ifc")
    write_tower(parser.parse_args().out)


if __name__ == "__main__":
    main()
