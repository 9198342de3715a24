"""Short statements past SQLAlchemy, which takes ten times as long for them as the engine: for what a single command or reading asks."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

Text = Mapping[str, str]
"""A statement by how drivers mark its parameters."""


def text(statement: str) -> Text:
    """A statement that all engines know, with `{}` for each parameter."""
    marks = {"qmark": "?", "pyformat": "%s"}
    return {style: statement.replace("{}", mark) for style, mark in marks.items()}


def run(connection: Connection, statement: Text, values: Sequence[object] = ()) -> Any:
    """Run a statement in the transaction of a connection; returns the driver's cursor."""
    if not connection.in_transaction():
        connection.begin()
    driver: Any = connection.connection.driver_connection
    return driver.execute(statement[connection.dialect.paramstyle], values)
