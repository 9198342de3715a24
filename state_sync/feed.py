"""The live feed: the change log, read once and handed to all who follow it.

A follower gets the changes of its signals in commit order. One that cannot keep up is conflated: what waits for it is folded
into the newest state of each signal, so that its memory is bounded by the number of signals, and nobody else notices.
The feed reads the log in the database, so that it sees what other processes write.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from twin.alarms import AlarmRecord
from twin.commands import Step
from twin.errors import TwinError
from twin.ports import StateChange
from twin.ports.live import StateDelta

log = logging.getLogger(__name__)

POLL_S = 0.02
"""Time between two looks at the log while nothing comes; a look costs some 100 µs."""

PAGE = 200
"""Changes read at once."""

RETRY_S = 1.0
"""Time until the next attempt after the log could not be read."""

WAITING_CHANGES = 64
"""Changes that wait for a follower before they are folded together: three seconds at 20 commits a second."""


class ChangeLog(Protocol):
    """What the feed needs of a store (`twin.ports.TwinStore` has it)."""

    def state_changes(self, after: int, *, limit: int) -> list[StateChange]:
        """As in `twin.ports.StateReader`."""
        ...

    def last_change(self) -> int:
        """As in `twin.ports.ChangeReader`."""
        ...

    def oldest_change(self) -> int:
        """As in `twin.ports.StateReader`."""
        ...


class LostTrack(Exception):
    """The log was cut before the feed had read it: a follower needs a fresh snapshot."""


class Delta(Struct, frozen=True):
    """What has changed since the delta before, up to change `seq`; each signal once. `alarms`, `commands`: steps of alarms and of commands, in their order."""

    seq: int
    states: Sequence[StateDelta]
    alarms: Sequence[AlarmRecord] = ()
    commands: Sequence[Step] = ()


class Follower:
    """One consumer of the feed, with its own queue. `wanted`: numbers of its signals; None: all."""

    def __init__(self, wanted: frozenset[int] | None, seq: int) -> None:
        self.wanted = wanted
        self.seq = seq
        """All changes up to this one have been taken, or hold nothing for it."""
        self.conflated = 0
        self._waiting: list[Delta] = []
        self._reached = seq
        self._filled = asyncio.Event()
        self._lost = False

    def lose(self) -> None:
        """Something was missed for good."""
        self._lost = True
        self._filled.set()

    def offer(self, delta: Delta) -> None:
        """A change with something for this follower. Followers that want the same are given the same object."""
        self._waiting.append(delta)
        if len(self._waiting) > WAITING_CHANGES:
            self._waiting = [_folded(self._waiting)]
            self.conflated += 1
        self._filled.set()

    def reached(self, seq: int) -> None:
        """The log has been read up to here."""
        self._reached = seq

    async def take(self, patience_s: float) -> list[Delta]:
        """What waits, oldest first; empty if nothing has come in `patience_s` seconds. Raises LostTrack."""
        if not self._waiting and not self._lost:
            self._filled.clear()
            try:
                async with asyncio.timeout(patience_s):
                    await self._filled.wait()
            except TimeoutError:
                self.seq = max(self.seq, self._reached)
                return []
        if self._lost:
            raise LostTrack
        taken, self._waiting = self._waiting, []
        self.seq = taken[-1].seq
        return taken

    def chosen(self, change: StateChange) -> Delta | None:
        """What it wants of a change; None: nothing."""
        states, alarms, commands = change.states, change.alarms, change.commands
        wanted = self.wanted
        if wanted is not None:
            states = [state for state in states if state.number in wanted]
            alarms = [alarm for alarm in alarms if alarm.signal in wanted]
            commands = [step for step in commands if step.signal in wanted]
        return Delta(change.seq, states, alarms, commands) if states or alarms or commands else None


class _Group:
    """Followers that want the same signals."""

    def __init__(self, wanted: frozenset[int]) -> None:
        self.wanted = wanted
        self.followers: set[Follower] = set()


class Feed:
    """Reads the log while somebody follows. Used from one event loop."""

    def __init__(self, log: ChangeLog, *, poll_s: float = POLL_S) -> None:
        self._log = log
        self._poll_s = poll_s
        self._followers: set[Follower] = set()
        self._everything: set[Follower] = set()
        self._of_steps: set[Follower] = set()
        self._groups: dict[frozenset[int], _Group] = {}
        self._some: dict[int, set[_Group]] = {}
        self._seq = 0
        self._reading: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()

    @property
    def followers(self) -> int:
        """How many there are."""
        return len(self._followers)

    async def follow(self, wanted: frozenset[int] | None) -> Follower:
        """A follower of what is committed from now on. Raises StoreError. Give it back with `leave`."""
        follower = await self._new(wanted)
        if wanted is None:
            self._everything.add(follower)
        else:
            follower.wanted = self._joined(wanted, follower)
        return follower

    async def follow_steps(self) -> Follower:
        """The same of the steps of all alarms and commands alone: states, which are many, do not wake it."""
        follower = await self._new(None)
        self._of_steps.add(follower)
        return follower

    async def _new(self, wanted: frozenset[int] | None) -> Follower:
        async with self._starting:
            if self._reading is None or self._reading.done():
                self._seq = await asyncio.to_thread(self._log.last_change)
                self._reading = asyncio.create_task(self._read())
        follower = Follower(wanted, self._seq)
        self._followers.add(follower)
        return follower

    def _joined(self, wanted: frozenset[int], follower: Follower) -> frozenset[int]:
        """Enter a follower into the group that wants the same; returns the group's own set, so that there is one of each."""
        group = self._groups.get(wanted)
        if group is None:
            group = self._groups[wanted] = _Group(wanted)
            for number in wanted:
                self._some.setdefault(number, set()).add(group)
        group.followers.add(follower)
        return group.wanted

    async def leave(self, follower: Follower) -> None:
        """It wants nothing any more; the last one stops the reading."""
        self._followers.discard(follower)
        self._everything.discard(follower)
        self._of_steps.discard(follower)
        group = None if follower.wanted is None else self._groups.get(follower.wanted)
        if group is not None:
            group.followers.discard(follower)
            if not group.followers:
                self._dissolve(group)
        if not self._followers:
            await self.stop()

    def _dissolve(self, group: _Group) -> None:
        del self._groups[group.wanted]
        for number in group.wanted:
            self._some[number].discard(group)
            if not self._some[number]:
                del self._some[number]

    async def stop(self) -> None:
        """Stop reading."""
        task, self._reading = self._reading, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def missed(self, follower: Follower, cursor: int) -> list[Delta] | None:
        """What a follower that had seen everything up to `cursor` has missed until it began to follow.

        None: the log does not go back so far, or the cursor is of another log; it needs a fresh snapshot. Raises StoreError.
        """
        if not await asyncio.to_thread(self._log.oldest_change) <= cursor <= follower.seq:
            return None
        found: list[Delta] = []
        after = cursor
        while after < follower.seq:
            changes = await asyncio.to_thread(self._log.state_changes, after, limit=PAGE)
            found += [
                delta
                for change in changes
                if change.seq <= follower.seq and (delta := follower.chosen(change)) is not None
            ]
            if len(changes) < PAGE:
                break
            after = changes[-1].seq
        # Asked again: the log may have been cut while it was read.
        return found if await asyncio.to_thread(self._log.oldest_change) <= cursor else None

    async def _read(self) -> None:
        behind = False
        while True:
            try:
                changes = await asyncio.to_thread(self._log.state_changes, self._seq, limit=PAGE)
                # Numbers that are missing may be those of changes of another kind; or the log was cut while nobody could read it.
                gap = not changes or changes[0].seq > self._seq + 1
                doubtful = gap and (behind or bool(changes))
                lost = doubtful and await asyncio.to_thread(self._log.oldest_change) > self._seq
            except TwinError as error:
                log.warning("the change log cannot be read: %s", error)
                await asyncio.sleep(RETRY_S)
                continue
            for change in changes:
                self._hand_out(change)
                self._seq = change.seq
            for follower in self._followers:
                follower.lose() if lost else follower.reached(self._seq)
            behind = len(changes) == PAGE
            if not behind:
                await asyncio.sleep(self._poll_s)

    def _hand_out(self, change: StateChange) -> None:
        if change.alarms or change.commands:
            self._hand_out_steps(change)
            return
        whole = Delta(change.seq, change.states)
        for follower in self._everything:
            follower.offer(whole)
        shares: dict[_Group, list[StateDelta]] = {}
        some = self._some
        for state in change.states if some else ():
            for group in some.get(state.number, ()):
                shares.setdefault(group, []).append(state)
        for group, states in shares.items():
            share = Delta(change.seq, states)
            for follower in group.followers:
                follower.offer(share)

    def _hand_out_steps(self, change: StateChange) -> None:
        signals = {alarm.signal for alarm in change.alarms} | {step.signal for step in change.commands}
        groups = {group for signal in signals for group in self._some.get(signal, ())}
        for follower in self._everything.union(self._of_steps, *(group.followers for group in groups)):
            if (delta := follower.chosen(change)) is not None:
                follower.offer(delta)


def _folded(deltas: Sequence[Delta]) -> Delta:
    """The newest state of each signal, `changed` if any of them was a change; the newest alarm of each signal and kind, the newest step of each command."""
    newest: dict[int, StateDelta] = {}
    for delta in deltas:
        for state in delta.states:
            before = newest.pop(state.number, None)
            newest[state.number] = _marked(state) if before is not None and before.changed else state
    alarms: dict[tuple[int, str], AlarmRecord] = {}
    for delta in deltas:
        for alarm in delta.alarms:
            alarms.pop((alarm.signal, alarm.kind), None)
            alarms[alarm.signal, alarm.kind] = alarm
    commands: dict[str, Step] = {}
    for delta in deltas:
        for step in delta.commands:
            commands.pop(step.id, None)
            commands[step.id] = step
    return Delta(deltas[-1].seq, list(newest.values()), list(alarms.values()), list(commands.values()))


def _marked(state: StateDelta) -> StateDelta:
    if state.changed:
        return state
    return StateDelta(
        state.number,
        state.value,
        state.quality,
        state.observed_at,
        state.received_at,
        state.changed_at,
        changed=True,
    )
