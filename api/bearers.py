"""Bearer tokens of the site's own provider: JWTs that its published keys (a JWKS) sign, with claims that name roles.

Only signatures of a fixed list of algorithms count: never `none`, never HMAC, where a public key could be taken for a secret. The keys are
fetched from one address, which the settings name: never from one that a token names (`jku`, `x5u`, `jwk`).
"""

import logging
import threading
import time
import urllib.request
from base64 import urlsafe_b64decode
from collections import OrderedDict
from collections.abc import Callable, Mapping
from hashlib import sha256
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from msgspec import Struct

from api.callers import Principal
from api.security import is_loopback_name
from twin.errors import StoreError

log = logging.getLogger(__name__)

ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519")
"""Signatures with public keys (RFC 7518, 8037, 9864)."""

MAX_TOKEN = 8_192
"""Characters: as much as servers take of a header."""
MAX_KEYS = 1 << 20
"""Bytes of a JWKS."""
FETCH_TIMEOUT_S = 5.0
REFRESH_S = 600.0
"""Age at which keys are fetched anew: a key that was withdrawn is good for so long."""
RETRY_S = 30.0
"""Least time between two fetches, whatever tokens name: strangers must not make us ask."""
KEEP_S = 86_400.0
"""How long keys are good while the provider cannot be reached."""
LEEWAY_S = 30
"""By which clocks may differ."""
REMEMBERED = 4_096
"""Tokens that were found good: checking a signature takes 50 to 200 µs."""


class Provider(Struct, frozen=True, kw_only=True):
    """Whose tokens count. `roles_claim`: where roles are named; a dot goes into an object. `role_names`: roles by what the provider calls them."""

    keys_url: str
    issuer: str
    audience: str
    roles_claim: str = "roles"
    role_names: Mapping[str, str] = {}


class ProviderBearers:
    """Recognises tokens of a provider. `recognise` never waits; `fetch` does, and is called where waiting harms nobody."""

    def __init__(
        self,
        provider: Provider,
        *,
        load: Callable[[str], bytes] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._provider = provider
        self._load = load or load_keys
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: KeySet | None = None
        self._kids: frozenset[str] = frozenset()
        self._loaded_at = self._tried_at = float("-inf")
        self._good: OrderedDict[bytes, Principal] = OrderedDict()

    def wants_keys(self, token: str) -> bool:
        """Whether keys should be fetched before a token is looked at: they are old, or do not have the one that it names."""
        now = self._clock()
        if now - self._tried_at < RETRY_S or len(token) > MAX_TOKEN or token.count(".") != 2:
            return False
        return self._keys is None or now - self._loaded_at >= REFRESH_S or _kid(token) not in self._kids

    def fetch(self) -> None:
        """Fetch the keys; if that fails, those that are known stay for a day."""
        with self._lock:
            now = self._clock()
            if now - self._tried_at < RETRY_S:
                return
            self._tried_at = now
            try:
                document = msgspec.json.decode(self._load(self._provider.keys_url))
                keys = KeySet.import_key_set(document)
            except (OSError, HTTPException, ValueError, TypeError, KeyError, JoseError) as error:
                log.warning("the keys of the token provider cannot be fetched: %s", type(error).__name__)
                return
            self._keys, self._loaded_at = keys, now
            self._kids = frozenset(key.kid for key in keys.keys if key.kid)
            self._good.clear()

    def principal(self, token: str) -> Principal | None:
        """Whose token it is; None: it is not good."""
        now = self._clock()
        if self._keys is None or len(token) > MAX_TOKEN or now - self._loaded_at > KEEP_S:
            return None
        digest = sha256(token.encode()).digest()
        known = self._good.get(digest)
        if known is None:
            known = self._verified(token)
            if known is None:
                return None
            self._good[digest] = known
            while len(self._good) > REMEMBERED:
                self._good.popitem(last=False)
        return known if known.expires_at is not None and now < known.expires_at else None

    def _verified(self, token: str) -> Principal | None:
        provider = self._provider
        registry = jwt.JWTClaimsRegistry(
            now=lambda: int(self._clock()),
            leeway=LEEWAY_S,
            iss={"essential": True, "value": provider.issuer},
            aud={"essential": True, "value": provider.audience},
            exp={"essential": True},
            sub={"essential": True},
        )
        try:
            assert self._keys is not None
            found = jwt.decode(token, self._keys, algorithms=list(ALGORITHMS))
            registry.validate(found.claims)
        except (JoseError, ValueError, TypeError, KeyError):
            return None
        claims = found.claims
        return Principal(
            name=f"jwt {str(claims['sub'])[:200]}",
            kind="jwt",
            roles=_roles(claims, provider),
            expires_at=float(claims["exp"]),
        )


def _roles(claims: Mapping[str, Any], provider: Provider) -> tuple[str, ...]:
    """Roles that the claims name: a list, or words in a text."""
    found: Any = claims
    for step in provider.roles_claim.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    words = found.split() if isinstance(found, str) else found if isinstance(found, list) else []
    named = [word for word in words if isinstance(word, str)]
    if provider.role_names:
        named = [provider.role_names[word] for word in named if word in provider.role_names]
    return tuple(dict.fromkeys(named))


def _kid(token: str) -> str | None:
    """The key that a token names, before anything of it is believed."""
    text = token.split(".", 1)[0]
    try:
        header = msgspec.json.decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:  # no base64, no JSON
        return None
    kid = header.get("kid") if isinstance(header, dict) else None
    return kid if isinstance(kid, str) else None


def checked_address(address: str) -> str:
    """The address of the keys: https, or http on this machine. Raises StoreError."""
    parts = urlsplit(address)
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback_name(parts.hostname or "")):
        return address
    raise StoreError("TWIN_JWT_KEYS must be an https:// address (http:// on this machine only).")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Keys come from where the settings say, and from nowhere else."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def load_keys(address: str) -> bytes:
    """Fetch a JWKS. Raises OSError, HTTPException; ValueError where it is too large."""
    opener = urllib.request.build_opener(_NoRedirect())
    with opener.open(checked_address(address), timeout=FETCH_TIMEOUT_S) as answer:
        body: bytes = answer.read(MAX_KEYS + 1)
    if len(body) > MAX_KEYS:
        raise ValueError(f"more than {MAX_KEYS} bytes")
    return body
