"""The tables of alarms. Values as in `twin.store.schema_live`: number, text and a code."""

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    SmallInteger,
    Table,
    Text,
    text,
)

from twin.store.schema import Id, Ordered, metadata

alarm = Table(
    "alarm",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("signal", Id, ForeignKey("signal.number"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("message", Text),
    Column("value", Double),
    Column("text", Text),
    Column("code", SmallInteger, nullable=False),
    Column("limit", Double),
    Column("since", BigInteger, nullable=False),
    Column("raised_at", BigInteger, nullable=False),
    Column("acknowledged_at", BigInteger),
    Column("acknowledged_by", Text),
    Column("note", Text),
    Column("cleared_at", BigInteger),
    Column("cleared_by", Text),
    Column("clear_note", Text),
    Index(
        "uq_alarm_open",
        "signal",
        "kind",
        unique=True,
        sqlite_where=text("cleared_at IS NULL"),
        postgresql_where=text("cleared_at IS NULL"),
    ),
    Index(None, "signal", "id"),
    Index(None, "status", "id"),
)
"""Every alarm there has been. `uq_alarm_open` is the promise that a signal has one open alarm of a kind, whoever writes."""

alarm_rule = Table(
    "alarm_rule",
    metadata,
    Column("id", Ordered, primary_key=True),
    Column("document", Text, nullable=False),
)
"""`twin.alarms.AlarmPattern` as JSON. The rules that a signal declares itself are in its declaration."""

alarm_watch = Table(
    "alarm_watch",
    metadata,
    Column("signal", Id, primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True),
    Column("phase", SmallInteger, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("due", BigInteger),
    Column("value", Double),
    Column("text", Text),
    Column("code", SmallInteger, nullable=False),
)
"""What the evaluation of rules has to remember (`twin.watching.Watch`), so that delays go on after a restart. Written by the job alone,
together with the place in the change log that it has come to."""
