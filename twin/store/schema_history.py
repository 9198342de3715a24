"""The tables of what is derived from history; see `twin.store.rollups`. Times and days as in `twin.store.schema_live`."""

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, SmallInteger, Table, Text

from twin.store.schema import Id, metadata

rollup = Table(
    "rollup",
    metadata,
    Column("minutes", SmallInteger, primary_key=True, autoincrement=False),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("signal", Id, primary_key=True, autoincrement=False),
    Column("final", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("texts", Text),
)
"""The spans of one width (1, 15, 60 minutes) of a signal's day, in one row: `body` holds them as `twin.store.spans.STORED`,
`texts` the last values that are texts, by place, as JSON. `final`: the readings it was made of are kept no longer."""

rollup_mark = Table(
    "rollup_mark",
    metadata,
    Column("signal", Id, primary_key=True, autoincrement=False),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("epoch", Id, primary_key=True, autoincrement=False),
    Index(None, "epoch"),
    sqlite_with_rowid=False,
)
"""Signal-days whose roll-ups are outdated, because a reading came after the day had been rolled up. `epoch`: counted up by who corrects
them, so that a mark that comes meanwhile is told from those that are being seen to."""

archive_part = Table(
    "archive_part",
    metadata,
    Column("name", Text, primary_key=True),
    Column("period", Integer, nullable=False),
    Column("first_signal", Id, nullable=False),
    Column("last_signal", Id, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("bytes", Id, nullable=False),
    Column("settled", Boolean, nullable=False),
    Index(None, "period", "first_signal"),
)
"""Files of archived readings: all of these signals (both included) in seven days, `period` is the number of days since 1970, by seven.
`settled`: no row of `reading` says the same as the file."""

archive_garbage = Table(
    "archive_garbage",
    metadata,
    Column("name", Text, primary_key=True),
    Column("since", Id, nullable=False),
)
"""Files that nothing needs since then: readers may still be at them for a while."""
