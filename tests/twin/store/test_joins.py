"""A join whose order is kept reads so in SQLite, and is any join elsewhere."""

from sqlalchemy import column, create_mock_engine, select, table
from sqlalchemy.dialects import sqlite

from twin.store.joins import OrderedJoin

POSTGRES = create_mock_engine("postgresql+psycopg://", lambda *_: None).dialect
FIRST, SECOND = table("a", column("x")), table("b", column("x"))
STATEMENT = select(FIRST.c.x).select_from(OrderedJoin(FIRST, SECOND, FIRST.c.x == SECOND.c.x))


def test_sqlite_is_told_which_side_comes_first() -> None:
    assert "FROM a CROSS JOIN b ON a.x = b.x" in str(STATEMENT.compile(dialect=sqlite.dialect()))


def test_other_engines_join() -> None:
    assert "FROM a JOIN b ON a.x = b.x" in str(STATEMENT.compile(dialect=POSTGRES))
