"""What differs between database engines, behind one narrow interface. Everything else in this package is plain SQL."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, Protocol, TypeVar

from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Engine, Select, Table

Row = Sequence[Any]

Degrees = ColumnElement[float]
"""A longitude or latitude in a statement, usually a parameter."""


Lane = Literal["models", "live"]
"""Transactions of one lane wait for each other. `models`: imports and edits; `live`: signals, readings, bindings. A
transaction writes tables of its own lane alone, and rows of `counter` and `change` as its last step.
"""


class Dialect(Protocol):
    """One engine: `twin.store.sqlite`, `twin.store.postgres`. A further one is a module like these, not another store."""

    def __hash__(self) -> int:
        """By identity: statements that a dialect had a part in are remembered with it."""
        ...

    @property
    def location(self) -> str:
        """Where the database is, for messages; without passwords."""
        ...

    @property
    def driver_error(self) -> type[Exception]:
        """What the driver raises where it is called past SQLAlchemy."""
        ...

    @property
    def elsewhere(self) -> str:
        """How to choose another database, for messages: `choose another with …`."""
        ...

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """The lanes whose writers need not wait for each other; those that are not named write in the first."""
        ...

    @property
    def buffers_readings(self) -> bool:
        """Whether new readings are kept as they come for a while before they go to their place in history
        (`twin.store.recent`): for engines whose tables lie in the order of their keys.
        """
        ...

    @property
    def plans_as_written(self) -> bool:
        """Whether tables are joined in the order of the statement, and what is nested stays nested (LATERAL, OFFSET 0)."""
        ...

    def exists(self) -> bool:
        """Whether there is a database to open."""
        ...

    def create(self) -> None:
        """Make an empty database, readable by its owner only; nothing happens if there is one. Raises StoreError."""
        ...

    def reader(self) -> Engine:
        """An engine whose transactions each see one snapshot and cannot write; its connections serve many threads."""
        ...

    def share(self, connections: Sequence[Connection]) -> bool:
        """Begin a transaction on each of these of `reader` so that all see one state of the database; whether that succeeded."""
        ...

    def writer(self, lane: Lane) -> Engine:
        """An engine with one connection whose transactions hold the write lock of a lane from their first statement,
        over all processes.
        """
        ...

    def tables(self, connection: Connection) -> list[str]:
        """Names of the tables in the database, but for those that the engine or an extension of it brings along."""
        ...

    def advice(self, error: Exception) -> str:
        """What went wrong with the database and what to do next, as a sentence or two."""
        ...

    def set_durable(self, connection: Connection, *, durable: bool) -> None:
        """Before a transaction: whether its commit survives a power cut, or only the end of the process."""
        ...

    def settle(self) -> None:
        """Bring to disk what transactions that were not durable have written, so that the next durable one holds the lock for
        its own pages alone.
        """
        ...

    def insert_rows(self, connection: Connection, table: Table, rows: Sequence[Row]) -> None:
        """Insert rows with a value for every column of the table, in its order, as fast as the engine can."""
        ...

    def insert_columns(self, connection: Connection, table: Table, columns: Sequence[Sequence[Any]]) -> None:
        """The same, for values that lie in columns: all of one length, in the table's order."""
        ...

    def insert_missing(
        self, connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row]
    ) -> None:
        """Insert rows with values for these columns, leaving out those that some unique constraint says are there."""
        ...

    def find_rows(self, connection: Connection, table: Table, keys: Sequence[Row]) -> list[tuple[Any, ...]]:
        """Whole rows by primary key (integers), those that are there, in any order; values as the driver gives them."""
        ...

    def update_rows(
        self, connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row]
    ) -> None:
        """Set these columns of rows, all of which are there; each row holds their values, then those of its primary key."""
        ...

    def refresh_statistics(self, connection: Connection) -> None:
        """After a change to what is published: whatever the planner should know before it finds out by itself."""
        ...

    def columns(
        self, connection: Connection, statement: Select[Any], values: Mapping[str, Any], kinds: Sequence[type]
    ) -> list[NDArray[Any]]:
        """What a statement selects as arrays of these types (np.int64 or np.float64), past the making of rows; all 64 bits wide, none NULL."""
        ...

    def columns_at_once(
        self,
        connections: Sequence[Connection],
        statement: Select[Any],
        parts: Sequence[Mapping[str, Any]],
        kinds: Sequence[type],
    ) -> list[NDArray[Any]]:
        """What a statement selects with the values of each part, one after the other, found at the same time over a connection each.
        Its columns have names.
        """
        ...

    def given_ids(self, ids: Sequence[int]) -> Select[Any]:
        """Select these numbers, as column `id`; they are one parameter, so that there may be a million."""
        ...

    def given_texts(self, texts: Sequence[str]) -> Select[Any]:
        """The same of texts, as column `text`."""
        ...

    def by_code_points(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        """A text that is compared by its code points, whatever the collation of its column."""
        ...

    def matches(self, text: ColumnElement[Any], parts: Sequence[str | None]) -> ColumnElement[bool]:
        """Whether the whole text is these parts in order, case-sensitively: None is any text, an empty one any character."""
        ...

    def create_places(self, connection: Connection) -> None:
        """Make the spatial index (called by the first migration)."""
        ...

    def create_group_places(self, connection: Connection) -> None:
        """Make the spatial index of groups (called by migration 0005)."""
        ...

    def insert_places(self, connection: Connection, rows: Iterable[Row]) -> None:
        """Index boxes or groups: rows (id, west, south, min height, east, north, max height)."""
        ...

    def delete_places(self, connection: Connection, ids: Sequence[int]) -> None:
        """Take boxes or groups of boxes out of the index."""
        ...

    def places_within(
        self, west: Degrees, south: Degrees, east: Degrees, north: Degrees, *, grouped: bool = False
    ) -> Select[Any]:
        """Select the `id` of boxes, or of groups, that may touch this rectangle (west ≤ east): a superset, cheaply."""
        ...


T = TypeVar("T")


def at_once(
    ask: Callable[[Connection, Mapping[str, Any]], T],
    connections: Sequence[Connection],
    parts: Sequence[Mapping[str, Any]],
) -> list[T]:
    """What `ask` returns for each part with its connection; the first is asked in this thread, the others in threads of their own."""
    with ThreadPoolExecutor(max(len(parts) - 1, 1), thread_name_prefix="part") as threads:
        others = [
            threads.submit(ask, connection, values)
            for connection, values in zip(connections[1:], parts[1:], strict=True)
        ]
        return [ask(connections[0], parts[0]), *(other.result() for other in others)]
