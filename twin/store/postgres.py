"""PostgreSQL 15 or newer with PostGIS 3.3 or newer, over psycopg 3.

Writers of a lane take an advisory lock, over all processes, and run at READ COMMITTED: each statement after the lock sees
all that was committed before it. At a higher level the snapshot would be older than the lock. Docs: `docs/postgresql.md`.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.types.string import _StrDumper
from sqlalchemy import (
    URL,
    BigInteger,
    Boolean,
    Connection,
    Double,
    Engine,
    Integer,
    LargeBinary,
    Select,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    event,
    func,
    literal_column,
    make_url,
    select,
)
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from twin.errors import StoreError
from twin.store.dialect import Degrees, Lane, Row
from twin.store.postgres_advice import advice
from twin.store.schema import object_box

MIN_VERSION = 150_000
"""PostgreSQL 15; the tests run on it, and it is maintained until November 2027."""

LOCK_TIMEOUT_MS = 10_000
"""How long a writer waits for another process; as for SQLite, ten seconds mean that something hangs."""

IDLE_TIMEOUT_MS = 60_000
"""A process that stops in the middle of a transaction (a machine put to sleep) loses it, and its lock, after a minute."""

CONNECT_TIMEOUT_S = 10

_CONNECT = {
    "application_name": "city-twin",
    "connect_timeout": CONNECT_TIMEOUT_S,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}
"""Unless the URL says otherwise. A server that vanished without a word is noticed after a minute."""

_LOCKS: dict[Lane, int] = {"models": 1, "live": 2}
_LOCK_SPACE = 0x7477_696E
"""First half of the advisory locks' keys: `twin` in ASCII."""

_NUL, _REPLACEMENT = "\0", "\ufffd"
"""PostgreSQL's texts hold every character but NUL; U+FFFD stands for it, in what is stored and in what is asked."""

_BEGIN = (
    f"SELECT pg_advisory_xact_lock({_LOCK_SPACE}, %s), set_config('synchronous_commit', "
    "CASE WHEN NOT %s THEN 'off' WHEN current_setting('synchronous_commit') = 'off' THEN 'on' "
    "ELSE current_setting('synchronous_commit') END, true)"
)
"""One round trip. What the server asks of its standby servers is left as it is."""

_ENVELOPE = (
    "ST_MakeEnvelope(CASE WHEN {0}west <= {0}east THEN {0}west ELSE -180 END, {0}south, "
    "CASE WHEN {0}west <= {0}east THEN {0}east ELSE 180 END, {0}north, 4326)"
)
"""A box that crosses the antimeridian is indexed as one around the whole globe."""

_TABLES = """
    SELECT c.relname FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
    AND NOT EXISTS (SELECT FROM pg_depend d
                    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
"""


