"""From the store's records to the documents of the API: one function a kind."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from twin.differences import RevisionDifference
from twin.objects import url_path
from twin.queries import ClassTotal, ModelRecord, ObjectDetail, ObjectRecord, RevisionRecord, StoreyRecord

Document = dict[str, Any]


def page(items: Sequence[Document | Struct], following: str | None = None) -> Document:
    """The envelope of every list."""
    return {"items": items, "next": following}


def model(record: ModelRecord) -> Document:
    """A model with its current revision."""
    return {
        "key": record.key,
        "name": record.name,
        "names": record.report.names,
        "class_names": record.report.class_names,
        "kind": record.kind,
        "source": record.source.rsplit("/", 1)[-1],
        "schema": record.schema,
        "revision": record.revision,
        "imported_at": record.imported_at,
        "objects": record.objects,
        "drawn": record.report.drawn,
        "not_drawn": record.report.not_drawn,
        "placement": placement(record),
        "bounds": record.bounds,
        "tileset": f"/tiles/{url_path_of_key(record.key)}/tileset.json",
        "warnings": record.report.warnings,
    }


def placement(record: ModelRecord) -> Document:
    """Where a model stands, what in the source said so, and how sure that is."""
    diagnosis = record.diagnosis
    details: Document = msgspec.to_builtins(diagnosis.placement)
    return {
        **details,
        "used": diagnosis.used,
        "confidence": diagnosis.confidence,
        "found": msgspec.to_builtins(diagnosis.found),
        "warnings": diagnosis.warnings,
    }


def url_path_of_key(key: str) -> str:
    """A model key as one URL segment."""
    return url_path(key, "").rstrip("/")


def summary(record: ObjectRecord) -> Document:
    """An object in a list."""
    return {
        "id": record.id,
        "model": record.model,
        "global_id": record.global_id,
        "class": record.class_,
        "name": record.name,
        "state_index": record.state_index,
        "parent": record.parent,
        "storey": record.storey,
        "storey_name": record.storey_name,
        "discipline": record.discipline,
        "hidden": record.hidden,
        "has_children": record.has_children,
        "bounds": record.bounds,
    }


def detail(found: ObjectDetail) -> Document:
    """An object with everything."""
    attributes = found.attributes
    return {
        **summary(found.record),
        "description": attributes.description,
        "long_name": attributes.long_name,
        "object_type": attributes.object_type,
        "predefined_type": attributes.predefined_type,
        "tag": attributes.tag,
        "type_name": attributes.type_name,
        "materials": attributes.materials,
        "classifications": attributes.classifications,
        "groups": attributes.groups,
        "properties": attributes.properties,
        "same_as": found.same_as,
        "path": [{"id": step.id, "name": step.name, "class": step.class_} for step in found.path],
    }


def class_total(total: ClassTotal) -> Document:
    """Count of one class."""
    return {"class": total.class_, "count": total.count, "drawn": total.drawn}


def storey(record: StoreyRecord) -> Document:
    """One storey."""
    return msgspec.structs.asdict(record)


def revision(record: RevisionRecord) -> Document:
    """One import of a model."""
    return msgspec.structs.asdict(record)


def difference(found: RevisionDifference) -> dict[str, Any]:
    """What has changed between two revisions."""
    built: dict[str, Any] = msgspec.to_builtins(found)
    for item in built["items"]:
        item["class"] = item.pop("class_")
    built["from"], built["to"] = built.pop("before"), built.pop("after")
    return built
