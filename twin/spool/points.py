"""Points of a cloud in a spool: rows of POINT_ROW in `points.bin`, and what holds for all of them in `points.msgpack`."""

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

POINT_ROW = np.dtype([("cell", "<i4", 3), ("intensity", "<u2"), ("color", "u1", 3), ("classification", "u1")])
"""One point. `cell`: local metres relative to the origin in steps of STEP_M; `color`: sRGB."""

STEP_M = 0.001
"""A millimetre: finer than any scanner, and 32 bits of them span 4,000 km."""


class PointFacts(Struct, frozen=True, kw_only=True):
    """What holds for a whole cloud. `ordinals` (256 of them): the object that points of each classification belong to, -1 for
    classifications that do not occur.
    """

    origin: tuple[float, float, float]
    ordinals: list[int]
    has_intensity: bool
    has_classes: bool


class PointWriter:
    """Writes the points of a source, a batch at a time."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._file = (folder / "points.bin").open("wb")

    def write(self, rows: NDArray[Any]) -> None:
        """Append rows of POINT_ROW."""
        self._file.write(np.ascontiguousarray(rows).tobytes())

    def finish(self, facts: PointFacts) -> None:
        """Say what holds for all of them; without this there is no cloud."""
        self._file.close()
        (self._folder / "points.msgpack").write_bytes(msgspec.msgpack.encode(facts))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def read_points(folder: Path) -> tuple[PointFacts, NDArray[Any]] | None:
    """The cloud of a spool, its rows mapped from the file; None where there is none."""
    facts = folder / "points.msgpack"
    if not facts.exists():
        return None
    path = folder / "points.bin"
    rows: NDArray[Any] = (
        np.memmap(path, dtype=POINT_ROW, mode="r") if path.stat().st_size else np.empty(0, POINT_ROW)
    )
    return msgspec.msgpack.decode(facts.read_bytes(), type=PointFacts), rows
