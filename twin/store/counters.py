"""Numbers that follow the order of commits: a row each, locked by the transaction that counts."""

from sqlalchemy import Connection, select, update

from twin.store import direct
from twin.store.schema import counter

RULES_VERSION = "alarm_rules"
"""Grows when signals are declared, and when rules for alarms change."""

_take = direct.text(
    "INSERT INTO counter (name, value) VALUES ({}, {}) "
    "ON CONFLICT (name) DO UPDATE SET value = counter.value + excluded.value RETURNING value"
)
"""One statement, so that two writers who both count for the first time wait for each other."""


def take(connection: Connection, name: str, count: int = 1) -> int:
    """Take `count` numbers in a row and return the first of them; counting starts at 0."""
    value: int = direct.run(connection, _take, (name, count)).fetchone()[0]
    return value - count


def peek(connection: Connection, name: str) -> int:
    """The number that comes next."""
    return connection.execute(select(counter.c.value).where(counter.c.name == name)).scalar() or 0


def give_back(connection: Connection, name: str, first: int) -> None:
    """Let `first` be the next number again; nothing may use it or one above."""
    connection.execute(update(counter).where(counter.c.name == name).values(value=first))
