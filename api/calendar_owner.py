"""Whose a calendar is: its commands need that person's rights, looked at anew each time."""

from msgspec import Struct

from api.callers import ADMINISTRATOR, Caller, Kind, Principal
from api.guard import Guard
from twin.policy import Scope

PROVIDER_US = 90 * 86_400_000_000
"""How long a calendar goes on that was made with a token of the site's own provider: nobody can ask whether its owner is still known there."""


class Owner(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """As it is kept. `kind` `administrator`, too: whoever runs the command line on the data. `until`: microseconds; after that its owner has to save it again."""

    name: str
    kind: Kind
    token_id: str | None = None
    roles: tuple[str, ...] = ()
    within: Scope = Scope()
    until: int | None = None


def owner_of(principal: Principal, now: int) -> Owner:
    """The owner of what somebody saves now."""
    return Owner(
        name=principal.name,
        kind=principal.kind,
        token_id=principal.token_id,
        roles=principal.roles,
        within=principal.within,
        until=now + PROVIDER_US if principal.kind == "jwt" else None,
    )


def acting_as(owner: Owner, guard: Guard, now: int) -> Caller | str:
    """The owner as a caller with the rights of now; or why there is none."""
    if owner.kind == "administrator":
        return Caller(
            Principal(name=owner.name, kind="administrator", roles=ADMINISTRATOR.roles),
            guard.rules,
            "calendar",
        )
    if owner.token_id is not None:
        principal = guard.of_token(owner.token_id)
        if principal is None:
            return f"the token of {owner.name} is not valid any more: somebody else has to save the calendar"
        return Caller(principal, guard.rules, "calendar")
    if owner.until is None or now >= owner.until:
        return f"{owner.name} has to save the calendar again: rights of the site's provider count for 90 days"
    return Caller(
        Principal(name=owner.name, kind=owner.kind, roles=owner.roles, within=owner.within),
        guard.rules,
        "calendar",
    )
