"""Imports every city model, map layer, extract and point cloud of a folder and writes the table to docs/coverage.md.

    .venv/bin/python benchmarks/coverage_layers.py [FOLDER] [--data DIR] [--only PART...] [--check]

FOLDER: TWIN_REAL_DATA or ../shared/data unless given; its parts citymodel, gis and pointcloud are read. DIR keeps what was
imported. --check tiles every file, decodes its tiles with another implementation, and has them read by the Khronos validator
and by `tests.tiles.promises` (boxes, errors, feature ids, property tables, sizes); a broken promise ends the run with status 1. Files that name no CRS are imported as PLACES says (somebody has to); elevation models with a small box as their
source. The counts of CityJSON, CityGML and LAS files are compared with those of plain JSON, XML and header readers; a
difference ends the run with status 1. The table stands between two marks, the rest of the page is left alone.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

import laspy
import numpy as np
import trimesh

sys.path.insert(
    0, str(Path(__file__).resolve().parent.parent)
)  # a dependency installs a package `tests`, too

from api.importing.batch import import_sources
from api.importing.events import ImportRequest
from api.importing.steps import read
from api.settings import Settings
from bim_import import ImportOptions, PlacementOverrides
from bim_import.formats import Reader, is_importable, reader_of
from bim_import.placement.outcome import placement_of
from bim_import.terrain.raster import open_terrain
from tests.tiles.promises import Found, broken_promises
from twin.errors import TwinError
from twin.source import SourceReport

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "coverage.md"
BEGIN, END = "<!-- city layers: written by benchmarks/coverage_layers.py -->", "<!-- end of city layers -->"

HEAD = """
# Coverage of city layers

City models, map layers, OpenStreetMap extracts, point clouds and elevation models of the test data. *placed by* is what
says where a file lies: its own CRS, or what had to be stated because it names none. Written by
`benchmarks/coverage_layers.py`; the counts of CityJSON, CityGML and LAS agree with those of independent readers.

