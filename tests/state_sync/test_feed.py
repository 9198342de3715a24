"""What a follower of the change log gets, in which order, and how it is held back."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any

import pytest

from state_sync.feed import WAITING_CHANGES, Delta, Feed, Follower, LostTrack
from twin.errors import StoreError
from twin.events import ChangeKind
from twin.ports import StateChange
from twin.ports.live import StateDelta
from twin.state import Quality

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def _state(number: int, value: float, *, changed: bool = True) -> StateDelta:
    return StateDelta(number, value, Quality.GOOD, int(value), int(value), int(value), changed)


class Log:
    """A change log in memory."""

    def __init__(self) -> None:
        self.changes: list[StateChange] = []
        self.oldest = 0
        self.failures = 0

    def add(self, *states: StateDelta) -> int:
        """Commit a change; returns its number."""
        seq = self.last_change() + 1
        self.changes.append(StateChange(seq=seq, kind=ChangeKind.STATES_CHANGED, at=NOW, states=[*states]))
        return seq

    def state_changes(self, after: int, *, limit: int) -> list[StateChange]:
        """As a store."""
        if self.failures:
            self.failures -= 1
            raise StoreError("locked")
        return [change for change in self.changes if change.seq > after][:limit]

    def last_change(self) -> int:
        """As a store."""
        return self.changes[-1].seq if self.changes else 0

    def oldest_change(self) -> int:
        """As a store."""
        return self.oldest


def _run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 20))


async def _gathered(follower: Follower, count: int) -> list[tuple[int, float]]:
    """(signal, value) of the next `count` states."""
    found: list[tuple[int, float]] = []
    while len(found) < count:
        for delta in await follower.take(5.0):
            found += [(state.number, float(state.value)) for state in delta.states]
    return found


def test_changes_come_in_the_order_of_commits() -> None:
    async def work() -> None:
        log = Log()
        feed = Feed(log, poll_s=0.001)
        follower = await feed.follow(None)
        for value in range(5):
            log.add(_state(1, value))
        assert await _gathered(follower, 5) == [(1, value) for value in range(5)]
        await feed.leave(follower)

    _run(work())


def test_what_was_committed_before_does_not_come() -> None:
    async def work() -> None:
        log = Log()
        log.add(_state(1, 1))
        feed = Feed(log, poll_s=0.001)
        follower = await feed.follow(None)
        log.add(_state(1, 2))
        assert await _gathered(follower, 1) == [(1, 2)]
        await feed.leave(follower)

    _run(work())


def test_a_follower_of_some_signals_gets_those_only() -> None:
    async def work() -> None:
        log = Log()
        feed = Feed(log, poll_s=0.001)
        follower = await feed.follow(frozenset({2}))
        log.add(_state(1, 1), _state(2, 2))
        log.add(_state(1, 3))
        log.add(_state(2, 4))
        assert await _gathered(follower, 2) == [(2, 2), (2, 4)]
        await feed.leave(follower)

    _run(work())


def test_a_slow_follower_is_conflated_to_the_newest_state_of_each_signal() -> None:
    follower = Follower(None, 0)
    for seq in range(1, WAITING_CHANGES * 3):
        follower.offer(Delta(seq, [_state(seq % 2, seq)]))
    (first, *rest) = asyncio.run(follower.take(1.0))
    assert follower.conflated > 0
    assert len(rest) < WAITING_CHANGES
    assert sorted(state.number for state in first.states) == [0, 1]


def test_a_change_stays_one_when_a_report_is_folded_over_it() -> None:
    follower = Follower(None, 0)
    follower.offer(Delta(1, [_state(7, 1)]))
    for seq in range(2, WAITING_CHANGES + 2):
        follower.offer(Delta(seq, [_state(7, 1, changed=False)]))
    (only,) = asyncio.run(follower.take(1.0))
    assert [state.changed for state in only.states] == [True]


def test_a_slow_follower_ends_with_the_same_states_as_a_fast_one() -> None:
    states: list[dict[int, object]] = []
    for often in (1, 10**9):
        follower, known = Follower(None, 0), dict[int, object]()
        for seq in range(1, 500):
            follower.offer(Delta(seq, [_state(seq % 13, seq)]))
            if seq % often == 0 or seq == 499:
                for delta in asyncio.run(follower.take(1.0)):
                    known.update((state.number, state.value) for state in delta.states)
        states.append(known)
    assert states[0] == states[1]


def test_a_cursor_gets_exactly_what_was_missed() -> None:
    async def work() -> None:
        log = Log()
        for value in range(450):
            log.add(_state(value % 3, value))
        feed = Feed(log, poll_s=0.001)
        follower = await feed.follow(frozenset({1}))
        log.add(_state(1, 9999))
        missed = await feed.missed(follower, 7)
        assert missed is not None
        assert [delta.seq for delta in missed] == [seq for seq in range(8, 451) if (seq - 1) % 3 == 1]
        assert await _gathered(follower, 1) == [(1, 9999)]
        await feed.leave(follower)

    _run(work())


@pytest.mark.parametrize("cursor", [3, 99])
def test_a_cursor_too_old_or_of_another_log_is_told(cursor: int) -> None:
    async def work() -> None:
        log = Log()
        for value in range(10):
            log.add(_state(1, value))
        log.oldest = 5
        feed = Feed(log, poll_s=0.001)
        follower = await feed.follow(None)
        assert await feed.missed(follower, cursor) is None
        await feed.leave(follower)

    _run(work())


def test_a_store_that_fails_for_a_while_costs_no_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("state_sync.feed.RETRY_S", 0.001)

    async def work() -> None:
        log = Log()
        feed = Feed(log, poll_s=0.001)
        follower = await feed.follow(None)
        log.failures = 3
        log.add(_state(1, 1))
        assert await _gathered(follower, 1) == [(1, 1)]
        await feed.leave(follower)

    _run(work())


def test_a_log_that_was_cut_ahead_of_the_feed_makes_followers_start_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("state_sync.feed.PAGE", 2)

    async def work() -> None:
        log = Log()
        feed = Feed(log, poll_s=0.001)
        follower = await feed.follow(None)
        for value in range(2):
            log.add(_state(1, value))
        log.oldest = 10
        with pytest.raises(LostTrack):
            await _gathered(follower, 100)
        await feed.leave(follower)

    _run(work())


def test_a_feed_that_was_kept_from_reading_while_the_log_was_cut_says_so() -> None:
    async def work() -> None:
        log = Log()
        feed = Feed(log, poll_s=0.001)
        follower = await feed.follow(None)
        for value in range(5):
            log.add(_state(1, value))
        log.changes, log.oldest = log.changes[3:], 3
        with pytest.raises(LostTrack):
            await _gathered(follower, 100)
        await feed.leave(follower)

    _run(work())


def test_numbers_that_no_change_has_are_no_gap() -> None:
    async def work() -> None:
        log = Log()
        feed = Feed(log, poll_s=0.001)
        follower = await feed.follow(None)
        log.add(_state(1, 1))
        log.add(_state(1, 2))
        del log.changes[0]
        assert await _gathered(follower, 1) == [(1, 2)]
        await feed.leave(follower)

    _run(work())


def test_the_last_follower_stops_the_reading() -> None:
    async def work() -> None:
        before = asyncio.all_tasks()
        feed = Feed(Log(), poll_s=0.001)
        first, second = await feed.follow(None), await feed.follow(frozenset({1}))
        await feed.leave(first)
        assert feed.followers == 1
        await feed.leave(second)
        assert feed.followers == 0
        assert asyncio.all_tasks() == before

    _run(work())


def test_followers_that_want_the_same_are_given_the_same_object() -> None:
    async def work() -> None:
        log = Log()
        feed = Feed(log, poll_s=0.001)
        one, two, other = [await feed.follow(frozenset(wanted)) for wanted in ({1, 2}, {2, 1}, {2})]
        log.add(_state(1, 1), _state(2, 2), _state(3, 3))
        (first,), (second,), (third,) = [await follower.take(5.0) for follower in (one, two, other)]
        assert first is second
        assert ([s.number for s in first.states], [s.number for s in third.states]) == ([1, 2], [2])
        await feed.leave(one)
        log.add(_state(1, 4))
        assert [delta.states[0].value for delta in await two.take(5.0)] == [4]
        await feed.leave(two)
        await feed.leave(other)
        assert feed.followers == 0

    _run(work())


def test_a_follower_of_steps_is_not_woken_by_states() -> None:
    async def work() -> None:
        log = Log()
        feed = Feed(log, poll_s=0.001)
        everything, steps = await feed.follow(None), await feed.follow_steps()
        log.add(_state(1, 1))
        assert await _gathered(everything, 1) == [(1, 1)]
        assert await steps.take(0.05) == []
        await feed.leave(everything)
        await feed.leave(steps)
        assert feed.followers == 0

    _run(work())
