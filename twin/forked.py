"""Forked processes: work shared out over some, and what they owe the one that forked them.

To be used in processes that have no other threads: a lock that one of these holds would be held in the child for ever.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, TypeVar

_T = TypeVar("_T")

_PR_SET_PDEATHSIG = 1
"""prctl(2): the signal that a process gets when its parent dies."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""mallopt(3), in the GNU C library alone."""

_NICE = 5


def die_with(parent: int) -> None:
    """End when `parent` ends, however it ends; Ctrl-C is the parent's business, SIGTERM ends this process at once."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the line above
        os._exit(1)


def work_for(parent: int) -> None:
    """What a process does first that was forked to work through batches: see `die_with`; it leaves the processors to its parent's
    own work; and it keeps memory that it has freed. A batch's arrays are as large as those of the one before, and pages that
    go back to the system come again one fault at a time (measured: a fifth of the time of drawing).
    """
    die_with(parent)
    os.nice(_NICE)
    if sys.platform == "linux" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)):
        mallopt(_M_MMAP_THRESHOLD, 32 << 20)
        mallopt(_M_TRIM_THRESHOLD, 512 << 20)


def forked_map(function: Callable[[int], _T], count: int, processes: int) -> list[_T]:
    """`[function(0), …, function(count - 1)]`, worked out by forked processes, to which `function` itself does not travel.

    Raises what it raises, BrokenProcessPool where a process ends without an answer.
    """
    with ProcessPoolExecutor(
        processes,
        mp_context=get_context("fork"),
        initializer=_start,
        initargs=(function, os.getpid()),
    ) as pool:
        return list(pool.map(_call, range(count)))


@contextmanager
def beside(function: Callable[[], None]) -> Iterator[None]:
    """Run `function` in a forked process while the body of this context runs here; the end waits for it.

    Raises at the end what it raised, EOFError if the process ended without an answer.
    """
    context = get_context("fork")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_tried, args=(function, sending, os.getpid()))
    process.start()
    sending.close()
    try:
        yield
        raised: Exception | None = receiving.recv()
    finally:
        receiving.close()
        process.join()
    if raised is not None:
        raise raised


def _tried(function: Callable[[], None], sending: Connection, parent: int) -> None:
    work_for(parent)
    raised = None
    try:
        function()
    except Exception as error:  # noqa: BLE001 - the boundary of the process: it is raised beyond
        raised = error
    sending.send(raised)


_function: list[Callable[[int], Any]] = []
"""The function of a forked process; empty in the process that forks."""


def _start(function: Callable[[int], Any], parent: int) -> None:
    work_for(parent)
    _function[:] = [function]


def _call(place: int) -> Any:
    return _function[0](place)
