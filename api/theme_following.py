"""One client of the live channel that wants codes: binary frames of its themes."""

import asyncio
from collections.abc import AsyncGenerator

import numpy as np
from msgspec.structs import replace
from starlette.concurrency import run_in_threadpool

from api.reader import check_filter
from api.runtime import Runtime
from state_sync.board import BEAT, RESET, Board, Mask, frame
from state_sync.themes import known_theme
from twin.errors import InvalidQuery
from twin.ports import StateQuery

BEAT_S = 15.0
"""Longest silence on the wire."""

INTERVAL_S = 0.05
"""Least time between two frames of a theme: twenty a second look continuous."""

MOST_THEMES = 16


class ThemeFollowing:
    """Frames for one client. `prepare`, then iterate `frames` once, then `close`."""

    def __init__(self, runtime: Runtime, asked: StateQuery, keys: list[str], cursor: int | None) -> None:
        self._runtime = runtime
        # A code is what all signals of an object come to: it is told of objects that are seen with all their signals.
        self._asked = replace(asked, reach=asked.reach.of_objects)
        self._keys = keys
        self._cursor = cursor
        self._boards: list[Board] = []
        self._versions: dict[int, int] = {}
        self._masks: dict[str, tuple[int, Mask]] = {}

    async def prepare(self) -> None:
        """Find the themes and check the filter. Raises InvalidQuery, NotFound, StoreError."""
        asked = self._asked
        if asked.qualities or (asked.filter is not None and asked.filter.changes):
            raise InvalidQuery("Codes follow objects: filter by what lasts, not by what signals say.")
        if not 1 <= len(self._keys) <= MOST_THEMES:
            raise InvalidQuery(f"Name 1 to {MOST_THEMES} themes: theme=temperature.")
        await run_in_threadpool(check_filter, self._runtime.store, asked)
        for found in [known_theme(key) for key in self._keys]:
            board = self._runtime.boards.of(found)
            await board.join()
            self._boards.append(board)
            await self._mask(board)

    async def close(self) -> None:
        """Follow no more."""
        boards, self._boards = self._boards, []
        for board in boards:
            await board.leave()

    async def frames(self) -> AsyncGenerator[bytes]:
        """Frames without end; the themes in turn."""
        seen = [-1] * len(self._boards)
        for place, board in enumerate(self._boards):
            if self._cursor is not None and await board.reaches(self._cursor):
                self._versions[place], seen[place] = board.version, self._cursor
            elif self._cursor is not None:
                yield _empty(RESET, place, board.codes.seq)
        while True:
            for place, board in enumerate(self._boards):
                seen[place], made = await self._next(place, board, seen[place])
                if made is not None:
                    yield made
            if not await self._news(seen):
                yield _empty(BEAT, 0, min(seen))
            await asyncio.sleep(INTERVAL_S)

    async def _news(self, seen: list[int]) -> bool:
        waiting = [
            asyncio.ensure_future(board.news(seq, BEAT_S))
            for board, seq in zip(self._boards, seen, strict=True)
        ]
        try:
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            return any(task.result() for task in done)
        finally:
            for task in waiting:
                task.cancel()

    async def _next(self, place: int, board: Board, since: int) -> tuple[int, bytes | None]:
        """A snapshot of what has been loaded anew, else what has changed."""
        mask = await self._mask(board)
        seq, version = board.codes.seq, board.version
        known = self._versions.get(place) == version
        self._versions[place] = version
        key = None if mask is None else self._asked
        return seq, board.encoded(place, since if known else None, key, mask)

    async def _mask(self, board: Board) -> Mask:
        if _is_everything(self._asked):
            return None
        version, mask = self._masks.get(board.theme.key, (-1, None))
        if version != board.version:
            version = board.version
            mask = await board.mask(replace(self._asked, kinds=board.theme.kinds))
            self._masks[board.theme.key] = (version, mask)
        return mask


def _empty(kind: int, place: int, seq: int) -> bytes:
    return frame(kind, place, seq, np.empty(0, np.uint32), np.empty(0, np.uint8))


def _is_everything(asked: StateQuery) -> bool:
    return replace(asked, limit=1000, cursor=None) == StateQuery()
