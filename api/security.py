"""Secrets of a data folder, and what tells of a caller before anything is known of it."""

import ipaddress
import os
import secrets
from pathlib import Path

from starlette.requests import HTTPConnection

from api.settings import Settings
from twin.errors import StoreError

TOKEN_FILE = "admin.token"  # noqa: S105 - the name of a file, not a secret
AUDIT_KEY_FILE = "audit.key"
_TOKEN_BYTES = 32
_LOOPBACK_NAMES = frozenset({"localhost"})


def admin_token(data: Path) -> str:
    """Return the administrator's token of a data folder; the first call makes it (file mode 0600).

    Raises StoreError when the file exists and is empty, or cannot be written.
    """
    return _kept(data / TOKEN_FILE)


def audit_key(settings: Settings) -> bytes:
    """The key of the audit: of the settings, or of the data folder, which the first call makes (file mode 0600). Raises StoreError."""
    if settings.audit_key is not None:
        return settings.audit_key.get_secret_value().encode()
    return _kept(settings.data / AUDIT_KEY_FILE).encode()


def _kept(path: Path) -> str:
    """A random secret in a file."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _stored(path)
    except OSError as error:
        raise StoreError(
            f"cannot write {path}: {error.strerror}. Choose a writable folder with --data."
        ) from error
    with os.fdopen(descriptor, "w") as file:
        secret = secrets.token_urlsafe(_TOKEN_BYTES)
        file.write(secret + "\n")
    return secret


def _stored(path: Path) -> str:
    try:
        secret = path.read_text().strip()
    except OSError as error:
        raise StoreError(
            f"cannot read {path}: {error.strerror}. Run as the user who owns the data folder."
        ) from error
    if not secret:
        raise StoreError(f"{path} is empty. Delete it; the next start writes a new one.")
    return secret


def is_loopback(address: str | None) -> bool:
    """Whether a peer address is this machine."""
    try:
        return address is not None and ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def is_loopback_name(host: str) -> bool:
    """Whether a Host header (port removed) names this machine: `localhost` or a loopback address."""
    return host.lower() in _LOOPBACK_NAMES or is_loopback(host.strip("[]"))


def bearer_token(connection: HTTPConnection) -> str | None:
    """The token of an `Authorization: Bearer …` header (RFC 6750, section 2.1)."""
    scheme, _, value = connection.headers.get("authorization", "").partition(" ")
    return value.strip() or None if scheme.lower() == "bearer" else None


def same_token(given: str | None, expected: str) -> bool:
    """Compare in constant time."""
    return given is not None and secrets.compare_digest(given.encode(), expected.encode())
