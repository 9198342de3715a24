"""A function run in a process of its own, which reports while it works.

Kernels and parsers of other people's making crash, leak and hang; a process keeps that from the server and gives the
memory back. Children come from a fork server that has the heavy libraries loaded, so that a small file does not pay for
them again; they never share a thread or a connection with the parent.
"""

import multiprocessing
import os
import pkgutil
import signal
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, Self

from msgspec import Struct

from api.importing.faults import explained
from api.importing.patience import Patience
from twin.errors import TwinError

PRELOAD = ["api.importing.steps"]
"""Loaded once by the fork server."""


class ChildDied(TwinError):
    """The process ended without an answer: killed by a signal (`signal_name`) or by its own exit."""

    def __init__(self, exit_code: int | None) -> None:
        self.signal_name = (
            signal.Signals(-exit_code).name if exit_code is not None and exit_code < 0 else None
        )
        super().__init__(
            f"the process ended without an answer ({self.signal_name or f'exit status {exit_code}'})"
        )


class _Message(Struct, frozen=True):
    value: Any


class _Answer(Struct, frozen=True):
    value: Any


class _Failure(Struct, frozen=True):
    error: TwinError


def context() -> multiprocessing.context.BaseContext:
    """The fork server's context. One numerical thread a process: the processes are the parallelism."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(PRELOAD)
    return server


def load_ahead() -> None:
    """Start the fork server now: it loads the heavy libraries while this process loads its own.

    Ctrl-C in a terminal reaches it, too, and while it loads it would die of that with a trace: it never sees the signal.
    """
    context()
    resource_tracker.ensure_running()  # it would let the signal through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Line:
    """The child's end of the line to its parent."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def send(self, value: object) -> None:
        """Tell the parent something: one of its `messages()`."""
        self._connection.send(_Message(value))

    def receive(self) -> Any:
        """What the parent tells next; waits for it. Raises EOFError if the parent is gone."""
        return self._connection.recv()


class Child:
    """Runs `function(line, *arguments)` in a child; iterate `messages()` for what it sends, then read `answer`.

    `function` is named (`package.module.function`), so that only the child loads its module; arguments are pickled. Leaving the context ends the child, whatever it is doing.
    `messages()` asks its patience several times a second while the child is silent.
    """

    def __init__(self, patience: Patience, function: str, *arguments: object) -> None:
        self._patience = patience
        self._target = (function, arguments)
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None
        self.answer: Any = None

    def __enter__(self) -> Self:
        load_ahead()
        server = context()
        self._connection, other_end = server.Pipe()
        self._process = server.Process(target=_run, args=(other_end, *self._target), daemon=False)  # type: ignore[attr-defined]
        self._process.start()
        other_end.close()
        return self

    def tell(self, value: object) -> None:
        """Send something small, for the function to receive. Nothing happens where the child is gone: `messages()` says so."""
        assert self._connection is not None
        with suppress(BrokenPipeError, ConnectionResetError):
            self._connection.send(value)

    def messages(self) -> Iterator[Any]:
        """What the function sends, in order; ends when it has answered.

        Raises the TwinError that it raised, ChildFailed for any other error, ChildDied when the process is gone.
        """
        assert self._connection is not None
        assert self._process is not None
        while True:
            while not self._connection.poll(_LISTEN_SECONDS):
                self._patience.check()
            try:
                received = self._connection.recv()
            except (EOFError, ConnectionResetError):
                self._process.join()
                raise ChildDied(self._process.exitcode) from None
            match received:
                case _Message(value):
                    yield value
                case _Failure(error):
                    raise error
                case _Answer(value):
                    self.answer = value
                    return

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._connection is not None
        assert self._process is not None
        self._connection.close()
        if self._process.is_alive() and (error is not None or self.answer is None):
            self._process.terminate()
        self._process.join(timeout=_GRACE_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


_LISTEN_SECONDS = 0.1
"""How soon a stop is noticed while a child is silent."""
_GRACE_SECONDS = 5.0
"""A child that was asked to end stops its own workers first; after this it is killed."""


def _run(connection: Connection, name: str, arguments: tuple[object, ...]) -> None:
    # Ctrl-C reaches the whole foreground group; the parent decides, and ends its children by SIGTERM.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _raise_exit)

    answer: _Answer | _Failure
    try:
        function = pkgutil.resolve_name(name)
        answer = _Answer(function(Line(connection), *arguments))
    except Exception as error:  # noqa: BLE001 - the boundary of the process: everything becomes an answer
        answer = _Failure(explained(error))
    with suppress(BrokenPipeError):  # the parent is gone: nobody waits for the answer
        connection.send(answer)
    connection.close()


def _raise_exit(signal_number: int, _frame: object) -> None:
    raise SystemExit(128 + signal_number)
