"""What goes into an import and comes out of it: plain values, cheap to load."""

from pathlib import Path

from msgspec import Struct

from bim_import.placement.override import PlacementOverrides
from twin.frames import Diagnosis
from twin.source import SourceReport


class ImportOptions(Struct, frozen=True, kw_only=True):
    """How to read a source. `workers` processes draw at the same time, beside the one that reads properties.

    `lod`: the level of detail of city models that is wanted (`1`, `2.2`), the highest not above it; None: the highest.
    `unit`: what meshes are measured in (`mm`, `ft`), where their file does not say or says it wrongly.
    `terrain`: a digital elevation model on whose ground features stand. `rules`: a file that says what features of map layers
    become.
    """

    placement: PlacementOverrides = PlacementOverrides()
    workers: int = 2
    element_seconds: float = 60.0
    lod: str | None = None
    unit: str | None = None
    terrain: Path | None = None
    rules: Path | None = None


class Progress(Struct, frozen=True, kw_only=True):
    """Products settled, of how many. From `objects_written` on the objects of the spool can be read."""

    phase: str
    done: int
    total: int
    objects_written: bool = False


class ImportResult(Struct, frozen=True, kw_only=True):
    """What became of the source, and where it stands."""

    report: SourceReport
    diagnosis: Diagnosis
