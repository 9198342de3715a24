"""Readings posted over HTTP find their signals."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import cast

from state_sync.posted import SignalTable
from tests.state_sync.bindings_builders import record, signal
from twin.devices import DeviceRegistry
from twin.ports import SignalRecord, TwinStore


class SlowStore:
    """Answers when it is let."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.may_answer = threading.Event()

    def devices_version(self) -> int:
        return 0

    def rules_version(self) -> tuple[int, int]:
        return 0, 0

    def device_registry(self) -> DeviceRegistry:
        return DeviceRegistry(version=0, devices=())

    def signal_records(self) -> list[SignalRecord]:
        self.asked.set()
        assert self.may_answer.wait(10)
        return [record(signal())]


def test_a_request_that_comes_while_the_table_is_first_read_finds_its_signal() -> None:
    store = SlowStore()
    table = SignalTable(cast("TwinStore", store))
    name = signal().id
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(table.find, name)
        assert store.asked.wait(10)
        second = pool.submit(table.find, name)
        while not second.running():
            pass
        threading.Timer(0.2, store.may_answer.set).start()

        assert first.result(10) is not None
        assert second.result(10) is not None
