"""Transactions on a database, and its opening: made where absent, migrated where old, refused where newer."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from twin.errors import StoreError
from twin.store import audit
from twin.store.archive_store import Archive
from twin.store.dialect import Dialect, Lane
from twin.store.known_states import KnownStates
from twin.store.places import Places
from twin.store.schema import HEAD
from twin.store.together import Together
from twin.times import to_microseconds

_ATTEMPTS = 5
"""To begin several transactions between two commits; it takes a fraction of a millisecond."""

Clock = Callable[[], datetime]
"""Gives the time now, aware."""


class Database:
    """One open database. Reads come from any thread at once; writes of this process wait for each other."""

    def __init__(self, dialect: Dialect, clock: Clock, archive: Archive | None = None) -> None:
        self.archive = archive
        self.dialect = dialect
        self.clock = clock
        self.places = Places()
        self.states = KnownStates()
        self.audit_key: bytes | None = None
        self.together = Together(partial(self.write, durable=True, lane="live"))
        self._sharing = threading.Lock()
        """Held by who reads over several connections: two that wait for their second one would wait for ever."""
        self._reader: Engine | None = dialect.reader()
        self._writers: dict[Lane, Engine] = {lane: dialect.writer(lane) for lane in dialect.lanes}
        self._locks: dict[Lane, threading.Lock] = {lane: threading.Lock() for lane in dialect.lanes}

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database from its first statement to its end."""
        with self._translated(), self._open(self._reader).connect() as connection:
            yield connection

    @contextmanager
    def read_together(self, count: int) -> Iterator[list[Connection]]:
        """Transactions that all see one state of the database, each for a thread of its own: `count`, or one where others do
        so already, or write all the time.
        """
        alone = count == 1 or not self._sharing.acquire(blocking=False)
        try:
            with self._translated(), ExitStack() as stack:
                engine = self._open(self._reader)
                connections = [stack.enter_context(engine.connect()) for _ in range(1 if alone else count)]
                yield connections if alone or self._share(connections) else connections[:1]
        finally:
            if not alone:
                self._sharing.release()

    def _share(self, connections: Sequence[Connection]) -> bool:
        """Have all see one state; they have not been used in this transaction."""
        for _ in range(_ATTEMPTS):
            if self.dialect.share(connections):
                return True
            for connection in connections:
                connection.rollback()
        return False

    @contextmanager
    def write(self, *, durable: bool = False, lane: Lane = "models") -> Iterator[Connection]:
        """A transaction that is committed at its end, or undone if the body raises.

        It holds the write lock of its lane, in engines with one writer that of the whole database: prepare before, and
        be short. `durable`: after a power cut it is still there; else only after the end of this process.
        """
        if lane not in self._locks:
            lane = "models"
        with (
            self._locks[lane],
            self._translated(),
            self._open(self._writers.get(lane)).connect() as connection,
        ):
            self.dialect.set_durable(connection, durable=durable)
            audit.forget(connection)
            try:
                with connection.begin():
                    yield connection
                    audit.flush(self.dialect, connection, self.audit_key, self.now())
            except BaseException:
                self.states.forget()
                raise

    def now(self) -> int:
        """Microseconds since 1970, UTC."""
        return to_microseconds(self.clock())

    def close(self) -> None:
        """Close all connections. A second call does nothing."""
        for engine in (self._reader, *self._writers.values()):
            if engine is not None:
                engine.dispose()
        self._reader = None
        self._writers.clear()
        if self.archive is not None:
            self.archive.close()

    def _open(self, engine: Engine | None) -> Engine:
        if engine is None:
            raise StoreError(f"The database {self.dialect.location} has been closed; open it again.")
        return engine

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, self.dialect.driver_error) as error:
            raise StoreError(self.dialect.advice(error)) from error


def opened(dialect: Dialect, *, create: bool, clock: Clock, archive: Archive | None = None) -> Database:
    """Open the database of `dialect`, made and migrated as needed.

    Raises StoreError: absent and not to be made, of a newer version, not one of ours, or not usable.
    """
    if not dialect.exists():
        if not create:
            raise StoreError(
                f"There is no twin at {dialect.location}. Import a model first, or {dialect.elsewhere}."
            )
        dialect.create()
    database = Database(dialect, clock, archive)
    try:
        with database.read() as connection:
            version = _version(connection, dialect)
        if version != HEAD:
            with database.write(durable=True) as connection:
                _migrate(connection, dialect)
    except BaseException:
        database.close()
        raise
    return database


def _version(connection: Connection, dialect: Dialect) -> str | None:
    """Version of the schema; None for an empty database."""
    tables = dialect.tables(connection)
    if "alembic_version" in tables:
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if tables:
        raise StoreError(f"The database {dialect.location} is not one of this software; {dialect.elsewhere}.")
    return None


def _migrate(connection: Connection, dialect: Dialect) -> None:
    """Run the scripts that are missing, in the caller's transaction; another process may have run them meanwhile."""
    from alembic import command  # noqa: PLC0415  # takes 0.2 s to import, and is needed once in a database's life
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    version = _version(connection, dialect)
    config = migrations_config(connection=connection, dialect=dialect)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if version is not None and version not in known:
        raise StoreError(
            f"The database {dialect.location} was written by a newer version of city-twin (schema {version}; this one "
            f"knows {HEAD}). Upgrade city-twin, or {dialect.elsewhere}."
        )
    command.upgrade(config, "head")


def migrations_config(**attributes: Any) -> Any:
    """Alembic's configuration for the scripts of this package; `attributes` are what `env.py` reads."""
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    folder = Path(__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes.update(attributes)
    return config
