"""Tokens, policies and the audit of a store: for the command line and for the API alike."""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from api.audit_heads import exported, heads_file
from api.moments import moment
from api.representations import Document, page
from api.runtime import Runtime
from api.security import audit_key
from twin.access import Secret, TokenRecord, new_secret
from twin.auditing import Finding, verify
from twin.policy import (
    BUILT_IN,
    InvalidPolicy,
    Policy,
    Role,
    Scope,
    check_name,
    checked_policy,
    checked_scope,
)
from twin.ports import AccessKeeper

MAX_DAYS = 3650.0
DEFAULT_DAYS = 365.0
MAX_TOKEN_ROLES = 50


class NewToken(Struct, frozen=True, kw_only=True):
    """A token to be made. `days`: until it expires; None: never. `scope`: within what its roles hold."""

    name: str
    roles: tuple[str, ...]
    scope: Scope = Scope()
    days: float | None = DEFAULT_DAYS


def create_token(store: AccessKeeper, new: NewToken, *, by: str) -> tuple[TokenRecord, Secret]:
    """Make a token; its secret is told here and never again. Raises InvalidPolicy, StoreError."""
    name, roles, days = new.name, new.roles, new.days
    check_name(name, "token")
    within = checked_scope(new.scope, "the scope of the token")
    if not 1 <= len(roles) <= MAX_TOKEN_ROLES:
        raise InvalidPolicy("token", f"has {len(roles)} roles; give 1 to {MAX_TOKEN_ROLES}")
    known = {*BUILT_IN, *store.access_state().roles}
    for role in roles:
        if role not in known:
            raise InvalidPolicy("token", f"there is no role {role!r}; there are {', '.join(sorted(known))}")
    if days is not None and not 0 < days <= MAX_DAYS:
        raise InvalidPolicy("token", f"is good for {days:g} days; give more than 0 and at most {MAX_DAYS:g}")
    secret, now = new_secret(), time.time_ns() // 1000
    record = TokenRecord(
        id=secret.id,
        name=name,
        roles=tuple(dict.fromkeys(roles)),
        scope=within,
        created_at=now,
        created_by=by,
        expires_at=None if days is None else now + int(days * 86_400_000_000),
        digest=secret.digest,
    )
    store.add_token(record)
    return record, secret


def token_document(record: TokenRecord) -> Document:
    """A token for programs, without anything that lets somebody in."""
    return {
        "id": record.id,
        "name": record.name,
        "roles": record.roles,
        "scope": {name: getattr(record.scope, name) for name in Scope.__struct_fields__},
        "created_at": moment(record.created_at),
        "created_by": record.created_by,
        "expires_at": moment(record.expires_at),
        "revoked_at": moment(record.revoked_at),
        "last_used_at": moment(record.last_used_at),
        "valid": record.is_good(time.time_ns() // 1000),
    }


def tokens_document(store: AccessKeeper) -> Document:
    """All tokens, in the order in which they were made."""
    return page([token_document(record) for record in store.access_state().tokens.values()])


def current_policy(store: AccessKeeper) -> Policy:
    """The roles that are kept. Raises StoreError."""
    documents = store.access_state().roles
    return Policy({name: msgspec.json.decode(text, type=Role) for name, text in documents.items()})


def replace_policy(store: AccessKeeper, policy: Policy) -> None:
    """Write all roles anew. Raises InvalidPolicy, StoreError."""
    checked_policy(policy)
    store.replace_roles({name: msgspec.json.encode(role).decode() for name, role in policy.roles.items()})


def policy_document(policy: Policy) -> dict[str, Any]:
    """Roles for programs, with those that are built in."""
    return {"roles": msgspec.to_builtins(policy.roles), "built_in": msgspec.to_builtins(dict(BUILT_IN))}


class AuditVerdict(Struct, frozen=True, kw_only=True):
    """Whether the chain of the audit is whole. `heads`: exported ones that were compared; no `findings`: nothing is wrong."""

    entries: int
    heads: int
    findings: list[Finding]


def audit_verdict(runtime: Runtime, files: Iterable[Path] = ()) -> AuditVerdict:
    """Check the chain against its key, and the heads in this server's own file and in `files`. Raises StoreError."""
    heads = [head for file in (heads_file(runtime.settings), *files) for head in exported(file)]
    store = runtime.store
    newest = store.audit_head()
    findings = verify(store.audit_chain(), audit_key(runtime.settings), heads, count=store.audit_count())
    return AuditVerdict(entries=0 if newest is None else newest.seq, heads=len(heads), findings=findings)
