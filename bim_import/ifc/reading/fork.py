"""Keeps a lazily read file readable in forked processes.

A lazy ifcopenshell file reads pages of its source by seek and read on one descriptor. A forked child shares the offset of
that descriptor with its parent and siblings, so that two processes reading at once would get each other's pages,
silently. Each child therefore gets a file description of its own under the same number, at the same offset.
"""

import os
from pathlib import Path

_DESCRIPTORS = Path("/proc/self/fd")


def can_reopen() -> bool:
    """Whether descriptors can be opened anew here (Linux with /proc)."""
    return _DESCRIPTORS.is_dir()


def open_descriptors() -> frozenset[int]:
    """Numbers of all open descriptors of this process."""
    listed = [int(entry.name) for entry in list(_DESCRIPTORS.iterdir())]
    return frozenset(
        number for number in listed if _is_open(number)
    )  # the listing itself had one, now closed


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def reopen_after_fork(path: Path, before: frozenset[int]) -> None:
    """From now on give every forked child its own description of those descriptors of `path` opened since `before`."""
    status = path.stat()
    for number in open_descriptors() - before:
        guard = _Guard(number, (status.st_dev, status.st_ino))
        if guard.is_open():
            os.register_at_fork(before=guard.remember, after_in_child=guard.reopen)


class _Guard:
    """One descriptor of one file. When it is closed, or reused for another file, the guard does nothing."""

    __slots__ = ("_identity", "_number", "_offset")

    def __init__(self, number: int, identity: tuple[int, int]) -> None:
        self._number = number
        self._identity = identity
        self._offset: int | None = None

    def is_open(self) -> bool:
        """Whether the descriptor is still that of the file (device and inode)."""
        try:
            status = os.fstat(self._number)
        except OSError:
            return False
        return (status.st_dev, status.st_ino) == self._identity

    def remember(self) -> None:
        """Note the offset: C's buffered reading goes on from there without another seek."""
        self._offset = os.lseek(self._number, 0, os.SEEK_CUR) if self.is_open() else None

    def reopen(self) -> None:
        """In the child: replace the shared description by a new one of the same file, even if it was unlinked."""
        if self._offset is None:
            return
        own = os.open(f"{_DESCRIPTORS}/{self._number}", os.O_RDONLY | os.O_CLOEXEC)
        os.lseek(own, self._offset, os.SEEK_SET)
        os.dup2(own, self._number, inheritable=False)
        os.close(own)
