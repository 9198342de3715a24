"""The tables of commands. Values as in `twin.store.schema_live`: number, text and a code. Times are microseconds since 1970-01-01 UTC."""

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from twin.store.schema import Id, Ordered, metadata

command_request = Table(
    "command_request",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=False),
    Column("id", Ordered, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("key", Text),
    Column("digest", Text, nullable=False),
    Column("created_at", Id, nullable=False),
    Column("start_at", Id, nullable=False),
    Column("rate", Double),
    Column("targets", Integer, nullable=False),
    UniqueConstraint("id"),
    UniqueConstraint("by", "key"),
)
"""What was asked for. `key`: the idempotency key, one of each person; `digest`: of the content that came with it."""

command = Table(
    "command",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=False),
    Column("id", Ordered, nullable=False),
    Column("request", Id, ForeignKey("command_request.number"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("signal", Id, ForeignKey("signal.number"), nullable=False),
    Column("confirm_signal", Id, nullable=False),
    Column("value", Double),
    Column("text", Text),
    Column("code", SmallInteger, nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("created_at", Id, nullable=False),
    Column("start_at", Id, nullable=False),
    Column("expires_at", Id, nullable=False),
    Column("status", Text, nullable=False),
    Column("previous_value", Double),
    Column("previous_text", Text),
    Column("previous_code", SmallInteger),
    Column("approved_by", Text),
    Column("sent_at", Id),
    Column("published_at", Id),
    Column("acknowledged_at", Id),
    Column("ended_at", Id),
    Column("doubtful", Boolean, nullable=False),
    Column("reverts", Id),
    Column("detail", Text),
    Column("due_at", Id),
    Column("awaits", Id),
    Column("worker", Text),
    UniqueConstraint("id"),
    Index("ix_command_request", "request", "position"),
    Index("ix_command_status", "status", "number"),
    Index(
        "ix_command_due",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
    Index(
        "ix_command_open",
        "signal",
        "number",
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
    Index(
        "ix_command_awaits",
        "awaits",
        sqlite_where=text("awaits IS NOT NULL"),
        postgresql_where=text("awaits IS NOT NULL"),
    ),
    Index("ix_command_signal", "signal", "number"),
)
"""One row for each signal of a request. `due_at`: when it has to be looked at next; NULL: never again. `awaits`: the signal whose readings may
confirm it now; NULL: none. `worker`: who has recorded it as sent, and has not said yet that the broker has it."""

command_bulk = Table(
    "command_bulk",
    metadata,
    Column("request", Id, ForeignKey("command_request.number"), primary_key=True, autoincrement=False),
    Column("document", LargeBinary, nullable=False),
    Column("next", Integer, nullable=False),
    Column("touched_at", Id, nullable=False),
)
"""Requests of which not all commands are recorded yet: what was asked for (MessagePack), the position of the next target, and when somebody last
worked on it. The row goes with the last command."""

command_step = Table(
    "command_step",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=False),
    Column("command", Id, ForeignKey("command.number"), nullable=False),
    Column("status", Text, nullable=False),
    Column("at", Id, nullable=False),
    Column("by", Text, nullable=False),
    Column("detail", Text),
    Column("told", Boolean, nullable=False),
    Index("ix_command_step_command", "command", "number"),
)
"""The log: one row for each step, and for what was only noted (`told`)."""

command_hold = Table(
    "command_hold",
    metadata,
    Column("signal", Id, ForeignKey("signal.number"), primary_key=True, autoincrement=False),
    Column("priority", SmallInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", Id, nullable=False),
    Column("until", Id),
    Column("request", Id, ForeignKey("command_request.number")),
)
"""Priorities that are held, one of each signal."""
