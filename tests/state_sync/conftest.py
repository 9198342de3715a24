"""Fixtures with a real broker."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.state_sync.broker import Broker


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A Mosquitto that runs; stopped at the end."""
    folder = tmp_path / "broker"
    folder.mkdir()
    running = Broker(folder)
    running.start()
    try:
        yield running
    finally:
        running.stop()
