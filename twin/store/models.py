"""Reading models, their revisions, classes and storeys."""

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, func, select

from twin.frames import Diagnosis
from twin.objects import object_id
from twin.queries import Bounds, ClassTotal, ModelRecord, RevisionRecord, StoreyRecord
from twin.source import SourceReport
from twin.store.attributes import attributes_of
from twin.store.database import Database
from twin.store.ids import id_range
from twin.store.lifecycle import model_id_of
from twin.store.pace import lists
from twin.store.placements import BOUNDS
from twin.store.schema import class_count, class_name, model, object_version, placement, revision, twin_object
from twin.store.texts import elevation_m
from twin.times import from_microseconds

_STOREYS = ("IfcBuildingStorey",)
"""Classes that are storeys even if nothing stands on them; other holders (facility parts) show by what they hold."""

_diagnoses = msgspec.json.Decoder(Diagnosis)
_reports = msgspec.json.Decoder(SourceReport)


def models(database: Database) -> list[ModelRecord]:
    """See `twin.ports.ModelReader.models`."""
    with database.read() as connection:
        return [_record(row) for row in connection.execute(_models().order_by(model.c.key))]


def one_model(database: Database, key: str) -> ModelRecord:
    """See `twin.ports.ModelReader.model`."""
    with database.read() as connection:
        model_id, _ = model_id_of(connection, key)
        return _record(connection.execute(_models().where(model.c.id == model_id)).one())


def _models() -> Select[Any]:
    return (
        select(
            model.c.key,
            model.c.source,
            model.c.kind,
            revision.c.name,
            revision.c.schema,
            revision.c.number,
            revision.c.published_at,
            revision.c.content_hash,
            revision.c.objects,
            revision.c.report,
            placement.c.tileset,
            placement.c.diagnosis,
            *(placement.c[name] for name in BOUNDS),
        )
        .join(revision, revision.c.id == model.c.current_revision_id)
        .join(placement, placement.c.id == revision.c.placement_id)
    )


def _record(row: Row[Any]) -> ModelRecord:
    return ModelRecord(
        key=row.key,
        name=row.name or row.key,
        source=row.source,
        kind=row.kind,
        schema=row.schema,
        revision=row.number,
        imported_at=from_microseconds(row.published_at),
        content_hash=row.content_hash,
        tileset=row.tileset,
        objects=row.objects,
        bounds=bounds_of(row),
        diagnosis=_diagnoses.decode(row.diagnosis),
        report=_reports.decode(row.report),
    )


def bounds_of(row: Row[Any]) -> Bounds | None:
    """The geographic box among the columns of a row."""
    if row.west is None:
        return None
    return (row.west, row.south, row.min_height, row.east, row.north, row.max_height)


def revisions(database: Database, key: str) -> list[RevisionRecord]:
    """See `twin.ports.ModelReader.revisions`."""
    with database.read() as connection:
        model_id, _ = model_id_of(connection, key, current=False)
        rows = connection.execute(
            select(revision, placement.c.released_at)
            .join(placement, placement.c.id == revision.c.placement_id)
            .where(revision.c.model_id == model_id, revision.c.status != "discarded")
            .order_by(revision.c.number)
        ).all()
    return [_revision(row) for row in rows]


def _revision(row: Row[Any]) -> RevisionRecord:
    return RevisionRecord(
        number=row.number,
        status=row.status,
        kept=row.kept and row.released_at is None,
        content_hash=row.content_hash,
        objects=row.objects,
        created_at=from_microseconds(row.created_at),
        published_at=None if row.published_at is None else from_microseconds(row.published_at),
    )


def classes(database: Database, key: str) -> list[ClassTotal]:
    """See `twin.ports.ObjectReader.classes`."""
    with database.read() as connection:
        _, revision_id = model_id_of(connection, key)
        rows = connection.execute(
            select(class_name.c.name, class_count.c.objects, class_count.c.drawn)
            .join(class_count, class_count.c.class_id == class_name.c.id)
            .where(class_count.c.revision_id == revision_id)
            .order_by(class_name.c.name)
        ).all()
    return [ClassTotal(class_=name, count=count, drawn=drawn) for name, count, drawn in rows]


def storeys(database: Database, key: str) -> list[StoreyRecord]:
    """See `twin.ports.ObjectReader.storeys`."""
    with database.read() as connection:
        _, revision_id = model_id_of(connection, key)
        counts = _storey_counts(connection, revision_id)
        rows = [
            row
            for some in lists(sorted(counts))
            for row in connection.execute(_storeys, {"version_ids": some})
        ]
        known = [(row, attributes_of(connection, row.id)) for row in rows]
    known.sort(key=lambda pair: (pair[0].sort_key, pair[0].id))
    found = [
        StoreyRecord(
            id=object_id(key, row.global_id),
            name=row.name,
            long_name=about.long_name,
            elevation_m=elevation_m(about),
            count=counts[row.id],
        )
        for row, about in known
    ]
    return sorted(found, key=lambda s: (s.elevation_m is None, s.elevation_m or 0.0))


_storeys = (
    select(object_version.c.id, object_version.c.name, object_version.c.sort_key, twin_object.c.global_id)
    .join(twin_object, twin_object.c.state_index == object_version.c.state_index)
    .where(object_version.c.id.in_(bindparam("version_ids", expanding=True)))
)


def _storey_counts(connection: Connection, revision_id: int) -> dict[int, int]:
    """Objects held, by id of the storey."""
    first, last = id_range(revision_id)
    held = object_version.c.storey_id
    named: ColumnElement[bool] = object_version.c.class_id.in_(
        select(class_name.c.id).where(class_name.c.name.in_(_STOREYS))
    )
    empty = connection.execute(
        select(object_version.c.id).where(named, object_version.c.id.between(first, last))
    ).scalars()
    counts = dict.fromkeys(empty, 0)
    rows = connection.execute(select(held, func.count()).where(held.between(first, last)).group_by(held))
    counts.update((row[0], row[1]) for row in rows)
    return counts
