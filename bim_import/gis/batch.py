"""One batch of features: rules chosen, drawn, and what is told of each put into columns."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from bim_import.gis import table
from bim_import.gis.columns import Columns
from bim_import.gis.drawing import lines, points, polygons
from bim_import.gis.drawing.context import DIMENSIONS, DRAWN, Batch, Note, first_reasons
from bim_import.gis.drawing.paint import Painter
from bim_import.gis.reading.batches import Features
from bim_import.gis.rules.values import Kept, Rule, Text
from bim_import.gis.shapes.joined import Indexes
from bim_import.ground import Ground
from bim_import.placement.layer import LayerCrs, LayerFrame, layer_frame
from bim_import.placement.override import PlacementOverrides
from twin.frames import TangentPlane
from twin.source import NotDrawn

_UNRULED = Rule(title="no rule", kind="skip", class_=Text(constant="Feature"))


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerPlan:
    """How the features of one layer are taken. `id_column`: the column with ids of the format's own; `folder`: where the
    models that rules name lie.
    """

    title: str
    rules: tuple[Rule, ...]
    kept: tuple[Kept, ...]
    id_column: str | None
    folder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of a batch. `rows`: its columns (see `table`); `types`: type names of its properties.

    `reasons`: by row as in `Batch`; `box` (2, 3) of what is drawn, local metres; `instanced`: rows drawn by models.
    """

    rows: pa.RecordBatch
    types: dict[str, str]
    reasons: NDArray[np.int8]
    box: NDArray[np.float64] | None
    instanced: int
    notes: Counter[Note] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class FramePlan:
    """How the frame of layer `number` is made: see `layer_frame`. Every process makes its own: transformers do not travel.

    `plane`: the tangent plane that all layers of the source share; None: the layer's own. `terrain`: the elevation model on
    which features stand.
    """

    number: int
    source: str
    declared: LayerCrs | None
    overrides: PlacementOverrides
    box: NDArray[np.float64]
    plane: TangentPlane | None = None
    terrain: Path | None = None

    def ground(self) -> Ground | None:
        """Open the elevation model, if there is one. Raises SourceError and the like."""
        if self.terrain is None:
            return None
        from bim_import.terrain.raster import open_ground  # noqa: PLC0415 - loads GDAL's other half for what few imports need

        return open_ground(self.terrain, height_offset_m=self.overrides.height_offset_m)

    def frame(self) -> LayerFrame:
        """Make it. Raises UnsupportedSource, PlacementError."""
        made = layer_frame(self.source, self.declared, overrides=self.overrides, box=self.box)
        if self.plane is not None:
            made.plane = self.plane
        return made


@dataclass(frozen=True, slots=True, kw_only=True)
class _Origin:
    """Number of a batch's first feature in the source, and the folder of its models."""

    first: int
    folder: str


class Taker:
    """Takes batches of all layers of a source into one part of the spool; one in each process."""

    def __init__(self, folder: Path, part: int) -> None:
        self._painter = Painter(folder, part)
        self._frames: dict[int, LayerFrame] = {}
        self._ground: Ground | None = None

    def close(self) -> None:
        """Close the files of the part."""
        self._painter.close()

    def _frame(self, place: FramePlan) -> LayerFrame:
        if not self._frames:
            self._ground = place.ground()
        if place.number not in self._frames:
            self._frames[place.number] = place.frame()
        return self._frames[place.number]

    def take(self, place: FramePlan, plan: LayerPlan, features: Features, first: int) -> Taken:
        """Draw a batch whose first feature has number `first` in the source."""
        shapes = features.shapes()
        reasons = first_reasons(features, shapes)
        columns = Columns(features.table)
        choice = _chosen(plan.rules, columns, shapely.get_dimensions(shapes))
        batch = Batch(
            columns=columns, shapes=shapes, frame=self._frame(place), ground=self._ground, reasons=reasons
        )
        instanced, origin = 0, _Origin(first=first, folder=plan.folder)
        for index, rule in enumerate(plan.rules):
            rows = np.flatnonzero((choice == index) & (reasons == DRAWN))
            if len(rows):
                instanced += self._draw(batch, rule, rows, origin)
        batch.refuse(np.flatnonzero((choice < 0) & (reasons == DRAWN)), NotDrawn.NO_RULE)
        rows_table, types = _told(plan, features, choice, reasons == DRAWN)
        batch.notes[Note.WRONG_TYPE] += int(_lost(plan, columns, rows_table).sum())
        return Taken(
            rows=rows_table,
            types=types,
            reasons=reasons,
            box=self._painter.taken_box(),
            instanced=instanced,
            notes=batch.notes,
        )

    def _draw(self, batch: Batch, rule: Rule, rows: Indexes, origin: _Origin) -> int:
        """Draw rows by one rule; those that make the kernel fail are found by halving. Returns how many are models."""
        try:
            return self._drawn(batch, rule, rows, origin)
        except (shapely.errors.GEOSException, ValueError, IndexError, FloatingPointError):
            if len(rows) == 1:
                batch.refuse(rows, NotDrawn.KERNEL_FAILED)
                return 0
            middle = len(rows) // 2
            return self._draw(batch, rule, rows[:middle], origin) + self._draw(
                batch, rule, rows[middle:], origin
            )

    def _drawn(self, batch: Batch, rule: Rule, rows: Indexes, origin: _Origin) -> int:
        if rule.kind == "skip":
            batch.refuse(rows, NotDrawn.SKIPPED)
            return 0
        if rule.kind == "instance":
            return self._stood(batch, rule, rows, origin)
        dimensions = shapely.get_dimensions(batch.shapes[rows])
        for dimension in np.unique(dimensions).tolist():
            some = rows[dimensions == dimension]
            maker = _MAKERS.get((rule.kind, dimension))
            if maker is None:
                batch.refuse(some, NotDrawn.NO_RULE)
                continue
            for shapes in maker(batch, rule, some):
                self._painter.meshes(rule, batch.columns, shapes, origin.first)
        return 0

    def _stood(self, batch: Batch, rule: Rule, rows: Indexes, origin: _Origin) -> int:
        stand = points.stands(batch, rule, rows)
        if stand is None:
            return 0
        batch.notes[Note.NO_MODEL] += self._painter.models(stand, origin.first, origin.folder)
        return len(np.unique(stand.rows))


