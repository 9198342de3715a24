"""Geometry in forked processes that may crash or hang: each costs one element, not the import.

The supervisor, which parsed the file, forks workers that share its memory. They take shapes from a pipe, heaviest first, so
that the load balances itself, and write what they draw to spool parts of their own. A shared board tells which shape each
has in hand and since when: a worker that dies or works too long on one has named its culprit. Its culprit is tried once
more, more carefully; whatever else it had not written is done again by others.
"""

import faulthandler
import gc
import os
import signal
import struct
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import msgspec
import numpy as np

from bim_import.ifc.geometry.board import DRAWN, IDLE, PENDING, Board, code_of
from bim_import.ifc.geometry.shapes import Level
from twin.errors import TwinError
from twin.forked import die_with
from twin.source import NotDrawn
from twin.spool import GeometryWriter, drawn_ordinals

_TOKEN = struct.Struct("<III")
"""First shape, how many, and level. Pipes keep small writes whole (POSIX: PIPE_BUF ≥ 512), and Linux reads them under one lock."""
_CHUNK = 32
"""Tokens in one write: 384 bytes."""
_PAUSE_SECONDS = 0.01
_PLACING_SECONDS = 0.005
"""Time allowed for placing one more product of a shape: ten times what it takes (200,000 boxes of one shape: 80 s)."""
_MAX_MISHAPS = 4
"""Deaths of workers with no shape in hand (memory, a full disk) before the import fails."""


class WorkersFailedError(TwinError):
    """Workers die although they have nothing in hand. `detail` is what the last of them left, for the makers."""

    def __init__(self, status: int, detail: str) -> None:
        self.status = status
        self.detail = detail
        reason = f": {detail.strip().splitlines()[-1]}" if detail.strip() else ""
        super().__init__(
            f"drawing failed, its processes end with status {status}{reason}. Check free memory and disk space."
        )


