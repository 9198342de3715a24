"""PostgreSQL 15 or newer with PostGIS 3.3 or newer, over psycopg 3.

Writers of a lane take an advisory lock, over all processes, and run at READ COMMITTED: each statement after the lock sees
all that was committed before it. At a higher level the snapshot would be older than the lock. Docs: `docs/postgresql.md`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.types.string import _StrDumper
from sqlalchemy import (
    ARRAY,
    URL,
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    Select,
    Table,
    Text,
    bindparam,
    collate,
    create_engine,
    event,
    func,
    literal_column,
    make_url,
    select,
)
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from twin.errors import StoreError
from twin.store import postgres_rows
from twin.store.dialect import Degrees, Lane, Row, at_once
from twin.store.postgres_advice import advice
from twin.store.postgres_rows import NUL, REPLACEMENT
from twin.store.schema import object_box, place_group

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
LOCK_SPACE = 0x7477_696E
"""First half of the advisory locks' keys: `twin` in ASCII."""

_BEGIN = (
    f"SELECT pg_advisory_xact_lock({LOCK_SPACE}, %s), set_config('synchronous_commit', "
    "CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, true)"
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
        shown = self._url.set(query={} if host is None else {"host": host})
        return shown.set(drivername="postgresql").render_as_string(hide_password=True).replace("%2F", "/")

    @property
    def driver_error(self) -> type[Exception]:
        """As PEP 249 names it."""
        return psycopg.Error

    @property
    def elsewhere(self) -> str:
        """Another URL."""
        return "name another database with TWIN_DATABASE"

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """Each with a lock of its own: a long publication does not keep readings waiting."""
        return ("models", "live")

    @property
    def buffers_readings(self) -> bool:
        """No: a table is a heap, new rows are appended to it."""
        return False

    @property
    def plans_as_written(self) -> bool:
        """Yes: its planner takes long over many tables, and of a nested loop it knows the order of the outer side alone."""
        return True

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

    def share(self, connections: Sequence[Connection]) -> bool:
        """By handing on the first one's snapshot."""
        first, *others = connections
        snapshot = first.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
        for other in others:
            other.exec_driver_sql(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
        return True

    def writer(self, lane: Lane) -> Engine:
        """One connection, whose transactions begin by waiting for the lane's lock: first come, first served."""
        engine = self._engine(_prepared(_looking_up), pool_size=1, max_overflow=0)

        def begun(connection: Connection) -> None:
            connection.exec_driver_sql(_BEGIN, (_LOCKS[lane],))

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
            pool_use_lifo=True,  # the connection whose statements are prepared
            pool_pre_ping=True,  # connections that a restart of the server has ended are replaced unseen
            hide_parameters=True,
            enable_from_linting=False,  # it does not see what joins a LATERAL part to the rest; SQLite's engine has it on
            use_native_hstore=False,
            connect_args={name: value for name, value in _CONNECT.items() if name not in self._url.query},
        )
        event.listen(engine, "connect", prepare)
        return engine

    def advice(self, error: Exception) -> str:
        """Tell apart by SQLSTATE; what the driver says has no password in it."""
        return advice(self.location, getattr(error, "orig", None) or error)

    def set_durable(self, connection: Connection, *, durable: bool) -> None:
        """Nothing: all are. A server that died between two transactions of an import would else have lost the first of
        them, and the import would go on over a new connection (measured: 5 % of its time).
        """

    def settle(self) -> None:
        """Nothing: the server's own writer does."""

    def insert_rows(self, connection: Connection, table: Table, rows: Sequence[Row]) -> None:
        """Binary COPY (measured: 800,000 narrow rows a second)."""
        if rows:
            postgres_rows.insert(_driver(connection), table, rows)

    def insert_columns(self, connection: Connection, table: Table, columns: Sequence[Sequence[Any]]) -> None:
        """As rows."""
        self.insert_rows(connection, table, list(zip(*columns, strict=True)))

    def insert_missing(
        self, connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row]
    ) -> None:
        """From arrays, without those that are there: ON CONFLICT alone would take a number of the sequence for each."""
        if rows:
            postgres_rows.insert_missing(_driver(connection), table, columns, rows)

    def find_rows(self, connection: Connection, table: Table, keys: Sequence[Row]) -> list[tuple[Any, ...]]:
        """One statement, the keys as arrays, both ways in binary form."""
        return postgres_rows.find(_driver(connection), table, keys) if keys else []

    def update_rows(
        self, connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row]
    ) -> None:
        """COPY into a temporary table, then one UPDATE (a third of the client's time that arrays take)."""
        if rows:
            postgres_rows.update(_driver(connection), table, columns, rows)

    def refresh_statistics(self, connection: Connection) -> None:
        """Of tables so small that the server never looks at them by itself: taken for hundreds of rows, they turn joins around
        (measured: a page of states in a box 2,900 ms before, 28 ms after).
        """
        connection.exec_driver_sql("ANALYZE model, revision, placement, class_name")

    def columns(
        self, connection: Connection, statement: Select[Any], values: Mapping[str, Any], kinds: Sequence[type]
    ) -> list[NDArray[Any]]:
        """All rows as one value, which is read as one array."""
        compiled = statement.compile(dialect=connection.dialect)
        expanded = compiled.construct_expanded_state(dict(values))
        return postgres_rows.columns(_driver(connection), expanded.statement, expanded.parameters, kinds)

    def columns_at_once(
        self,
        connections: Sequence[Connection],
        statement: Select[Any],
        parts: Sequence[Mapping[str, Any]],
        kinds: Sequence[type],
    ) -> list[NDArray[Any]]:
        """A process of the server works for each."""

        def fetch(connection: Connection, values: Mapping[str, Any]) -> list[NDArray[Any]]:
            return self.columns(connection, statement, values, kinds)

        found = at_once(fetch, connections, parts)
        return [np.concatenate(columns) for columns in zip(*found, strict=True)]

    def given_ids(self, ids: Sequence[int]) -> Select[Any]:
        """As an array."""
        return select(func.unnest(bindparam(None, list(ids), ARRAY(BigInteger))).label("id"))

    def given_texts(self, texts: Sequence[str]) -> Select[Any]:
        """As an array."""
        return select(func.unnest(bindparam(None, list(texts), ARRAY(Text))).label("text"))

    def by_code_points(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        """The order of UTF-8 bytes is that of code points."""
        return collate(text, "C")

    def matches(self, text: ColumnElement[Any], parts: Sequence[str | None]) -> ColumnElement[bool]:
        """LIKE, which minds case."""
        pattern = "".join("%" if part is None else _liked(part) or "_" for part in parts)
        return text.like(bindparam(None, pattern), escape="/")

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

    def create_group_places(self, connection: Connection) -> None:
        """A GiST index on the boxes of groups."""
        box = _ENVELOPE.format("")
        connection.exec_driver_sql(f"CREATE INDEX ix_place_group_place ON place_group USING gist ({box})")

    def insert_places(self, connection: Connection, rows: Iterable[Row]) -> None:
        """Nothing: the index follows the boxes."""

    def delete_places(self, connection: Connection, ids: Sequence[int]) -> None:
        """Nothing: the index follows the boxes."""

    def places_within(
        self, west: Degrees, south: Degrees, east: Degrees, north: Degrees, *, grouped: bool = False
    ) -> Select[Any]:
        """Edges included; geometries are compared as float32 rounded outward, a superset."""
        table = place_group if grouped else object_box
        box: Any = literal_column(_ENVELOPE.format(f"{table.name}."))
        asked = func.ST_MakeEnvelope(west, south, east, north, literal_column("4326"))
        return select(table.c.id).where(box.op("&&", is_comparison=True)(asked))


def _liked(text: str) -> str:
    """A text as LIKE takes it literally."""
    return "".join(f"/{letter}" if letter in "/%_" else letter for letter in text)


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
        return (obj.replace(NUL, REPLACEMENT) if NUL in obj else obj).encode()


def _looking_up(connection: psycopg.Connection[Any]) -> None:
    """Writers touch some thousand rows by their keys: going through an index of a million for that is never faster, and
    the planner has no statistics of what was just written.
    """
    connection.execute("SET enable_mergejoin = off")
    connection.execute("SET enable_hashjoin = off")
    connection.commit()


def _prepared(
    also: Callable[[psycopg.Connection[Any]], None] | None = None,
) -> Callable[[Any, object], None]:
    """What is done with a new connection."""

    def connected(connection: Any, _record: object) -> None:
        connection.adapters.register_dumper(str, _TextDumper)
        connection.execute(f"SET lock_timeout = {LOCK_TIMEOUT_MS}")
        connection.execute(f"SET idle_in_transaction_session_timeout = {IDLE_TIMEOUT_MS}")
        connection.execute("SET client_min_messages = warning")
        connection.execute("SET jit = off")  # compiling takes longer than any of these statements runs
        # Statements name their tables in the order of joining; to try others takes longer (an object by id: 20 ms of planning).
        connection.execute("SET join_collapse_limit = 1")
        connection.commit()
        if also is not None:
            also(connection)

    return connected


def _driver(connection: Connection) -> psycopg.Connection[Any]:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver
