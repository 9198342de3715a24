"""Property sets by content: prepared outside the transaction, written once however many objects have them."""

import hashlib
import math
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, select

from twin.objects import Property
from twin.queries import MAX_TEXT
from twin.store import counters
from twin.store.dialect import Dialect
from twin.store.schema import property_key, property_set, property_value

MAX_REMEMBERED = 200_000
"""Ids of sets and keys that an import remembers: 30 MB. Beyond it they are looked up again."""

_encoder = msgspec.json.Encoder()

Key = tuple[str, str, str, str]
"""Set name, property name, type, unit."""


class PreparedSet(NamedTuple):
    """A property set ready to be written."""

    digest: bytes
    name: str
    body: str
    properties: Mapping[str, Property]


def prepared(name: str, properties: Mapping[str, Property]) -> PreparedSet:
    """Encode a set and name it by its content."""
    body = _encoder.encode(properties)
    digest = hashlib.blake2b(name.encode() + b"\0" + body, digest_size=16).digest()
    return PreparedSet(digest, name, body.decode(), properties)


class PropertyWriter:
    """Writes property sets for one import and remembers what it wrote.

    What a transaction found or made is remembered only once the caller says that it was `committed`; after `undone` it
    has left no trace here.
    """

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._sets: dict[bytes, int] = {}
        self._keys: dict[Key, int] = {}
        self._new_sets: dict[bytes, int] = {}
        self._new_keys: dict[Key, int] = {}

    def committed(self) -> None:
        """Remember what the last transaction gave, now that it holds."""
        if len(self._sets) + len(self._keys) > MAX_REMEMBERED:
            self._sets.clear()
            self._keys.clear()
        self._sets.update(self._new_sets)
        self._keys.update(self._new_keys)
        self.undone()

    def undone(self) -> None:
        """Forget what the last transaction gave: it was rolled back."""
        self._new_sets.clear()
        self._new_keys.clear()

    def write(self, connection: Connection, sets: Mapping[bytes, PreparedSet]) -> dict[bytes, int]:
        """Ids of these sets by digest; those that the database lacks are inserted with their values."""
        unknown = [digest for digest in sets if digest not in self._sets]
        self._new_sets.update(_stored_sets(connection, unknown))
        missing = [sets[digest] for digest in unknown if digest not in self._new_sets]
        if missing:
            first = counters.take(connection, "property_set", len(missing))
            self._insert(connection, missing, first)
        return {digest: self._sets.get(digest, self._new_sets.get(digest, -1)) for digest in sets}

    def _insert(self, connection: Connection, sets: Sequence[PreparedSet], first: int) -> None:
        rows = [(first + i, s.digest, s.name, s.body) for i, s in enumerate(sets)]
        self._new_sets.update((row[1], row[0]) for row in rows)
        self._dialect.insert_rows(connection, property_set, rows)
        keys = self._key_ids(connection, sets)
        values: list[tuple[int, int, int, float | None, str | None]] = []
        for i, one in enumerate(sets):
            item = 0
            for name, stated in one.properties.items():
                key = keys[_key(one.name, name, stated)]
                for number, text in _scalars(stated.value):
                    values.append((first + i, item, key, number, text))
                    item += 1
        self._dialect.insert_rows(connection, property_value, values)

    def _key_ids(self, connection: Connection, sets: Sequence[PreparedSet]) -> dict[Key, int]:
        """Ids of all keys of these sets, the new ones entered into the dictionary."""
        wanted = {_key(one.name, name, stated) for one in sets for name, stated in one.properties.items()}
        unknown = [key for key in wanted if key not in self._keys]
        if unknown:
            columns = ("set_name", "name", "type", "unit")
            rows = [dict(zip(columns, key, strict=True)) for key in sorted(unknown)]
            self._dialect.insert_missing(connection, property_key, rows)
            self._new_keys.update(_stored_keys(connection, {key[1] for key in unknown}))
        return {**{key: self._keys[key] for key in wanted if key in self._keys}, **self._new_keys}


def _stored_sets(connection: Connection, digests: Sequence[bytes]) -> dict[bytes, int]:
    if not digests:
        return {}
    found = connection.execute(
        select(property_set.c.digest, property_set.c.id).where(property_set.c.digest.in_(digests))
    )
    return {row.digest: row.id for row in found}


def _stored_keys(connection: Connection, names: set[str]) -> dict[Key, int]:
    found = connection.execute(select(property_key).where(property_key.c.name.in_(names)))
    return {(row.set_name, row.name, row.type, row.unit): row.id for row in found}


def _key(set_name: str, name: str, stated: Property) -> Key:
    return normal(set_name), normal(name), stated.type, stated.unit or ""


def normal(text: str) -> str:
    """NFC: what people type and what files hold agree in it."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def searchable(text: str) -> str:
    """The part of a text that conditions compare."""
    return normal(text)[:MAX_TEXT]


def _scalars(value: object) -> Iterator[tuple[float | None, str | None]]:
    """Number and text of a value; of a list, those of its elements; nothing for what cannot be compared."""
    if isinstance(value, bool):
        yield float(value), "true" if value else "false"
    elif isinstance(value, str):
        yield None, searchable(value)
    elif isinstance(value, int | float):
        number = _double(value)
        if number is not None:
            yield number, None
    elif isinstance(value, list):
        for element in value:
            yield from _scalars(element)


def _double(value: float) -> float | None:
    try:
        number = float(value)
    except OverflowError:
        return None
    return None if math.isnan(number) else number
