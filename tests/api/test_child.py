"""Functions in processes of their own."""

import threading
from collections.abc import Callable
from typing import Any

import psutil
import pytest

from api.importing.child import Child, ChildDied
from api.importing.faults import ChildFailed
from api.importing.patience import Interrupted, Patience
from tests.api import child_functions
from twin.errors import DamagedSource


def _patience(stop: threading.Event) -> Patience:
    return Patience(stop, lambda: None)


def _name(function: Callable[..., Any]) -> str:
    return f"{function.__module__}.{function.__name__}"


def _run(function: Callable[..., Any], *arguments: object) -> tuple[list[Any], Any]:
    with Child(_patience(threading.Event()), _name(function), *arguments) as child:
        messages = list(child.messages())
    return messages, child.answer


def test_messages_come_before_the_answer() -> None:
    assert _run(child_functions.double, 21) == (["working"], 42)


def test_a_child_receives_what_it_is_told() -> None:
    with Child(_patience(threading.Event()), _name(child_functions.echo)) as child:
        child.tell("go on")
        assert list(child.messages()) == []
    assert child.answer == "go on"


def test_telling_a_child_that_is_gone_is_no_error_of_its_own() -> None:
    with Child(_patience(threading.Event()), _name(child_functions.crash)) as child:
        assert child._process is not None
        child._process.join()
        child.tell("go on")
        with pytest.raises(ChildDied):
            list(child.messages())


def test_an_error_on_purpose_arrives_as_itself() -> None:
    with pytest.raises(DamagedSource, match="cut in half"):
        _run(child_functions.refuse)


def test_an_unexpected_error_arrives_with_its_trace() -> None:
    with pytest.raises(ChildFailed, match="ZeroDivisionError") as caught:
        _run(child_functions.divide)
    assert "in divide" in caught.value.trace


def test_a_crash_is_named_by_its_signal() -> None:
    with pytest.raises(ChildDied) as caught:
        _run(child_functions.crash)
    assert caught.value.signal_name == "SIGSEGV"


def test_a_stop_ends_a_silent_child() -> None:
    stop = threading.Event()
    seen: list[psutil.Process] = []

    def listen() -> None:
        with Child(_patience(stop), _name(child_functions.sleep_after_telling_the_id)) as child:
            for process_id in child.messages():
                seen.append(psutil.Process(process_id))
                stop.set()

    with pytest.raises(Interrupted):
        listen()
    (process,) = seen
    assert not process.is_running()
