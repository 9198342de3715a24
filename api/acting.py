"""Who acts in a request, and what they may do to signals. Until policies come there is one who may act: the administrator."""

from collections.abc import Sequence
from typing import Literal

from starlette.requests import HTTPConnection

from api.security import bearer_token
from twin.ports import SignalRecord

Action = Literal["read", "command", "approve"]

ADMINISTRATOR = "administrator"
ANONYMOUS = "anonymous"


def principal_of(connection: HTTPConnection) -> str:
    """The name of the caller. Tokens were checked before any route is called: who has one is the administrator."""
    return ANONYMOUS if bearer_token(connection) is None else ADMINISTRATOR


def may(connection: HTTPConnection, action: Action, signals: Sequence[SignalRecord]) -> list[bool]:
    """For each signal, whether the caller may do this to it."""
    allowed = action == "read" or principal_of(connection) == ADMINISTRATOR
    return [allowed] * len(signals)
