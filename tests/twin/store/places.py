"""A database of either engine, for tests that look behind the store."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from twin.store import DATABASE_NAME, SqlStore, open_store, open_store_url


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a twin is kept: a data folder or a `postgresql://` URL."""

    address: str

    @property
    def is_postgres(self) -> bool:
        return self.address.startswith("postgresql://")

    def opened(self, **options: Any) -> SqlStore:
        if self.is_postgres:
            return open_store_url(self.address, **options)
        return open_store(Path(self.address), **options)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What one statement, in the words of both engines, finds on a connection of its own."""
        if self.is_postgres:
            with psycopg.connect(self.address) as session:
                return session.execute(statement.encode()).fetchall()
        with closing(sqlite3.connect(Path(self.address) / DATABASE_NAME)) as connection:
            return connection.execute(statement).fetchall()

    def count(self, table: str) -> int:
        return int(self.rows(f'SELECT count(*) FROM "{table}"')[0][0])
