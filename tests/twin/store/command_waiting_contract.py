"""What every store must do about commands that wait for their device; adapters' tests inherit the class."""

from tests.twin.store.command_contract import Bench, path, place, sent, settable
from tests.twin.store.live_contract import S, temperature
from twin.ports import SignalRecord, TwinStore


class WaitingContract:
    """Commands to devices that are offline, and of servers without a way to devices."""

    def test_a_command_that_waits_too_long_expires(self, store: TwinStore, bench: Bench) -> None:
        (x, *_) = settable(store, offline="wait")
        bench.read(x, 20.0)
        store.mark_stale([x.number])
        identifier = place(store, expires_at=bench.now + 60 * S)
        assert sent(store) == []
        bench.wait(60)
        assert sent(store) == []
        assert path(store, identifier) == ["queued", "expired"]

    def test_a_device_that_is_offline_is_waited_for(self, store: TwinStore, bench: Bench) -> None:
        (x, *_) = settable(store)
        bench.read(x, 20.0)
        store.mark_stale([x.number])
        identifier = place(store)
        assert sent(store) == []
        bench.wait(2)
        bench.read(x, 20.0)
        assert sent(store) == [identifier]

    def test_a_stale_signal_is_commanded_where_it_says_so(self, store: TwinStore, bench: Bench) -> None:
        (x, *_) = settable(store, offline="send")
        bench.read(x, 20.0)
        store.mark_stale([x.number])
        identifier = place(store)
        assert sent(store) == [identifier]

    def test_what_waits_for_a_device_is_not_looked_at_all_the_time(
        self, store: TwinStore, bench: Bench
    ) -> None:
        place_offline(store, bench)
        assert sent(store) == []
        bench.wait(20)
        assert not store.commands_due()

    def test_a_device_that_comes_back_is_sent_at_once_what_waits_for_it(
        self, store: TwinStore, bench: Bench
    ) -> None:
        x, identifier = place_offline(store, bench)
        assert sent(store) == []
        bench.read(x, 20.0)
        assert sent(store) == [identifier]

    def test_a_device_whose_silence_nobody_has_noted_yet_comes_back_as_well(
        self, store: TwinStore, bench: Bench
    ) -> None:
        settable(store)
        (x,) = store.declare_signals([temperature("x", settable=True, period_s=10.0)])
        bench.read(x, 20.0)
        bench.wait(11)
        identifier = place(store)
        assert sent(store) == []
        bench.read(x, 20.0)
        assert sent(store) == [identifier]

    def test_without_a_way_to_devices_what_has_waited_a_while_is_told_why_once(
        self, store: TwinStore, bench: Bench
    ) -> None:
        settable(store)
        identifier = place(store)
        assert not store.commands_due(sending=False)  # whoever has a way takes it at once
        bench.wait(2)
        assert store.commands_due(sending=False)
        assert store.work_commands("w", sending=False) == []
        assert detail(store, identifier) == "there is no connection to its device"
        bench.wait(5)
        assert not store.commands_due(sending=False)

    def test_what_waited_for_a_way_to_devices_goes_as_soon_as_there_is_one(
        self, store: TwinStore, bench: Bench
    ) -> None:
        settable(store)
        identifier = place(store)
        bench.wait(2)
        store.work_commands("w", sending=False)
        assert store.commands_due()
        assert sent(store) == [identifier]

    def test_without_a_way_to_devices_what_waits_expires_all_the_same(
        self, store: TwinStore, bench: Bench
    ) -> None:
        settable(store)
        identifier = place(store, expires_at=bench.now + 60 * S)
        store.work_commands("w", sending=False)
        bench.wait(60)
        assert store.commands_due(sending=False)
        store.work_commands("w", sending=False)
        assert path(store, identifier) == ["queued", "expired"]


def detail(store: TwinStore, identifier: str) -> str | None:
    """Why the one command of a request is as it is."""
    only = store.command(identifier).only
    assert only is not None
    return only.command.detail


def place_offline(store: TwinStore, bench: Bench) -> tuple[SignalRecord, str]:
    """A command to a device that is silent."""
    (x, *_) = settable(store)
    bench.read(x, 20.0)
    store.mark_stale([x.number])
    return x, place(store)
