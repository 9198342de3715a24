"""Where archived files lie: a folder or an object store, by URL; and copies of what was read from afar."""

import contextlib
import os
import tempfile
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from twin.errors import StoreError
from twin.store.spans import Samples

if TYPE_CHECKING:
    from obstore.store import ObjectStore

    from twin.store.archive_files import ParquetFiles

CACHE_BYTES = 1 << 30
"""Copies of remote files that are kept; a file has some megabytes at most."""

SUFFIX = ".parquet"


class Archive:
    """Files of archived readings by name. Names are never used again, and a file never changes.

    `url`: `s3://bucket/path` and what else obstore knows (credentials from the environment, as its documentation says), or
    `file:///folder`. `cache`: a folder for copies; None: files lie on this machine and are read where they are.
    """

    def __init__(self, url: str, *, cache: Path | None = None) -> None:
        self._url = url
        self._cache = cache
        self._folder = Path(url.removeprefix("file://")) if url.startswith("file://") else None
        self._opened: ObjectStore | None = None
        self._parquet: ParquetFiles | None = None

    @property
    def location(self) -> str:
        """Where it is, for messages; without what follows a question mark."""
        return self._url.partition("?")[0]

    def put(self, samples: Samples, *, owner: str) -> tuple[str, int]:
        """Keep readings, in the order of signal and time; returns name and size of the file. The name begins with its owner. When it returns, the file is there for good."""
        name = f"{owner}-{uuid.uuid4().hex}{SUFFIX}"
        with self._told(), tempfile.TemporaryDirectory() as temporary:
            made = Path(temporary) / name
            self._files.write(made, samples)
            size = made.stat().st_size
            if self._folder is not None:
                _keep(made, self._folder / name)
            else:
                import obstore  # noqa: PLC0415 - as below

                obstore.put(self._store, name, made)
        return name, size

    def get(self, name: str, number: int | None = None) -> Samples:
        """The readings of a file, or of one signal in it. Raises StoreError."""
        with self._told():
            return self._files.read(self._local(name), number)

    def delete(self, name: str) -> None:
        """Forget a file; nothing happens if it is not there."""
        with self._told(), contextlib.suppress(FileNotFoundError):
            if self._folder is not None:
                (self._folder / name).unlink()
            else:
                import obstore  # noqa: PLC0415 - as below

                obstore.delete(self._store, name)

    def names(self, *, before: datetime) -> list[str]:
        """Files that were written before a moment, by the clock of whatever keeps them."""
        with self._told():
            if self._folder is not None:
                found = [(path.name, path.stat().st_mtime) for path in self._folder.glob(f"*{SUFFIX}*")]
            else:
                import obstore  # noqa: PLC0415 - as below

                listed = (one for part in obstore.list(self._store) for one in part)
                found = [
                    (one["path"], one["last_modified"].timestamp())
                    for one in listed
                    if one["path"].endswith(SUFFIX)
                ]
            return sorted(name for name, written in found if written < before.timestamp())

    def close(self) -> None:
        """Let go of what reads files."""
        if self._parquet is not None:
            self._parquet.close()
            self._parquet = None

    @property
    def _files(self) -> "ParquetFiles":
        if self._parquet is None:
            from twin.store.archive_files import ParquetFiles  # noqa: PLC0415 - DuckDB, where something is archived

            self._parquet = ParquetFiles()
        return self._parquet

    @property
    def _store(self) -> "ObjectStore":
        if self._opened is None:
            from obstore.store import from_url  # noqa: PLC0415 - most archives are folders

            self._opened = from_url(self._url)
        return self._opened

    def _local(self, name: str) -> Path:
        """The file on this machine, fetched if need be."""
        if self._folder is not None:
            return self._folder / name
        import obstore  # noqa: PLC0415 - as above

        assert self._cache is not None
        copy = self._cache / name
        if not copy.exists():
            self._cache.mkdir(parents=True, exist_ok=True)
            part = copy.with_suffix(f".{uuid.uuid4().hex}")
            part.write_bytes(bytes(obstore.get(self._store, name).bytes()))
            part.replace(copy)
            self._trim(copy)
        return copy

    def _trim(self, newest: Path) -> None:
        """Delete the oldest copies beyond the limit."""
        assert self._cache is not None
        found = sorted(
            ((p.stat().st_mtime, p.stat().st_size, p) for p in self._cache.glob(f"*{SUFFIX}")), reverse=True
        )
        total = 0
        for _, size, path in found:
            total += size
            if total > CACHE_BYTES and path != newest:
                path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except StoreError:
            raise
        except Exception as error:  # obstore raises what each kind of store has
            raise StoreError(
                f"The archive {self.location} cannot be used: {str(error)[:300]}. Check TWIN_ARCHIVE, its credentials, and that it can be reached."
            ) from error


def _keep(made: Path, target: Path) -> None:
    """Move a file to another file system, durable before it has its name."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(f"{SUFFIX}.part")
    with part.open("wb") as file:
        file.write(made.read_bytes())
        file.flush()
        os.fsync(file.fileno())
    part.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
