"""The demo for programs that look at it: started on a free port, ended with the block."""

import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
START_S = 300.0


@contextmanager
def demo(data: Path) -> Iterator[tuple[str, psutil.Process]]:
    """The address that is signed in, with its `#token=`, and the process of the server; what it says while it starts is passed on to stderr.

    Raises `queue.Empty` where it does not start in five minutes.
    """
    command = [sys.executable, "-c", "from api.cli import main; main()", "serve", "--demo"]
    server = subprocess.Popen(
        [*command, "--data", str(data), "--port", "0"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    said: queue.Queue[str] = queue.Queue()
    lines = server.stdout
    assert lines is not None

    def listen() -> None:
        for line in lines:
            said.put(line)

    threading.Thread(target=listen, daemon=True).start()
    try:
        line = ""
        until = time.monotonic() + START_S
        while "Signed in" not in line:
            line = said.get(timeout=max(0.1, until - time.monotonic()))
            print(line, end="", file=sys.stderr)
        yield line.rpartition(" ")[2].strip(), psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait(30)
