"""Writes that were refused for want of a right, entered into the audit: the first at once, more of the same as one entry a minute.

Nobody can fill the audit with refusals: of a caller and an act it takes two entries in a minute at most, and only `MOST` of these at once.
Requests without a good token are no acts of anybody: they are answered 401, and are not in here.
"""

import asyncio
import logging
import threading
from collections.abc import Sequence

from msgspec.structs import replace
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access import READING_POSTS, SAFE_METHODS
from api.callers import DENIED, KEY, Caller
from api.rights import NEEDS
from twin.access import Entry
from twin.errors import TwinError
from twin.ports import AuditKeeper

log = logging.getLogger(__name__)

ACTION = "refused"

EVERY_S = 60.0
"""Between two entries for acts that go on being refused."""

MOST = 1_000
"""Callers and acts that are told apart at once; what is beyond them is one entry with its count."""

MAX_TEXT = 300
"""Characters of a path, or of a reason: both hold what callers have written."""

NOT_SEEN = "it is not there, or beyond what the caller reaches"

Act = tuple[str, str, str]
"""Who, from where, and the route."""


class Denials:
    """Of one server process: what was refused since it was last written how often."""

    def __init__(self, store: AuditKeeper) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._first: dict[Act, Entry] = {}
        self._more: dict[Act, int] = {}
        self._others = 0

    def note(self, act: Act, entry: Entry) -> None:
        """Count a refusal; the first of its kind is entered now. An audit that cannot be written is told in the log."""
        with self._lock:
            if act in self._first:
                self._more[act] = self._more.get(act, 0) + 1
                return
            if len(self._first) >= MOST:
                self._others += 1
                return
            self._first[act] = entry
        self._enter([entry])

    def flush(self) -> None:
        """Enter what was counted; acts of which there was no more are new ones when they come again."""
        with self._lock:
            more, others = self._more, self._others
            entries = [replace(self._first[act], detail=f"{count} more times") for act, count in more.items()]
            self._first = {act: entry for act, entry in self._first.items() if act in more}
            self._more, self._others = {}, 0
        if others:
            entries.append(Entry(who="others", action=ACTION, detail=f"{others} times", origin="several"))
        self._enter(entries)

    def _enter(self, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        try:
            self._store.enter(entries)
        except TwinError as error:
            told = "; ".join(f"{each.who}: {each.target} ({each.detail})" for each in entries)
            log.warning("refusals cannot be entered into the audit (%s): %s", error, told)


async def keep_entering(denials: Denials) -> None:
    """Flush each minute, until cancelled."""
    while True:
        await asyncio.sleep(EVERY_S)
        await run_in_threadpool(denials.flush)


class DenialAudit:
    """ASGI middleware behind `api.access`: notes refused writes before they are answered."""

    def __init__(self, app: ASGIApp, *, denials: Denials) -> None:
        self._app = app
        self._denials = denials

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and look at what becomes of it."""
        caller: Caller | None = scope.get(KEY)
        if caller is None or not _writes(scope):
            await self._app(scope, receive, send)
            return

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                why = _why(scope, caller, message["status"])
                if why is not None:
                    await run_in_threadpool(self._denials.note, *_noted(scope, caller, why))
            await send(message)

        await self._app(scope, receive, noting)


def _writes(scope: Scope) -> bool:
    return (
        scope["type"] == "http" and scope["method"] not in SAFE_METHODS and scope["path"] not in READING_POSTS
    )


def _why(scope: Scope, caller: Caller, status: int) -> str | None:
    """Why a right was wanting; None: none was."""
    denied: str | None = scope.get(DENIED)
    if denied is not None or status != 404 or "route" not in scope:
        return denied
    # What may not be seen is answered as what is not there; to one who reaches everything it is not there.
    need = NEEDS.get((scope["method"], scope["route"].path_format))
    if need is None or need.action is None or caller.reach(need.action).is_everything:
        return None
    return NOT_SEEN


def _noted(scope: Scope, caller: Caller, why: str) -> tuple[Act, Entry]:
    route = scope["route"].path_format if "route" in scope else ""
    entry = Entry(
        who=_plain(caller.name),
        action=ACTION,
        target=_plain(f"{scope['method']} {scope['path']}"),
        detail=_plain(why),
        origin=caller.origin,
    )
    return (entry.who, entry.origin, f"{scope['method']} {route}"), entry


def _plain(text: str) -> str:
    """A text of a line, none too long: no caller writes lines of its own into what administrators read."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:MAX_TEXT])
