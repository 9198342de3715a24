"""Objects of a source as columns: the same objects as `twin.objects.SourceObject`, a hundred thousand at a time.

City layers have a million objects that differ in a few values. As columns they cost some bytes and nanoseconds each; as
Python values, microseconds and a kilobyte.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from twin.objects import Attributes, Property, PropertyType, SourceObject

NO_ORDINAL = -1
"""What `parents` and `storeys` say of an object that has none."""


def index_runs(first: NDArray[np.integer], counts: NDArray[np.integer]) -> NDArray[np.int64]:
    """The indices first, first + 1, …, first + count - 1 of each run, joined."""
    ends = np.cumsum(counts, dtype=np.int64)
    total = int(ends[-1]) if len(ends) else 0
    return np.asarray(np.repeat(first.astype(np.int64) - ends + counts, counts) + np.arange(total))


@dataclass(frozen=True, slots=True, kw_only=True)
class TextArray:
    """n texts: text i is the UTF-8 bytes data[offsets[i]:offsets[i + 1]].

    data: (bytes,) uint8; offsets: (n + 1,) integers, ascending. These are the buffers of an Arrow string array without
    its validity bitmap.
    """

    data: NDArray[np.uint8]
    offsets: NDArray[np.integer[Any]]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        """From Python strings. Raises UnicodeEncodeError for a lone surrogate."""
        encoded = [text.encode() for text in texts]
        offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
        np.cumsum(np.fromiter(map(len, encoded), dtype=np.int64, count=len(encoded)), out=offsets[1:])
        return cls(data=np.frombuffer(b"".join(encoded), dtype=np.uint8), offsets=offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """(n,) bytes of each text."""
        return np.diff(self.offsets).astype(np.int64)

    def tolist(self) -> list[str]:
        """As Python strings."""
        first = int(self.offsets[0])
        whole = self.data[first : int(self.offsets[-1])].tobytes()
        bounds = (self.offsets - first).tolist()
        if whole.isascii():
            text = whole.decode("ascii")
            return [text[a:b] for a, b in pairwise(bounds)]
        return [whole[a:b].decode() for a, b in pairwise(bounds)]

    def take(self, rows: NDArray[np.integer[Any]]) -> "TextArray":
        """The texts `rows`, in that order."""
        first = self.offsets[rows].astype(np.int64)
        lengths = self.offsets[rows + 1] - first
        offsets = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum(lengths, out=offsets[1:])
        return TextArray(data=self.data[index_runs(first, lengths)], offsets=offsets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """n texts of few distinct ones: text i is vocabulary[codes[i]]. `codes` (n,) are unsigned integers."""

    codes: NDArray[np.unsignedinteger[Any]]
    vocabulary: tuple[str, ...]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Self:
        """From Python strings; the vocabulary is in string order."""
        vocabulary = tuple(sorted(set(texts)))
        code_of = {text: code for code, text in enumerate(vocabulary)}
        codes = np.fromiter(map(code_of.__getitem__, texts), dtype=np.uint32, count=len(texts))
        return cls(codes=codes, vocabulary=vocabulary)

    @classmethod
    def same(cls, text: str, count: int) -> Self:
        """One text, `count` times."""
        return cls(codes=np.zeros(count, dtype=np.uint8), vocabulary=(text,))

    def __len__(self) -> int:
        return len(self.codes)

    def tolist(self) -> list[str]:
        """As Python strings, each distinct one once."""
        return [self.vocabulary[code] for code in self.codes.tolist()]

    def take(self, rows: NDArray[np.integer[Any]]) -> "Coded":
        """The texts `rows`, in that order."""
        return Coded(codes=self.codes[rows], vocabulary=self.vocabulary)


Values = NDArray[np.bool_] | NDArray[np.int64] | NDArray[np.float64] | TextArray | Coded


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyColumn:
    """One property of n objects: `set_name`, `name`, `type` and `unit` as in `twin.objects.Property`.

    values: bool, int64 or float64 (finite where valid), or texts. valid: (n,) bool, or None where all are; an object whose
    value is not valid has no such property.
    """

    set_name: str
    name: str
    type: str
    values: Values
    unit: str | None = None
    valid: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: NDArray[np.integer[Any]]) -> "PropertyColumn":
        """The values `rows`, in that order."""
        values = self.values[rows] if isinstance(self.values, np.ndarray) else self.values.take(rows)
        return replace(self, values=values, valid=None if self.valid is None else self.valid[rows])

    def tolist(self) -> list[Property | None]:
        """As property values; None where there is none."""
        valid = [True] * len(self) if self.valid is None else self.valid.tolist()
        found: Iterable[PropertyType] = self.values.tolist()
        return [
            Property(value=value, type=self.type, unit=self.unit) if there else None
            for value, there in zip(found, valid, strict=True)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectTable:
    """n objects, row i being the object of ordinal `first + i`; see SourceObject for what the columns mean.

    parents, storeys: (n,) int64 ordinals in the source or NO_ORDINAL; hidden, products: (n,) bool. A set name and property
    name may occur in several columns (types or units differ by object): the first valid one counts.
    """

    first: int
    global_ids: TextArray
    names: TextArray
    classes: Coded
    disciplines: Coded
    parents: NDArray[np.int64]
    storeys: NDArray[np.int64]
    hidden: NDArray[np.bool_]
    products: NDArray[np.bool_]
    properties: tuple[PropertyColumn, ...] = ()

    def __post_init__(self) -> None:
        lengths = {len(self.global_ids), len(self.names), len(self.classes), len(self.disciplines)}
        lengths |= {len(column) for column in self.properties}
        lengths |= {len(column) for column in (self.parents, self.storeys, self.hidden, self.products)}
        masks = {len(column.valid) for column in self.properties if column.valid is not None}
        if len(lengths | masks) > 1:
            raise ValueError(f"columns of one table have different lengths: {sorted(lengths | masks)}")

    def __len__(self) -> int:
        return len(self.global_ids)

    def objects(self, rows: NDArray[np.integer[Any]] | None = None) -> list[SourceObject]:
        """The same objects one by one, all or those of `rows`: slow, for readers that need few of them."""
        chosen = np.arange(len(self)) if rows is None else rows
        columns = zip(
            (self.first + chosen).tolist(),
            self.global_ids.take(chosen).tolist(),
            self.classes.take(chosen).tolist(),
            self.names.take(chosen).tolist(),
            self.parents[chosen].tolist(),
            self.storeys[chosen].tolist(),
            self.disciplines.take(chosen).tolist(),
            self.hidden[chosen].tolist(),
            self.products[chosen].tolist(),
            self._attributes(chosen),
            strict=True,
        )
        return [
            SourceObject(
                ordinal=row[0],
                global_id=row[1],
                class_=row[2],
                name=row[3],
                parent=None if row[4] == NO_ORDINAL else row[4],
                storey=None if row[5] == NO_ORDINAL else row[5],
                discipline=row[6],
                hidden=row[7],
                product=row[8],
                attributes=row[9],
            )
            for row in columns
        ]

    def _attributes(self, rows: NDArray[np.integer[Any]]) -> list[Attributes]:
        sets: list[dict[str, dict[str, Property]]] = [{} for _ in range(len(rows))]
        for column in self.properties:
            for owner, found in zip(sets, column.take(rows).tolist(), strict=True):
                if found is not None:
                    owner.setdefault(column.set_name, {}).setdefault(column.name, found)
        return [Attributes(properties=properties) if properties else Attributes() for properties in sets]


def joined_texts(parts: Sequence[TextArray]) -> TextArray:
    """All texts, those of one array after those of the other."""
    trimmed = [part.data[int(part.offsets[0]) : int(part.offsets[-1])] for part in parts]
    lengths = np.concatenate([part.lengths for part in parts]) if parts else np.empty(0, np.int64)
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return TextArray(data=np.concatenate(trimmed) if trimmed else np.empty(0, np.uint8), offsets=offsets)


def joined_codes(parts: Sequence[Coded]) -> Coded:
    """All texts, those of one array after those of the other, with one vocabulary in string order."""
    vocabulary = tuple(sorted({text for part in parts for text in part.vocabulary}))
    code_of = {text: code for code, text in enumerate(vocabulary)}
    renamed = [
        np.array([code_of[text] for text in part.vocabulary], dtype=np.uint32)[part.codes] for part in parts
    ]
    return Coded(codes=np.concatenate(renamed) if renamed else np.empty(0, np.uint32), vocabulary=vocabulary)
