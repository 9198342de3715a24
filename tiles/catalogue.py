"""What tiles say of the objects of a source, gathered in one pass over its spool: columns by ordinal."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tiles.hot import Column, HotProperty, choose_hot
from twin.objects import Property, SourceObject
from twin.spool import Spool
from twin.tables import ObjectTable

NO_STOREY = -1

_SAMPLE = 300
"""Drawn objects looked at to choose the hot properties. Ordinals follow GlobalIds, which are random: any run is a
sample, and a property that one object in twenty has is missing from it once in five million times."""

_SAMPLE_VALUES = 20_000
_LEAST_SAMPLE = 50
"""Some models have 750 properties an object: then fewer objects are looked at, to stay within 30 ms."""


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
    chosen = choose_hot(_sample(spool, drawn), limit=hot_properties)
    count = len(drawn)
    texts: list[list[str]] = [[""] * count for _ in range(4)]
    global_ids, classes, names, disciplines = texts
    storeys = np.full(count, NO_STOREY, dtype=np.int64)
    hidden = np.zeros(count, dtype=bool)
    columns = [Column(hot=each, values=[None] * count) for each in chosen]
    shape, getters = _lean(chosen)
    for item in chain.from_iterable(
        batch.objects() if isinstance(batch, ObjectTable) else batch for batch in spool.batches_as(shape)
    ):
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
            _take(item.attributes.properties, at, columns, getters)
    return Catalogue(
        global_ids=global_ids,
        classes=classes,
        names=names,
        disciplines=disciplines,
        storeys=storeys,
        hidden=hidden,
        hot=columns,
    )


def _sample(spool: Spool, drawn: NDArray[np.bool_]) -> list[SourceObject]:
    taken: list[SourceObject] = []
    values = 0
    for item in chain.from_iterable(spool.objects()):
        if drawn[item.ordinal]:
            taken.append(item)
            values += sum(map(len, item.attributes.properties.values()))
        if len(taken) >= _SAMPLE or (values >= _SAMPLE_VALUES and len(taken) >= _LEAST_SAMPLE):
            break
    return taken


def _take(
    properties: Any, ordinal: int, columns: Sequence[Column], getters: Sequence[Callable[[Any], Any]]
) -> None:
    for column, getter in zip(columns, getters, strict=True):
        found = getter(properties)
        if found is not None and column.hot.accepts(found.value, found.unit):
            column.values[ordinal] = found.value


def _lean(chosen: Sequence[HotProperty]) -> tuple[type[Any], list[Callable[[Any], Any]]]:
    """A Struct that reads of an object only what tiles need, and for each hot property the way to it.

    A model has some fifty properties an object; making Python values of all of them takes longer than encoding tiles.
    """
    sets = {name: f"s{at}" for at, name in enumerate(dict.fromkeys(hot.set_name for hot in chosen))}
    fields = {(hot.set_name, hot.name): f"p{at}" for at, hot in enumerate(chosen)}
    inner = []
    for set_name, alias in sets.items():
        own = {name: field for (owner, name), field in fields.items() if owner == set_name}
        shape = msgspec.defstruct(
            "Set",
            [(field, Property | None, None) for field in own.values()],
            rename={field: name for name, field in own.items()},
        )
        inner.append((alias, shape, msgspec.field(default_factory=shape)))
    properties = msgspec.defstruct("Properties", inner, rename={alias: name for name, alias in sets.items()})
    attributes = msgspec.defstruct(
        "Attributes", [("properties", properties, msgspec.field(default_factory=properties))]
    )
    shape = msgspec.defstruct(
        "Lean",
        [
            ("ordinal", int),
            ("global_id", str),
            ("class_", str),
            ("name", str),
            ("storey", int | None, None),
            ("discipline", str, "other"),
            ("hidden", bool, False),
            ("attributes", attributes, msgspec.field(default_factory=attributes)),
        ],
    )
    return shape, [attrgetter(f"{sets[hot.set_name]}.{fields[hot.set_name, hot.name]}") for hot in chosen]
