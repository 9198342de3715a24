"""Clients of the live channel that are cut off at random moments, while the server is killed and started again.

Beside them stands the change log itself: what a client that was never cut off would have been told.
"""

import asyncio
import contextlib
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from state_sync.board import SNAPSHOT
from state_sync.themes import THEMES
from tests.conftest import ROOT
from tests.twin.store.builders import imported, plain
from twin.ports import SignalRecord, StateQuery
from twin.state import Reading, Signal
from twin.store import SqlStore, open_store

BATCHES, EVERY_S = 60, 0.05
KILLS = 3
PATIENCE_S = 40.0
HEAD = 24
"""Bytes before the columns of a frame of codes (docs/live.md)."""


class Server:
    """`twin serve` as a process of its own, on one port for all its lives."""

    def __init__(self, data: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._data = data
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        arguments = ["serve", "--data", str(self._data), "--port", str(self.port)]
        code = "from api.cli import main; main()"
        self._process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


class Told:
    """What a client has been told over all its connections."""

    def __init__(self) -> None:
        self.cursor: int | None = None
        self.states: dict[str, Any] = {}
        self.sequence: list[tuple[str, float]] = []
        """(signal, value) of each change, in order."""
        self.resets = self.cuts = 0
        self.begun = asyncio.Event()

    def hear(self, frame: Any) -> None:
        self.resets += frame["type"] == "reset"
        if frame["type"] in {"snapshot", "delta"}:
            self.states |= {state["signal"]: state["value"] for state in frame["states"]}
        if frame["type"] == "delta":
            self.sequence += [(state["signal"], state["value"]) for state in frame["states"]]
        if not frame.get("more"):
            self.cursor = frame["seq"]
            self.begun.set()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    with open_store(tmp_path) as opened:
        yield opened


@pytest.fixture
def server(tmp_path: Path, store: SqlStore) -> Iterator[Server]:
    running = Server(tmp_path)
    yield running
    running.kill()


@pytest.fixture
def records(store: SqlStore) -> list[SignalRecord]:
    imported(store, "a", plain("uvwxyz"))
    return store.declare_signals(
        [Signal(model="a", global_id=g, name="temperature", kind="temperature") for g in "uvwxyz"]
    )


def _write(store: SqlStore, records: list[SignalRecord], dice: random.Random) -> None:
    """A few readings a batch, values that never come twice."""
    started = time.time_ns() // 1000
    for place in range(BATCHES):
        at = started + place * 1000
        chosen = dice.sample(records, dice.randrange(1, 4))
        store.record([Reading(r.number, place + r.number / 100, at, at) for r in chosen])
        time.sleep(EVERY_S)


async def _kill_now_and_then(server: Server, dice: random.Random) -> None:
    for _ in range(KILLS):
        await asyncio.sleep(dice.uniform(0.5, 1.5))
        server.kill()
        server.start()


async def _follow(
    server: Server, told: Told, dice: random.Random, end: "asyncio.Event", last: list[int]
) -> None:
    """Until all is told: connect, listen to some frames, vanish without a word."""
    while not end.is_set() or told.cursor is None or told.cursor < last[0]:
        cursor = "" if told.cursor is None else f"?cursor={told.cursor}"
        with contextlib.suppress(OSError, WebSocketException, TimeoutError):
            async with connect(f"ws://127.0.0.1:{server.port}/api/v1/live{cursor}", close_timeout=0) as live:
                for _ in range(dice.randrange(1, 9)):
                    told.hear(msgspec.json.decode(await asyncio.wait_for(live.recv(), 1.0)))
                told.cuts += 1
                live.transport.abort()
        await asyncio.sleep(0.01)


async def _follow_codes(
    server: Server, screen: dict[int, int], dice: random.Random, end: "asyncio.Event", last: list[int]
) -> None:
    """The same of a viewer: codes by state index."""
    cursor = -1
    while not end.is_set() or cursor < last[0]:
        asked = f"?format=codes&theme=temperature{'' if cursor < 0 else f'&cursor={cursor}'}"
        with contextlib.suppress(OSError, WebSocketException, TimeoutError):
            async with connect(f"ws://127.0.0.1:{server.port}/api/v1/live{asked}", close_timeout=0) as live:
                for _ in range(dice.randrange(1, 5)):
                    data = await asyncio.wait_for(live.recv(), 1.0)
                    assert isinstance(data, bytes)
                    count = int.from_bytes(data[16:20], "little")
                    if data[4] == SNAPSHOT:
                        screen.clear()
                    indexes = np.frombuffer(data, "<u4", count, HEAD).tolist()
                    screen.update(zip(indexes, data[HEAD + 4 * count :], strict=True))
                    cursor = int.from_bytes(data[8:16], "little")
                live.transport.abort()
        await asyncio.sleep(0.01)


async def _run(store: SqlStore, server: Server, records: list[SignalRecord]) -> tuple[Told, dict[int, int]]:
    dice, told, end = random.Random(5), Told(), asyncio.Event()
    screen: dict[int, int] = {}
    last = [sys.maxsize]
    server.start()
    followers = [
        asyncio.create_task(_follow(server, told, random.Random(6), end, last)),
        asyncio.create_task(_follow_codes(server, screen, random.Random(7), end, last)),
    ]
    await told.begun.wait()
    killing = asyncio.create_task(_kill_now_and_then(server, dice))
    await asyncio.to_thread(_write, store, records, dice)
    await killing
    last[0] = store.state_changes(0, limit=10_000)[-1].seq
    end.set()
    await asyncio.gather(*followers)
    return told, screen


@pytest.mark.slow
def test_clients_that_are_cut_off_across_kills_of_the_server_end_as_if_they_never_were(
    store: SqlStore, server: Server, records: list[SignalRecord]
) -> None:
    told, screen = asyncio.run(asyncio.wait_for(_run(store, server, records), PATIENCE_S))
    names = {record.number: record.signal.id for record in records}
    log = [
        (names[s.number], s.value) for change in store.state_changes(0, limit=10_000) for s in change.states
    ]
    assert told.sequence == log
    present = store.states(StateQuery()).items
    assert told.states == {row.signal.signal.id: row.value for row in present}
    assert (told.resets, told.cuts > 5) == (0, True)
    scene = store.scene_now(StateQuery())
    codes = THEMES[0].codes(scene.values, scene.quality)
    assert screen == dict(zip(scene.state_indexes.tolist(), codes.tolist(), strict=True))
