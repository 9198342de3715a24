"""Statements for many rows of a table, made once for each."""

import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import Table, UniqueConstraint

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


@lru_cache(maxsize=16)
def overwrite_text(table: Table, columns: tuple[str, ...], rows: int) -> str | None:
    """Set these columns of so many rows that are there, each by its columns, then its key; None where a table has more to be unique
    than its key. Stands as an insertion: of what can take many rows a step it is the fastest (measured: 0.8 µs a row of five columns, as
    UPDATE 1.1, as UPDATE … FROM 1.9). Columns that must have a value get one that is never used.
    """
    if any(isinstance(constraint, UniqueConstraint) for constraint in table.constraints):
        return None
    keys = table.primary_key.columns.keys()
    given = (*columns, *keys)
    needed = [each.name for each in table.columns if not each.nullable and each.name not in given]
    names = ", ".join(f'"{name}"' for name in (*given, *needed))
    marks = ", ".join(["?"] * len(given) + ["0"] * len(needed))
    values = ", ".join([f"({marks})"] * rows)
    same = ", ".join(f'"{key}"' for key in keys)
    new = ", ".join(f'"{name}" = excluded."{name}"' for name in columns)
    return f'INSERT INTO "{table.name}" ({names}) VALUES {values} ON CONFLICT ({same}) DO UPDATE SET {new}'  # noqa: S608  # as above


def _by_key(table: Table) -> str:
    return " AND ".join(f'"{column.name}" = ?' for column in table.primary_key)


def globbed(text: str) -> str:
    """A text as GLOB takes it literally."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in text)


def insert_columns(driver: sqlite3.Connection, table: Table, columns: Sequence[Sequence[Any]]) -> None:
    """Insert the rows of which these are the columns. What all of them have in common is bound once a statement, which saves half
    of the time of the rows of a layer.
    """
    shared = {place: column[0] for place, column in enumerate(columns) if _is_one_value(column)}
    varying = [column for place, column in enumerate(columns) if place not in shared]
    values: list[Any] = [None] * (len(columns[0]) * len(varying))
    for place, column in enumerate(varying):
        values[place :: len(varying)] = column
    held, size = list(shared.values()), ROWS_AT_ONCE * len(varying)
    for start in range(0, len(values), size):
        some = values[start : start + size]
        text = _values_text(table, len(some) // len(varying), tuple(shared))
        driver.execute(text, some + held).close()


def _is_one_value(column: Sequence[Any]) -> bool:
    """Whether several rows have one value in a column; first looked at from both ends, where most that vary do so."""
    return len(column) > 1 and column[0] == column[-1] and column.count(column[0]) == len(column)


@lru_cache(maxsize=256)
def _values_text(table: Table, rows: int, shared: tuple[int, ...]) -> str:
    """Insert so many rows with all columns; those at the places `shared` take parameters behind those of the others."""
    if not shared:
        return insert_text(table, tuple(table.columns.keys()), rows)
    width = len(table.columns) - len(shared)
    number = {place: rows * width + index for index, place in enumerate(shared, 1)}
    own = [place for place in range(len(table.columns)) if place not in number]
    marks = [
        {**number, **{place: row * width + index for index, place in enumerate(own, 1)}}
        for row in range(rows)
    ]
    values = ", ".join(
        "(" + ", ".join(f"?{of_row[place]}" for place in range(len(table.columns))) + ")" for of_row in marks
    )
    names = ", ".join(f'"{name}"' for name in table.columns.keys())  # noqa: SIM118  # columns, not a dict
    return f'INSERT INTO "{table.name}" ({names}) VALUES {values}'  # noqa: S608  # names of the schema's own


def insert(driver: sqlite3.Connection, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    """Insert whole rows; past SQLAlchemy, which takes a fifth of the time."""
    columns = tuple(table.columns.keys())
    _in_pieces(driver, rows, insert_text(table, columns, ROWS_AT_ONCE), insert_text(table, columns))


def update(
    driver: sqlite3.Connection, table: Table, columns: tuple[str, ...], rows: Sequence[Sequence[Any]]
) -> None:
    """Set these columns of rows that are there."""
    one = update_text(table, columns)
    _in_pieces(driver, rows, overwrite_text(table, columns, ROWS_AT_ONCE), one)


def _in_pieces(driver: sqlite3.Connection, rows: Sequence[Sequence[Any]], many: str | None, one: str) -> None:
    """`many`: a statement for `ROWS_AT_ONCE` rows, if there can be one; the others are left to that for one."""
    done = 0 if many is None else len(rows) - len(rows) % ROWS_AT_ONCE
    for start in range(0, done, ROWS_AT_ONCE):
        values = tuple(chain.from_iterable(rows[start : start + ROWS_AT_ONCE]))
        driver.execute(many or one, values).close()
    if done < len(rows):
        driver.executemany(one, rows[done:]).close()
