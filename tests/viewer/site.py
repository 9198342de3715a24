"""The product's own server behind a page: the sample, its lamps bound, killed and started again as a test wants."""

import json
import socket
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sample_models.bindings import binding_file
from sample_models.samples import sample_sources

TWIN = [sys.executable, "-c", "from api.cli import main; main()"]
START_S = 60.0
ON, OFF = (242, 208, 59), (48, 52, 58)
"""Ends of the theme "switch"."""


class Site:
    """The sample, its lamps bound, on a server that can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "twin"
        (source,) = sample_sources(folder / "sample")
        bindings = folder / "lamps.toml"
        bindings.write_text(binding_file(), encoding="utf-8")
        for step in (["import", str(source)], ["bind", str(bindings)]):
            subprocess.run([*TWIN, *step, "--data", str(self.data)], check=True, capture_output=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()
        poles = self.get("objects?q=site&class=IfcLightFixture&limit=100")["items"]
        # Farthest to the right of who looks north-east, as the first view does: nothing of the page lies over it.
        self.lamp = max(poles, key=lambda pole: pole["bounds"][0] - pole["bounds"][1])

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [*TWIN, "serve", "--data", str(self.data), "--port", str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            assert self.process.poll() is None, "the server ended"
            try:
                urllib.request.urlopen(f"{self.url}/readyz", timeout=2).close()
            except OSError:
                time.sleep(0.2)
            else:
                return
        pytest.fail(f"the server was not ready after {START_S:.0f} s")

    def kill(self) -> None:
        """Kill -9."""
        self.process.kill()
        self.process.wait(30)

    def get(self, path: str) -> Any:
        """A document of the API."""
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}", timeout=30) as answer:
            return json.load(answer)

    def report(self, *agos: timedelta, on: bool, quality: str = "good") -> None:
        """The lamp says whether it is on, now or so long ago."""
        times = [(datetime.now(UTC) - ago).isoformat() for ago in agos or [timedelta()]]
        said = {"signal": f"{self.lamp['id']}/on", "value": on, "quality": quality}
        token = (self.data / "admin.token").read_text().strip()
        request = urllib.request.Request(
            f"{self.url}/api/v1/readings",
            json.dumps({"readings": [said | {"observed_at": at} for at in times]}).encode(),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert json.load(answer)["accepted"] == len(times)
