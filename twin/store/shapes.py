"""Shapes of bodies in the database: in blocks of successive objects, as they are."""

import numpy as np
from sqlalchemy import Connection, delete, func, select

from twin.shapes import SHAPE_ROW, Shapes, no_shapes
from twin.store.database import Database
from twin.store.identities import StagedHere, check_staged
from twin.store.ids import compose, id_range, ordinal_of
from twin.store.pace import Pace
from twin.store.schema import object_version, shape_block

BLOCK = 1024
"""Objects of a block: 56 kB."""

_FIRST_PIECE = 32
"""Blocks of the first transaction (measured: 32 take 3 ms)."""


def stage(database: Database, here: StagedHere, shapes: Shapes) -> None:
    """See `twin.ports.RevisionWriter.stage_shapes`."""
    first, last = id_range(here.id)
    counted = select(func.count()).select_from(object_version).where(object_version.c.id.between(first, last))
    with database.read() as connection:
        count = connection.execute(counted).scalar_one()
    if shapes.shape != (count,) or shapes.dtype != SHAPE_ROW:
        raise ValueError(
            f"shapes are {shapes.shape} of {shapes.dtype}, not ({count},): one row per staged object"
        )
    erase(database, here.id)
    drawn = ~np.isnan(shapes["area"])
    starts = [start for start in range(0, count, BLOCK) if drawn[start : start + BLOCK].any()]
    for piece in Pace(_FIRST_PIECE).pieces(starts):
        rows = [(compose(here.id, at), shapes[at : at + BLOCK].tobytes()) for at in piece]
        with database.write() as connection:
            check_staged(connection, here)
            database.dialect.insert_rows(connection, shape_block, rows)


def erase(database: Database, revision_id: int) -> None:
    """Delete the shapes of a revision that nobody sees, in short transactions."""
    first, last = id_range(revision_id)
    with database.read() as connection:
        own = select(shape_block.c.id).where(shape_block.c.id.between(first, last)).order_by(shape_block.c.id)
        ids = list(connection.execute(own).scalars())
    for piece in Pace(_FIRST_PIECE).pieces(ids):
        with database.write() as connection:
            connection.execute(delete(shape_block).where(shape_block.c.id.between(piece[0], piece[-1])))


def of_revision(connection: Connection, revision_id: int, count: int) -> Shapes | None:
    """Shapes of all objects of a revision; None where none were kept."""
    first, last = id_range(revision_id)
    rows = connection.execute(select(shape_block).where(shape_block.c.id.between(first, last))).all()
    if not rows:
        return None
    shapes = no_shapes(count)
    for identifier, body in rows:
        block = np.frombuffer(body, SHAPE_ROW)
        start = ordinal_of(identifier)
        shapes[start : start + len(block)] = block
    return shapes
