"""Changes to what is published: placing a model anew, going back to an older revision, removing a model."""

from collections.abc import Callable

from sqlalchemy import Connection, insert, select, update

from twin.errors import Conflict, NotFound
from twin.events import Change, ChangeKind
from twin.frames import Diagnosis
from twin.ports import Boxes, TilesetFiles
from twin.store import counters, leases, lifecycle, references
from twin.store.codec import to_json
from twin.store.database import Database
from twin.store.placements import BoxTarget, local_boxes, write_boxes
from twin.store.retirement import retirement
from twin.store.revisions import finish, make_current
from twin.store.schema import model, placement, revision, twin_object


def local_bounds(database: Database, key: str) -> Boxes:
    """See `twin.ports.ModelEditor.local_bounds`."""
    with database.read() as connection:
        _, revision_id = lifecycle.model_id_of(connection, key)
        shown = connection.execute(
            select(revision.c.placement_id).where(revision.c.id == revision_id)
        ).scalar_one()
        return local_boxes(connection, revision_id, shown)


def place(
    database: Database, key: str, *, tiles: TilesetFiles, diagnosis: Diagnosis, geographic: Boxes
) -> Change:
    """See `twin.ports.ModelEditor.place`: boxes are written beside the old ones, then one pointer moves."""
    model_id, revision_id = _take(database, key)
    try:
        local = local_bounds(database, key)
        placement_id = _new_placement(database, revision_id)
        target = BoxTarget(revision_id, placement_id, _guard(model_id, revision_id))
        write_boxes(database, target, local, geographic)
        with database.write(durable=True) as connection:
            target.guard(connection)
            values = {"tileset": tiles.tileset, "diagnosis": to_json(diagnosis)}
            connection.execute(update(placement).where(placement.c.id == placement_id).values(**values))
            references.refer(
                connection, database.dialect, model_id=model_id, placement_id=placement_id, names=tiles.files
            )
            return _show_placement(connection, database.now(), key, placement_id)
    finally:
        finish(database, model_id)


def _take(database: Database, key: str) -> tuple[int, int]:
    """Take the lease on a model; returns its id and that of its current revision. Raises NotFound, Conflict."""
    with database.write() as connection:
        model_id, revision_id = lifecycle.model_id_of(connection, key)
        if not leases.acquire(connection, leases.model_lease(model_id), database.now()):
            raise Conflict(f"An import of model {key!r} is under way; wait for it and try again.")
    return model_id, revision_id


def _guard(model_id: int, revision_id: int) -> Callable[[Connection], None]:
    def check(connection: Connection) -> None:
        current = select(model.c.current_revision_id).where(model.c.id == model_id)
        ours = leases.is_ours(connection, leases.model_lease(model_id))
        if not ours or connection.execute(current).scalar() != revision_id:
            raise Conflict("The model was changed by another process meanwhile; place it again.")

    return check


def _new_placement(database: Database, revision_id: int) -> int:
    with database.write() as connection:
        placement_id = counters.take(connection, "placement") + 1
        connection.execute(
            insert(placement).values(id=placement_id, revision_id=revision_id, created_at=database.now())
        )
    return placement_id


def _show_placement(connection: Connection, now: int, key: str, placement_id: int) -> Change:
    shown = connection.execute(select(placement).where(placement.c.id == placement_id)).one()
    current = connection.execute(select(revision).where(revision.c.id == shown.revision_id)).one()
    connection.execute(update(revision).where(revision.c.id == current.id).values(placement_id=placement_id))
    return lifecycle.write_change(
        connection, ChangeKind.MODEL_PLACED, key=key, now=now, revision_id=current.id
    )


def rollback(database: Database, key: str, number: int) -> Change:
    """See `twin.ports.ModelEditor.rollback`."""
    model_id, _ = _take(database, key)
    try:
        with database.read() as connection:
            target = _kept_revision(connection, model_id, key, number)
            gone = retirement(connection, model_id, target)
        with database.write(durable=True) as connection:
            if not leases.is_ours(connection, leases.model_lease(model_id)):
                raise Conflict("The model was changed by another process meanwhile; try again.")
            make_current(connection, model_id, target, gone)
            return lifecycle.write_change(
                connection, ChangeKind.REVISION_ROLLED_BACK, key=key, now=database.now(), revision_id=target
            )
    finally:
        finish(database, model_id)


def _kept_revision(connection: Connection, model_id: int, key: str, number: int) -> int:
    row = connection.execute(
        select(revision.c.id, revision.c.status, revision.c.kept, placement.c.released_at)
        .join(placement, placement.c.id == revision.c.placement_id)
        .where(revision.c.model_id == model_id, revision.c.number == number)
    ).one_or_none()
    if row is None or row.status in {"staged", "discarded"}:
        raise NotFound("revision", f"{key}@{number}")
    if row.status == "published":
        raise Conflict(f"Revision {number} of model {key!r} is the current one already.")
    if not row.kept or row.released_at is not None:
        raise Conflict(f"Revision {number} of model {key!r} is no longer kept; import its source again.")
    return int(row.id)


def remove(database: Database, key: str) -> Change:
    """See `twin.ports.ModelEditor.remove`."""
    model_id, revision_id = _take(database, key)
    try:
        with database.write(durable=True) as connection:
            now = database.now()
            if not leases.is_ours(connection, leases.model_lease(model_id)):
                raise Conflict("The model was changed by another process meanwhile; try again.")
            lifecycle.step(connection, revision_id, "superseded")
            connection.execute(
                update(model).where(model.c.id == model_id).values(current_revision_id=None, removed_at=now)
            )
            _retire_all(connection, model_id, revision_id)
            placements = select(revision.c.placement_id).where(
                revision.c.model_id == model_id, revision.c.kept.is_(True)
            )
            references.let_go(connection, model_id, list(connection.execute(placements).scalars()), now)
            return lifecycle.write_change(connection, ChangeKind.MODEL_REMOVED, key=key, now=now)
    finally:
        finish(database, model_id)


def _retire_all(connection: Connection, model_id: int, revision_id: int) -> None:
    number = connection.execute(select(revision.c.number).where(revision.c.id == revision_id)).scalar_one()
    connection.execute(
        update(twin_object)
        .where(twin_object.c.model_id == model_id, twin_object.c.retired_revision.is_(None))
        .values(retired_revision=number)
    )
