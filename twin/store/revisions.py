"""Imports: a revision begins, is staged, and is published in one transaction, or discarded."""

from contextlib import suppress
from dataclasses import replace

import numpy as np
from sqlalchemy import Connection, func, insert, select, update

from twin.errors import Conflict, KeyTaken, StoreError
from twin.events import Change, ChangeKind
from twin.frames import Diagnosis
from twin.naming import by_language
from twin.objects import checked_key
from twin.ports import ImportRequest, StagedRevision, TilesetFiles, Unchanged
from twin.source import SourceReport
from twin.store import counters, leases, lifecycle, references
from twin.store.attributes import attributes_of
from twin.store.boxes import is_box
from twin.store.codec import to_json
from twin.store.database import Database
from twin.store.identities import StagedHere, check_staged
from twin.store.ids import SPAN, compose, id_range, integers
from twin.store.packed import boxes as packed
from twin.store.retirement import Retirement, retire, retirement
from twin.store.schema import (
    NO_PARENT,
    class_count,
    model,
    object_box,
    object_order,
    object_version,
    placement,
    revision,
)
from twin.store.sweep import sweep

KEPT_REVISIONS = 5
"""Superseded revisions of a model that can be rolled back to: a week of daily imports, at five times the rows (equal
property sets and tiles are stored once)."""


def begin(database: Database, request: ImportRequest) -> StagedRevision | Unchanged:
    """See `twin.ports.RevisionWriter.begin_revision`."""
    key = checked_key(request.key)
    with database.write() as connection:
        model_id = _model(connection, key, request, database.now())
        if not request.force and (same := _unchanged(connection, key, request.content_hash)):
            return same
        if not leases.acquire(connection, leases.model_lease(model_id), database.now()):
            raise Conflict(
                f"An import of model {key!r} is under way; wait for it, or choose another key with --key."
            )
    try:
        sweep(database, model_id)
        with database.write() as connection:
            return _new_revision(connection, database.now(), model_id, key, request)
    except BaseException:
        with suppress(StoreError), database.write() as connection:
            leases.release(connection, leases.model_lease(model_id))
        raise


def _model(connection: Connection, key: str, request: ImportRequest, now: int) -> int:
    """Id of the model with this key, made if there is none; raises KeyTaken."""
    row = connection.execute(select(model).where(model.c.key == key)).one_or_none()
    if row is None:
        made = insert(model).values(key=key, source=request.source, kind=request.kind, created_at=now)
        return int(connection.execute(made.returning(model.c.id)).scalar_one())
    owned = row.current_revision_id is not None and row.source != request.source
    if owned and not request.explicit:
        raise KeyTaken(key, row.source)
    return int(row.id)


def _unchanged(connection: Connection, key: str, content_hash: str) -> Unchanged | None:
    row = connection.execute(
        select(revision.c.number, placement.c.tileset)
        .join(model, model.c.current_revision_id == revision.c.id)
        .join(placement, placement.c.id == revision.c.placement_id)
        .where(model.c.key == key, revision.c.content_hash == content_hash)
    ).one_or_none()
    return None if row is None else Unchanged(key=key, revision=row.number, tileset=row.tileset)


def _new_revision(
    connection: Connection, now: int, model_id: int, key: str, request: ImportRequest
) -> StagedRevision:
    newest = select(func.max(revision.c.number)).where(revision.c.model_id == model_id)
    number = (connection.execute(newest).scalar() or 0) + 1
    revision_id = counters.take(connection, "revision") + 1
    placement_id = counters.take(connection, "placement") + 1
    connection.execute(
        insert(revision).values(
            id=revision_id,
            model_id=model_id,
            number=number,
            status="staged",
            source=request.source,
            kind=request.kind,
            content_hash=request.content_hash,
            placement_id=placement_id,
            objects=0,
            created_at=now,
            kept=True,
            emptied=False,
        )
    )
    connection.execute(insert(placement).values(id=placement_id, revision_id=revision_id, created_at=now))
    return StagedRevision(key=key, number=number, id=revision_id)


def staged_here(connection: Connection, staged: StagedRevision) -> StagedHere:
    """Look up a staged revision; raises Conflict if it is no longer there or not this process's."""
    row = connection.execute(
        select(revision, model.c.current_revision_id)
        .join(model, model.c.id == revision.c.model_id)
        .where(revision.c.id == staged.id)
    ).one_or_none()
    if row is None:
        raise Conflict(
            f"Revision {staged.number} of {staged.key!r} has been discarded; import the source again."
        )
    here = StagedHere(
        id=row.id,
        model_id=row.model_id,
        number=row.number,
        placement_id=row.placement_id,
        current_id=row.current_revision_id,
        packed=row.packed,
    )
    check_staged(connection, here)
    return here


def keep_alive(database: Database, staged: StagedRevision) -> None:
    """See `twin.ports.RevisionWriter.keep_alive`."""
    with database.write() as connection:
        here = staged_here(connection, staged)
        leases.renew(connection, leases.model_lease(here.model_id), database.now())


def publish(
    database: Database,
    staged: StagedRevision,
    *,
    tiles: TilesetFiles,
    diagnosis: Diagnosis,
    report: SourceReport,
) -> Change:
    """See `twin.ports.RevisionWriter.publish`. What can be counted before is counted before the lock is taken."""
    with database.read() as connection:
        here = staged_here(connection, staged)
        counts = _class_counts(connection, here)
        gone = retirement(connection, here.model_id, here.id)
        report, name = _named(connection, here.id, report)
    total = sum(objects for _, objects, _ in counts)
    database.dialect.settle()
    with database.write(durable=True) as connection:
        check_staged(connection, here)
        now = database.now()
        database.dialect.insert_rows(connection, class_count, [(here.id, *row) for row in counts])
        connection.execute(
            update(revision)
            .where(revision.c.id == here.id)
            .values(schema=report.schema, name=name, objects=total, report=to_json(report), published_at=now)
        )
        _set_tiles(connection, database, here, tiles=tiles, diagnosis=diagnosis)
        make_current(connection, here.model_id, here.id, gone)
        _let_old_go(connection, here.model_id, now)
        change = lifecycle.write_change(
            connection, ChangeKind.REVISION_PUBLISHED, key=staged.key, now=now, revision_id=here.id
        )
    finish(database, here.model_id)
    return change


