"""Times as they are written on the wire."""

from twin.times import from_microseconds


def moment(microseconds: int | None) -> str | None:
    """RFC 3339 in UTC, as short as the time allows."""
    if microseconds is None:
        return None
    text = from_microseconds(microseconds).isoformat(timespec="auto")
    return text.removesuffix("+00:00") + "Z"
