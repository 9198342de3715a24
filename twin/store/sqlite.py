"""SQLite: one file in the data folder, write-ahead log, R*Tree for places.

There is no ANALYZE on purpose: the statements are written for the plans that follow from the schema alone, and statistics of
a few models turn joins around (measured on 100,000 objects: an object by id 1.6 ms before, 21 ms after).
"""

import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Double,
    Engine,
    Integer,
    MetaData,
    Select,
    Table,
    TableValuedAlias,
    Text,
    bindparam,
    create_engine,
    event,
    func,
    inspect,
    select,
)
from sqlalchemy import Column as SqlColumn

from twin.errors import StoreError
from twin.store import sqlite_statements as statements
from twin.store.dialect import Degrees, Lane, Row, at_once

BUSY_TIMEOUT_MS = 10_000
"""How long a writer waits for another process. Transactions take 50 ms at most while staging, a publication less than
a second: ten seconds mean that something hangs."""

ASK_AGAIN_S = 0.001
"""Time between two attempts to take the write lock: as long as the gap that staging leaves."""

CACHE_KIB = 16_384
"""Page cache of a connection. Beyond this the operating system's own cache serves as well (100,000 objects: 60 MB)."""

MAPPED_BYTES = 256 << 20
"""Reads go through a mapping of the file: no copy into each connection's cache."""

WAL_LIMIT_BYTES = 64 << 20
"""A log that grew during a long read is cut back to this at the next checkpoint."""

CHECKPOINT_PAGES = 16_384
"""Pages in the log (64 MB) at which a commit moves them into the database. SQLite's own 1,000 are less than one batch of
readings of as many signals: each commit would write all of its pages twice."""

WRITER_CACHE_KIB = 65_536
"""Page cache of the writer: the pages that a batch changes must fit, or they go to the log before the commit."""

_encoder = msgspec.json.Encoder()

_places = Table(
    "object_place",
    MetaData(),
    SqlColumn("id", Integer, primary_key=True),
    *(SqlColumn(name, Double) for name in ("west", "east", "south", "north", "min_height", "max_height")),
)
"""The R*Tree, as a table to select from; it is a virtual table and stands outside the schema's metadata."""


