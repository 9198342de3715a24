"""The codes of one theme, kept for all who follow it.

A board knows of each object its code and with which change it last became another. So what a follower that has seen change `s`
lacks is what became another after `s`: nothing waits in queues, a slow one simply asks later, and all that ask for the same are
given the same bytes.
"""

import asyncio
import logging
import struct
import time
from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from state_sync.feed import Feed, Follower, LostTrack
from state_sync.scales import AS_THEY_ARE, Scales, scales_of
from state_sync.themes import BY_RANK, RANKS, Theme
from twin.errors import TwinError
from twin.ports import SceneAt, StateQuery, StateReader
from twin.ports.live import StateDelta

log = logging.getLogger(__name__)

PATIENCE_S = 5.0
RELOAD_S = 5.0
"""Least time between two looks for new signals."""

FORGET_S = 60.0
"""Time after which signals that were none of the theme's are looked for again: an object may have returned, a kind have changed."""

REMEMBERED = 256
"""Frames kept encoded: of followers that are equally far."""

SNAPSHOT, DELTA, BEAT, RESET = 0, 1, 2, 3
_HEAD = struct.Struct("<4sBBHqII")

Mask = NDArray[np.bool_] | None
"""(objects of the board,) which ones a follower wants; None: all."""


def frame(kind: int, place: int, seq: int, indexes: NDArray[np.uint32], codes: NDArray[np.uint8]) -> bytes:
    """Little-endian: `TWC1`, uint8 kind (0 snapshot, 1 delta, 2 beat, 3 reset), uint8 zero, uint16 place of the theme among
    those asked for, int64 seq, uint32 n, uint32 zero; uint32 state_index × n, uint8 code × n.
    """
    head = _HEAD.pack(b"TWC1", kind, 0, place, seq, len(indexes), 0)
    return head + indexes.astype("<u4").tobytes() + codes.tobytes()


