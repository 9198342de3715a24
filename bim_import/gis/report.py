"""Coverage of a source, counted batch by batch."""

from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bim_import.gis import table
from bim_import.gis.batch import Taken
from bim_import.gis.drawing.context import DRAWN, REASONS, Note
from bim_import.gis.ids import Numbered
from twin.source import ClassCount, NotDrawn, SourceReport

_CULPRITS_NAMED = 100
"""Ids named per reason, as for IFC files."""

_FAULTS = frozenset(
    {
        NotDrawn.EMPTY_GEOMETRY,
        NotDrawn.INVALID_COORDINATES,
        NotDrawn.INVALID_GEOMETRY,
        NotDrawn.NOWHERE,
        NotDrawn.KERNEL_FAILED,
    }
)
"""Reasons that are a fault of the file: these features are named in the report."""


class Tally:
    """Counts what became of features."""

    def __init__(self) -> None:
        self._by_class: dict[str, ClassCount] = {}
        self._reasons: Counter[str] = Counter()
        self._culprits: dict[str, list[int]] = {}
        self._notes: Counter[Note] = Counter()
        self._products = self._drawn = self._instanced = 0

    def add(self, taken: Taken, first: int) -> None:
        """Count a batch whose first feature has number `first`."""
        drawn = taken.reasons == DRAWN
        self._products += len(drawn)
        self._drawn += int(drawn.sum())
        self._instanced += taken.instanced
        self._notes.update(taken.notes)
        missed = np.flatnonzero(~drawn)
        for number in missed.tolist():
            reason = REASONS[taken.reasons[number]]
            self._reasons[str(reason)] += 1
            if reason in _FAULTS:
                named = self._culprits.setdefault(str(reason), [])
                if len(named) < _CULPRITS_NAMED:
                    named.append(first + number)
        self._count_classes(taken.rows)

    def _count_classes(self, rows: pa.RecordBatch) -> None:
        classes = pc.cast(rows.column(table.CLASS), pa.string())
        for chosen, attribute in ((None, "read"), (rows.column(table.DRAWN), "drawn")):
            counted = pc.value_counts(classes if chosen is None else classes.filter(chosen))
            for each in counted.to_pylist():
                count = self._by_class.setdefault(each["values"], ClassCount())
                setattr(count, attribute, getattr(count, attribute) + each["counts"])

    def report(self, source: str, numbers: Numbered) -> SourceReport:
        """The report of all that was counted."""
        for count in self._by_class.values():
            count.not_drawn = count.read - count.drawn
        warnings = [f"{count:,} features {note}." for note, count in sorted(self._notes.items()) if count]
        if numbers.repeated:
            warnings.append(
                f"{numbers.repeated:,} features have an id that an earlier one has: `~2`, `~3` … was put behind it."
            )
        if numbers.missing:
            warnings.append(
                f"{numbers.missing:,} features have no id: they got `#` and their number in the file."
            )
        report = SourceReport(
            source=source,
            products=self._products,
            drawn=self._drawn,
            instanced=self._instanced,
            not_drawn=dict(sorted(self._reasons.items())),
            by_class=dict(sorted(self._by_class.items())),
            culprits={
                reason: numbers.ids.take(pa.array(named)).to_pylist()
                for reason, named in self._culprits.items()
            },
            warnings=warnings,
        )
        assert report.drawn + sum(report.not_drawn.values()) == report.products
        return report
