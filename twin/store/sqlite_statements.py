"""Statements for many rows of a table, made once for each."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Table

ROWS_AT_ONCE = 100
"""Rows of one INSERT: a table of 13 columns stays far below the 32,766 parameters that SQLite allows by default."""


@lru_cache(maxsize=256)
def insert_text(table: Table, columns: tuple[str, ...], rows: int = 1) -> str:
    """Insert so many rows with these columns."""
    names, marks = ", ".join(f'"{name}"' for name in columns), ", ".join("?" * len(columns))
    values = ", ".join([f"({marks})"] * rows)
    return f'INSERT INTO "{table.name}" ({names}) VALUES {values}'  # noqa: S608  # names of the schema's own


@lru_cache(maxsize=16)
def find_text(table: Table) -> str:
    """Find rows by their primary keys, given as one JSON array."""
    names = ", ".join(f't."{column.name}"' for column in table.columns)
    keys = table.primary_key.columns.keys()
    given = ["j.value"] if len(keys) == 1 else [f"json_extract(j.value, '$[{i}]')" for i in range(len(keys))]
    same = " AND ".join(f't."{name}" = {value}' for name, value in zip(keys, given, strict=True))
    return f'SELECT {names} FROM json_each(?) j CROSS JOIN "{table.name}" t ON {same}'  # noqa: S608  # names of the schema's own


@lru_cache(maxsize=16)
def update_text(table: Table, columns: tuple[str, ...]) -> str:
    """Set these columns of the row with a primary key."""
    values = ", ".join(f'"{name}" = ?' for name in columns)
    return f'UPDATE "{table.name}" SET {values} WHERE {_by_key(table)}'  # noqa: S608  # names of the schema's own


def _by_key(table: Table) -> str:
    return " AND ".join(f'"{column.name}" = ?' for column in table.primary_key)


def globbed(text: str) -> str:
    """A text as GLOB takes it literally."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in text)


def insert_values(connection: Connection, table: Table, values: Sequence[Any]) -> None:
    """Insert rows whose values follow one another."""
    columns = tuple(table.columns.keys())
    size = ROWS_AT_ONCE * len(columns)
    for start in range(0, len(values), size):
        some = tuple(values[start : start + size])
        connection.exec_driver_sql(insert_text(table, columns, len(some) // len(columns)), some)
