"""Functions that tests run in child processes; they must be importable there."""

import os
import signal
import time
from collections.abc import Callable
from typing import Any

from twin.errors import DamagedSource

Send = Callable[[Any], None]


def double(send: Send, number: int) -> int:
    send("working")
    return 2 * number


def refuse(_send: Send) -> None:
    raise DamagedSource("a.ifc", "cut in half", "Export it again.")


def divide(_send: Send) -> float:
    return 1 / 0


def crash(_send: Send) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def sleep_after_telling_the_id(send: Send) -> None:
    send(os.getpid())
    time.sleep(60)