def _class_counts(connection: Connection, here: StagedHere) -> list[tuple[int, int, int]]:
    """Class id, objects, drawn."""
    first, last = id_range(here.id)
    if here.packed:
        return _packed_counts(connection, here)
    shift = (here.placement_id - here.id) * SPAN
    counted = (
        select(
            object_version.c.class_id,
            func.count().label("objects"),
            func.count(object_box.c.min_x).label("drawn"),
        )
        .join(object_box, object_box.c.id == object_version.c.id + shift, isouter=True)
        .where(object_version.c.id.between(first, last))
        .group_by(object_version.c.class_id)
    )
    return [(row.class_id, row.objects, row.drawn) for row in connection.execute(counted)]


def _packed_counts(connection: Connection, here: StagedHere) -> list[tuple[int, int, int]]:
    first, last = id_range(here.id)
    own = select(object_version.c.class_id).where(object_version.c.id.between(first, last))
    classes = integers(connection.execute(own.order_by(object_version.c.id)))
    drawn = is_box(packed.local_boxes(connection, here.placement_id, len(classes)))
    ids, place = np.unique(classes, return_inverse=True)
    counted = np.bincount(place, minlength=len(ids)), np.bincount(place[drawn], minlength=len(ids))
    return list(zip(ids.tolist(), *(numbers.tolist() for numbers in counted), strict=True))


def _named(connection: Connection, revision_id: int, report: SourceReport) -> tuple[SourceReport, str | None]:
    """The report with the model's names by language, and its name for who asks for no language."""
    if report.names:
        return report, " ".join(dict.fromkeys(report.names.values()))
    root = _only_root(connection, revision_id)
    if root is None:
        return report, None
    version_id, name = root
    about = attributes_of(connection, version_id)
    return replace(report, names=by_language(name, about.long_name, about.description)), name


def _only_root(connection: Connection, revision_id: int) -> tuple[int, str] | None:
    """Version and name of the one root; a layer of many features is not called by one of them."""
    roots = object_order.c.parent_id == compose(revision_id, NO_PARENT)
    named = select(object_version.c.id, object_version.c.name).join(
        object_order, object_order.c.id == object_version.c.id
    )
    found = connection.execute(named.where(roots).limit(2)).all()
    return (found[0].id, found[0].name) if len(found) == 1 and found[0].name else None


def _set_tiles(
    connection: Connection, database: Database, here: StagedHere, *, tiles: TilesetFiles, diagnosis: Diagnosis
) -> None:
    connection.execute(
        update(placement)
        .where(placement.c.id == here.placement_id)
        .values(tileset=tiles.tileset, diagnosis=to_json(diagnosis))
    )
    references.refer(
        connection,
        database.dialect,
        model_id=here.model_id,
        placement_id=here.placement_id,
        names=tiles.files,
    )


def make_current(connection: Connection, model_id: int, revision_id: int, gone: Retirement) -> None:
    """Move the pointer: the old revision is superseded, this one published, objects retired and brought back."""
    row = connection.execute(select(model.c.current_revision_id).where(model.c.id == model_id)).one()
    if row.current_revision_id is not None:
        lifecycle.step(connection, row.current_revision_id, "superseded")
    lifecycle.step(connection, revision_id, "published")
    shown = connection.execute(select(revision).where(revision.c.id == revision_id)).one()
    connection.execute(
        update(model)
        .where(model.c.id == model_id)
        .values(current_revision_id=revision_id, removed_at=None, source=shown.source, kind=shown.kind)
    )
    retire(connection, gone, shown.number)


def _let_old_go(connection: Connection, model_id: int, now: int) -> None:
    """Mark superseded revisions beyond the newest few: their files may go, and the next sweep takes their rows."""
    superseded = (
        select(revision.c.id, revision.c.placement_id)
        .where(revision.c.model_id == model_id, revision.c.status == "superseded", revision.c.kept.is_(True))
        .order_by(revision.c.number.desc())
        .offset(KEPT_REVISIONS)
    )
    old = connection.execute(superseded).all()
    connection.execute(update(revision).where(revision.c.id.in_([row.id for row in old])).values(kept=False))
    references.let_go(connection, model_id, [row.placement_id for row in old], now)


def discard(database: Database, staged: StagedRevision) -> None:
    """See `twin.ports.RevisionWriter.discard`. Nothing happens to a revision that is published or gone."""
    with database.write() as connection:
        row = connection.execute(
            select(revision).where(revision.c.id == staged.id, revision.c.status == "staged")
        ).one_or_none()
        if row is None or not leases.is_ours(connection, leases.model_lease(row.model_id)):
            return
        lifecycle.step(connection, staged.id, "discarded")
    finish(database, row.model_id)


def finish(database: Database, model_id: int) -> None:
    """Sweep and give the lease back. What fails here is done by the next import: the change itself stands."""
    with suppress(StoreError):
        sweep(database, model_id)
    with suppress(StoreError), database.write() as connection:
        database.dialect.refresh_statistics(connection)
        leases.release(connection, leases.model_lease(model_id))
