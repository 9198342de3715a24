"""Typed columns of a property table (3D Metadata 1.0): how values become the bytes that runtimes read.

Encodings: 3D Metadata specification, "Binary Table Format": little-endian, strings as UTF-8 with offsets of one more
entry than there are values.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.tables import Coded, TextArray, index_runs

FLOAT32_NO_DATA = float(np.finfo(np.float32).min)
FLOAT64_NO_DATA = float(np.finfo(np.float64).min)
"""Numbers that stand for a missing value: JSON has no NaN, and no measurement is this small."""

NO_TEXT = "-"
"""Text that stands for a missing one: not the empty text, because a column of nothing but those has no bytes, and a buffer view
has at least one (glTF 2.0, bufferView.byteLength)."""

NO_DATA_NAME = "NO_DATA"
"""Name of the enumeration value that stands for a missing one."""

_INTEGERS = (("UINT8", np.uint8), ("UINT16", np.uint16), ("UINT32", np.uint32))

Definition = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """Values of one column for some features: `values`, and for strings `offsets` with their component type."""

    values: bytes
    offsets: bytes | None = None
    offset_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """A column of strings by ordinal; where `required` is false an empty one is a missing value."""

    texts: TextArray
    required: bool = True

    def definition(self) -> Definition:
        """The property in the schema."""
        return {"type": "STRING", **({"required": True} if self.required else {"noData": NO_TEXT})}

    def encode(self, ordinals: NDArray[np.intp]) -> Encoded:
        """Bytes for these objects, in this order."""
        chosen = self.texts.take(ordinals)
        if not self.required:
            chosen = _filled(chosen, NO_TEXT)
        name, dtype = smallest_integer(len(chosen.data))
        return Encoded(
            values=chosen.data.tobytes(), offsets=chosen.offsets.astype(dtype).tobytes(), offset_type=name
        )

    @property
    def says_nothing(self) -> bool:
        """Whether all texts are empty."""
        return int(self.texts.offsets[-1]) == int(self.texts.offsets[0])


def _filled(texts: TextArray, stand_in: str) -> TextArray:
    """`texts` with `stand_in` (one byte) for the empty ones."""
    lengths = texts.lengths
    empty = lengths == 0
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(np.where(empty, 1, lengths), out=offsets[1:])
    data = np.full(int(offsets[-1]), ord(stand_in), dtype=np.uint8)
    data[index_runs(offsets[:-1][~empty], lengths[~empty])] = texts.data[
        int(texts.offsets[0]) : int(texts.offsets[-1])
    ]
    return TextArray(data=data, offsets=offsets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalars:
    """A column of numbers by ordinal, or of codes of an enumeration.

    `kind` is the type part of the definition; `values` (n,) have the dtype that it names; `missing` is the one of them
    that stands for a missing value, and `no_data` what the schema calls it. `names` are those of an enumeration, by code.
    """

    kind: Definition
    values: NDArray[Any]
    missing: float | None = None
    no_data: float | str | None = None
    names: Sequence[str] = field(default_factory=list)

    def definition(self) -> Definition:
        """The property in the schema."""
        return {**self.kind, **({"required": True} if self.no_data is None else {"noData": self.no_data})}

    def encode(self, ordinals: NDArray[np.intp]) -> Encoded:
        """Bytes for these objects, in this order."""
        return Encoded(values=self.values[ordinals].tobytes())

    def enum(self) -> Definition:
        """The enumeration in the schema."""
        name, _ = smallest_integer(max(len(self.names) - 1, 0))
        values = [{"name": each, "value": at} for at, each in enumerate(self.names)]
        return {"valueType": name, "values": values}

    def statistics(self, ordinals: NDArray[np.intp]) -> Definition:
        """Entry of the tileset's `statistics` over these objects; empty where none has a value."""
        chosen = self.values[ordinals]
        present = chosen if self.missing is None else chosen[chosen != self.missing]
        if not len(present):
            return {}
        if not self.names:
            return {"min": present.min().item(), "max": present.max().item()}
        counted = np.bincount(present, minlength=len(self.names)).tolist()
        return {
            "occurrences": {name: count for name, count in zip(self.names, counted, strict=True) if count}
        }


TypedColumn = Texts | Scalars


def smallest_integer(largest: int) -> tuple[str, type[np.unsignedinteger[Any]]]:
    """Component type and dtype of the smallest unsigned integer that holds `largest`."""
    return next((name, dtype) for name, dtype in _INTEGERS if largest <= np.iinfo(dtype).max)


def text_enum(enum_id: str, texts: Coded, valid: NDArray[np.bool_]) -> Scalars:
    """An enumeration of the texts that occur, in string order. `valid` (n,): where false, a value is missing."""
    no_data = texts.vocabulary.index(NO_DATA_NAME) if NO_DATA_NAME in texts.vocabulary else None
    there = valid if no_data is None else valid & (texts.codes != no_data)
    counts = np.bincount(texts.codes[there], minlength=len(texts.vocabulary))
    occurring = sorted(
        (text, code) for code, text in enumerate(texts.vocabulary) if counts[code] and code != no_data
    )
    has_missing = not bool(there.all())
    names = ([NO_DATA_NAME] if has_missing else []) + [text for text, _ in occurring]
    _, dtype = smallest_integer(max(len(names) - 1, 0))
    renamed = np.zeros(len(texts.vocabulary), dtype=dtype)
    renamed[[code for _, code in occurring]] = np.arange(len(occurring)) + int(has_missing)
    return Scalars(
        kind={"type": "ENUM", "enumType": enum_id},
        values=np.where(there, renamed[texts.codes], dtype(0)),
        names=names,
        missing=0 if has_missing else None,
        no_data=NO_DATA_NAME if has_missing else None,
    )


def truth_enum(enum_id: str, values: NDArray[np.bool_], valid: NDArray[np.bool_]) -> Scalars:
    """Booleans with a third value for missing: the type BOOLEAN has no noData (3D Metadata, "No Data Values")."""
    return Scalars(
        kind={"type": "ENUM", "enumType": enum_id},
        values=np.where(valid, values, np.uint8(2)).astype(np.uint8),
        names=["FALSE", "TRUE", NO_DATA_NAME],
        missing=2,
        no_data=NO_DATA_NAME,
    )


def index_column(values: NDArray[np.uint32]) -> Scalars:
    """UINT32, always there."""
    return Scalars(kind={"type": "SCALAR", "componentType": "UINT32"}, values=values.astype(np.uint32))


def number_column(values: NDArray[np.float64], valid: NDArray[np.bool_]) -> Scalars:
    """FLOAT32 where that keeps every value exactly, else FLOAT64."""
    present = values[valid & (values != FLOAT64_NO_DATA)]
    with np.errstate(over="ignore"):
        exact = bool((present.astype(np.float32).astype(np.float64) == present).all())
    missing = FLOAT32_NO_DATA if exact else FLOAT64_NO_DATA
    numbers = np.where(valid & (values != FLOAT64_NO_DATA), values, missing)
    return Scalars(
        kind={"type": "SCALAR", "componentType": "FLOAT32" if exact else "FLOAT64"},
        values=numbers.astype(np.float32) if exact else numbers,
        missing=missing,
        no_data=missing,
    )
