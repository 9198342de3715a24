"""What an import tells while it runs, and what it is asked to do."""

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from twin.source import SourceReport


class ImportRequest(Struct, frozen=True, kw_only=True):
    """One batch: files and folders with the options that hold for all of them. `origin` is (lon, lat, height)."""

    sources: list[Path]
    key: str | None = None
    crs: str | None = None
    origin: tuple[float, float, float] | None = None
    rotation_deg: float | None = None
    height_offset_m: float | None = None
    lod: str | None = None
    unit: str | None = None
    terrain: Path | None = None
    rules: Path | None = None
    compress: bool = True
    force: bool = False


class Started(Struct, frozen=True):
    """Work on source `index` of `total` has begun."""

    index: int
    source: Path
    total: int


class Advanced(Struct, frozen=True):
    """Source `index` is at `done` of `total` in a phase."""

    index: int
    phase: str
    done: int
    total: int


class Finished(Struct, frozen=True):
    """Source `index` has ended, well or not."""

    index: int
    report: SourceReport


Event = Started | Advanced | Finished
Listener = Callable[[Event], None]
"""Called from several threads, one call at a time."""
