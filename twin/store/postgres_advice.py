"""What PostgreSQL's errors mean for whoever runs the twin. Pure."""

import re

_ADVICE = {
    "55P03": "Another process has been writing for too long; wait for it, or end it, and try again.",
    "53100": "Free some space on the server and try again; nothing that was published is lost.",
    "53300": "Raise max_connections on the server, or lower TWIN_DATABASE_CONNECTIONS.",
    "42501": "Give the role the rights that docs/postgresql.md lists.",
    "25006": "The server takes no writes (a standby?); name the primary in TWIN_DATABASE.",
    "58P01": "Install PostGIS on the server (Debian: postgresql-15-postgis-3).",
    "0A000": "Install PostGIS on the server (Debian: postgresql-15-postgis-3).",
    "54000": "A name or an id is longer than the server can index (2,700 bytes); shorten it in the source.",
}
"""By SQLSTATE (PostgreSQL, appendix A)."""

_CLASSES = {
    "08": "Check that the server runs and can be reached, and try again.",
    "28": "Check role and password in TWIN_DATABASE, and pg_hba.conf on the server.",
    "3D": "Make it first: createdb, see docs/postgresql.md.",
    "53": "The server is short of memory or connections; try again later.",
    "57": "The server was stopped or is starting; try again.",
    "XX": "The server says that its files are damaged; restore them from a backup.",
}
"""By the first two characters of SQLSTATE."""

_SIGNS = {
    "password authentication failed": _CLASSES["28"],
    "no pg_hba.conf entry": _CLASSES["28"],
    "no password supplied": _CLASSES["28"],
    "does not exist": _CLASSES["3D"],
    "too many clients": _ADVICE["53300"],
    "remaining connection slots": _ADVICE["53300"],
    "starting up": _CLASSES["57"],
    "shutting down": _CLASSES["57"],
}
"""In texts of errors without SQLSTATE: those before a session begins."""


def advice(location: str, error: BaseException) -> str:
    """A sentence or two: what went wrong at `location`, and what to do next."""
    reason = _reason(str(error))
    state = getattr(error, "sqlstate", None) or ""
    known = _ADVICE.get(state) or _CLASSES.get(state[:2])
    if known is None and not state:
        known = next((text for sign, text in _SIGNS.items() if sign in str(error)), _CLASSES["08"])
    said = f"The database {location}: {reason}."
    return said if known is None else f"{said} {known}"


def _reason(text: str) -> str:
    """The first line, without what is said once more in front of it."""
    lines = text.strip().splitlines() or ["no reason given"]
    return re.sub(r"^connection failed: ", "", lines[0]).rstrip(".")
