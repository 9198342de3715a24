"""What tiles say of the objects of a source, gathered in one pass over its spool: columns by ordinal."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from tiles.hot import Column, HotProperty, choose_hot
from twin.objects import SourceObject
from twin.spool import Spool

NO_STOREY = -1

_SAMPLE = 2_000
"""Objects looked at to choose the hot properties. Ordinals follow GlobalIds, which are random: any run is a sample."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Columns by ordinal: `storeys` (n,) ordinal of the storey or NO_STOREY, `hidden` (n,) bool.

    `hot` holds the chosen properties with their values for the drawn objects (None: missing, or not drawn).
    """

    global_ids: list[str]
    classes: list[str]
    names: list[str]
    disciplines: list[str]
    storeys: NDArray[np.int64]
    hidden: NDArray[np.bool_]
    hot: list[Column]

    def __len__(self) -> int:
        return len(self.global_ids)


def read_catalogue(spool: Spool, *, drawn: NDArray[np.bool_], hot_properties: int) -> Catalogue:
    """Read the objects of a spool. `drawn` (n,) says by ordinal which have geometry: only their properties count."""
    batches = spool.objects()
    sample, rest = _sample(batches)
    chosen = choose_hot([o for o in sample if drawn[o.ordinal]], limit=hot_properties)
    return _columns(chain([sample], rest), chosen, drawn)


def _sample(batches: Iterator[list[SourceObject]]) -> tuple[list[SourceObject], Iterator[list[SourceObject]]]:
    taken: list[SourceObject] = []
    for batch in batches:
        taken.extend(batch)
        if len(taken) >= _SAMPLE:
            break
    return taken, batches


def _columns(
    batches: Iterator[list[SourceObject]], chosen: list[HotProperty], drawn: NDArray[np.bool_]
) -> Catalogue:
    count = len(drawn)
    texts: list[list[str]] = [[""] * count for _ in range(4)]
    global_ids, classes, names, disciplines = texts
    storeys = np.full(count, NO_STOREY, dtype=np.int64)
    hidden = np.zeros(count, dtype=bool)
    hot = [Column(hot=each, values=[None] * count) for each in chosen]
    for item in chain.from_iterable(batches):
        at = item.ordinal
        global_ids[at], classes[at], names[at], disciplines[at] = (
            item.global_id,
            item.class_,
            item.name,
            item.discipline,
        )
        storeys[at] = NO_STOREY if item.storey is None else item.storey
        hidden[at] = item.hidden
        if drawn[at]:
            for column in hot:
                column.put(at, item.attributes.properties)
    return Catalogue(
        global_ids=global_ids,
        classes=classes,
        names=names,
        disciplines=disciplines,
        storeys=storeys,
        hidden=hidden,
        hot=hot,
    )
