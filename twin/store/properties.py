"""Property sets by content: encoded outside the transaction, written once however many objects have them.

Their values go into two tables that are ordered as searches need them, so that each value lands on a page of its own
unless many come at once. They are collected and written sorted, some 100,000 at a time (measured: 1,000,000 random numbers
in 1.9 s instead of 9 s). A revision is published only when all of its values are in.
"""

import hashlib
import math
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, Table, bindparam, delete, select

from twin.objects import Property
from twin.queries import MAX_TEXT, PropertyCondition
from twin.store import counters
from twin.store.database import Database
from twin.store.dialect import Dialect
from twin.store.ids import id_range
from twin.store.pace import Pace, lists
from twin.store.schema import object_property_set, property_key, property_number, property_set, property_text

MAX_REMEMBERED = 500_000
"""Sets and keys that an import remembers: 60 MB. What comes back after that is stored once more."""

COLLECTED = 100_000
"""Values that are collected before they are written: 15 MB."""

_FIRST_PIECE = 4_000
"""Values of the first transaction (measured: 4,000 sorted ones take 8 ms)."""

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(dict[str, Property])

Key = tuple[str, str, str, str | None]
"""Set name, property name, type, unit, as the source has them."""


ValueRow = tuple[int, float, int] | tuple[int, str, int]
"""Key id, value, set id."""


class PreparedSet(NamedTuple):
    """A property set ready to be written."""

    digest: bytes
    name: str
    body: str
    properties: Mapping[str, Property]


def prepare(name: str, properties: Mapping[str, Property], known: dict[bytes, PreparedSet]) -> bytes:
    """Encode a set, name it by its content, and enter it into `known`; returns the name, its digest."""
    body = _encoder.encode(properties)
    digest = hashlib.blake2b(name.encode() + b"\0" + body, digest_size=16).digest()
    if digest not in known:
        known[digest] = PreparedSet(digest, name, body.decode(), properties)
    return digest


class _Values(NamedTuple):
    """Searchable values of property sets, on their way into or out of their tables."""

    numbers: list[tuple[int, float, int]]
    texts: list[tuple[int, str, int]]

    @classmethod
    def none(cls) -> "_Values":
        """An empty collection."""
        return cls([], [])

    @property
    def total(self) -> int:
        """Values collected."""
        return len(self.numbers) + len(self.texts)

    def add(self, set_id: int, one: PreparedSet, keys: Mapping[Key, int]) -> None:
        """Add the values of a set; raises KeyError for a key that is not among these, with nothing added.

        One that is there twice (in a list) counts once.
        """
        ids = [keys[one.name, name, stated.type, stated.unit] for name, stated in one.properties.items()]
        for key, stated in zip(ids, one.properties.values(), strict=True):
            value = stated.value
            if type(value) is float and value == value:  # nearly all values, so without a call  # noqa: PLR0124
                self.numbers.append((key, value, set_id))
            elif type(value) is str:
                self.texts.append((key, searchable(value), set_id))
            else:
                self._add_others(key, set_id, frozenset(_scalars(value)))

    def _add_others(self, key: int, set_id: int, values: frozenset[float | str]) -> None:
        for value in values:
            if isinstance(value, str):
                self.texts.append((key, value, set_id))
            else:
                self.numbers.append((key, value, set_id))

    def extend(self, other: "_Values") -> None:
        """Add those of another."""
        self.numbers.extend(other.numbers)
        self.texts.extend(other.texts)

    def rows(self) -> list[tuple[Table, Sequence[ValueRow]]]:
        """Each table with its rows in the order of its key."""
        return [(property_number, sorted(self.numbers)), (property_text, sorted(self.texts))]


class PropertyWriter:
    """Writes the property sets of one import.

    What a transaction wrote counts only once the caller says that it was `committed`; after `undone` it has left no
    trace here.
    """

    def __init__(self, database: Database, model_revision: int | None) -> None:
        """`model_revision`: the model's current one, whose sets the new one shares."""
        self._database = database
        self._sets = {} if model_revision is None else _sets_of(database, model_revision)
        self._keys: dict[Key, int] = {}
        self._new_sets: list[bytes] = []
        self._new_keys: list[Key] = []
        self._values, self._new_values = _Values.none(), _Values.none()

    def write(self, connection: Connection, sets: Mapping[bytes, PreparedSet]) -> dict[bytes, int]:
        """Ids of these sets by digest; those that the model lacks are inserted."""
        missing = [one for digest, one in sets.items() if digest not in self._sets]
        if missing:
            first = counters.take(connection, "property_set", len(missing))
            rows = [(first + i, one.digest, one.name, one.body) for i, one in enumerate(missing)]
            self._database.dialect.insert_rows(connection, property_set, rows)
            self._sets.update((row[1], row[0]) for row in rows)
            self._new_sets.extend(row[1] for row in rows)
            self._collect(connection, missing, first)
        return {digest: self._sets[digest] for digest in sets}

    def _collect(self, connection: Connection, sets: Sequence[PreparedSet], first: int) -> None:
        """Collect the values of new sets with ids from `first`; keys that the dictionary lacks are entered."""
        unknown: list[tuple[int, PreparedSet]] = []
        for set_id, one in enumerate(sets, first):
            try:
                self._new_values.add(set_id, one, self._keys)
            except KeyError:
                unknown.append((set_id, one))
        if unknown:
            keys = {key for _, one in unknown for key in _keys_of(one)} - self._keys.keys()
            self._keys.update(entered(connection, self._database.dialect, keys))
            self._new_keys.extend(keys)
        for set_id, one in unknown:
            self._new_values.add(set_id, one, self._keys)

    def committed(self) -> None:
        """Remember what the last transaction wrote."""
        self._values.extend(self._new_values)
        self._begin()
        if len(self._sets) + len(self._keys) > MAX_REMEMBERED:
            self._sets.clear()
            self._keys.clear()

    def undone(self) -> None:
        """Forget what the last transaction wrote: it was rolled back."""
        for digest in self._new_sets:
            del self._sets[digest]
        for key in self._new_keys:
            del self._keys[key]
        self._begin()

    def _begin(self) -> None:
        self._new_sets, self._new_keys, self._new_values = [], [], _Values.none()

    def flush(self, at_least: int = 0) -> None:
        """Write the values that have been collected, if there are so many."""
        if self._values.total < at_least:
            return
        dialect = self._database.dialect
        for table, rows in self._values.rows():
            for piece in Pace(_FIRST_PIECE).pieces(rows):
                with self._database.write() as connection:
                    dialect.insert_rows(connection, table, piece)
        self._values = _Values.none()


