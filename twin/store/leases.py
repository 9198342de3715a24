"""Who works on what, over all processes that use the database."""

import os
from functools import cache

import psutil
from sqlalchemy import Connection, Row, delete, insert, select, update

from twin.store.database import Database
from twin.store.schema import lease

STALE_AFTER_US = 300 * 1_000_000
"""A worker that has said nothing for five minutes is taken for dead; it is to say so once a minute
(`RevisionWriter.keep_alive`), and four lost words are more than a busy machine explains."""

_SAME_START_US = 2_000_000
"""Start times of one process may be read differently by the clock's corrections since; a number that is used again
within two seconds is not seen."""


def model_lease(model_id: int) -> str:
    """Name of the lease on changing a model."""
    return f"model:{model_id}"


def acquire(connection: Connection, name: str, now: int) -> bool:
    """Take a lease that is free, or whose holder is dead; false if a living worker holds it."""
    row = connection.execute(select(lease).where(lease.c.name == name)).one_or_none()
    if row is not None and _is_alive(row, now):
        return False
    release(connection, name)
    host, pid, started = _this_process()
    connection.execute(
        insert(lease).values(name=name, host=host, pid=pid, process_started=started, heartbeat_at=now)
    )
    return True


def is_held(connection: Connection, name: str, now: int) -> bool:
    """Whether a living worker, this process included, holds the lease."""
    row = connection.execute(select(lease).where(lease.c.name == name)).one_or_none()
    return row is not None and _is_alive(row, now)


def is_ours(connection: Connection, name: str) -> bool:
    """Whether this process holds the lease, as far as the database knows."""
    row = connection.execute(select(lease).where(lease.c.name == name)).one_or_none()
    return row is not None and _is_this_process(row)


def renew(connection: Connection, name: str, now: int) -> None:
    """Say that the holder is alive."""
    connection.execute(update(lease).where(lease.c.name == name).values(heartbeat_at=now))


def release(connection: Connection, name: str) -> None:
    """Give a lease back."""
    connection.execute(delete(lease).where(lease.c.name == name))


JOB_BEAT_US = 60 * 1_000_000
"""How often the holder of a job says that it lives: more often would only be writing."""


def take_job(database: Database, name: str) -> bool:
    """See `twin.ports.JobKeeper.take_job`. Mostly one row is read, and nothing written."""
    now, key = database.now(), f"job:{name}"
    with database.read() as connection:
        row = connection.execute(select(lease).where(lease.c.name == key)).one_or_none()
    if row is not None and _is_this_process(row) and now - row.heartbeat_at < JOB_BEAT_US:
        return True
    if row is not None and not _is_this_process(row) and _is_alive(row, now):
        return False
    with database.write(lane="live") as connection:
        if not is_ours(connection, key):
            return acquire(connection, key, now)
        renew(connection, key, now)
        return True


def leave_job(database: Database, name: str) -> None:
    """See `twin.ports.JobKeeper.leave_job`."""
    with database.write(lane="live") as connection:
        if is_ours(connection, f"job:{name}"):
            release(connection, f"job:{name}")


def _this_process() -> tuple[str, int, int]:
    return _process(os.getpid())


@cache
def _process(pid: int) -> tuple[str, int, int]:
    """Asked in every transaction, and the same while the process lives; a forked child has another number."""
    return os.uname().nodename, pid, _started(pid)


def _started(pid: int) -> int:
    return int(psutil.Process(pid).create_time() * 1_000_000)


def _is_this_process(row: Row[tuple[object, ...]]) -> bool:
    host, pid, started = _this_process()
    return bool(row.host == host and row.pid == pid and abs(row.process_started - started) < _SAME_START_US)


def _is_alive(row: Row[tuple[object, ...]], now: int) -> bool:
    if now - row.heartbeat_at > STALE_AFTER_US:
        return False
    if row.host != os.uname().nodename:
        return True
    try:
        return bool(abs(_started(row.pid) - row.process_started) < _SAME_START_US)
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
