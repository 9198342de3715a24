"""Heads of the audit, exported to a file outside of the database: without them a chain whose end was cut looks whole."""

import asyncio
import logging
from pathlib import Path

import msgspec
from starlette.concurrency import run_in_threadpool

from api.settings import Settings
from twin.auditing import Head, head_of
from twin.errors import StoreError, TwinError
from twin.ports import AuditKeeper

log = logging.getLogger(__name__)

EVERY_S = 10.0
"""Entries of the last ten seconds can be cut without a trace, earlier ones cannot; a head is 110 bytes, written when there is news."""

FILE_NAME = "audit.heads"

_TAIL = 1024
"""Bytes in which the last head is: ten of them."""


def heads_file(settings: Settings) -> Path:
    """Where heads go."""
    return settings.audit_heads or settings.data / FILE_NAME


def export(store: AuditKeeper, path: Path) -> bool:
    """Append the present head if it is another than the last one; returns whether it was. Raises StoreError."""
    record = store.audit_head()
    if record is None:
        return False
    head = head_of(record)
    try:
        if _last(path) == head:
            return False
        with path.open("ab") as file:
            file.write(msgspec.json.encode(head) + b"\n")
    except OSError as error:
        raise StoreError(
            f"cannot write {path}: {error.strerror}. Name another file with TWIN_AUDIT_HEADS."
        ) from error
    return True


def _last(path: Path) -> Head | None:
    if not path.exists():
        return None
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        lines = file.read().splitlines()
    try:
        return msgspec.json.decode(lines[-1], type=Head) if lines else None
    except msgspec.DecodeError:
        return None


def exported(path: Path) -> list[Head]:
    """All heads in a file; none where there is no file. Raises StoreError for a line that is none."""
    if not path.exists():
        return []
    try:
        return msgspec.json.Decoder(Head).decode_lines(path.read_bytes())
    except (OSError, msgspec.DecodeError) as error:
        raise StoreError(
            f"{path} holds a line that is no head of an audit ({error}). It was written by somebody else, or damaged."
        ) from error


async def keep_exporting(store: AuditKeeper, path: Path) -> None:
    """Export whenever there is news, until cancelled."""
    while True:
        try:
            await run_in_threadpool(export, store, path)
        except TwinError as error:
            log.warning("heads of the audit cannot be exported: %s", error)
        await asyncio.sleep(EVERY_S)
