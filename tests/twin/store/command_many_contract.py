"""What every store must do about requests for more targets than one transaction takes; adapters' tests inherit the class."""

from typing import Any

import pytest

from tests.twin.store.command_contract import Bench, order, place, refusals, sent, settable
from tests.twin.store.live_contract import NOW, S, temperature
from twin.commands import Status
from twin.ports import CommandQuery, TwinStore
from twin.store import command_bulk, command_orders


class ManyContract:
    """Requests for more targets than one transaction takes."""

    @pytest.fixture(autouse=True)
    def small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(command_bulk, "CHUNK", 2)

    def test_all_targets_are_there_with_their_outcomes(self, store: TwinStore) -> None:
        settable(store, "uvwxyz")
        store.declare_signals([temperature("y", settable=True, maximum=10)])
        placed = store.place_command(order(20, *"uvwxyz", bulk=True))
        assert placed.id is not None
        assert [each.signal for each in placed.outcomes] == [f"a/{g}/temperature" for g in "uvwxyz"]
        found = [each.command for each in store.command_targets(placed.id, limit=10).items]
        assert [each.id for each in found] == [f"{placed.id}-{n}" for n in range(6)]
        assert [str(each.status) for each in found] == ["queued"] * 4 + ["failed", "queued"]

    def test_if_all_are_refused_nothing_is_recorded(self, store: TwinStore) -> None:
        settable(store, "vwxyz")
        placed = store.place_command(order(500, *"vwxyz", bulk=True))
        assert (placed.id, refusals(placed)) == (None, ["out_of_range"] * 5)
        assert store.commands(CommandQuery()).items == []

    def test_a_rate_goes_on_over_the_pieces(self, store: TwinStore) -> None:
        settable(store, "vwxyz")
        identifier = place(store, 20, *"vwxyz", bulk=True, rate=2.0)
        times = [each.command.start_at - NOW for each in store.command_targets(identifier, limit=9).items]
        assert times == [number * S // 2 for number in range(5)]

    def test_no_transaction_records_more_than_a_piece(
        self, store: TwinStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settable(store, "vwxyz")
        sizes: list[int] = []
        real = command_orders._Placing.commands

        def commands(placing: Any, drafts: Any, *rest: Any) -> None:
            sizes.append(len(drafts))
            real(placing, drafts, *rest)

        monkeypatch.setattr(command_orders._Placing, "commands", commands)
        place(store, 20, *"vwxyz", bulk=True)
        assert sizes == [2, 2, 1]

    def test_what_a_crash_leaves_the_outbox_goes_on_with_and_nothing_twice(
        self, store: TwinStore, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settable(store, "vwxyz")
        with monkeypatch.context() as broken:
            _dies_after(broken, 1)
            with pytest.raises(KeyboardInterrupt):
                store.place_command(order(20, *"vwxyz", bulk=True, key="k"))
        (view,) = store.commands(CommandQuery()).items
        assert (view.targets, view.counts) == (5, {Status.QUEUED: 2})
        assert store.place_command(order(20, *"vwxyz", bulk=True, key="k")).id == view.id
        bench.wait(6)
        assert store.commands_due()
        taken = [each for _ in range(5) for each in sent(store)]
        assert sorted(taken) == [f"{view.id}-{n}" for n in range(5)]

    def test_one_that_is_not_all_recorded_yet_is_cancelled_as_a_whole(
        self, store: TwinStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settable(store, "vwxyz")
        with monkeypatch.context() as broken:
            _dies_after(broken, 1)
            with pytest.raises(KeyboardInterrupt):
                store.place_command(order(20, *"vwxyz", bulk=True))
        (view,) = store.commands(CommandQuery()).items
        assert store.cancel_command(view.id, by="bob").counts == {Status.CANCELLED: 5}


def _dies_after(patch: pytest.MonkeyPatch, pieces: int) -> None:
    """The process is gone after some pieces."""
    real, count = command_orders.finish_some, iter(range(pieces))

    def finish_some(*args: Any) -> Any:
        if next(count, None) is None:
            raise KeyboardInterrupt
        return real(*args)

    patch.setattr(command_orders, "finish_some", finish_some)
