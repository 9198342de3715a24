"""What has happened, in commit order. Commands ask, events tell: every kind is in the past tense."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

Payload = dict[str, str | int | float | bool | None]


class ChangeKind(StrEnum):
    """What a row of the change log tells."""

    REVISION_PUBLISHED = "revision_published"
    REVISION_ROLLED_BACK = "revision_rolled_back"
    MODEL_PLACED = "model_placed"
    MODEL_REMOVED = "model_removed"
    STATES_CHANGED = "states_changed"
    """Readings came; told by `StateReader.state_changes`, with numbers from the same counter."""
    STATES_STALE = "states_stale"
    """Signals have gone silent; told there, too."""
    ALARMS_CHANGED = "alarms_changed"
    """Alarms were raised, acknowledged or cleared; told there, too."""
    COMMANDS_CHANGED = "commands_changed"
    """Commands took steps; told there, too."""


class Change(Struct, frozen=True, kw_only=True):
    """One row of the change log.

    `seq` is given as the last step of the transaction that made the change, so that the numbers follow the order of the
    commits without a gap: a reader that has seen `seq` never finds a smaller one later. The log serves live push and
    resume; it is no audit and no history.
    """

    seq: int
    kind: ChangeKind
    model: str
    revision: int | None
    """Number of the revision that is current after the change; None after a removal."""
    payload: Payload = {}
    at: datetime
    """Aware, UTC."""