class Artisan(Protocol):
    """What a worker does, made in the worker itself."""

    @property
    def notes(self) -> Counter[str]:
        """What was done less than well, with how often."""
        ...

    def prepare(self, shapes: Sequence[int]) -> None:
        """Get ready for shapes that will be drawn next."""
        ...

    def draw(self, shape: int, level: Level, wanted: Sequence[int]) -> None:
        """Draw the products `wanted` (ordinals) of a shape."""
        ...

    def settled(self) -> tuple[Sequence[int], Mapping[int, NotDrawn]]:
        """Ordinals handed to the writer since the last call, and those that cannot be drawn with their reasons."""
        ...

    def flush(self) -> None:
        """Hand everything to the writer."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """All that is to be drawn: products (ordinals) of each shape, the runs (first shape, count) to hand out together, heaviest
    first, and which shapes have cuts that a
    last attempt can leave out. `objects` is the number of ordinals.
    """

    products: Sequence[Sequence[int]]
    bundles: Sequence[tuple[int, int]]
    cut: Sequence[bool]
    objects: int


@dataclass(slots=True)
class _Worker:
    pid: int
    part: int
    slot: int
    overdue: bool = False


@dataclass(slots=True, kw_only=True)
class Crew:
    """Runs workers over `work`. Use as a context manager: leaving it ends them whatever they do.

    Call `start()` in a process without other threads, `poll()` now and then, and `finish()` for the rest. Afterwards
    `board.outcome` has an outcome for every product of `work`.
    """

    folder: Path
    work: Work
    make_artisan: Callable[[GeometryWriter], Artisan]
    workers: int = 2
    element_seconds: float = 60.0
    board: Board = field(init=False)
    notes: Counter[str] = field(default_factory=Counter)
    _crew: list[_Worker] = field(default_factory=list)
    _queue: list[tuple[int, int, Level]] = field(default_factory=list)
    _levels: dict[int, Level] = field(default_factory=dict)
    _read_end: int = -1
    _write_end: int = -1
    _parts: int = 0
    _mishaps: int = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._crew:
            os.kill(worker.pid, signal.SIGKILL)
        for worker in self._crew:
            os.waitpid(worker.pid, 0)
        self._crew.clear()
        self._close_pipe()

    def start(self) -> None:
        """Fork the workers."""
        shapes = len(self.work.products)
        self.board = Board.make(products=self.work.objects, shapes=shapes, workers=self.workers)
        self._levels = dict.fromkeys(range(shapes), Level.FAST)
        gc.freeze()  # objects made so far are not touched by the workers' collector, so their pages stay shared
        self._open_round([(first, count, Level.FAST) for first, count in self.work.bundles])

    def poll(self) -> bool:
        """Look after the workers without waiting; returns whether everything is settled."""
        self._feed()
        for worker in list(self._crew):
            if self.board.seconds_on(worker.slot) > self._limit(worker) and not worker.overdue:
                worker.overdue = True
                os.kill(worker.pid, signal.SIGKILL)
            pid, status = os.waitpid(worker.pid, os.WNOHANG)
            if pid:
                self._crew.remove(worker)
                self._ended(worker, os.waitstatus_to_exitcode(status))
        if self._crew:
            return False
        left = [shape for shape in self._levels if self._pending(shape)]
        if left:
            self._open_round([(shape, 1, self._levels[shape]) for shape in left])
        else:
            self._close_pipe()
        return not left

    def finish(self, each: Callable[[], None] | None = None) -> None:
        """Wait until everything is settled; `each` is called about every hundredth of a second."""
        while not self.poll():
            if each is not None:
                each()
            time.sleep(_PAUSE_SECONDS)

    def done(self) -> int:
        """How many products have an outcome so far."""
        return int(np.count_nonzero(self.board.outcome))

    def _limit(self, worker: _Worker) -> float:
        """Seconds that a worker may take for what it has in hand: a shape of many products has more to place."""
        shape = int(self.board.current[worker.slot])
        products = len(self.work.products[shape]) if shape != IDLE else 0
        return self.element_seconds + products * _PLACING_SECONDS

    def _pending(self, shape: int) -> list[int]:
        return [ordinal for ordinal in self.work.products[shape] if self.board.outcome[ordinal] == PENDING]

    def _open_round(self, bundles: list[tuple[int, int, Level]]) -> None:
        self._close_pipe()
        self._queue = bundles[::-1]
        self._read_end, self._write_end = os.pipe()
        os.set_blocking(self._write_end, False)
        self._feed()
        for slot in range(min(self.workers, len(bundles))):
            self._fork(slot)

    def _close_pipe(self) -> None:
        for end in (self._read_end, self._write_end):
            if end >= 0:
                os.close(end)
        self._read_end = self._write_end = -1

    def _feed(self) -> None:
        """Fill the pipe; close it once all is in, so that workers end when they have emptied it."""
        while self._queue and self._write_end >= 0:
            tokens = self._queue[: -_CHUNK - 1 : -1]
            try:
                os.write(self._write_end, b"".join(_TOKEN.pack(*token) for token in tokens))
            except BlockingIOError:
                return
            del self._queue[-len(tokens) :]
        if self._write_end >= 0:
            os.close(self._write_end)
            self._write_end = -1

    def _fork(self, slot: int) -> None:
        part = self._parts
        self._parts += 1
        self.board.put_down(slot)
        parent = os.getpid()
        with warnings.catch_warnings():
            # Python ≥ 3.12 warns of threads at a fork; the only ones here are idle ones of a linear algebra library.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            self._run_and_exit(slot, part, parent)
        self._crew.append(_Worker(pid=pid, part=part, slot=slot))

    def _ended(self, worker: _Worker, code: int) -> None:
        """Take stock of a worker that is gone; one that died is replaced if there is work left in the pipe."""
        self._collect_notes(worker.part)
        if code == 0:
            return
        flushed = set(drawn_ordinals(self.folder, worker.part).tolist())
        for shape in np.flatnonzero(self.board.owner == worker.part):
            for ordinal in self.work.products[shape]:
                if self.board.outcome[ordinal] == DRAWN and ordinal not in flushed:
                    self.board.outcome[ordinal] = PENDING
        culprit = int(self.board.current[worker.slot])
        if culprit == IDLE:
            self._mishaps += 1
            if self._mishaps > _MAX_MISHAPS:
                # Another worker may be just about to write its own.
                errors = [
                    text for path in sorted(self.folder.glob("part-*.error")) if (text := path.read_text())
                ]
                raise WorkersFailedError(code, errors[-1] if errors else "")
        else:
            self._blame(culprit, NotDrawn.TIME_LIMIT if worker.overdue else NotDrawn.KERNEL_CRASHED)
        self._fork(worker.slot)

    def _blame(self, shape: int, reason: NotDrawn) -> None:
        """Try the culprit once more at the next level, or settle it."""
        following = _next_level(self._levels[shape], reason, cut=self.work.cut[shape])
        if following is None:
            self.board.outcome[self._pending(shape)] = code_of(reason)
        else:
            self._levels[shape] = following

    def _collect_notes(self, part: int) -> None:
        path = self.folder / f"part-{part}.notes"
        if path.exists():
            self.notes.update(msgspec.msgpack.decode(path.read_bytes(), type=dict[str, int]))
            path.unlink()

    def _run_and_exit(self, slot: int, part: int, parent: int) -> None:
        """The worker: never returns, never lets anything of the parent's run on in the child."""
        code = 1
        try:
            _become_worker(parent, self._write_end)
            with GeometryWriter(self.folder, part) as writer:
                artisan = self.make_artisan(writer)
                self._work_through(artisan, slot, part)
            if artisan.notes:
                (self.folder / f"part-{part}.notes").write_bytes(msgspec.msgpack.encode(artisan.notes))
            code = 0
        except BaseException:  # noqa: BLE001 - the boundary of the process: whatever it is goes to the supervisor
            (self.folder / f"part-{part}.error").write_text(traceback.format_exc())
        finally:
            os._exit(code)

    def _work_through(self, artisan: Artisan, slot: int, part: int) -> None:
        board = self.board
        while len(token := os.read(self._read_end, _TOKEN.size)) == _TOKEN.size:
            first, count, level = _TOKEN.unpack(token)
            shapes = range(first, first + count)
            artisan.prepare(shapes)
            for shape in shapes:
                wanted = self._pending(shape)
                if wanted:
                    board.take(slot, shape, part)
                    artisan.draw(shape, Level(level), wanted)
                    board.put_down(slot)
                    self._settle(artisan)
        artisan.flush()
        self._settle(artisan)

    def _settle(self, artisan: Artisan) -> None:
        written, failed = artisan.settled()
        for ordinal, reason in failed.items():
            self.board.outcome[ordinal] = code_of(reason)
        self.board.outcome[list(written)] = DRAWN


def _next_level(level: Level, reason: NotDrawn, *, cut: bool) -> Level | None:
    """Where to go after a crash or a time-out at `level`. A slower kernel is no answer to a time-out."""
    if level is Level.FAST and reason is not NotDrawn.TIME_LIMIT:
        return Level.SAFE
    return Level.UNCUT if cut and level is not Level.UNCUT else None


def _become_worker(parent: int, write_end: int) -> None:
    """Die with the parent, leave signals to it, and keep the kernel's chatter off its output."""
    die_with(parent)
    if write_end >= 0:
        os.close(write_end)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    faulthandler.disable()  # a crash is reported by the supervisor
    gc.disable()  # entities of the parsed file make no cycles
