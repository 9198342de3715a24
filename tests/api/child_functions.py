"""Functions that tests run in child processes; they must be importable there."""

import os
import signal
import time

from api.importing.child import Line
from twin.errors import DamagedSource


def double(line: Line, number: int) -> int:
    line.send("working")
    return 2 * number


def refuse(_line: Line) -> None:
    raise DamagedSource("a.ifc", "cut in half", "Export it again.")


def divide(_line: Line) -> float:
    return 1 / 0


def crash(_line: Line) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def sleep_after_telling_the_id(line: Line) -> None:
    line.send(os.getpid())
    time.sleep(60)


def echo(line: Line) -> object:
    return line.receive()
