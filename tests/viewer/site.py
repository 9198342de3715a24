"""The product's own server behind a page: the sample, its lamps bound, killed and started again as a test wants."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
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
    """The sample, its lamps bound, on a server that can be killed and started again.

    `bindings`: another binding file; `options`: more of `twin serve`; `mqtt`: address of a broker.
    """

    def __init__(
        self,
        folder: Path,
        *,
        bindings: str | None = None,
        options: Sequence[str] = (),
        mqtt: str | None = None,
    ) -> None:
        self.data = folder / "twin"
        self._options = options
        self._environment = os.environ | ({} if mqtt is None else {"TWIN_MQTT": mqtt})
        self._said = folder / "said"
        (source,) = sample_sources(folder / "sample")
        file = folder / "devices.toml"
        file.write_text(binding_file() if bindings is None else bindings, encoding="utf-8")
        for step in (["import", str(source)], ["bind", str(file)]):
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
        command = [*TWIN, "serve", "--data", str(self.data), "--port", str(self.port), *self._options]
        with self._said.open("wb") as said:
            self.process = subprocess.Popen(
                command, stdout=said, stderr=subprocess.DEVNULL, env=self._environment
            )
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

    def stop(self) -> None:
        """End it in order."""
        self.process.terminate()
        self.process.wait(30)

    @property
    def signed_in(self) -> str:
        """The address that opens the page signed in, as `twin serve --demo` prints it."""
        found = re.search(r"Signed in as administrator: (\S+)", self._said.read_text(encoding="utf-8"))
        assert found is not None
        return found[1]

    def get(self, path: str) -> Any:
        """A document of the API."""
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}", timeout=30) as answer:
            return json.load(answer)

    def report(self, *agos: timedelta, on: bool, quality: str = "good", name: str = "on") -> None:
        """The lamp says whether it is on, now or so long ago; `name`: of the signal."""
        times = [(datetime.now(UTC) - ago).isoformat() for ago in agos or [timedelta()]]
        said = {"signal": f"{self.lamp['id']}/{name}", "value": on, "quality": quality}
        token = (self.data / "admin.token").read_text().strip()
        request = urllib.request.Request(
            f"{self.url}/api/v1/readings",
            json.dumps({"readings": [said | {"observed_at": at} for at in times]}).encode(),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert json.load(answer)["accepted"] == len(times)
