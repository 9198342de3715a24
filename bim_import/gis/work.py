"""Batches shared out over processes, and taken back in their order."""

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Protocol

from bim_import.gis.batch import FramePlan, LayerPlan, Taken, Taker
from bim_import.gis.reading.batches import Features
from twin.errors import DamagedSource
from twin.forked import work_for

_AHEAD = 2
"""Batches a process may lie behind: enough that none waits, few enough for memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One batch to take: `first` is the number of its first feature in the source, `place` where the layer's CRS is."""

    place: FramePlan
    plan: LayerPlan
    features: Features
    first: int


class Crew(Protocol):
    """Takes orders, and gives what became of them in the same order."""

    def results(self, orders: Iterator[Order]) -> Iterator[tuple[Order, Taken]]:
        """Results of orders, in their order."""
        ...


class Alone:
    """Works in this process: small files are done before another process has started."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def results(self, orders: Iterator[Order]) -> Iterator[tuple[Order, Taken]]:
        """Each order, done when it is asked for."""
        taker = Taker(self._folder, 0)
        try:
            for order in orders:
                yield order, taker.take(order.place, order.plan, order.features, order.first)
        finally:
            taker.close()


class Several:
    """Works in `count` forked processes, each with a part of the spool of its own."""

    def __init__(self, folder: Path, count: int, source: str) -> None:
        self._folder, self._count, self._source = folder, count, source

    def results(self, orders: Iterator[Order]) -> Iterator[tuple[Order, Taken]]:
        """Orders and results in order; reads ahead while the processes work. Raises DamagedSource if one dies."""
        context = get_context("fork")
        numbers = context.Value("i", 0)
        waiting: deque[tuple[Order, Future[Taken]]] = deque()
        with ProcessPoolExecutor(
            self._count,
            mp_context=context,
            initializer=_start,
            initargs=(self._folder, numbers, os.getpid()),
        ) as pool:
            try:
                pool.submit(_ready).result()  # forked here, before the file is opened and Arrow has threads
                for order in orders:
                    waiting.append((order, pool.submit(_take, order)))
                    while len(waiting) > _AHEAD * self._count:
                        done, future = waiting.popleft()
                        yield done, future.result()
                while waiting:
                    done, future = waiting.popleft()
                    yield done, future.result()
            except BrokenProcessPool as error:
                raise DamagedSource(
                    self._source,
                    "a process that drew its features ended without an answer",
                    "There may be too little memory (give --workers 1), or a geometry breaks the kernel: repair it.",
                ) from error


_taker: list[Taker] = []
"""The taker of a forked process; empty in the process that forks."""


def _ready() -> None:
    """Nothing: a first order that forks all processes."""


def _start(folder: Path, numbers: object, parent: int) -> None:
    work_for(parent)
    with numbers.get_lock():  # type: ignore[attr-defined]  # a synchronised integer, which typeshed leaves private
        number: int = numbers.value  # type: ignore[attr-defined]
        numbers.value += 1  # type: ignore[attr-defined]
    _taker[:] = [Taker(folder, number)]


def _take(order: Order) -> Taken:
    return _taker[0].take(order.place, order.plan, order.features, order.first)
