"""One client of the live channel: its filter, its snapshot, its frames."""

from collections.abc import AsyncGenerator
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool

from api import representations_live as representations
from api.reader import check_filter
from api.representations import Document
from api.representations_alarms import alarm as alarm_document
from api.representations_commands import step as step_document
from api.runtime import Runtime
from state_sync.feed import Delta, Follower, LostTrack
from twin.alarms import Status
from twin.errors import InvalidQuery
from twin.ports import AlarmQuery, SignalRecord, StateQuery
from twin.queries import MAX_LIMIT

BEAT_S = 15.0
"""Longest silence on the wire: below the half minute after which proxies and people take a connection for dead."""

PART = MAX_LIMIT
"""Signals in one part of a snapshot: some 200 kB."""

_encoder = msgspec.json.Encoder()

Frame = tuple[int | None, bytes]
"""The number from which a client may go on that has seen the frame (None: from no place yet), and the frame as JSON."""


class Following:
    """Frames for one client. `prepare`, then iterate `frames` once."""

    def __init__(self, runtime: Runtime, asked: StateQuery, cursor: int | None) -> None:
        self._runtime = runtime
        self._asked = asked
        self._cursor = cursor
        self._records: dict[int, SignalRecord] = {}

    async def prepare(self) -> None:
        """Check the filter and find its signals. Raises InvalidQuery, NotFound, StoreError."""
        if self._asked.qualities:
            raise InvalidQuery("quality= changes from moment to moment: leave it out and look at each frame.")
        if self._asked.filter is not None and self._asked.filter.changes:
            raise InvalidQuery(
                "The filter asks what signals say, which changes from moment to moment: leave that out and look at each frame."
            )
        await run_in_threadpool(check_filter, self._runtime.store, self._asked)
        await self._find_signals()

    async def frames(self) -> AsyncGenerator[Frame]:
        """Frames without end. A client that is not fast enough gets fewer, with the newest states."""
        while True:
            follower = await self._runtime.feed.follow(self._wanted)
            try:
                async for frame in self._session(follower):
                    yield frame
            except LostTrack:
                self._cursor = -1
            finally:
                await self._runtime.feed.leave(follower)

    @property
    def _wanted(self) -> frozenset[int] | None:
        return None if self._is_everything else frozenset(self._records)

    @property
    def _is_everything(self) -> bool:
        asked = self._asked
        lists = (asked.models, asked.classes, asked.names, asked.kinds, asked.properties)
        given = (asked.place, asked.bbox, asked.filter, asked.settable)
        return not any(lists) and all(each is None for each in given) and asked.reach.is_everything

    async def _session(self, follower: Follower) -> AsyncGenerator[Frame]:
        """From the snapshot, or from where the client was, on."""
        missed = None
        if self._cursor is not None:
            missed = await self._runtime.feed.missed(follower, self._cursor)
            if missed is None:
                yield None, _encoded({"type": "reset", "seq": follower.seq})
        if missed is None:
            async for frame in self._snapshot(follower.seq):
                yield frame
        for delta in missed or ():
            yield await self._delta(delta)
        while True:
            deltas = await follower.take(BEAT_S)
            for delta in deltas:
                yield await self._delta(delta)
                self._cursor = delta.seq
            if not deltas:
                yield follower.seq, _encoded({"type": "beat", "seq": follower.seq})

    async def _snapshot(self, seq: int) -> AsyncGenerator[Frame]:
        """States read after the follower began: what has come since then comes again as a delta, and changes nothing."""
        cursor, more = None, True
        while more:
            query = msgspec.structs.replace(self._asked, cursor=cursor, limit=PART)
            page = await run_in_threadpool(self._runtime.store.states, query)
            cursor, more = page.next, page.next is not None
            states = [representations.state(record) for record in page.items]
            frame = {"type": "snapshot", "seq": seq, "more": more, "states": states}
            if not more:
                frame["alarms"] = await run_in_threadpool(self._open_alarms)
            yield None if more else seq, _encoded(frame)

    def _open_alarms(self) -> list[Document]:
        """The newest of the open alarms that the filter lets pass."""
        asked = self._asked
        query = AlarmQuery(
            statuses=(Status.RAISED, Status.ACKNOWLEDGED),
            models=asked.models,
            classes=asked.classes,
            place=asked.place,
            reach=asked.reach,
            limit=PART,
        )
        return [
            alarm_document(view.record, view.signal)
            for view in self._runtime.store.alarms(query).items
            if self._is_everything or view.record.signal in self._records
        ]

    async def _delta(self, delta: Delta) -> Frame:
        fragments = self._runtime.fragments
        if (made := fragments.frame(delta)) is not None:
            return delta.seq, made
        numbers = [
            *(state.number for state in delta.states),
            *(alarm.signal for alarm in delta.alarms),
            *(step.signal for step in delta.commands),
        ]
        if any(number not in self._records for number in numbers):
            await self._find_signals()
        states = [
            fragments.encode(record, state)
            for state in delta.states
            if (record := self._records.get(state.number)) is not None
        ]
        if delta.alarms or delta.commands:
            return delta.seq, self._with_steps(delta, states)
        frame = b'{"type":"delta","seq":%d,"states":[%s]}' % (delta.seq, b",".join(states))
        return delta.seq, fragments.keep(delta, frame)

    def _with_steps(self, delta: Delta, states: list[bytes]) -> bytes:
        """A frame of type `alarms` or `commands`; a slow client's, for which changes were folded together, is a `delta` that has several."""
        records = self._records
        alarms = [
            alarm_document(each, records[each.signal]) for each in delta.alarms if each.signal in records
        ]
        commands = [
            step_document(each, records[each.signal]) for each in delta.commands if each.signal in records
        ]
        mixed = states or (delta.alarms and delta.commands)
        kind = b"delta" if mixed else b"alarms" if delta.alarms else b"commands"
        parts = [b'{"type":"%s","seq":%d,"states":[%s]' % (kind, delta.seq, b",".join(states))]
        if delta.alarms:
            parts.append(b'"alarms":' + _encoder.encode(alarms))
        if delta.commands:
            parts.append(b'"commands":' + _encoder.encode(commands))
        return b",".join(parts) + b"}"

    async def _find_signals(self) -> None:
        self._records = await run_in_threadpool(self._signals)

    def _signals(self) -> dict[int, SignalRecord]:
        if self._is_everything:
            return {record.number: record for record in self._runtime.store.signal_records()}
        found: dict[int, SignalRecord] = {}
        cursor: str | None = None
        while True:
            page = self._runtime.store.states(msgspec.structs.replace(self._asked, cursor=cursor, limit=PART))
            found.update((record.signal.number, record.signal) for record in page.items)
            if page.next is None:
                return found
            cursor = page.next


def _encoded(frame: dict[str, Any]) -> bytes:
    return msgspec.json.encode(frame)