class Codes:
    """The codes themselves. Pure: fed with columns and changes, whose values `scales` turn into the theme's unit."""

    def __init__(self, theme: Theme, scene: SceneAt, seq: int, scales: Scales = AS_THEY_ARE) -> None:
        self.theme = theme
        self._scales = scales
        self.seq = seq
        self.base = seq
        """Changes after this one are known."""
        order = np.lexsort((scene.signals, scene.state_indexes))
        self._numbers = scene.signals[order].astype(np.int64)
        self._by_number = np.argsort(self._numbers)
        self._sorted = self._numbers[self._by_number]
        self.indexes, self._starts, self._objects = np.unique(
            scene.state_indexes[order], return_index=True, return_inverse=True
        )
        self._codes = theme.codes(scales.convert(scene.signals, scene.values), scene.quality)[order]
        self.codes = self._shown()
        self.changed = np.full(len(self.indexes), seq, np.int64)

    def _shown(self) -> NDArray[np.uint8]:
        if not len(self.indexes):
            return np.empty(0, np.uint8)
        best = np.maximum.reduceat(RANKS[self._codes], self._starts)
        return BY_RANK[np.searchsorted(RANKS[BY_RANK], best)]

    @property
    def numbers(self) -> frozenset[int]:
        """Its signals."""
        return frozenset(self._numbers.tolist())

    def is_of(self, scene: SceneAt) -> bool:
        """Whether its signals are exactly those of a scene."""
        return np.array_equal(np.sort(scene.signals), self._sorted)

    def rows(self, numbers: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Rows of those of these signals that are its own, and which ones are."""
        places = np.minimum(np.searchsorted(self._sorted, numbers), max(len(self._sorted) - 1, 0))
        known = self._sorted[places] == numbers if len(self._sorted) else np.zeros(len(numbers), np.bool_)
        return self._by_number[places[known]], known

    def codes_of(self, states: Sequence[StateDelta]) -> NDArray[np.uint8]:
        """(n,) codes of states of its signals after a change."""
        said = [float("nan") if isinstance(state.value, str) else float(state.value) for state in states]
        numbers = np.array([state.number for state in states], np.int64)
        return self.theme.codes_of(self._scales.convert(numbers, np.array(said, np.float64)), states)

    def apply(self, seq: int, numbers: NDArray[np.int64], codes: NDArray[np.uint8]) -> None:
        """Take over a change; each signal once."""
        rows, known = self.rows(numbers)
        self._codes[rows] = codes[known]
        shown = self._shown()
        self.changed[shown != self.codes] = seq
        self.codes = shown
        self.seq = seq

    def reach_back(self, cursor: int, missed: Sequence[tuple[int, NDArray[np.int64]]]) -> None:
        """Learn what changed after `cursor` and before `base`: (seq, signals), in order."""
        found = np.full(len(self.indexes), cursor, np.int64)
        for seq, numbers in missed:
            rows, _ = self.rows(numbers)
            found[self._objects[rows]] = seq
        unknown = self.changed <= self.base
        self.changed[unknown] = np.maximum(
            found[unknown], np.where(self.changed < self.base, self.changed, 0)[unknown]
        )
        self.base = cursor

    def mask(self, state_indexes: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Which objects are among these."""
        return np.isin(self.indexes, state_indexes)

    def since(self, seq: int | None, mask: Mask) -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
        """State indexes and codes of what became another after `seq`; None: of all."""
        wanted = np.ones(len(self.indexes), np.bool_) if seq is None else self.changed > seq
        if mask is not None:
            wanted &= mask
        return self.indexes[wanted], self.codes[wanted]


class Board:
    """Keeps `Codes` in step with the feed while somebody follows. Used from one event loop.

    `store`: asked for present columns and units, in a thread.
    """

    def __init__(self, feed: Feed, theme: Theme, store: StateReader) -> None:
        self.theme = theme
        self._feed = feed
        self._store = store
        self._scales = AS_THEY_ARE
        self._codes: Codes | None = None
        self._followers = 0
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._ready: asyncio.Future[None] | None = None
        self._frames: dict[Hashable, bytes] = {}
        self._version = 0
        self._loaded_at = 0.0
        self._others = np.zeros(0, np.bool_)
        self._others_since = 0.0
        self._unsure = False

    @property
    def version(self) -> int:
        """Another one after each load: masks are made anew then, and who follows needs a snapshot."""
        return self._version

    @property
    def codes(self) -> Codes:
        """The codes; there are some after `join`."""
        assert self._codes is not None
        return self._codes

    async def join(self) -> None:
        """One more follows. Raises StoreError. Give back with `leave`."""
        self._followers += 1
        try:
            if self._task is None or self._task.done():
                self._ready = asyncio.get_running_loop().create_future()
                self._task = asyncio.create_task(self._run(self._ready))
            assert self._ready is not None
            await asyncio.shield(self._ready)
        except BaseException:
            self._followers -= 1
            raise

    async def leave(self) -> None:
        """One follows no more; with the last one the work ends."""
        self._followers -= 1
        if not self._followers and self._task is not None:
            task, self._task = self._task, None
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def mask(self, query: StateQuery) -> NDArray[np.bool_]:
        """Which objects pass a query. Raises NotFound, InvalidQuery, StoreError."""
        scene = await asyncio.to_thread(self._store.scene_now, query)
        return self.codes.mask(scene.state_indexes)

    async def news(self, seq: int, patience_s: float) -> bool:
        """Whether there is a change after `seq`, waiting for one so long."""
        if self.codes.seq <= seq:
            event = self._news
            try:
                async with asyncio.timeout(patience_s):
                    await event.wait()
            except TimeoutError:
                return False
        return True

    async def reaches(self, cursor: int) -> bool:
        """Whether it can tell what has changed since; looks into the log where that was before it began."""
        codes = self.codes
        if cursor > codes.seq:
            return False
        if cursor >= codes.base:
            return True
        missed = await self._feed.missed(Follower(codes.numbers, codes.base), cursor)
        if missed is None:
            return False
        if codes is not self._codes:
            return False
        numbers = [(d.seq, np.array([state.number for state in d.states], np.int64)) for d in missed]
        codes.reach_back(cursor, numbers)
        return True

    def encoded(self, place: int, since: int | None, mask_key: Hashable, mask: Mask) -> bytes | None:
        """A frame of what has changed since (None: a snapshot); made once for all who want it. None: nothing for this mask."""
        key = (place, since, self.codes.seq, self._version, mask_key)
        if key not in self._frames:
            if len(self._frames) >= REMEMBERED:
                self._frames.clear()
            indexes, codes = self.codes.since(since, mask)
            kind = SNAPSHOT if since is None else DELTA
            empty = since is not None and not len(indexes)
            self._frames[key] = b"" if empty else frame(kind, place, self.codes.seq, indexes, codes)
        return self._frames[key] or None

    async def _run(self, ready: "asyncio.Future[None]") -> None:
        while True:
            try:
                # The feed first: what comes while the columns are read comes again, and changes nothing.
                follower = await self._feed.follow(None)
                try:
                    await self._fill(follower.seq)
                    if not ready.done():
                        ready.set_result(None)
                    await self._keep(follower)
                finally:
                    await self._feed.leave(follower)
            except LostTrack:
                continue
            except TwinError as error:
                if not ready.done():
                    ready.set_exception(error)
                    return
                log.warning("theme %s: %s", self.theme.key, error)
                await asyncio.sleep(RELOAD_S)

    async def _fill(self, seq: int) -> None:
        """Codes that may be newer than `seq`: who follows gets a snapshot, since they cannot be told from what it has."""
        self._take(await self._scene(), seq)

    async def _scene(self) -> SceneAt:
        self._unsure = False
        scene = await asyncio.to_thread(self._store.scene_now, StateQuery(kinds=self.theme.kinds))
        self._scales = await asyncio.to_thread(scales_of, self.theme, self._store)
        self._loaded_at = time.monotonic()
        return scene

    def _take(self, scene: SceneAt, seq: int) -> None:
        self._codes = Codes(self.theme, scene, seq, self._scales)
        self._version += 1
        self._tell()

    async def _keep(self, follower: Follower) -> None:
        while True:
            for delta in await follower.take(PATIENCE_S):
                numbers = np.array([state.number for state in delta.states], np.int64)
                _, known = self.codes.rows(numbers)
                mine = [state for state, own in zip(delta.states, known.tolist(), strict=True) if own]
                self.codes.apply(delta.seq, numbers[known], self.codes.codes_of(mine))
                self._tell()
                self._meet(numbers[~known])
            if self._unsure and time.monotonic() - self._loaded_at > RELOAD_S:
                scene = await self._scene()
                if not self.codes.is_of(scene):
                    self._take(scene, follower.seq)

    def _meet(self, others: NDArray[np.int64]) -> None:
        """Signals that are none of the theme's as far as is known: the first time that they report, that is to be looked at."""
        if not len(others):
            return
        if time.monotonic() - self._others_since > FORGET_S:
            self._others[:], self._others_since = False, time.monotonic()
        lacking = int(others.max()) + 1 - len(self._others)
        if lacking > 0:
            self._others = np.pad(self._others, (0, lacking))
        if not self._others[others].all():
            self._others[others] = True
            self._unsure = True

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


class Boards:
    """A board for each theme that is followed."""

    def __init__(self, feed: Feed, store: StateReader) -> None:
        self._feed = feed
        self._store = store
        self._boards: dict[str, Board] = {}

    def of(self, theme: Theme) -> Board:
        """The board of a theme."""
        if theme.key not in self._boards:
            self._boards[theme.key] = Board(self._feed, theme, self._store)
        return self._boards[theme.key]
