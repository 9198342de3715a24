"""What is kept of access: API tokens, and entries of the audit. Pure values.

A token is `twin_ID_SECRET`. The id finds it, the secret has 256 random bits, and only its digest is kept: nobody guesses such a secret
from its SHA-256, however fast that is to compute, so that no slow hash for passwords is needed.
"""

import hashlib
import hmac
import re
import secrets
from typing import NamedTuple

from msgspec import Struct

from twin.policy import Scope

_FORM = re.compile(r"twin_([a-z0-9]{12})_([A-Za-z0-9_-]{43})")
_ID_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


class TokenRecord(Struct, frozen=True, kw_only=True):
    """A token as it is kept. Times in microseconds since 1970 UTC. `scope`: within what its roles hold."""

    id: str
    name: str
    roles: tuple[str, ...]
    scope: Scope = Scope()
    created_at: int
    created_by: str
    expires_at: int | None = None
    revoked_at: int | None = None
    last_used_at: int | None = None
    digest: bytes

    def is_good(self, now: int) -> bool:
        """Whether it lets anybody in at `now`."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class Secret(NamedTuple):
    """A token that nobody else has: to be shown once."""

    id: str
    text: str
    digest: bytes


def new_secret() -> Secret:
    """Make the parts of a new token."""
    identifier = "".join(secrets.choice(_ID_LETTERS) for _ in range(12))
    text = f"twin_{identifier}_{secrets.token_urlsafe(32)}"
    return Secret(identifier, text, digest_of(text))


def digest_of(text: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(text.encode()).digest()


def token_id(text: str) -> str | None:
    """The id in a token; None: it has not the form of one."""
    match = _FORM.fullmatch(text)
    return match[1] if match else None


def is_same(text: str, digest: bytes) -> bool:
    """Whether a token is the one of which the digest is kept; in constant time."""
    return hmac.compare_digest(digest_of(text), digest)


class AccessState(Struct, frozen=True, kw_only=True):
    """All that decides who may do what, at one moment. `version` grows with each change; `models`: number of the newest change of a
    model, with which objects may have moved into a scope or out of it.
    """

    version: int
    models: int
    tokens: dict[str, TokenRecord]
    roles: dict[str, str]
    """Documents of roles by name."""


class Entry(Struct, frozen=True, kw_only=True):
    """Something that somebody has done, to be audited. `origin`: the address it came from, or `local`."""

    who: str
    action: str
    target: str = ""
    detail: str = ""
    origin: str = "local"


class AuditRecord(Struct, frozen=True, kw_only=True):
    """An entry as it is kept. `at`: microseconds since 1970 UTC. `mac` binds it to all before it."""

    seq: int
    at: int
    entry: Entry
    mac: bytes
