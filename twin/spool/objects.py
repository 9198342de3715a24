"""Objects in a spool: batches of values and tables of columns, in one order."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from twin.objects import SourceObject
from twin.spool.files import append_frame, frames, mapped
from twin.tables import Coded, ObjectTable, PropertyColumn, TextArray, Values

_Lean = TypeVar("_Lean", bound=msgspec.Struct)

_ALIGNMENT = 8
"""Of the widest number in a table."""

_NAME, _BLOCKS = "objects.msgpack", "tables.bin"


class _Block(msgspec.Struct, frozen=True, array_like=True):
    """An array in the file of blocks: numpy's name of its type, bytes into the file, number of entries."""

    dtype: str
    offset: int
    count: int


class _Column(msgspec.Struct, frozen=True, array_like=True):
    """One column: plain numbers, texts (`offsets`), or codes (`vocabulary`); `valid` is its mask."""

    data: _Block
    offsets: _Block | None = None
    vocabulary: list[str] | None = None
    valid: _Block | None = None


class _Property(msgspec.Struct, frozen=True, array_like=True):
    set_name: str
    name: str
    type: str
    unit: str | None
    column: _Column


class _Table(msgspec.Struct, frozen=True, tag="table"):
    """Frame of a table: a MessagePack map, where a batch of values is an array."""

    first: int
    columns: dict[str, _Column]
    properties: list[_Property]


_PLAIN = ("global_ids", "names", "classes", "disciplines", "parents", "storeys", "hidden", "products")


class ObjectWriter:
    """Writes the objects of a source in batches and tables, in the order of their ordinals."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = (folder / _NAME).open("wb")
        self._block_path = folder / _BLOCKS
        self._blocks: IO[bytes] | None = None

    def write(self, objects: Sequence[SourceObject]) -> None:
        """Append one batch."""
        append_frame(self._file, objects)

    def write_table(self, table: ObjectTable) -> None:
        """Append one table. Tables of 10⁴ to 10⁵ rows are a good size: readers hold one or two at a time."""
        properties = [
            _Property(each.set_name, each.name, each.type, each.unit, self._column(each.values, each.valid))
            for each in table.properties
        ]
        columns = {name: self._column(getattr(table, name)) for name in _PLAIN}
        append_frame(self._file, _Table(first=table.first, columns=columns, properties=properties))

    def _column(self, values: Values, valid: NDArray[np.bool_] | None = None) -> _Column:
        mask = None if valid is None else self._block(valid)
        if isinstance(values, TextArray):
            first, last = int(values.offsets[0]), int(values.offsets[-1])
            offsets = (values.offsets - first).astype(np.int64)
            return _Column(self._block(values.data[first:last]), self._block(offsets), None, mask)
        if isinstance(values, Coded):
            return _Column(self._block(values.codes), None, list(values.vocabulary), mask)
        return _Column(self._block(values), None, None, mask)

    def _block(self, values: NDArray[Any]) -> _Block:
        if self._blocks is None:
            self._blocks = self._block_path.open("wb")
        offset = self._blocks.tell()
        data = np.ascontiguousarray(values)
        self._blocks.write(data.data if len(data) else b"")
        self._blocks.write(b"\0" * (-data.nbytes % _ALIGNMENT))
        return _Block(data.dtype.str, offset, len(data))

    def close(self) -> None:
        """Close the files; what was written stays."""
        if self._blocks is not None:
            self._blocks.close()
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def batches(folder: Path) -> Iterator[list[SourceObject] | ObjectTable]:
    """What was written, as it was written and in that order. Arrays of tables are views of the mapped file."""
    return batches_as(folder, SourceObject)


def batches_as(folder: Path, kind: type[_Lean]) -> Iterator[list[_Lean] | ObjectTable]:
    """The same with values read as another Struct."""
    decoder = msgspec.msgpack.Decoder(list[kind])  # type: ignore[valid-type]  # made for whatever type is asked for
    blocks = mapped(folder / _BLOCKS)
    for frame in frames(folder / _NAME):
        yield _table(frame, blocks) if _is_map(frame[0]) else decoder.decode(frame)


def _is_map(head: int) -> bool:
    """Whether a MessagePack value is a map, by its first byte (fixmap, map 16, map 32)."""
    return head >> 4 == 0x8 or head in {0xDE, 0xDF}


def _table(frame: bytes, blocks: NDArray[np.uint8]) -> ObjectTable:
    found = msgspec.msgpack.decode(frame, type=_Table)
    plain: dict[str, Any] = {name: _values(column, blocks) for name, column in found.columns.items()}
    properties = tuple(
        PropertyColumn(
            set_name=each.set_name,
            name=each.name,
            type=each.type,
            unit=each.unit,
            values=_values(each.column, blocks),
            valid=None if each.column.valid is None else _array(each.column.valid, blocks),
        )
        for each in found.properties
    )
    return ObjectTable(first=found.first, properties=properties, **plain)


def _values(column: _Column, blocks: NDArray[np.uint8]) -> Values:
    data = _array(column.data, blocks)
    if column.offsets is not None:
        return TextArray(data=data, offsets=_array(column.offsets, blocks))
    if column.vocabulary is not None:
        return Coded(codes=data, vocabulary=tuple(column.vocabulary))
    return data


def _array(block: _Block, blocks: NDArray[np.uint8]) -> NDArray[Any]:
    dtype = np.dtype(block.dtype)
    return (
        np.frombuffer(blocks, dtype=dtype, count=block.count, offset=block.offset)
        if block.count
        else np.empty(0, dtype)
    )
