"""What tiles say of the objects of a source, gathered in one pass over its spool: columns by ordinal."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tiles.hot import choose_hot
from tiles.hot_columns import HotColumn, HotReader
from tiles.lean import lean_shape
from twin.objects import SourceObject
from twin.spool import Spool
from twin.tables import NO_ORDINAL, Coded, ObjectTable, TextArray, joined_codes, joined_texts

NO_STOREY = NO_ORDINAL

_SAMPLE = 300
"""Drawn objects looked at to choose the hot properties. Ordinals of models follow GlobalIds, which are random: any run is a
sample, and a property that one object in twenty has is missing from it once in five million times. Rows of tables are
taken at even distances, since their ids may follow anything."""

_SAMPLE_VALUES = 20_000
_LEAST_SAMPLE = 50
"""Some models have 750 properties an object: then fewer objects are looked at, to stay within 30 ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Columns by ordinal: `storeys` (n,) ordinal of the storey or NO_STOREY, `hidden` (n,) bool.

    `hot` holds the chosen properties with their values for the drawn objects.
    """

    global_ids: TextArray
    classes: Coded
    names: TextArray
    disciplines: Coded
    storeys: NDArray[np.int64]
    hidden: NDArray[np.bool_]
    hot: list[HotColumn]
    layer: bool
    """Whether all of it came in tables: a city layer."""

    def __len__(self) -> int:
        return len(self.global_ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Identity:
    """The columns that every object has, of one batch."""

    global_ids: TextArray
    classes: Coded
    names: TextArray
    disciplines: Coded
    storeys: NDArray[np.int64]
    hidden: NDArray[np.bool_]


def read_catalogue(spool: Spool, *, drawn: NDArray[np.bool_], hot_properties: int) -> Catalogue:
    """Read the objects of a spool. `drawn` (n,) says by ordinal which have geometry: only their properties count."""
    chosen = choose_hot(_sample(spool, drawn), limit=hot_properties)
    shape, getters = lean_shape(chosen)
    parts: list[_Identity] = []
    hot = HotReader(chosen, getters)
    tables = 0
    for batch in spool.batches_as(shape):
        if isinstance(batch, ObjectTable):
            tables += 1
            parts.append(_of_table(batch))
            hot.add_table(batch, drawn[batch.first : batch.first + len(batch)])
        else:
            parts.append(_of_objects(batch))
            hot.add_objects(batch, drawn)
    return Catalogue(
        global_ids=joined_texts([part.global_ids for part in parts]),
        classes=joined_codes([part.classes for part in parts]),
        names=joined_texts([part.names for part in parts]),
        disciplines=joined_codes([part.disciplines for part in parts]),
        storeys=np.concatenate([part.storeys for part in parts]),
        hidden=np.concatenate([part.hidden for part in parts]),
        hot=hot.columns(),
        layer=tables == len(parts) > 0,
    )


def _of_table(table: ObjectTable) -> _Identity:
    return _Identity(
        global_ids=table.global_ids,
        classes=table.classes,
        names=table.names,
        disciplines=table.disciplines,
        storeys=table.storeys,
        hidden=table.hidden,
    )


def _of_objects(batch: Sequence[Any]) -> _Identity:
    return _Identity(
        global_ids=TextArray.of(item.global_id for item in batch),
        classes=Coded.of([item.class_ for item in batch]),
        names=TextArray.of(item.name for item in batch),
        disciplines=Coded.of([item.discipline for item in batch]),
        storeys=np.array(
            [NO_STOREY if item.storey is None else item.storey for item in batch], dtype=np.int64
        ),
        hidden=np.array([item.hidden for item in batch], dtype=bool),
    )


def _sample(spool: Spool, drawn: NDArray[np.bool_]) -> list[SourceObject]:
    """Drawn objects to choose by: the first ones of batches, evenly spaced ones of tables."""
    everything = np.flatnonzero(drawn)
    spaced = everything[np.linspace(0, len(everything) - 1, min(_SAMPLE, len(everything))).astype(np.int64)]
    taken = _first_of_batches(spool, drawn)
    for table in spool.tables():
        rows = spaced[(spaced >= table.first) & (spaced < table.first + len(table))] - table.first
        taken.extend(table.objects(rows))
    return taken


def _first_of_batches(spool: Spool, drawn: NDArray[np.bool_]) -> list[SourceObject]:
    taken: list[SourceObject] = []
    values = 0
    for item in chain.from_iterable(b for b in spool.batches() if not isinstance(b, ObjectTable)):
        if drawn[item.ordinal]:
            taken.append(item)
            values += sum(map(len, item.attributes.properties.values()))
        if len(taken) >= _SAMPLE or (values >= _SAMPLE_VALUES and len(taken) >= _LEAST_SAMPLE):
            break
    return taken
