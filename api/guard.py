"""Recognises callers, by the tokens and the policy that the store keeps; what other processes change is taken over within a second."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec
from starlette.concurrency import run_in_threadpool

from api.callers import ADMINISTRATOR, Caller, Principal, Rules
from api.security import same_token
from twin.access import AccessState, TokenRecord, is_same, token_id
from twin.errors import TwinError
from twin.policy import Policy, Role

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
"""How often the version of rights is looked at: a revoked token is good for so long at most. A look costs some 100 µs."""

NOTE_EVERY_S = 60.0
"""How often it is written down when tokens were last used."""


class Keeper(Protocol):
    """What the guard needs of a store."""

    def access_version(self) -> tuple[int, int]:
        """As in `twin.ports.AccessKeeper`."""
        ...

    def access_state(self) -> AccessState:
        """As in `twin.ports.AccessKeeper`."""
        ...

    def note_token_use(self, used: Mapping[str, int]) -> None:
        """As in `twin.ports.AccessKeeper`."""
        ...


class Bearers(Protocol):
    """Recognises tokens that are not ours: those of the site's own provider."""

    def wants_keys(self, token: str) -> bool:
        """Whether `fetch` should be called before."""
        ...

    def fetch(self) -> None:
        """Fetch what tokens are checked with; this may take seconds."""
        ...

    def principal(self, token: str) -> Principal | None:
        """Whose it is; None: it is not good."""
        ...


class Guard:
    """Of one server process. `anonymous`: role of callers on this machine without a token; empty: none."""

    def __init__(
        self,
        administrator_token: str,
        keeper: Keeper,
        *,
        anonymous: str = "reader",
        bearers: Bearers | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._administrator_token = administrator_token
        self._keeper = keeper
        self._bearers = bearers
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens: dict[str, TokenRecord] = {}
        self._used: dict[str, int] = {}
        self._looked_at = float("-inf")
        self._noted_at = clock()
        self.rules = Rules(Policy(), (-1, -1))
        roles = (anonymous,) if anonymous else ()
        self.nobody = Principal(name="anonymous", kind="anonymous", roles=roles)

    async def refresh(self, token: str | None = None) -> None:
        """Look for changes of rights if it is time to; and for keys of the provider, where a token of it needs others."""
        if self._clock() - self._looked_at >= LOOK_EVERY_S:
            await run_in_threadpool(self.look)
        bearers = self._bearers
        if (
            token is not None
            and bearers is not None
            and token_id(token) is None
            and bearers.wants_keys(token)
        ):
            await run_in_threadpool(bearers.fetch)

    def look(self, *, now: bool = False) -> None:
        """Take over changes of rights; `now`: whatever the time. Without the store what was known last counts on."""
        with self._lock:
            if not now and self._clock() - self._looked_at < LOOK_EVERY_S:
                return
            self._looked_at = self._clock()
            try:
                if self._keeper.access_version() != self.rules.version:
                    self._take(self._keeper.access_state())
                if self._looked_at - self._noted_at >= NOTE_EVERY_S:
                    self._noted_at = self._looked_at
                    used, self._used = self._used, {}
                    self._keeper.note_token_use(used)
            except TwinError as error:
                log.warning("rights cannot be read: %s", error)

    def _take(self, state: AccessState) -> None:
        roles = {name: msgspec.json.decode(text, type=Role) for name, text in state.roles.items()}
        self._tokens = state.tokens
        self.rules = Rules(Policy(roles), (state.version, state.models))

    def recognise(self, token: str | None) -> Principal | None:
        """Whose a token is; None: it is not good. Without one: nobody in particular."""
        if token is None:
            return self.nobody
        if same_token(token, self._administrator_token):
            return ADMINISTRATOR
        identifier = token_id(token)
        if identifier is not None:
            record = self._tokens.get(identifier)
            if record is None or not is_same(token, record.digest) or not self._is_good(record):
                return None
            self._used[identifier] = self._now()
            return principal_of_token(record)
        return None if self._bearers is None else self._bearers.principal(token)

    def of_token(self, identifier: str) -> Principal | None:
        """Whoever has a token, by its id; None: it lets nobody in any more."""
        record = self._tokens.get(identifier)
        return principal_of_token(record) if record is not None and self._is_good(record) else None

    def is_good(self, principal: Principal) -> bool:
        """Whether somebody who was recognised before would be now."""
        if principal.token_id is not None:
            record = self._tokens.get(principal.token_id)
            return record is not None and self._is_good(record)
        return principal.expires_at is None or self._clock() < principal.expires_at

    async def until_changed(self, caller: Caller) -> str:
        """Wait until somebody's rights are others than they were when they called; returns why, for a person."""
        before = caller.rules
        reaches = before.authority(caller.principal).values()
        scoped = any(not reach.is_everything and not reach.is_nothing for reach in reaches)
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self.refresh()
            if not self.is_good(caller.principal):
                return "The token is not valid any more."
            rules = self.rules
            if rules is before:
                continue
            if rules.authority(caller.principal) != before.authority(caller.principal):
                return "The rights of the token have changed; connect again."
            if scoped and rules.version[1] != before.version[1]:
                return "Models have changed, and what the token reaches of them; connect again."
            before = rules

    def _is_good(self, record: TokenRecord) -> bool:
        return record.is_good(self._now())

    def _now(self) -> int:
        return int(self._clock() * 1_000_000)


def principal_of_token(record: TokenRecord) -> Principal:
    """Who calls with a token."""
    return Principal(
        name=f"token {record.name} ({record.id})",
        kind="token",
        roles=record.roles,
        within=record.scope,
        token_id=record.id,
        expires_at=None if record.expires_at is None else record.expires_at / 1_000_000,
    )
