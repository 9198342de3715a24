"""Short statements past SQLAlchemy, which takes ten times as long for them as the engine: for what a single command or reading asks."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

Text = Mapping[str, str]
"""A statement by how drivers mark its parameters."""


_MARKS = {
    "qmark": ("?", "IN (SELECT value FROM json_each(?))"),
    "pyformat": ("%s", "= ANY(%s::bigint[])"),
}

_encoder = msgspec.json.Encoder()


def text(statement: str) -> Text:
    """A statement that all engines know, with `{}` for each parameter; after a column `{among}`: it is one of the numbers in a parameter (`ids`)."""
    return {
        style: statement.replace("{}", mark).replace("{among}", among)
        for style, (mark, among) in _MARKS.items()
    }


def ids(connection: Connection, numbers: Sequence[int]) -> object:
    """Numbers as one parameter: there may be a million."""
    given = list(numbers)
    return given if connection.dialect.paramstyle == "pyformat" else _encoder.encode(given).decode()


def run(connection: Connection, statement: Text, values: Sequence[object] = ()) -> Any:
    """Run a statement in the transaction of a connection; returns the driver's cursor."""
    if not connection.in_transaction():
        connection.begin()
    driver: Any = connection.connection.driver_connection
    return driver.execute(statement[connection.dialect.paramstyle], values)