"""

PLACES: dict[str, dict[str, object]] = {
    "multi_lod.json": {"crs": "EPSG:28992"},
    "DH_01_subs.city.json": {"crs": "EPSG:28992"},
    "mt-1.json": {"crs": "EPSG:28992"},
    "mt-2.json": {"crs": "EPSG:28992"},
    "mt-1-triangulated.json": {"crs": "EPSG:28992"},
    "mt-2-triangulated.json": {"crs": "EPSG:28992"},
    "rotterdam_subset.json": {"crs": "EPSG:28992"},
    "rotterdam_subset_cjio_test.json": {"crs": "EPSG:28992"},
    "cube.json": {"origin": (4.37, 52.0, 0.0)},
    "rectangle.json": {"origin": (4.37, 52.0, 0.0)},
    "multisurface_with_material.json": {"origin": (4.37, 52.0, 0.0)},
    "composite_solid_with_material.json": {"origin": (4.37, 52.0, 0.0)},
    "ripple.las": {"origin": (121.544, 29.868, 5.0)},
    "Trees_in_the_City.csv": {"crs": "EPSG:3857"},
}
"""What a person has to state for files that do not say where they are: the Dutch map for those whose coordinates are of it."""

_MANY = 20
_DEMS = (".tif", ".hgt.zip")
_NO_DEM = frozenset({"egm96_15.tif"})
"""A geoid grid is no ground."""


def files_of(folder: Path, parts: list[str]) -> list[Path]:
    """Everything that an import of these parts of the folder means, and the elevation models."""
    found = [path for part in parts for path in sorted((folder / part).rglob("*")) if path.is_file()]
    return [path for path in found if is_importable(path) or is_dem(path)]


def is_dem(path: Path) -> bool:
    """Whether a file is an elevation model."""
    return path.name.lower().endswith(_DEMS) and path.name not in _NO_DEM


def import_one(file: Path, folder: Path, number: int) -> SourceReport:
    """One file in a data folder shared by all, under a key of its own."""
    settings = Settings(data=folder, workers=2)
    options = PLACES.get(file.name, {})
    source, terrain = file, None
    if is_dem(file):
        source, terrain = folder / "box.glb", file
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_bytes(trimesh.Scene([trimesh.creation.box()]).export(file_type="glb"))
        options = {"origin": (7.0, 44.0, 0.0)}
    request = ImportRequest(sources=[source], key=f"layer-{number:04d}", terrain=terrain, **options)  # type: ignore[arg-type]
    report = import_sources(settings, request, lambda _event: None)[0]
    if terrain is not None and report.status == "imported":
        layer = json.loads((settings.terrain_folder / "layer.json").read_text())
        report.schema = f"terrain, levels 0 to {layer['maxzoom']}"
        report.placement = placement_of_terrain(terrain)
    return report


def placement_of_terrain(file: Path) -> dict[str, str]:
    """Where an elevation model lies: the source that it was imported with stands where it was put."""
    terrain = open_terrain(file)
    try:
        return placement_of(terrain.diagnosis)
    finally:
        terrain.close()


def is_further(file: Path) -> bool:
    """Whether a file is one of many alike in its folder, after the first three."""
    alike = sorted(each for each in file.parent.iterdir() if each.suffix == file.suffix)
    return len(alike) > _MANY and file not in alike[:3]


def read_one(file: Path, folder: Path, number: int) -> SourceReport:
    """What the reader makes of a file, without store and tiles."""
    stated = PLACES.get(file.name, {})
    overrides = PlacementOverrides(**stated)  # type: ignore[arg-type]
    options = ImportOptions(workers=1, placement=overrides)
    try:
        return read(lambda _progress: None, file, folder / f"spool-{number}", options).report
    except TwinError as error:
        return SourceReport(source=str(file), status="failed", reason=str(error))


def counted(file: Path) -> int | None:
    """How many products another reader finds; None for formats that none is at hand for."""
    if is_dem(file):
        return None
    reader = reader_of(file)
    if reader is Reader.CITYJSON:
        return len(json.loads(file.read_text("utf-8"))["CityObjects"])
    if reader is Reader.CITYGML:
        names = [element.tag.rsplit("}", 1)[-1] for element in ET.parse(file).iter()]  # noqa: S314 - the test data
        members = names.count("cityObjectMember")
        return members + sum(names.count(part) for part in ("BuildingPart", "BuildingInstallation"))
    if reader is Reader.POINTS:
        with laspy.open(file) as cloud:
            return len(np.unique(np.asarray(cloud.read().classification)))
    return None


def row(name: str, report: SourceReport) -> str:
    """One line of the table."""
    if report.status == "failed":
        return f"| {name} | – | refused: {report.reason} | | | | |"
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in sorted(report.not_drawn.items()))
    placed = f"{report.placement['used']}: {report.placement['crs']}"[:60]
    return (
        f"| {name} | {report.schema} | {report.products:,} | {report.drawn:,} | {report.instanced:,} | {reasons} | "
        f"{placed} |"
    )


def write(table: str) -> None:
    """Put the table between the marks of the page, at its end the first time."""
    page = TARGET.read_text("utf-8")
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    TARGET.write_text(f"{before.rstrip()}\n\n{BEGIN}\n{table}\n{END}\n{after.lstrip()}", "utf-8")


@dataclass(slots=True)
class Checked:
    """What the tiles of all files came to."""

    node: str
    files: int = 0
    found: Found = field(default_factory=Found)

    def add(self, name: str, folder: Path, tileset: str) -> None:
        """Read the tiles of one file. `tileset`: its path below the data folder `folder`."""
        path = folder / tileset
        found = broken_promises(path.parent, path.name, self.node)
        self.files += 1
        self.found.problems += [f"{name}: {problem}" for problem in found.problems]
        self.found.messages.update(found.messages)
        for each in ("tiles", "vertices", "features"):
            setattr(self.found, each, getattr(self.found, each) + getattr(found, each))
        for each in ("largest_tile", "largest_document"):
            setattr(self.found, each, max(getattr(self.found, each), getattr(found, each)))

    def sentence(self) -> str:
        """For the page."""
        found = self.found
        return (
            f"The {found.tiles:,} tiles of {self.files} files, decoded by meshoptimizer's JavaScript, with {found.features:,} "
            f"features and {found.vertices:,} vertices: {len(found.problems)} errors and warnings of the Khronos glTF validator "
            "and of checks of boxes, geometric errors, feature ids, property tables and sizes. The largest tile has "
            f"{found.largest_tile / 1e6:.2f} MB as sent, the largest tileset.json {found.largest_document / 1e3:.0f} kB. "
            "`benchmarks/coverage_layers.py --check` does it again."
        )


def main() -> None:
    """Import all, write the section, and fail where a count differs or a promise is broken."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = Path(os.environ.get("TWIN_REAL_DATA") or ROOT.parent / "shared" / "data")
    parser.add_argument("folder", nargs="?", type=Path, default=default)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--only", nargs="*", default=["citymodel", "gis", "pointcloud"])
    parser.add_argument("--no-tiles", action="store_true", help="read and draw only: a tenth of the time")
    parser.add_argument("--check", action="store_true", help="tile all files and read their tiles back")
    arguments = parser.parse_args()
    node = shutil.which("node")
    if arguments.check and node is None:
        parser.error("--check needs Node and the npm packages of scripts/setup")
    checked = Checked(node=node or "") if arguments.check else None
    with tempfile.TemporaryDirectory() as passing:
        lines, summary, differences = every_file(arguments, arguments.data or Path(passing), checked)
    table = "| file | schema | products | drawn | instanced | not drawn | placed by |\n|---|---|--:|--:|--:|---|---|\n"
    write(HEAD + summary + "\n\n" + table + "\n".join(lines) + "\n")
    print(summary)
    print("\n".join(differences))
    sys.exit(bool(differences))


