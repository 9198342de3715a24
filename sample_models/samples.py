"""The files of the sample, written when they are wanted."""

import os
from collections.abc import Callable
from pathlib import Path

COMMUNITY_CENTRE = "community_centre.ifc"


def sample_sources(folder: Path) -> list[Path]:
    """Write the sample files into `folder` (made if absent) and return them, in the order to import them.

    A file whose content would not change is left alone, so that an importer still finds it unchanged. Takes a few
    seconds. Raises `OSError` where the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # Late: the library that writes IFC takes a while to load, and who never asks for samples need not wait.
    from sample_models.community_centre import write_building  # noqa: PLC0415

    return [_refresh(folder / COMMUNITY_CENTRE, write_building)]


def _refresh(path: Path, write: Callable[[Path], None]) -> Path:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        write(fresh)
        if not path.exists() or path.read_bytes() != fresh.read_bytes():
            fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    return path
