"""The tables of calendars. Times are microseconds since 1970-01-01 UTC."""

from sqlalchemy import Column, Index, Integer, Table, Text

from twin.store.schema import Id, Ordered, metadata

calendar = Table(
    "calendar",
    metadata,
    Column("id", Ordered, primary_key=True),
    Column("document", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("source", Text),
    Column("changed_at", Id, nullable=False),
    Column("until", Id, nullable=False),
    Column("next_at", Id),
    Column("version", Id, nullable=False),
    Index("ix_calendar_next", "next_at"),
)
"""Documents are read as a whole: nothing is searched in them."""

calendar_run = Table(
    "calendar_run",
    metadata,
    Column("calendar", Ordered, primary_key=True),
    Column("at", Id, primary_key=True, autoincrement=False),
    Column("entry", Integer, primary_key=True, autoincrement=False),
    Column("outcome", Text, nullable=False),
    Column("request", Text),
    Column("detail", Text),
    Column("done_at", Id, nullable=False),
)
"""One row for each occurrence that has come up: written in the transaction that asks for its commands, so that it happens once."""
