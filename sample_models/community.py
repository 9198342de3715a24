"""The whole sample community in a folder: three buildings, map layers with their rules, the terrain."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

BUILDINGS = ("tower.ifc", "community_centre.ifc", "pump_house.ifc")
LAYERS = (
    "surrounding_buildings",
    "ground_cover",
    "roads",
    "road_markings",
    "trees",
    "lamp_poles",
    "storm_drainage",
    "sewers",
    "water_mains",
    "power_lines",
)
RULES, TERRAIN = "community.rules.toml", "terrain.tif"
BINDINGS = "community.bindings.toml"
SITE_FILES = (BINDINGS, "community.policy.toml", "community.calendars.toml")
"""What devices report, who may do what, what is commanded when; they name the models by these keys."""

MODELS = (*(name.removesuffix(".ifc") for name in BUILDINGS), *LAYERS)
"""Keys of the models, as an import gives them by the files' names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Community:
    """The files: buildings and layers in the order to import them, rules and terrain of the layers."""

    buildings: list[Path]
    layers: list[Path]
    rules: Path
    terrain: Path


def site_file(name: str) -> str:
    """The text of one of `SITE_FILES`."""
    return (files("sample_models") / name).read_text(encoding="utf-8")


def write_community(folder: Path, tell: Callable[[str], None] = lambda _name: None) -> Community:
    """Write all files into `folder` (made if absent); `tell` hears of each before it is made. Some ten seconds.

    A file whose content would not change is left alone, so that an importer still finds it unchanged. Raises `OSError`
    where the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".making-") as made:
        for _ in _making(Path(made), tell):
            _take_over(Path(made), folder)
    return Community(
        buildings=[folder / name for name in BUILDINGS],
        layers=[folder / f"{name}.geojson" for name in LAYERS],
        rules=folder / RULES,
        terrain=folder / TERRAIN,
    )


def _take_over(made: Path, folder: Path) -> None:
    for fresh in sorted(made.iterdir()):
        there = folder / fresh.name
        if there.exists() and there.read_bytes() == fresh.read_bytes():
            fresh.unlink()
        else:
            fresh.replace(there)


def _making(folder: Path, tell: Callable[[str], None]) -> Iterator[None]:
    """Make the files one after the other."""
    # Late: the libraries that write IFC and GeoTIFF take a while to load, and who never asks for samples need not wait.
    from sample_models.community_centre import write_building  # noqa: PLC0415
    from sample_models.layers.terrain import write_terrain  # noqa: PLC0415
    from sample_models.pump_house.build import write_pump_house  # noqa: PLC0415
    from sample_models.tower.build import write_tower  # noqa: PLC0415

    for name, write in zip(BUILDINGS, (write_tower, write_building, write_pump_house), strict=True):
        tell(name)
        write(folder / name)
        yield
    tell(TERRAIN)
    write_terrain(folder / TERRAIN)
    yield
    tell("layers")
    _write_layers(folder)
    yield


def _write_layers(folder: Path) -> None:
    from sample_models.layers import drains, planting, streets, supply  # noqa: PLC0415
    from sample_models.layers.buildings import buildings, uses  # noqa: PLC0415
    from sample_models.layers.features import write  # noqa: PLC0415
    from sample_models.layers.models import write_models  # noqa: PLC0415

    kinds = uses()
    made = (
        buildings(),
        streets.ground_cover(kinds),
        streets.roads(),
        streets.markings(),
        planting.trees(kinds),
        planting.lamp_poles(),
        drains.storm_drainage(),
        drains.sewers(),
        supply.water_mains(),
        supply.power_lines(),
    )
    for name, features in zip(LAYERS, made, strict=True):
        write(folder / f"{name}.geojson", features)
    write_models(folder)
    with as_file(files("sample_models.layers") / "rules.toml") as rules:
        shutil.copyfile(rules, folder / RULES)
    for name in SITE_FILES:
        (folder / name).write_text(site_file(name), encoding="utf-8", newline="\n")
