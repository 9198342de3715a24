"""A real PostgreSQL for tests: its own files, reached through a socket in a folder that nobody else reads.

    server = PostgresServer.started()
    url = server.database()      # a new empty database
    server.stop()

It refuses to run as root, so under root it runs as `postgres` or `nobody`. A database of it is a copy of `template`.
"""

import ctypes
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Self

import psycopg

_FAST = (
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "max_wal_size=1GB",
    "shared_buffers=64MB",
)
"""Durability across a power cut costs a test seconds, and no test can cut the power."""

_START_S = 30

_CLEAR = """
    DO $$ DECLARE name text; BEGIN
        SET LOCAL session_replication_role = replica;
        FOR name IN SELECT relname FROM pg_class c
            WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
            AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
        LOOP EXECUTE format('DELETE FROM %I', name); END LOOP;
        FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'
        LOOP EXECUTE format('ALTER SEQUENCE %I RESTART', name); END LOOP;
    END $$
"""


def find_programs() -> Path | None:
    """Folder with `initdb` and `postgres`, of the newest version that is installed; None where PostGIS is absent too."""
    named = os.environ.get("TWIN_POSTGRES_BIN")
    candidates = [Path(named)] if named else sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in candidates:
        if (folder / "initdb").is_file() and _has_postgis(folder):
            return folder
    return None


def _has_postgis(folder: Path) -> bool:
    """Debian's place for the extensions of a version; elsewhere the programs tell."""
    control = Path("/usr/share/postgresql") / folder.parent.name / "extension" / "postgis.control"
    if control.is_file():
        return True
    if not (config := folder / "pg_config").is_file():
        return False
    shared = subprocess.run([config, "--sharedir"], capture_output=True, text=True, check=True).stdout.strip()
    return (Path(shared) / "extension" / "postgis.control").is_file()


def _account() -> dict[str, Any]:
    """How a child process gets an account that PostgreSQL accepts."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    chosen = names.get("postgres") or names["nobody"]
    return {"user": chosen.pw_uid, "group": chosen.pw_gid, "extra_groups": []}


def _die_with_the_tests() -> None:
    """Runs in the server's process as it begins: a test run that is killed leaves no server behind (Linux, prctl(2))."""
    ctypes.CDLL(None).prctl(1, signal.SIGQUIT)  # PR_SET_PDEATHSIG; "immediate" shutdown


class PostgresServer:
    """One server with its files; `started` makes it, `stop` ends it and deletes them."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self.folder = folder
        self._account = _account()
        self._process: subprocess.Popen[bytes] | None = None
        self._names = itertools.count()

    @classmethod
    def started(cls, programs: Path) -> Self:
        """A new server that answers."""
        folder = Path(tempfile.mkdtemp(prefix="twin-pg-"))
        server = cls(programs, folder)
        try:
            server._make()
            server.start()
        except BaseException:
            server.stop()
            raise
        return server

    def _make(self) -> None:
        if self._account:
            os.chown(self.folder, self._account["user"], self._account["group"])
        # A locale that sorts as people do: what must sort by code points has to say so.
        command: list[str | Path] = [
            self._programs / "initdb",
            "--pgdata",
            self.folder / "data",
            "--username",
            "twin",
        ]
        command += ["--auth", "trust", "--encoding", "UTF8", "--no-sync", "--locale", "C.UTF-8"]
        command += ["--locale-provider", "icu", "--icu-locale", "en-US"]
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder, **self._account)

    def start(self, *settings: str) -> None:
        """Start it, with `name=value` settings beside those that make tests fast; returns when it answers."""
        command: list[Any] = [self._programs / "postgres", "-D", self.folder / "data", "-k", self.folder]
        for setting in ("listen_addresses=", *_FAST, *settings):
            command += ["-c", setting]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
                preexec_fn=_die_with_the_tests,  # noqa: PLW1509 - one call of libc, no lock
                **self._account,
            )
        deadline = time.monotonic() + _START_S
        while True:
            try:
                psycopg.connect(self.url("postgres")).close()
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((self.folder / "log").read_text()) from None
                time.sleep(0.02)
            else:
                return

    def halt(self, *, kill: bool = False) -> None:
        """End the server by its id, its files stay: at once but in order, or (`kill`) as if the machine had died."""
        if self._process is None:
            return
        if kill:
            os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.send_signal(signal.SIGINT)  # "fast" shutdown: PostgreSQL, section 19.5
        self._process.wait()
        self._process = None

    def stop(self) -> None:
        """End the server and delete its files."""
        self.halt()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str, role: str = "twin") -> str:
        """URL of a database."""
        return f"postgresql://{role}@/{database}?host={self.folder}"

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run one statement as administrator, outside transactions, and return its rows if it has some."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def database(self, template: str = "template1") -> str:
        """Name of a new database, a copy of `template`."""
        name = f"test_{next(self._names)}"
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def clear(self, database: str) -> None:
        """Delete all rows of a twin, and count from one again: some milliseconds, where a new database takes hundreds."""
        self.execute(_CLEAR, database)

    def drop(self, database: str) -> None:
        """Delete a database, whoever is connected."""
        self.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