def every_file(
    arguments: argparse.Namespace, data: Path, checked: Checked | None
) -> tuple[list[str], str, list[str]]:
    """Lines of the table, what they add up to, and what is wrong."""
    files = files_of(arguments.folder, arguments.only)
    totals: Counter[str] = Counter()
    lines, differences = [], []
    for number, file in enumerate(files):
        started = time.perf_counter()
        name = str(file.relative_to(arguments.folder)).replace("|", "\\|")
        untiled = (arguments.no_tiles or is_further(file)) and not is_dem(file) and checked is None
        report = (read_one if untiled else import_one)(file, data, number)
        lines.append(row(name, report))
        totals.update(
            files=1, refused=report.status == "failed", products=report.products, drawn=report.drawn
        )
        expected = counted(file) if report.status != "failed" else None
        if expected is not None and expected != report.products:
            differences.append(f"{name}: another reader counts {expected}, the report {report.products}")
        if checked is not None and report.tileset is not None:
            checked.add(name, data, report.tileset)
        print(f"{number + 1}/{len(files)} {time.perf_counter() - started:.1f} s {name}", file=sys.stderr)
    summary = (
        f"{totals['files']} files, {totals['refused']} refused; {totals['products']:,} products, "
        f"{totals['drawn']:,} drawn. {tiled_sentence(arguments, checked)}"
    )
    return lines, summary, differences + (checked.found.problems if checked is not None else [])


def tiled_sentence(arguments: argparse.Namespace, checked: Checked | None) -> str:
    """How far the files went."""
    if checked is not None:
        return checked.sentence()
    if arguments.no_tiles:
        return "Read and drawn into spools; only elevation models went on to tiles."
    return "Of many files alike in one folder all but three were read and drawn, and not tiled."


if __name__ == "__main__":
    main()
