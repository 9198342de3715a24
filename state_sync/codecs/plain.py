"""Codec `plain`: the payload is the value, as UTF-8 text. Which text it may be is for the signal's type to say."""

from state_sync.codecs.values import MAX_TEXT, TOO_LARGE, Decoded, Refused

_MAX_BYTES = 4 * MAX_TEXT
_NOT_UTF8 = Refused("malformed", "not UTF-8")
_EMPTY = Refused("no_value", "an empty payload")


def decode(payload: bytes) -> Decoded | Refused:
    """The text of the payload, without white space at its ends. Empty: `no_value` (MQTT clears retained messages so)."""
    if len(payload) > _MAX_BYTES:
        return TOO_LARGE
    try:
        text = payload.decode().strip()
    except UnicodeDecodeError:
        return _NOT_UTF8
    return Decoded("", text) if text else _EMPTY
