"""Small writes of threads that wait for the same lock, in one transaction: they share its commit, which waits for the disk.

Whoever gets the lock does the work of all who wait by then. Each has its answer after the commit, and nobody notices the others: if the
work of one fails, all is undone, and each is done by itself.
"""

import threading
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar, cast

from sqlalchemy import Connection

from twin.errors import StoreError
from twin.store import audit

T = TypeVar("T")

MOST = 32
"""Works of one transaction: some 20 ms, in which readings wait."""

Begin = Callable[[], AbstractContextManager[Connection]]
"""Begins a transaction that is committed at its end."""


class _Job:
    """The work of one thread. `over`: committed, or failed for good."""

    def __init__(self, work: Callable[[Connection], Any]) -> None:
        self.over = False
        self._work = work
        self._acts = audit.acts()
        self._entered: list[list[Any]] = []
        self._result: Any = None
        self._error: Exception | None = None

    def run(self, connection: Connection) -> None:
        """Work, in a transaction that others have a part in; whoever acts is entered before what is done."""
        self._entered = [list(act) for act in self._acts]
        for act in self._acts:
            audit.note(connection, *act)
            act.clear()
        self._result = self._work(connection)

    def undone(self) -> None:
        """The transaction is gone."""
        for act, entries in zip(self._acts, self._entered, strict=False):
            act[:] = entries
        self._entered = []

    def fail(self, error: Exception) -> None:
        """It is not done, and will not be."""
        self._error, self.over = error, True

    def outcome(self) -> Any:
        """What the work has returned, or raised."""
        if self._error is not None:
            raise self._error
        return self._result


class Together:
    """Of one database."""

    def __init__(self, begin: Begin) -> None:
        self._begin = begin
        self._turn = threading.Lock()
        self._waiting: deque[_Job] = deque()

    def write(self, work: Callable[[Connection], T]) -> T:
        """Returns what `work` returns, once that is committed. It may be called once more, after what it did has been undone."""
        job = _Job(work)
        self._waiting.append(job)
        with self._turn:
            while not job.over:
                self._lead(job)
        return cast("T", job.outcome())

    def _lead(self, own: _Job) -> None:
        jobs: list[_Job] = []
        worked = False
        try:
            with self._begin() as connection:
                jobs += [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST))]
                for each in jobs:
                    each.run(connection)
                worked = True
            for each in jobs:
                each.over = True
        except BaseException as error:
            if not jobs:  # there was no transaction; the others find that out by themselves
                self._waiting.remove(own)
                jobs = [own]
            for each in jobs:
                each.undone()
            if isinstance(error, Exception) and not worked and len(jobs) > 1:
                for each in jobs:
                    self._alone(each)
                return
            for each in jobs:
                each.fail(error if isinstance(error, Exception) else StoreError("The work was interrupted."))
            if not isinstance(error, Exception):
                raise

    def _alone(self, job: _Job) -> None:
        try:
            with self._begin() as connection:
                job.run(connection)
            job.over = True
        except Exception as error:  # noqa: BLE001  # raised again by whoever waits for it
            job.undone()
            job.fail(error)
