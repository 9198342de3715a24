"""Typed columns of a property table (3D Metadata 1.0): how values become the bytes that runtimes read.

Encodings: 3D Metadata specification, "Binary Table Format": little-endian, strings as UTF-8 with offsets of one more
entry than there are values.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

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

    texts: Sequence[str]
    required: bool = True

    def definition(self) -> Definition:
        """The property in the schema."""
        return {"type": "STRING", **({"required": True} if self.required else {"noData": NO_TEXT})}

    def encode(self, ordinals: NDArray[np.intp]) -> Encoded:
        """Bytes for these objects, in this order."""
        missing = b"" if self.required else NO_TEXT.encode()
        chosen = [self.texts[at].encode() or missing for at in ordinals]
        values = b"".join(chosen)
        name, dtype = smallest_integer(len(values))
        offsets = np.zeros(len(chosen) + 1, dtype=dtype)
        np.cumsum([len(text) for text in chosen], out=offsets[1:])
        return Encoded(values=values, offsets=offsets.tobytes(), offset_type=name)


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


def text_enum(enum_id: str, texts: Sequence[str | None]) -> Scalars:
    """An enumeration of the texts that occur, in string order; None is a missing value."""
    found = Counter(texts)
    has_missing = bool(found.pop(None, 0) + found.pop(NO_DATA_NAME, 0))
    names = ([NO_DATA_NAME] if has_missing else []) + sorted(name for name in found if name is not None)
    code_of: dict[str | None, int] = {None: 0, NO_DATA_NAME: 0} | {name: at for at, name in enumerate(names)}
    _, dtype = smallest_integer(max(len(names) - 1, 0))
    return Scalars(
        kind={"type": "ENUM", "enumType": enum_id},
        values=np.fromiter((code_of[text] for text in texts), dtype=dtype, count=len(texts)),
        names=names,
        missing=0 if has_missing else None,
        no_data=NO_DATA_NAME if has_missing else None,
    )


def truth_enum(enum_id: str, values: Sequence[bool | None]) -> Scalars:
    """Booleans with a third value for missing: the type BOOLEAN has no noData (3D Metadata, "No Data Values")."""
    codes = (2 if value is None else int(value) for value in values)
    return Scalars(
        kind={"type": "ENUM", "enumType": enum_id},
        values=np.fromiter(codes, dtype=np.uint8, count=len(values)),
        names=["FALSE", "TRUE", NO_DATA_NAME],
        missing=2,
        no_data=NO_DATA_NAME,
    )


def index_column(values: NDArray[np.uint32]) -> Scalars:
    """UINT32, always there."""
    return Scalars(kind={"type": "SCALAR", "componentType": "UINT32"}, values=values.astype(np.uint32))


def number_column(values: Sequence[float | None]) -> Scalars:
    """FLOAT32 where that keeps every value exactly, else FLOAT64."""
    numbers = np.array([FLOAT64_NO_DATA if value is None else value for value in values], dtype=np.float64)
    present = numbers[numbers != FLOAT64_NO_DATA]
    with np.errstate(over="ignore"):
        exact = bool((present.astype(np.float32).astype(np.float64) == present).all())
    missing = FLOAT32_NO_DATA if exact else FLOAT64_NO_DATA
    numbers = np.where(numbers == FLOAT64_NO_DATA, missing, numbers)
    return Scalars(
        kind={"type": "SCALAR", "componentType": "FLOAT32" if exact else "FLOAT64"},
        values=numbers.astype(np.float32) if exact else numbers,
        missing=missing,
        no_data=missing,
    )