_MAKERS = {
    ("extrude", 2): polygons.solids,
    ("surface", 2): polygons.surfaces,
    ("surface", 1): lines.roads,
    ("tube", 1): lines.pipes,
}


def _chosen(rules: Sequence[Rule], columns: Columns, dimensions: NDArray[np.int32]) -> NDArray[np.int64]:
    """(n,) index of the first rule that fits each row, -1 where none does. A row without geometry fits by its columns."""
    choice = np.full(len(columns), -1, dtype=np.int64)
    for index, rule in enumerate(rules):
        open_rows = choice < 0
        if not open_rows.any():
            break
        if rule.geometry is not None:
            open_rows &= (dimensions == DIMENSIONS[rule.geometry]) | (dimensions < 0)
        if rule.where is not None and open_rows.any():
            open_rows &= rule.where.holds(columns)
        choice[open_rows] = index
    return choice


def _lost(plan: LayerPlan, columns: Columns, rows: pa.RecordBatch) -> NDArray[np.bool_]:
    """(n,) which rows have a value that a rule's type leaves nothing of."""
    lost = np.zeros(len(columns), dtype=bool)
    for kept in plan.kept:
        if kept.type not in {None, "text"}:
            made = rows.column(table.property_field(kept)).is_valid().to_numpy(zero_copy_only=False)
            lost |= columns.valid(kept.column) & ~made
    return lost


def _told(
    plan: LayerPlan, features: Features, choice: NDArray[np.int64], drawn: NDArray[np.bool_]
) -> tuple[pa.RecordBatch, dict[str, str]]:
    """The columns of the batch's features, in the same order."""
    rules = [*plan.rules, _UNRULED]
    used = np.unique(choice).tolist()
    place = np.searchsorted(used, choice)
    of_rule = [rules[index] for index in used]
    source = features.table

    def text(name: str) -> pa.Array:
        return table.chosen_by(place, [table.coalesced(getattr(rule, name), source) for rule in of_rule])

    disciplines = [pa.repeat(pa.scalar(rule.discipline), len(features)) for rule in of_rule]
    fields = {
        table.ID: _ids(plan, features, place, of_rule),
        table.NAME: text("name"),
        table.CLASS: text("class_").dictionary_encode(),
        table.DISCIPLINE: table.chosen_by(place, disciplines).dictionary_encode(),
        table.DRAWN: pa.array(drawn),
    }
    types = {}
    for kept in plan.kept:
        values, types[kept.name] = table.property_column(kept, source)
        fields[table.property_field(kept)] = values
    return pa.RecordBatch.from_pydict(fields), types


def _ids(plan: LayerPlan, features: Features, place: NDArray[np.int64], rules: list[Rule]) -> pa.Array:
    """(n,) strings, null where a feature has none: the rule's columns, the format's own, the feature's number."""
    own = Text(columns=(plan.id_column,)) if plan.id_column else None
    options = []
    for rule in rules:
        text = rule.id if rule.id.columns else own
        if text is None:
            options.append(pa.array(features.fids).cast(pa.string()))
        else:
            found = table.coalesced(text, features.table)
            options.append(pc.if_else(pc.equal(found, ""), pa.scalar(None, pa.string()), found))
    return table.chosen_by(place, options)
