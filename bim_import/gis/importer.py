"""One file of map layers → a spool: read, drawn by rules, its features put in order of their ids, placed, reported."""

import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from bim_import.gis import table
from bim_import.gis.batch import FramePlan, LayerPlan, Taken
from bim_import.gis.drawing.paint import model_file
from bim_import.gis.ids import Numbered, numbered
from bim_import.gis.linking import Linking
from bim_import.gis.objects import Held, HeldLayer, write_objects
from bim_import.gis.reading.batches import Features, Layer, Reading
from bim_import.gis.reading.files import open_layers
from bim_import.gis.report import Tally
from bim_import.gis.rules.file import RuleFile, models_named, read_rules
from bim_import.gis.rules.resolve import missing_columns, rules_for
from bim_import.gis.work import Alone, Crew, Order, Several
from bim_import.placement.diagnosis import decide
from bim_import.placement.evidence import Evidence
from bim_import.placement.outcome import result_of
from bim_import.values import ImportOptions, ImportResult, Progress
from twin.errors import SourceError, UnsupportedSource
from twin.spool import renumber, write_relations

_PROGRESS_SECONDS = 0.1

_LARGE = 8 << 20
"""Bytes of a file from which it is shared out over processes: starting them takes as long as drawing 4 MB."""

_PEEKED, _PEEKED_ROWS = 5, 1000
"""Batches, and features of each, looked into for a place on Earth; more features without geometry at the start are rare."""


_MOST = (0.25, 0.75)
"""Quantiles of coordinates between which a layer is looked for: a few wrong ones do not move it off the Earth."""

_MESSAGES = 20
"""Different things that GDAL says of one file, at most, that are told on."""


