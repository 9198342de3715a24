"""One IFC file → a spool: opened, numbered, drawn by forked workers while its properties are read, placed, reported."""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from bim_import.ifc.geometry.kernel import KernelLimits
from bim_import.ifc.geometry.run import Drawn, DrawOptions, GeometryRun
from bim_import.ifc.georeference.diagnose import diagnose
from bim_import.ifc.properties.objects import read_objects
from bim_import.ifc.reading.index import ProductIndex, index_products
from bim_import.ifc.reading.open import OpenedIfc, open_ifc
from bim_import.values import ImportOptions, ImportResult, Progress
from twin.source import ClassCount, NotDrawn, SourceReport
from twin.spool import ObjectWriter

_PROGRESS_SECONDS = 0.1
_CULPRITS_NAMED = 100
"""GlobalIds named per reason: enough to find the pattern, bounded for a file of which nothing works."""

_FAULTS = frozenset(
    {
        NotDrawn.EMPTY_GEOMETRY,
        NotDrawn.INVALID_COORDINATES,
        NotDrawn.KERNEL_FAILED,
        NotDrawn.KERNEL_CRASHED,
        NotDrawn.TIME_LIMIT,
        NotDrawn.PLACEMENT_LOOP,
    }
)
"""Reasons that are a fault of the file or the kernel: these products are named in the report."""


def import_ifc(
    source: Path, folder: Path, *, options: ImportOptions, progress: Callable[[Progress], None]
) -> ImportResult:
    """Read one IFC file into the spool `folder`.

    Forks: call it in a process without other threads. `progress` is called at most ten times a second. Raises
    UnsupportedSource, DamagedSource, PlacementError.
    """
    tell = _Teller(progress)
    tell.phase("opening", 0, 1)
    opened = open_ifc(source)
    index = index_products(opened.file)
    drawing = DrawOptions(
        limits=KernelLimits(element_seconds=options.element_seconds),
        workers=options.workers,
        images=source.resolve().parent,
    )
    with GeometryRun(opened, index, folder=folder, options=drawing) as run:
        run.start()
        classes = _write_objects(opened, index, folder, lambda: tell.phase("drawing", *run.poll()))
        tell.objects_written = True
        tell.now("drawing", *run.poll())
        drawn = run.finish(lambda done, total: tell.phase("drawing", done, total))
    diagnosis = diagnose(opened.file, overrides=options.placement, bounds=drawn.bounds)
    report = _report(source, index, drawn, classes)
    report.schema = opened.schema
    report.warnings = [*opened.warnings, *index.warnings, *drawn.warnings]
    report.placement = {
        "used": diagnosis.used,
        "confidence": diagnosis.confidence,
        "crs": diagnosis.placement.crs,
    }
    return ImportResult(report=report, diagnosis=diagnosis)


def _write_objects(
    opened: OpenedIfc, index: ProductIndex, folder: Path, between: Callable[[], None]
) -> list[str | None]:
    """Spool all objects; returns the class of each product by ordinal, None for what is none.

    `between` is called after each batch: somebody has to look after the workers.
    """
    classes: list[str | None] = [None] * len(index.step_ids)
    with ObjectWriter(folder) as writer:
        for batch in read_objects(opened, index):
            writer.write(batch)
            for item in batch:
                classes[item.ordinal] = item.class_ if item.product else None
            between()
    return classes


class _Teller:
    """Passes progress on, at most ten times a second."""

    def __init__(self, progress: Callable[[Progress], None]) -> None:
        self._progress = progress
        self._last = -_PROGRESS_SECONDS
        self.objects_written = False

    def phase(self, name: str, done: int, total: int) -> None:
        """Tell it if the last word was long enough ago."""
        if time.monotonic() - self._last >= _PROGRESS_SECONDS:
            self.now(name, done, total)

    def now(self, name: str, done: int, total: int) -> None:
        """Tell it in any case."""
        self._last = time.monotonic()
        self._progress(Progress(phase=name, done=done, total=total, objects_written=self.objects_written))


def _report(source: Path, index: ProductIndex, drawn: Drawn, classes: list[str | None]) -> SourceReport:
    by_class: dict[str, ClassCount] = {}
    for ordinal, name in enumerate(classes):
        if name is not None:
            count = by_class.setdefault(name, ClassCount())
            count.read += 1
            count.drawn += ordinal not in drawn.not_drawn
            count.not_drawn += ordinal in drawn.not_drawn
    reasons = Counter(str(reason) for reason in drawn.not_drawn.values())
    culprits: dict[str, list[str]] = {}
    for ordinal, reason in drawn.not_drawn.items():
        named = culprits.setdefault(str(reason), []) if reason in _FAULTS else []
        if len(named) < _CULPRITS_NAMED:
            named.append(index.global_ids[ordinal])
    report = SourceReport(
        source=str(source),
        products=index.product_count,
        drawn=index.product_count - len(drawn.not_drawn),
        instanced=drawn.instanced,
        not_drawn=dict(sorted(reasons.items())),
        by_class=dict(sorted(by_class.items())),
        culprits=culprits,
    )
    assert report.drawn + sum(report.not_drawn.values()) == report.products
    assert sum(count.read for count in by_class.values()) == report.products
    assert sum(count.drawn for count in by_class.values()) == report.drawn
    return report