class PostgresDialect:
    """The database at `url`, with at most `connections` readers in this process; see `twin.store.dialect.Dialect`."""

    def __init__(self, url: str, *, connections: int = 16) -> None:
        """Raises StoreError for a URL that is none; the message does not repeat it."""
        self._url = _parsed(url)
        self._connections = connections

    @property
    def location(self) -> str:
        """Role, host and database; no password, and none of the URL's parameters but `host`."""
        host = self._url.query.get("host")
        shown = self._url.set(password=None, query={} if host is None else {"host": host})
        return shown.set(drivername="postgresql").render_as_string().replace("%2F", "/")

    @property
    def elsewhere(self) -> str:
        """Another URL."""
        return "name another database with TWIN_DATABASE"

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """Each with a lock of its own: a long publication does not keep readings waiting."""
        return ("models", "live")

    def exists(self) -> bool:
        """Whether the database holds a twin. Raises StoreError where it cannot be reached, or is too old."""
        engine = self._engine(_prepared(), pool_size=1, max_overflow=0)
        try:
            with engine.connect() as connection:
                version = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one())
                if version < MIN_VERSION:
                    raise StoreError(
                        f"The server of {self.location} is PostgreSQL {version // 10_000}; "
                        f"city-twin needs {MIN_VERSION // 10_000} or newer."
                    )
                return "alembic_version" in self.tables(connection)
        except SQLAlchemyError as error:
            raise StoreError(self.advice(error)) from error
        finally:
            engine.dispose()

    def create(self) -> None:
        """Nothing: the administrator makes the database, the first migration what is in it."""

    def reader(self) -> Engine:
        """Connections whose transactions are READ ONLY, each on one snapshot (REPEATABLE READ)."""

        def snapshot(connection: psycopg.Connection[Any]) -> None:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True

        kept = min(self._connections, 8)
        return self._engine(_prepared(snapshot), pool_size=kept, max_overflow=self._connections - kept)

    def writer(self, lane: Lane) -> Engine:
        """One connection, whose transactions begin by waiting for the lane's lock: first come, first served."""
        engine = self._engine(_prepared(), pool_size=1, max_overflow=0)

        def begun(connection: Connection) -> None:
            durable = connection.info.get("durable", True)
            connection.exec_driver_sql(_BEGIN, (_LOCKS[lane], durable))

        event.listen(engine, "begin", begun)
        return engine

    def tables(self, connection: Connection) -> list[str]:
        """Those of the schema that tables are made in, without what an extension owns (`spatial_ref_sys`)."""
        return list(connection.exec_driver_sql(_TABLES).scalars())

    def _engine(self, prepare: Callable[[Any, object], None], *, pool_size: int, max_overflow: int) -> Engine:
        engine = create_engine(
            self._url,
            pool_size=pool_size,
            max_overflow=max_overflow,
            pool_pre_ping=True,  # connections that a restart of the server has ended are replaced unseen
            hide_parameters=True,
            use_native_hstore=False,
            connect_args={name: value for name, value in _CONNECT.items() if name not in self._url.query},
        )
        event.listen(engine, "connect", prepare)
        return engine

    def advice(self, error: Exception) -> str:
        """Tell apart by SQLSTATE; what the driver says has no password in it."""
        return advice(self.location, getattr(error, "orig", None) or error)

    def set_durable(self, connection: Connection, *, durable: bool) -> None:
        """`synchronous_commit`, set as the transaction begins."""
        connection.info["durable"] = durable

    def insert_rows(self, connection: Connection, table: Table, rows: Sequence[Row]) -> None:
        """Binary COPY (measured: 800,000 narrow rows a second)."""
        if not rows:
            return
        text, types, texts = _copy_text(table)
        if any(_NUL in row[at] for at in texts for row in rows if row[at] is not None):
            rows = [tuple(map(_clean, row)) for row in rows]
        with _driver(connection).cursor() as cursor, cursor.copy(text) as copy:
            copy.set_types(types)
            for row in rows:
                copy.write_row(row)

    def insert_missing(
        self, connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row]
    ) -> None:
        """From arrays, without those that are there: ON CONFLICT alone would take a number of the sequence for each."""
        if rows:
            arrays = tuple(list(column) for column in zip(*rows, strict=True))
            connection.exec_driver_sql(_missing_text(table, tuple(columns)), arrays)

    def create_places(self, connection: Connection) -> None:
        """A GiST index on the boxes themselves: there is no second table that could drift from them.

        Raises StoreError where PostGIS is absent and may not be made.
        """
        found = "SELECT 1 FROM pg_extension WHERE extname = 'postgis'"
        if connection.exec_driver_sql(found).scalar() is None:
            try:
                connection.exec_driver_sql("CREATE EXTENSION postgis")
            except SQLAlchemyError as error:
                raise StoreError(
                    f"{self.advice(error)} An administrator of the server runs CREATE EXTENSION postgis in this database."
                ) from error
        box = _ENVELOPE.format("")
        connection.exec_driver_sql(f"CREATE INDEX ix_object_box_place ON object_box USING gist ({box})")

    def insert_places(self, connection: Connection, rows: Iterable[Row]) -> None:
        """Nothing: the index follows the boxes."""

    def delete_places(self, connection: Connection, first: int, last: int) -> None:
        """Nothing: the index follows the boxes."""

    def places_within(self, west: Degrees, south: Degrees, east: Degrees, north: Degrees) -> Select[Any]:
        """Edges included; geometries are compared as float32 rounded outward, a superset."""
        box: Any = literal_column(_ENVELOPE.format("object_box."))
        asked = func.ST_MakeEnvelope(west, south, east, north, literal_column("4326"))
        return select(object_box.c.id).where(box.op("&&", is_comparison=True)(asked))


def is_postgres(url: str) -> bool:
    """Whether a URL names a PostgreSQL database."""
    return url.partition(":")[0] in {"postgresql", "postgres", "postgresql+psycopg"}


def _parsed(url: str) -> URL:
    if not is_postgres(url):
        raise StoreError("TWIN_DATABASE is not a URL that begins with postgresql://; see docs/postgresql.md.")
    try:
        return make_url(url).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError):
        raise StoreError(
            "TWIN_DATABASE is not a URL of the form postgresql://ROLE:PASSWORD@HOST:PORT/DATABASE; characters of a "
            "password such as @ or / are written %40 and %2F."
        ) from None  # the cause would repeat the URL


class _TextDumper(_StrDumper):
    """Texts as parameters, of whatever type the server takes them for."""

    def dump(self, obj: str) -> bytes:
        return (obj.replace(_NUL, _REPLACEMENT) if _NUL in obj else obj).encode()


def _clean(value: object) -> object:
    return value.replace(_NUL, _REPLACEMENT) if isinstance(value, str) else value


def _prepared(
    also: Callable[[psycopg.Connection[Any]], None] | None = None,
) -> Callable[[Any, object], None]:
    """What is done with a new connection."""

    def connected(connection: Any, _record: object) -> None:
        connection.adapters.register_dumper(str, _TextDumper)
        connection.execute(f"SET lock_timeout = {LOCK_TIMEOUT_MS}")
        connection.execute(f"SET idle_in_transaction_session_timeout = {IDLE_TIMEOUT_MS}")
        connection.execute("SET jit = off")  # compiling takes longer than any of these statements runs
        connection.commit()
        if also is not None:
            also(connection)

    return connected


def _driver(connection: Connection) -> psycopg.Connection[Any]:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver


_TYPES = (
    (BigInteger, "int8"),
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
def _copy_text(table: Table) -> tuple[str, list[str], list[int]]:
    """The statement, the types of its columns, and which of those are texts."""
    names = list(table.columns.keys())
    types = [_type(table, name) for name in names]
    quoted = ", ".join(f'"{name}"' for name in names)
    texts = [at for at, kind in enumerate(types) if kind == "text"]
    return f'COPY "{table.name}" ({quoted}) FROM STDIN (FORMAT BINARY)', types, texts


@lru_cache(maxsize=64)
def _missing_text(table: Table, columns: tuple[str, ...]) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
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
