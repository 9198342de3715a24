"""A real Mosquitto on a free port of the loopback interface, configured as docs/live.md says."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

CONFIG = """
persistence true
persistence_location {folder}/
autosave_interval 60
max_queued_messages 0
max_queued_bytes 0
max_inflight_messages 0
persistent_client_expiration 30d
set_tcp_nodelay true
log_dest file {folder}/broker.log
connection_messages true
"""
"""As docs/live.md, but for listeners and who may connect."""


def find_mosquitto() -> str | None:
    """The executable; Debian keeps it where only root's PATH looks."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
    return shutil.which("mosquitto", path=path)


def require_mosquitto() -> str:
    """The executable; skips where there is none, fails where `scripts/test` promised one."""
    return _required(find_mosquitto(), "mosquitto", package="mosquitto")


def require_mosquitto_pub() -> str:
    """The command that publishes one message; skips and fails in the same way."""
    return _required(shutil.which("mosquitto_pub"), "mosquitto_pub", package="mosquitto-clients")


def _required(found: str | None, name: str, *, package: str) -> str:
    if found is None and os.environ.get("TWIN_REQUIRE_BROKER"):
        pytest.fail(f"no {name} although set-up should have installed it")
    if found is None:
        pytest.skip(f"no {name}: install it (Debian: apt install {package})")
    return found


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Broker:
    """One broker: its port and session store stay the same through restarts. `listener`: lines of its configuration."""

    def __init__(self, folder: Path, *, listener: Sequence[str] = ("allow_anonymous true",)) -> None:
        self.folder = folder
        self.port = free_port()
        self._executable = require_mosquitto()
        self._listener = listener
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        configuration = self.folder / "mosquitto.conf"
        # As root it would become the user `mosquitto`, who may not write into a folder of ours.
        lines = ["user root"] if os.geteuid() == 0 else []
        lines += [CONFIG.format(folder=self.folder), f"listener {self.port} 127.0.0.1", *self._listener]
        configuration.write_text("\n".join(lines))
        self._process = subprocess.Popen(
            [self._executable, "-c", str(configuration)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 10
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise AssertionError(f"mosquitto did not start: {self.log()}")
            time.sleep(0.02)

    def stop(self, how: int = signal.SIGTERM) -> None:
        """End it; by SIGTERM it writes its sessions down first."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.wait(20)

    def log(self) -> str:
        """What it wrote."""
        file = self.folder / "broker.log"
        return file.read_text(errors="replace") if file.exists() else ""