class SqliteDialect:
    """A database file at `path`; see `twin.store.dialect.Dialect`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def location(self) -> str:
        """The path of the file."""
        return str(self._path)

    @property
    def driver_error(self) -> type[Exception]:
        """As PEP 249 names it."""
        return sqlite3.Error

    @property
    def elsewhere(self) -> str:
        """Another folder."""
        return "choose another folder with --data"

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """One: a file has one writer."""
        return ("models",)

    @property
    def buffers_readings(self) -> bool:
        """Yes: history lies in the order of its key, and a batch of 5,000 signals would write as many pages."""
        return True

    @property
    def plans_as_written(self) -> bool:
        """No: it finds a good order, and that one order inside another is one; and it has no LATERAL."""
        return False

    def exists(self) -> bool:
        """Whether the file is there."""
        return self._path.is_file()

    def create(self) -> None:
        """Make the file with mode 0600; the log beside it inherits that from SQLite."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise StoreError(
                f"The data folder {self._path.parent} cannot be written: {error.strerror}. "
                "Choose another with --data, or change its owner or rights."
            ) from error

    def reader(self) -> Engine:
        """A pool of connections that cannot write."""
        engine = self._engine(pool_size=8, max_overflow=56)
        _on_connect(engine, "PRAGMA query_only=ON")
        _on_begin(engine, "BEGIN")
        return engine

    def share(self, connections: Sequence[Connection]) -> bool:
        """SQLite's snapshots cannot be handed on: the first transaction begins first, and nothing was committed until the last did."""
        first, *others = connections
        before = [_version_seen(other) for other in others]
        for connection in (first, *others):
            connection.exec_driver_sql("SELECT 1 FROM sqlite_schema LIMIT 1").close()
        return before == [_version_seen(other) for other in others]

    def writer(self, lane: Lane) -> Engine:  # noqa: ARG002 - there is one
        """One connection that takes the write lock as it begins: a transaction that reads first never fails half-way."""
        engine = self._engine(pool_size=1, max_overflow=0)
        _on_connect(
            engine,
            "PRAGMA journal_mode=WAL",
            f"PRAGMA journal_size_limit={WAL_LIMIT_BYTES}",
            f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}",
            f"PRAGMA cache_size=-{WRITER_CACHE_KIB}",
            "PRAGMA busy_timeout=0",
        )
        event.listen(engine, "begin", _begin_writing)
        return engine

    def tables(self, connection: Connection) -> list[str]:
        """All of them; an R*Tree's own are among ours."""
        return inspect(connection).get_table_names()

    def _engine(self, *, pool_size: int, max_overflow: int) -> Engine:
        engine = create_engine(
            URL.create("sqlite", database=str(self._path.absolute())),
            pool_size=pool_size,
            max_overflow=max_overflow,
            connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000},
        )
        _on_connect(
            engine,
            "PRAGMA foreign_keys=ON",
            f"PRAGMA cache_size=-{CACHE_KIB}",
            f"PRAGMA mmap_size={MAPPED_BYTES}",
            "PRAGMA temp_store=MEMORY",
        )
        return engine

    def advice(self, error: Exception) -> str:
        """Tell locked, full, read-only and damaged apart."""
        reason = str(getattr(error, "orig", error))
        for sign, advice in _ADVICE.items():
            if sign in reason:
                return f"The database {self._path}: {reason}. {advice}"
        return f"The database {self._path}: {reason}."

    def set_durable(self, connection: Connection, *, durable: bool) -> None:
        """`synchronous`: FULL writes the log to disk at each commit, NORMAL at checkpoints only."""
        if connection.info.get("durable") != durable:
            driver = connection.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            driver.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            connection.info["durable"] = durable

    def settle(self) -> None:
        """The log, of which SQLite holds no locks that closing it here would lose (those are on the file beside it)."""
        with suppress(FileNotFoundError):
            log = os.open(f"{self._path}-wal", os.O_RDONLY)
            try:
                os.fsync(log)
            finally:
                os.close(log)

    def insert_rows(self, connection: Connection, table: Table, rows: Sequence[Row]) -> None:
        """Many rows a statement: starting one takes twice as long as writing a row (measured: 3.0 µs a row, 1.0 so)."""
        statements.insert(_driver(connection), table, rows)

    def insert_columns(self, connection: Connection, table: Table, columns: Sequence[Sequence[Any]]) -> None:
        """The same without a tuple for each row, and what all rows have in common is bound once."""
        statements.insert_columns(_driver(connection), table, columns)

    def insert_missing(
        self, connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row]
    ) -> None:
        """INSERT … ON CONFLICT DO NOTHING."""
        if rows:
            text = statements.insert_text(table, tuple(columns)) + " ON CONFLICT DO NOTHING"
            connection.exec_driver_sql(text, rows)

    def find_rows(self, connection: Connection, table: Table, keys: Sequence[Row]) -> list[tuple[Any, ...]]:
        """Keys (integers) as one JSON parameter: a quarter of the time of a statement for each. In the order of the keys."""
        if not keys:
            return []
        wanted = _encoder.encode([key[0] for key in keys] if len(table.primary_key) == 1 else keys)
        # Past SQLAlchemy, whose rows take longer to make than to find.
        return _driver(connection).execute(statements.find_text(table), (wanted.decode(),)).fetchall()

    def update_rows(
        self, connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row]
    ) -> None:
        """Many rows a statement where the table allows; the others one by one."""
        statements.update(_driver(connection), table, tuple(columns), rows)

    def refresh_statistics(self, connection: Connection) -> None:
        """Nothing: there are none on purpose."""

    def columns(
        self, connection: Connection, statement: Select[Any], values: Mapping[str, Any], kinds: Sequence[type]
    ) -> list[NDArray[Any]]:
        """From the driver's cursor into an array (0.7 µs for a row of four)."""
        shape = np.dtype([(f"c{place}", kind) for place, kind in enumerate(kinds)])
        result = connection.execute(statement, dict(values))
        cursor: Any = result.cursor
        rows = np.fromiter(cursor, shape)
        result.close()
        return [np.ascontiguousarray(rows[name]) for name in shape.names or ()]

    def columns_at_once(
        self,
        connections: Sequence[Connection],
        statement: Select[Any],
        parts: Sequence[Mapping[str, Any]],
        kinds: Sequence[type],
    ) -> list[NDArray[Any]]:
        """All rows of a part are found in one step, during which the driver lets other threads run; then they are fetched, one
        part at a time: two threads that fetch hand the interpreter's lock to each other for each row.
        """
        whole = select(statement.cte("part").prefix_with("MATERIALIZED"))
        fetching = threading.Lock()
        shape = np.dtype([(f"c{place}", kind) for place, kind in enumerate(kinds)])

        def fetch(connection: Connection, values: Mapping[str, Any]) -> NDArray[Any]:
            result = connection.execute(whole, dict(values))
            cursor: Any = result.cursor
            with fetching:
                rows = np.fromiter(cursor, shape)
            result.close()
            return rows

        rows = np.concatenate(at_once(fetch, connections, parts))
        return [np.ascontiguousarray(rows[name]) for name in shape.names or ()]

    def given_ids(self, ids: Sequence[int]) -> Select[Any]:
        """As JSON."""
        return select(_given(ids).c.value.label("id"))

    def given_texts(self, texts: Sequence[str]) -> Select[Any]:
        """As JSON."""
        return select(_given(texts).c.value.label("text"))

    def by_code_points(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        """All are: BINARY is the only collation in use."""
        return text

    def matches(self, text: ColumnElement[Any], parts: Sequence[str | None]) -> ColumnElement[bool]:
        """GLOB: LIKE would take Latin letters for the same in either case."""
        pattern = "".join("*" if part is None else statements.globbed(part) or "?" for part in parts)
        return text.op("GLOB", is_comparison=True)(bindparam(None, pattern))

    def create_places(self, connection: Connection) -> None:
        """An R*Tree; it holds float32, minima rounded down and maxima up (SQLite R*Tree, section 3.1)."""
        columns = ", ".join(column.name for column in _places.columns)
        connection.exec_driver_sql(f"CREATE VIRTUAL TABLE object_place USING rtree({columns})")

    def create_group_places(self, connection: Connection) -> None:
        """Nothing: groups are in the same tree."""

    def insert_places(self, connection: Connection, rows: Iterable[Row]) -> None:
        """A box that crosses the antimeridian is indexed as one around the whole globe."""
        around = [
            (i, w, e, s, n, a, b) if w <= e else (i, -180.0, 180.0, s, n, a, b)
            for i, w, s, a, e, n, b in rows
        ]
        if around:
            connection.exec_driver_sql("INSERT INTO object_place VALUES (?, ?, ?, ?, ?, ?, ?)", around)

    def delete_places(self, connection: Connection, ids: Sequence[int]) -> None:
        """One by one: an R*Tree finds a range of ids only by scanning all."""
        if ids:
            connection.exec_driver_sql("DELETE FROM object_place WHERE id = ?", [(i,) for i in ids])

    def places_within(
        self,
        west: Degrees,
        south: Degrees,
        east: Degrees,
        north: Degrees,
        *,
        grouped: bool = False,  # noqa: ARG002
    ) -> Select[Any]:
        """Edges included; the rounding outward of the tree makes it a superset, and so does that boxes of both kinds are in it
        (a placement has one kind alone).
        """
        place = _places.c
        return select(place.id).where(
            place.west <= east, place.east >= west, place.south <= north, place.north >= south
        )


_ADVICE = {
    "database is locked": "Another process has been writing for too long; wait for it, or end it, and try again.",
    "disk I/O error": "The disk refused to write: look for a full disk, a quota or a limit on file sizes, and try again.",
    "disk is full": "Free some space and try again; nothing that was published is lost.",
    "readonly": "Change the owner or the rights of the file and its folder, or choose another with --data.",
    "unable to open": "Check that the folder is there and can be written.",
    "not a database": "It is not a database of this software; choose another folder with --data.",
    "malformed": "It is damaged; restore it from a backup, or move it away and import again.",
}


def _given(values: Sequence[object]) -> TableValuedAlias:
    """Values as one JSON parameter."""
    return func.json_each(bindparam(None, _encoder.encode(list(values)).decode(), Text)).table_valued("value")


def _version_seen(connection: Connection) -> int:
    """Changes when another connection has committed since this one looked last."""
    seen: int = _driver(connection).execute("PRAGMA data_version").fetchone()[0]
    return seen


def _driver(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def _on_connect(engine: Engine, *statements: str) -> None:
    def connected(connection: sqlite3.Connection, _record: object) -> None:
        # The driver must not begin transactions by itself: SQLAlchemy's own event does, and says which kind.
        connection.isolation_level = None
        for statement in statements:
            connection.execute(statement).close()

    event.listen(engine, "connect", connected)


def _begin_writing(connection: Connection) -> None:
    """Take the write lock, asking often: SQLite's own waiting sleeps up to 100 ms, and would miss every gap that a busy
    import leaves between its transactions (`twin.store.pace`).
    """
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while time.monotonic() < deadline:
        try:
            driver.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                break
            time.sleep(ASK_AGAIN_S)
        else:
            return
    connection.exec_driver_sql("BEGIN IMMEDIATE")  # fails again, and SQLAlchemy makes its own error of it


def _on_begin(engine: Engine, statement: str) -> None:
    def begun(connection: Connection) -> None:
        connection.exec_driver_sql(statement)

    event.listen(engine, "begin", begun)
