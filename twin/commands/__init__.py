"""Commands: their life as one table, what is allowed, and what confirms them. Pure: time comes in, values go out."""

from twin.commands.arbitrating import Hold, Holder, Priorities, arbitrate
from twin.commands.checking import Ask, Refusal, Seen, WrongValue, check, checked_value, failed_interlocks
from twin.commands.command import Command, Step, advance, is_open
from twin.commands.confirming import agrees, allowance_us, confirms, shows, tolerance_of
from twin.commands.deciding import (
    NOTHING,
    Decision,
    Reply,
    ReplyKind,
    after_crash,
    answered,
    confirmed,
    due_at,
    overdue,
    walked,
)
from twin.commands.life import ENDINGS, OPEN, TABLE, WAITING, ApprovalRefused, Status, StepRefused, diagram

__all__ = [
    "ENDINGS",
    "NOTHING",
    "OPEN",
    "TABLE",
    "WAITING",
    "ApprovalRefused",
    "Ask",
    "Command",
    "Decision",
    "Hold",
    "Holder",
    "Priorities",
    "Refusal",
    "Reply",
    "ReplyKind",
    "Seen",
    "Status",
    "Step",
    "StepRefused",
    "WrongValue",
    "advance",
    "after_crash",
    "agrees",
    "allowance_us",
    "answered",
    "arbitrate",
    "check",
    "checked_value",
    "confirmed",
    "confirms",
    "diagram",
    "due_at",
    "failed_interlocks",
    "is_open",
    "overdue",
    "shows",
    "tolerance_of",
    "walked",
]