def _sets_of(database: Database, revision_id: int) -> dict[bytes, int]:
    """Sets that a revision uses, by digest."""
    first, last = id_range(revision_id)
    used = select(object_property_set.c.set_id).where(object_property_set.c.object_id.between(first, last))
    found = (
        select(property_set.c.digest, property_set.c.id)
        .where(property_set.c.id.in_(used))
        .limit(MAX_REMEMBERED)
    )
    with database.read() as connection:
        return {row.digest: row.id for row in connection.execute(found)}


def _keys_of(one: PreparedSet) -> set[Key]:
    return {(one.name, name, stated.type, stated.unit) for name, stated in one.properties.items()}


def key_ids(connection: Connection, condition: PropertyCondition) -> list[int]:
    """Ids of the properties that a condition is about."""
    found = select(property_key.c.id).where(property_key.c.name == normal(condition.name))
    if condition.set is not None:
        found = found.where(property_key.c.set_name == normal(condition.set))
    return list(connection.execute(found).scalars())


def entered(connection: Connection, dialect: Dialect, keys: set[Key]) -> dict[Key, int]:
    """Ids of keys, entered into the dictionary where it lacks them."""
    columns = ("set_name", "name", "type", "unit")
    dialect.insert_missing(connection, property_key, columns, sorted({_stored_key(key) for key in keys}))
    return _known(connection, keys)


def _stored_key(key: Key) -> tuple[str, str, str, str]:
    set_name, name, kind, unit = key
    return normal(set_name), normal(name), kind, unit or ""


def _known(connection: Connection, keys: set[Key]) -> dict[Key, int]:
    names = sorted({normal(key[1]) for key in keys})
    ids: dict[tuple[str, ...], int] = {}
    for some in lists(names):
        for row in connection.execute(select(property_key).where(property_key.c.name.in_(some))):
            ids[row.set_name, row.name, row.type, row.unit] = row.id
    return {key: ids[_stored_key(key)] for key in keys if _stored_key(key) in ids}


def erase(connection: Connection, set_ids: Sequence[int]) -> None:
    """Delete these sets with their values, which follow from their bodies."""
    for some in lists(set_ids):
        _erase_some(connection, some)


def _erase_some(connection: Connection, set_ids: Sequence[int]) -> None:
    rows = connection.execute(select(property_set).where(property_set.c.id.in_(set_ids))).all()
    sets = [(row.id, PreparedSet(row.digest, row.name, row.body, _decoder.decode(row.body))) for row in rows]
    keys = _known(connection, {key for _, one in sets for key in _keys_of(one)})
    values = _Values.none()
    for set_id, one in sets:
        values.add(set_id, one, keys)
    for table, found in values.rows():
        _delete_values(connection, table, found)
    connection.execute(delete(property_set).where(property_set.c.id.in_(set_ids)))


def _delete_values(connection: Connection, table: Table, rows: Sequence[ValueRow]) -> None:
    if rows:
        names = [column.name for column in table.columns]
        one = delete(table).where(*(table.c[name] == bindparam(f"this_{name}") for name in names))
        connection.execute(one, [{f"this_{n}": v for n, v in zip(names, row, strict=True)} for row in rows])


def normal(text: str) -> str:
    """NFC: what people type and what files hold agree in it."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def searchable(text: str) -> str:
    """The part of a text that conditions compare."""
    return text if text.isascii() and len(text) <= MAX_TEXT else normal(text)[:MAX_TEXT]


def _scalars(value: object) -> Iterator[float | str]:
    """What conditions compare of a value: a number or a text; of a list, its elements; nothing of what is no value."""
    if isinstance(value, bool):
        yield "true" if value else "false"
    elif isinstance(value, str):
        yield searchable(value)
    elif isinstance(value, int | float):
        number = _double(value)
        if number is not None:
            yield number
    elif isinstance(value, list):
        for element in value:
            yield from _scalars(element)


def _double(value: float) -> float | None:
    try:
        number = float(value)
    except OverflowError:
        return None
    return None if math.isnan(number) else number
