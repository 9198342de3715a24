"""Writes the community centre as an IFC4 file: `python -m sample_models.community_centre OUT.ifc`.

Three storeys above and two below ground, in the west of Ningbo, placed in EPSG:4549. The same code gives the same
bytes: identifiers come from names, the header has no clock.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

from sample_models.building import CENTRE, start_model
from sample_models.facade import build_facade
from sample_models.furniture import build_furniture
from sample_models.ifc_model import IfcModel
from sample_models.roof import build_roof
from sample_models.services import build_services
from sample_models.spaces import build_spaces
from sample_models.stairs import build_stairs
from sample_models.structure import build_structure
from sample_models.surroundings import build_surroundings
from sample_models.walls import build_walls

STEPS: tuple[Callable[[IfcModel], None], ...] = (
    build_spaces,
    build_structure,
    build_stairs,
    build_walls,
    build_facade,
    build_roof,
    build_surroundings,
    build_services,
    build_furniture,
)
"""What is built, in this order; the order is part of the bytes of the file."""


def write_building(path: Path) -> None:
    """Write the building to `path` (IFC4 ADD2, STEP); an existing file is replaced.

    Raises `OSError` where it cannot be written: the folder must exist.
    """
    model = start_model()
    for build in STEPS:
        build(model)
    model.finish()
    model.writer.save(path, f"{CENTRE.zh} {CENTRE.en}")


def main() -> None:
    """Command line: one argument, the file to write."""
    parser = argparse.ArgumentParser(description="Write the sample community centre as an IFC4 file.")
    parser.add_argument("out", type=Path, help="file to write, for example community_centre.ifc")
    write_building(parser.parse_args().out)


if __name__ == "__main__":
    main()
