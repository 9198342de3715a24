"""Folders that an import leaves clean: its spools, and tiles that nothing needs any more."""

import fcntl
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from twin.ports import FileKeeper

_COMPRESSED = (".br", ".gz")


@contextmanager
def fresh_spools(folder: Path) -> Iterator[Path]:
    """A new folder for the spools of one batch, removed at the end; what dead batches left behind goes first.

    Each batch holds a lock on its folder, which the system releases with the process, however it ends.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        with suppress(BlockingIOError), _locked(old):
            shutil.rmtree(old, ignore_errors=True)
    batch = Path(tempfile.mkdtemp(dir=folder, prefix="batch-"))
    with _locked(batch):
        try:
            yield batch
        finally:
            shutil.rmtree(batch, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold an exclusive lock on a folder; BlockingIOError if another process has it."""
    with (folder / ".lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def collect_tiles(store: FileKeeper, tiles_folder: Path) -> int:
    """Delete the tile files that nothing has needed for a day; returns how many."""

    def delete(key: str, names: Sequence[str]) -> None:
        for name in names:
            for suffix in ("", *_COMPRESSED):
                (tiles_folder / key / (name + suffix)).unlink(missing_ok=True)

    return store.collect_files(datetime.now(UTC), delete)
