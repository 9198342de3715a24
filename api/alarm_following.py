"""One client of the live channel that wants the open alarms: the whole list, whenever it is another one."""

import asyncio
from collections.abc import AsyncGenerator

import msgspec
from msgspec.structs import replace
from starlette.concurrency import run_in_threadpool

from api import representations_alarms as representations
from api.following import BEAT_S, Frame
from api.reader import Reader
from api.runtime import Runtime
from state_sync.feed import Follower, LostTrack
from twin.alarms import Status
from twin.errors import InvalidQuery
from twin.ports import AlarmQuery, StateQuery

INTERVAL_S = 0.5
"""Least time between two lists: of a storm of alarms nobody reads each step."""

_BEAT: Frame = (None, b'{"type":"beat"}')


class AlarmFollowing:
    """Frames for one client. `prepare`, then iterate `frames` once. Needs no cursor: each list is whole."""

    def __init__(self, runtime: Runtime, seen: Reader, asked: StateQuery) -> None:
        self._runtime = runtime
        self._seen = seen
        self._asked = asked
        self._said = b""

    async def prepare(self) -> None:
        """Check the filter. Raises InvalidQuery, NotFound, StoreError."""
        asked = self._asked
        known = StateQuery(models=asked.models, classes=asked.classes, place=asked.place)
        if asked != replace(known, reach=asked.reach, limit=asked.limit):
            raise InvalidQuery("Open alarms are followed by model=, class=, place= and limit= alone.")
        await run_in_threadpool(self._listed)

    async def frames(self) -> AsyncGenerator[Frame]:
        """Frames without end."""
        while True:
            follower = await self._runtime.feed.follow_steps()
            try:
                async for frame in self._session(follower):
                    yield frame
            except LostTrack:
                continue  # the next list holds what was missed
            finally:
                await self._runtime.feed.leave(follower)

    async def _session(self, follower: Follower) -> AsyncGenerator[Frame]:
        """The list, and again after each step of an alarm; also now and then: objects are renamed, and models removed, without one."""
        due = True
        while True:
            listed = await run_in_threadpool(self._listed) if due else self._said
            yield _BEAT if listed == self._said else (None, listed)
            self._said = listed
            await asyncio.sleep(INTERVAL_S)
            deltas = await follower.take(BEAT_S)
            due = not deltas or any(delta.alarms for delta in deltas)

    def _listed(self) -> bytes:
        asked = self._asked
        query = AlarmQuery(
            statuses=(Status.RAISED, Status.ACKNOWLEDGED),
            models=asked.models,
            classes=asked.classes,
            place=asked.place,
            limit=asked.limit,
        )
        found = self._seen.alarms(query)
        alarms = [representations.view(one) for one in found.items]
        return msgspec.json.encode({"type": "open_alarms", "alarms": alarms, "more": found.next is not None})