def import_gis(
    source: Path, folder: Path, *, options: ImportOptions, progress: Callable[[Progress], None]
) -> ImportResult:
    """Read a file of map layers into the spool `folder`.

    Forks: call it in a process without other threads. Raises UnsupportedSource (format, missing CRS), DamagedSource,
    PlacementError, InvalidRules.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rules = _rules(options)
    large = options.workers > 1 and source.stat().st_size >= _LARGE
    crew: Crew = Several(folder, options.workers, str(source)) if large else Alone(folder)
    work = _Work(source=source, folder=folder, options=options, rules=rules)
    done, told = 0, 0.0
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for order, taken in crew.results(work.orders()):
            work.keep(order, taken)
            done += len(order.features)
            if time.monotonic() - told >= _PROGRESS_SECONDS:
                told = time.monotonic()
                progress(Progress(phase="drawing", done=done, total=done))
    result = work.finish()
    messages = dict.fromkeys(f"While reading: {each.message}" for each in said)
    result.report.warnings += list(messages)[:_MESSAGES]
    progress(Progress(phase="drawing", done=done, total=done, objects_written=True))
    return result


def _rules(options: ImportOptions) -> RuleFile:
    if options.rules is None:
        return RuleFile()
    folder = options.rules.resolve().parent
    rules = read_rules(options.rules.read_bytes(), options.rules.name, str(folder))
    for name in models_named(rules):
        if model_file(name, rules.folder) is None:
            advice = "Models lie in the folder of the rules or below it."
            raise SourceError(str(options.rules), f"the model {name!r} that it names is not there", advice)
    return rules


@dataclass(slots=True)
class _Layer:
    """One layer on its way: where it is held, and the number of its first feature."""

    plan: LayerPlan
    place: FramePlan
    held: Held
    first: int
    types: dict[str, str] = field(default_factory=dict)


class _Work:
    """One source being read."""

    def __init__(self, source: Path, folder: Path, options: ImportOptions, rules: RuleFile) -> None:
        self._source, self._folder = source, folder
        self._options, self._rules = options, rules
        self._layers: list[_Layer] = []
        self._tally = Tally()
        self._linking = Linking()
        self._ids: list[pa.Array] = []
        self._fids: list[pa.Array] = []
        self._box: NDArray[np.float64] | None = None
        self._count = 0
        self._schema = ""
        self._warnings: list[str] = []
        self._several = self._unique_ids = False

    def orders(self) -> Iterator[Order]:
        """The batches of all layers that are wanted, one after the other."""
        opened = open_layers(self._source, self._folder / "unpacked")
        self._schema, wanted = opened.schema, self._wanted(opened.layers)
        self._several, self._unique_ids = len(wanted) > 1, opened.unique_ids
        if opened.tables:
            shown = ", ".join(opened.tables[:_MESSAGES])
            self._warnings.append(
                f"{len(opened.tables):,} tables have no geometry and were not read: {shown}."
            )
        for layer in wanted:
            reading = layer.read()
            seen, box = _peeked(reading)
            if not seen:
                continue
            state = self._begun(layer, reading, seen[0], box)
            frame = state.place.frame()
            for features in chain(seen, reading.features):
                self._linking.add(state.place.number, frame, features, self._count)
                yield Order(place=state.place, plan=state.plan, features=features, first=self._count)
                self._count += len(features)

    def _wanted(self, layers: list[Layer]) -> list[Layer]:
        patterns = self._rules.layers
        wanted = [
            layer
            for layer in layers
            if not patterns or any(fnmatchcase(layer.name, each) for each in patterns)
        ]
        if layers and not wanted:
            names = ", ".join(layer.name for layer in layers)
            raise UnsupportedSource(
                str(self._source),
                f"none of its layers is wanted by the rules ({names})",
                "Change `layers` in the rules.",
            )
        return wanted

    def _begun(self, layer: Layer, reading: Reading, first: Features, box: NDArray[np.float64]) -> _Layer:
        number = len(self._layers)
        place = FramePlan(
            number=number,
            source=str(self._source),
            declared=reading.crs,
            overrides=self._options.placement,
            box=box,
            terrain=self._options.terrain,
        )
        plane = self._layers[0].place.plane if self._layers else place.frame().plane
        place = replace(place, plane=plane)
        schema = first.table.schema
        rules = rules_for(self._rules, layer.name, schema.names)
        self._warnings += missing_columns(self._rules, layer.name, schema.names)
        if unread := table.bytes_columns(schema):
            self._warnings.append(
                f"Columns of bytes of the layer {layer.name} were left out: {', '.join(unread)}."
            )
        plan = LayerPlan(
            title=layer.name,
            rules=rules,
            kept=table.kept_by(rules, schema),
            id_column=reading.id_column,
            folder=self._rules.folder,
        )
        held = Held(self._folder / f"layer-{number}.arrow")
        state = _Layer(plan=plan, place=place, held=held, first=self._count)
        self._layers.append(state)
        return state

    def keep(self, order: Order, taken: Taken) -> None:
        """Take back what became of an order."""
        state = self._layers[order.place.number]
        state.held.add(taken.rows)
        state.types.update(taken.types)
        self._tally.add(taken, order.first)
        ids = taken.rows.column(table.ID)
        if self._several and not self._unique_ids:
            ids = pc.binary_join_element_wise(state.plan.title, ids, ".")
        self._ids.append(ids)
        self._fids.append(pa.array(order.features.fids))
        if taken.box is not None:
            boxes = [taken.box] if self._box is None else [self._box, taken.box]
            self._box = np.array([np.min(boxes, axis=0)[0], np.max(boxes, axis=0)[1]])

    def finish(self) -> ImportResult:
        """Write all objects in the order of their ids, and report."""
        titles = [self._source.stem, *(state.plan.title for state in self._layers)] if self._several else []
        numbers = self._numbers(titles)
        renumber(self._folder, numbers.ordinals.astype(np.uint32))
        layers = [
            HeldLayer(
                held=state.held,
                kept=state.plan.kept,
                types=state.types,
                first=state.first,
                parent=self._count + place if titles else None,
            )
            for place, state in enumerate(self._layers, 1)
        ]
        write_objects(self._folder, layers, titles, numbers)
        write_relations(self._folder, numbers.ordinals[self._linking.pairs()])
        report = self._tally.report(str(self._source), numbers)
        report.schema = self._schema
        report.warnings += self._warnings
        if not self._layers:
            report.warnings.append("There is no feature in this file.")
            return result_of(report, decide(Evidence(), overrides=self._options.placement, bounds=None))
        diagnosis = self._layers[0].place.frame().diagnosis(self._box)
        return result_of(report, diagnosis)

    def _numbers(self, titles: list[str]) -> Numbered:
        ids = pa.concat_arrays([*self._ids, pa.array(titles, type=pa.string())])
        fids = pa.concat_arrays([*self._fids, pa.nulls(len(titles), pa.int64())])
        return numbered(ids, fids.cast(pa.string()))


def _peeked(reading: Reading) -> tuple[list[Features], NDArray[np.float64]]:
    """The first batches, up to one with a place, and (2, 3) the box of most of its coordinates; zeros without any."""
    seen: list[Features] = []
    for features in reading.features:
        seen.append(features)
        points = shapely.get_coordinates(features.shapes(_PEEKED_ROWS))
        points = points[np.isfinite(points).all(axis=1)]
        if len(points):
            return seen, np.column_stack([np.quantile(points, _MOST, axis=0), [0.0, 0.0]])
        if len(seen) == _PEEKED:
            break
    return seen, np.zeros((2, 3))
