"""python -m tests.tiles.spool_real SOURCE FOLDER WORKERS: import one IFC file in a process of its own (importing forks).

Writes the spool and `result.json` (placement, counts) into FOLDER.
"""

import sys
from pathlib import Path

import msgspec

from bim_import import ImportOptions
from bim_import.ifc.importer import import_ifc
from twin.frames import Placement


class Imported(msgspec.Struct):
    """What the tests need to know of the import."""

    placement: Placement
    drawn: int


def main(source: Path, folder: Path, workers: int) -> None:
    """Import `source` into the spool `folder`."""
    result = import_ifc(source, folder, options=ImportOptions(workers=workers), progress=lambda _: None)
    imported = Imported(placement=result.diagnosis.placement, drawn=result.report.drawn)
    (folder / "result.json").write_bytes(msgspec.json.encode(imported))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
