"""Work in forked processes."""

import os
import signal
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

import pytest

from twin.errors import DamagedSource
from twin.forked import beside, forked_map


def test_results_come_in_order_from_processes_that_share_what_was_there_before() -> None:
    before = [place * place for place in range(50)]
    found = forked_map(lambda place: (before[place], os.getpid()), 50, 2)
    assert [square for square, _ in found] == before
    assert os.getpid() not in {process for _, process in found}


def test_an_error_of_one_is_raised_as_itself() -> None:
    def fail(place: int) -> int:
        raise DamagedSource("a.gpkg", f"number {place}", "Export it again.")

    with pytest.raises(DamagedSource, match="number 0"):
        forked_map(fail, 3, 2)


def test_a_process_that_dies_is_an_error() -> None:
    with pytest.raises(BrokenProcessPool):
        forked_map(lambda _: os.kill(os.getpid(), signal.SIGKILL), 3, 2)


def test_a_function_runs_beside_the_body() -> None:
    receiving, sending = get_context("fork").Pipe(duplex=False)
    with beside(lambda: sending.send(os.getpid())):
        assert receiving.recv() != os.getpid()


def test_what_ran_beside_raises_at_the_end_of_the_body() -> None:
    def fail() -> None:
        raise DamagedSource("a.gpkg", "cut in half", "Export it again.")

    reached = False
    with pytest.raises(DamagedSource, match="cut in half"), beside(fail):
        reached = True
    assert reached


def test_what_dies_beside_is_an_error() -> None:
    with pytest.raises(EOFError), beside(lambda: os.kill(os.getpid(), signal.SIGKILL)):
        pass
