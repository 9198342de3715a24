"""The tables of live state: signals, what they say now, what they said before, and what feeds have to tell.

A value takes two columns and a code. `value`: numbers as float64, booleans as 0 and 1. `text`: texts, and the digits of integers
that a float64 does not hold exactly. `code`: type and quality, see `twin.store.values`. Times are microseconds since
1970-01-01 UTC.
"""

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
)

from twin.store.schema import Id, Ordered, metadata

signal = Table(
    "signal",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=False),
    Column("state_index", Id, ForeignKey("object.state_index"), nullable=False),
    Column("name", Ordered, nullable=False),
    Column("kind", Text),
    Column("settable", Boolean, nullable=False),
    Column("declaration", Text, nullable=False),
    UniqueConstraint("state_index", "name"),
    Index(None, "kind"),
    Index(None, "name"),
)
"""What is declared, for ever: an object's identity outlives its revisions, and so does a signal of it. Columns are for
filters; `declaration` is all of it as JSON, without the id."""

signal_state = Table(
    "signal_state",
    metadata,
    Column("number", Id, ForeignKey("signal.number"), primary_key=True, autoincrement=False),
    Column("value", Double),
    Column("text", Text),
    Column("code", SmallInteger, nullable=False),
    Column("observed_at", Id),
    Column("received_at", Id),
    Column("changed_at", Id),
    Column("period_us", Id),
    Column("stale", Boolean, nullable=False),
    Column("first_at", Id),
    Column("state_index", Id, nullable=False),
)
"""One row for each signal, made when it is declared (`observed_at` is NULL until it reports), so that a batch reads this table
alone. No index on times: each reading would move an entry of it, and a scan of a million rows is what a sweep can afford. `state_index`: the signal's, so that a scene
reads this table alone. `first_at`: the oldest observation, so that a search in the
past knows when to stop."""

reading = Table(
    "reading",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("signal", Id, primary_key=True, autoincrement=False),
    Column("observed_at", Id, primary_key=True, autoincrement=False),
    Column("received_at", Id, nullable=False),
    Column("value", Double),
    Column("text", Text),
    Column("code", SmallInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""History: one row for each signal and time of observation, `day` is days since 1970 UTC. In the order of days, so that new rows
come to few pages, and a scene at an instant is a piece of the table. Without foreign keys: a look-up a row."""

recent_reading = Table(
    "recent_reading",
    metadata,
    Column("batch", Id, primary_key=True, autoincrement=False),
    Column("signal", Id, primary_key=True, autoincrement=False),
    Column("observed_at", Id, primary_key=True, autoincrement=False),
    Column("received_at", Id, nullable=False),
    Column("value", Double),
    Column("text", Text),
    Column("code", SmallInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Readings on their way to `reading`, see `twin.store.recent`: in the order in which they came, so that a batch is written in one
piece. What is here is not there."""

recent_batch = Table(
    "recent_batch",
    metadata,
    Column("batch", Id, primary_key=True, autoincrement=False),
    Column("rows", Integer, nullable=False),
    Column("oldest", Id, nullable=False),
    Column("newest", Id, nullable=False),
    Column("sample", LargeBinary, nullable=False),
)
"""The batches in `recent_reading`: how many readings there were, the bounds of their times, and every 64th signal (int64, little
endian)."""

state_change = Table(
    "state_change",
    metadata,
    Column("seq", Id, primary_key=True, autoincrement=False),
    Column("at", Id, nullable=False),
    Column("kind", Text, nullable=False),
    Column("total", Id, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("passed", LargeBinary),
)
"""What each batch did to states, for feeds, as MessagePack; kept for a while. `seq` counts with that of `change`. `total`:
bytes of all bodies so far, this one included, so that the oldest can be dropped by size. `passed`: states that signals passed through
inside of the batch, where several readings of one were newer one after another; in the order of time."""

dead_letter = Table(
    "dead_letter",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("received_at", Id, nullable=False),
)

binding = Table(
    "binding",
    metadata,
    Column("source", Ordered, primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("document", Text, nullable=False),
)
