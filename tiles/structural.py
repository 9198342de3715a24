"""EXT_mesh_features, EXT_instance_features and EXT_structural_metadata of one asset."""

from typing import Any

from tiles.columns import Encoded
from tiles.gltf import GlbBuilder
from tiles.metadata import FEATURE_CLASS, INSTANCE_CLASS

MESH_FEATURES = "EXT_mesh_features"
INSTANCE_FEATURES = "EXT_instance_features"
STRUCTURAL_METADATA = "EXT_structural_metadata"


def feature_set(builder: GlbBuilder, extension: str, *, count: int) -> dict[str, Any]:
    """The extension object that ties `count` features, numbered by attribute _FEATURE_ID_0, to property table 0."""
    builder.used.add(extension)
    return {extension: {"featureIds": [{"featureCount": count, "attribute": 0, "propertyTable": 0}]}}


def announce_instances(builder: GlbBuilder, primitives: list[dict[str, Any]]) -> None:
    """Tell shaders which properties the instances of `primitives` have (see INSTANCE_CLASS)."""
    for primitive in primitives:
        primitive["extensions"] = {STRUCTURAL_METADATA: {"propertyAttributes": [0]}}
    extension = builder.extensions.setdefault(STRUCTURAL_METADATA, {})
    extension["propertyAttributes"] = [{"name": "instances", "class": INSTANCE_CLASS}]


def write_table(builder: GlbBuilder, rows: dict[str, Encoded], *, count: int, schema_uri: str) -> None:
    """Write property table 0 with `count` rows; the class is described in the schema at `schema_uri`."""
    properties: dict[str, Any] = {}
    for name, column in rows.items():
        entry: dict[str, Any] = {"values": builder.view(column.values)}
        if column.offsets is not None:
            entry |= {"stringOffsets": builder.view(column.offsets), "stringOffsetType": column.offset_type}
        properties[name] = entry
    table = {"name": "objects", "class": FEATURE_CLASS, "count": count, "properties": properties}
    extension = builder.extensions.setdefault(STRUCTURAL_METADATA, {})
    extension |= {"schemaUri": schema_uri, "propertyTables": [table]}
    builder.used.add(STRUCTURAL_METADATA)
