"""What devices say to commands: bytes in, a reply or a reason out. Pure."""

from typing import Any

from state_sync.codecs import json_path
from state_sync.codecs.values import Refused
from twin.commands import Reply, ReplyKind

MAX_ID = 64
MAX_WORDS = 500

_WORDS = {
    **dict.fromkeys(("", "ok", "accepted", "ack", "acknowledged", "done", "success", "executed", "true"), ReplyKind.ACCEPTED),
    **dict.fromkeys(("rejected", "refused", "denied", "nack", "false"), ReplyKind.REJECTED),
    **dict.fromkeys(("failed", "failure", "error"), ReplyKind.FAILED),
}  # fmt: skip
"""Words for `status`, in any case; none at all means that the command was taken."""

_STATUS = ("status", "result", "state")
_DETAIL = ("detail", "reason", "message", "error")


def read_reply(
    payload: bytes, correlation: bytes, received_at: int, signals: frozenset[int]
) -> Reply | Refused:
    """A reply: `{"id", "status", "detail"}`, or the word for the status alone. Without an `id` the correlation data of MQTT 5 names the command.

    `signals`: numbers of those whose commands the topic may answer.
    """
    document: Any = {}
    if payload.lstrip().startswith(b"{"):
        document = json_path.parse(payload)
        if isinstance(document, Refused):
            return document
        word = _first(document, _STATUS)
    else:
        word = payload.decode("utf-8", "replace").strip()
    named = document.get("id")
    identifier = named if isinstance(named, str) else correlation.decode("utf-8", "replace")
    if not 0 < len(identifier) <= MAX_ID:
        return Refused("no_command", "neither an id nor correlation data")
    kind = _WORDS.get(word.lower())
    if kind is None:
        return Refused("no_command", f"{word[:60]!r} is no answer to a command")
    detail = _first(document, _DETAIL)[:MAX_WORDS].replace("\0", "") or None
    return Reply(id=identifier, kind=kind, received_at=received_at, detail=detail, signals=signals)


def _first(document: dict[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        value = document.get(name)
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, (str, int, float)):
            return str(value)
    return ""
