"""Which object feeds which: staged with a revision, followed step by step."""

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Select, delete, select

from twin.queries import ObjectRecord, Traced, TraceQuery
from twin.store.database import Database
from twin.store.dialect import Dialect
from twin.store.identities import StagedHere, check_staged
from twin.store.ids import compose, id_range, integers
from twin.store.objects import find, records
from twin.store.pace import Pace
from twin.store.schema import class_name, object_version, relation
from twin.store.visibility import visible_versions

_FIRST_PIECE = 1_000
"""Rows of the first transaction (measured: 1,000 take 4 ms)."""

MAX_SEEN = 100_000
"""Objects that a trace goes through: a city's sewers; more is told as truncated."""


def stage(database: Database, here: StagedHere, pairs: NDArray[np.integer]) -> None:
    """See `twin.ports.RevisionWriter.stage_relations`."""
    base = compose(here.id, 0)
    rows = [(base + a, base + b) for a, b in np.unique(pairs, axis=0).tolist()]
    for piece in Pace(_FIRST_PIECE).pieces(rows):
        with database.write() as connection:
            check_staged(connection, here)
            database.dialect.insert_rows(connection, relation, piece)


def erase(database: Database, revision_id: int) -> None:
    """Delete the relations of a revision that nobody sees, in short transactions."""
    first, last = id_range(revision_id)
    from_id = relation.c.from_id
    with database.read() as connection:
        own = select(from_id).where(from_id.between(first, last)).distinct().order_by(from_id)
        ids = integers(connection.execute(own)).tolist()
    for piece in Pace(_FIRST_PIECE).pieces(ids):
        with database.write() as connection:
            connection.execute(delete(relation).where(from_id.between(piece[0], piece[-1])))


def trace(database: Database, key: str, global_id: str, asked: TraceQuery) -> Traced:
    """See `twin.ports.ObjectReader.trace`: level by level, each object once, so that circles end."""
    with database.read() as connection:
        start = find(connection, key, global_id)
        depths = {start: 0}
        frontier, depth = [start], 0
        while frontier and depth < asked.depth and len(depths) <= MAX_SEEN:
            depth += 1
            reached = integers(
                connection.execute(_step(database.dialect, frontier, asked.direction))
            ).tolist()
            visible = visible_versions(database, connection, asked.reach, reached)
            frontier = [
                identifier for identifier in reached if identifier in visible and identifier not in depths
            ]
            depths.update(dict.fromkeys(frontier, depth))
        beyond = bool(frontier) and len(depths) > MAX_SEEN
        del depths[start]
        wanted = _of_classes(connection, database.dialect, list(depths), asked.classes)
        shown = sorted(wanted, key=lambda identifier: (depths[identifier], identifier))
        found: list[ObjectRecord] = []
        for at in range(0, min(len(shown), asked.limit), 1000):
            found += records(connection, shown[at : min(at + 1000, asked.limit)])
    return Traced(
        items=[(record, depths[identifier]) for record, identifier in zip(found, shown, strict=False)],
        total=len(shown),
        truncated=beyond or len(shown) > asked.limit,
    )


def _step(dialect: Dialect, frontier: list[int], direction: str) -> Select[tuple[int]]:
    """Ids that are one step away, each once."""
    given = dialect.given_ids(frontier).subquery()
    here, there = relation.c.from_id, relation.c.to_id
    if direction == "upstream":
        here, there = there, here
    return select(there).select_from(given).join(relation, here == given.c.id).distinct()


def _of_classes(
    connection: Connection, dialect: Dialect, ids: list[int], classes: tuple[str, ...]
) -> list[int]:
    if not classes or not ids:
        return ids
    given = dialect.given_ids(ids).subquery()
    found = (
        select(object_version.c.id)
        .select_from(given)
        .join(object_version, object_version.c.id == given.c.id)
        .join(class_name, class_name.c.id == object_version.c.class_id)
        .where(class_name.c.name.in_(classes))
    )
    return [int(identifier) for identifier in integers(connection.execute(found)).tolist()]
