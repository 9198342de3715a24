"""Many rows at once, in and out of PostgreSQL: binary COPY, arrays, temporary tables."""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from sqlalchemy import (
    BigInteger,
    Boolean,
    Double,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

from twin.store.dialect import Row

NUL, REPLACEMENT = "\0", "\ufffd"
"""PostgreSQL's texts hold every character but NUL; U+FFFD stands for it, in what is stored and in what is asked."""

Driver = psycopg.Connection[Any]


def insert(driver: Driver, table: Table, rows: Sequence[Row]) -> None:
    """See `twin.store.dialect.Dialect.insert_rows`. One row goes as a statement, which the server has prepared: one round trip instead of two."""
    if len(rows) == 1:
        driver.execute(_insert_text(table), rows[0])
        return
    text, types = _copy_text(table)
    _copy(driver, text, types, rows)


def insert_missing(driver: Driver, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """See `twin.store.dialect.Dialect.insert_missing`."""
    driver.execute(_missing_text(table, tuple(columns)), _arrays(rows))


def find(driver: Driver, table: Table, keys: Sequence[Row]) -> list[tuple[Any, ...]]:
    """See `twin.store.dialect.Dialect.find_rows`."""
    with driver.cursor(binary=True) as cursor:
        return cursor.execute(_find_text(table), _arrays(keys)).fetchall()


def update(driver: Driver, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """See `twin.store.dialect.Dialect.update_rows`. One row goes as a statement: one round trip instead of five."""
    if len(rows) == 1:
        driver.execute(_update_text(table, tuple(columns)), rows[0])
        return
    names = (*columns, *table.primary_key.columns.keys())
    made, copied, updated = _update_texts(table, names)
    driver.execute(made)
    _copy(driver, copied, [_type(table, name) for name in names], rows)
    driver.execute(updated)


def columns(
    driver: Driver, statement: str, values: Mapping[str, Any], kinds: Sequence[type]
) -> list[NDArray[Any]]:
    """See `twin.store.dialect.Dialect.columns`: the server puts the fields of all rows, 8 bytes each, into one value.

    Over COPY each row is a message of its own, which costs this process 2 µs. A value holds 1 GB, 33 million rows of four.
    """
    names = [f"c{place}" for place in range(len(kinds))]
    sent = " || ".join(
        f"{'float8send' if kind is np.float64 else 'int8send'}({name})"
        for name, kind in zip(names, kinds, strict=True)
    )
    whole = f"SELECT string_agg({sent}, ''::bytea) FROM ({statement}) AS q ({', '.join(names)})"  # noqa: S608 - ours
    with driver.cursor(binary=True) as cursor:
        row = cursor.execute(whole.encode(), values).fetchone()
    data = b"" if row is None or row[0] is None else row[0]
    fields = [(name, np.dtype(kind).newbyteorder(">").str) for name, kind in zip(names, kinds, strict=True)]
    rows = np.frombuffer(data, np.dtype(fields))
    return [rows[name].astype(kind) for name, kind in zip(names, kinds, strict=True)]


def _arrays(rows: Sequence[Row]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _copy(driver: psycopg.Connection[Any], text: bytes, types: list[str], rows: Sequence[Row]) -> None:
    """COPY these rows; `types`: the server's names of their columns' types."""
    texts = [at for at, kind in enumerate(types) if kind == "text"]
    if any(NUL in row[at] for at in texts for row in rows if row[at] is not None):
        rows = [tuple(map(_clean, row)) for row in rows]
    with driver.cursor() as cursor, cursor.copy(text) as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)


def _clean(value: object) -> object:
    return value.replace(NUL, REPLACEMENT) if isinstance(value, str) else value


_TYPES = (
    (BigInteger, "int8"),
    (SmallInteger, "int2"),
    (Integer, "int4"),
    (Double, "float8"),
    (Boolean, "bool"),
    (LargeBinary, "bytea"),
    (Text, "text"),
)


def _type(table: Table, name: str) -> str:
    """The server's name of a column's type."""
    column = table.c[name]
    return next(there for ours, there in _TYPES if isinstance(column.type, ours))


@lru_cache(maxsize=64)
def _copy_text(table: Table) -> tuple[bytes, list[str]]:
    """The statement, and the types of its columns."""
    names = list(table.columns.keys())
    quoted = _listed(names)
    return f'COPY "{table.name}" ({quoted}) FROM STDIN (FORMAT BINARY)'.encode(), [
        _type(table, name) for name in names
    ]


@lru_cache(maxsize=64)
def _insert_text(table: Table) -> bytes:
    """Insert one row with all columns."""
    names = list(table.columns.keys())
    marks = ", ".join(f"%s::{_type(table, name)}" for name in names)
    return f'INSERT INTO "{table.name}" ({_listed(names)}) VALUES ({marks})'.encode()  # noqa: S608 - names of the schema's own


@lru_cache(maxsize=64)
def _update_text(table: Table, columns: tuple[str, ...]) -> bytes:
    """Set these columns of the row with a primary key."""
    values = ", ".join(f'"{name}" = %s::{_type(table, name)}' for name in columns)
    same = " AND ".join(f'"{name}" = %s::{_type(table, name)}' for name in table.primary_key.columns.keys())  # noqa: SIM118  # columns, not a dict
    return f'UPDATE "{table.name}" SET {values} WHERE {same}'.encode()  # noqa: S608 - as above


@lru_cache(maxsize=16)
def _find_text(table: Table) -> bytes:
    keys = list(table.primary_key.columns.keys())
    wanted = ", ".join(f't."{column.name}"' for column in table.columns)
    arrays = ", ".join(f"%b::{_type(table, name)}[]" for name in keys)
    return (
        f"SELECT {wanted} FROM unnest({arrays}) AS k({_listed(keys)}) "  # noqa: S608 - names of the schema's own
        f'JOIN "{table.name}" t USING ({_listed(keys)})'
    ).encode()


@lru_cache(maxsize=16)
def _update_texts(table: Table, names: tuple[str, ...]) -> tuple[bytes, bytes, bytes]:
    """Making an empty temporary table of these columns, the last of them the primary key; filling it; updating from it."""
    keys = list(table.primary_key.columns.keys())
    new = f"new_{table.name}_{zlib.crc32(' '.join(names).encode()):08x}"
    made = (
        f'CREATE TEMPORARY TABLE IF NOT EXISTS "{new}" ON COMMIT DELETE ROWS '  # noqa: S608 - names of the schema's own
        f'AS SELECT {_listed(names)} FROM "{table.name}" WITH NO DATA; DELETE FROM "{new}"'
    )
    values = ", ".join(f'"{name}" = n."{name}"' for name in names[: -len(keys)])
    same = " AND ".join(f't."{name}" = n."{name}"' for name in keys)
    updated = f'UPDATE "{table.name}" t SET {values} FROM "{new}" n WHERE {same}'  # noqa: S608 - as above
    copied = f'COPY "{new}" ({_listed(names)}) FROM STDIN (FORMAT BINARY)'
    return made.encode(), copied.encode(), updated.encode()


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


@lru_cache(maxsize=64)
def _missing_text(table: Table, columns: tuple[str, ...]) -> str:
    names = _listed(columns)
    given = ", ".join(f'n."{name}"' for name in columns)
    arrays = ", ".join(f"%s::{_type(table, name)}[]" for name in columns)
    there = " AND ".join(f't."{name}" = n."{name}"' for name in _unique(table, columns))
    return (
        f'INSERT INTO "{table.name}" ({names}) SELECT {given} '  # noqa: S608 - names of the schema's own
        f"FROM unnest({arrays}) WITH ORDINALITY AS n({names}, place) "
        f'WHERE NOT EXISTS (SELECT FROM "{table.name}" t WHERE {there}) ORDER BY n.place ON CONFLICT DO NOTHING'
    )


def _unique(table: Table, columns: tuple[str, ...]) -> list[str]:
    """Columns by which rows are told apart: of the constraint that these columns fill."""
    for constraint in (table.primary_key, *table.constraints):
        if isinstance(constraint, UniqueConstraint) or constraint is table.primary_key:
            names = list(constraint.columns.keys())
            if set(names) <= set(columns):
                return names
    raise ValueError(f"{table.name}: no unique constraint within {columns}")
