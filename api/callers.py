"""Who calls, and what they may do."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from msgspec import Struct
from starlette.requests import HTTPConnection

from twin.policy import Action, Policy, Reach, Scope, reach_of

KEY = "twin.caller"
"""Where a request's scope holds its caller."""

DENIED = "twin.denied"
"""Where a request's scope holds why something of it was refused for want of a right."""

Kind = Literal["administrator", "token", "jwt", "anonymous"]


class Principal(Struct, frozen=True, kw_only=True):
    """Somebody who was recognised. `name`: for the audit. `expires_at`: seconds since 1970 UTC; None: never."""

    name: str
    kind: Kind
    roles: tuple[str, ...] = ()
    within: Scope = Scope()
    token_id: str | None = None
    expires_at: float | None = None


ADMINISTRATOR = Principal(name="administrator", kind="administrator", roles=("administrator",))
"""Whoever has the token of the data folder."""


class Rules:
    """A policy at one moment, with what was found for roles: they are few, and asked at each request."""

    def __init__(self, policy: Policy, version: tuple[int, int] = (0, 0)) -> None:
        self.policy = policy
        self.version = version
        self._reach = lru_cache(maxsize=4096)(self._found)

    def reach(self, principal: Principal, action: Action) -> Reach:
        """Where somebody may do something."""
        return self._reach(principal.roles, principal.within, action)

    def _found(self, roles: tuple[str, ...], within: Scope, action: Action) -> Reach:
        return reach_of(self.policy, roles, action, within)

    def authority(self, principal: Principal) -> Mapping[Action, Reach]:
        """All that somebody may do: another one means that open streams are to be opened anew."""
        return {action: self.reach(principal, action) for action in Action}


class Caller:
    """Somebody, with the rules at the time of the call, and the address it came from."""

    def __init__(self, principal: Principal, rules: Rules, origin: str) -> None:
        self.principal = principal
        self.rules = rules
        self.origin = origin

    @property
    def name(self) -> str:
        """For the audit, and for what a person is told."""
        return self.principal.name

    def reach(self, action: Action) -> Reach:
        """Where the action is allowed."""
        return self.rules.reach(self.principal, action)


def caller_of(connection: HTTPConnection) -> Caller:
    """The caller that `api.access` has recognised."""
    caller: Caller = connection.scope[KEY]
    return caller


def tell_denied(connection: HTTPConnection, why: str) -> None:
    """Have a refusal entered into the audit (`api.denials`)."""
    connection.scope[DENIED] = why
