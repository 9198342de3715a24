"""The metadata of a model's tiles: schema, property tables, statistics (3D Metadata 1.0, EXT_structural_metadata)."""

import hashlib
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tiles.catalogue import NO_STOREY, Catalogue
from tiles.columns import (
    Encoded,
    Scalars,
    Texts,
    TypedColumn,
    index_column,
    number_column,
    text_enum,
    truth_enum,
)
from tiles.hot_columns import HotColumn
from twin.tables import Coded, TextArray

FEATURE_CLASS = "feature"
GROUP_CLASS = "group"
INSTANCE_CLASS = "instance"
"""Names what shaders may read of instances. CesiumJS (to 1.145 at least) looks for the properties of a primitive in its
mesh features, textures and attributes, not in the features of its instances, and drops a CustomShader that reads
another. A property attribute of this class, without a value of its own, is how an instanced mesh tells it; the
values still come from the table.
"""

_GROUP_PROPERTIES = {
    "kind": {"type": "STRING", "required": True, "description": "element or space"},
    "discipline": {"type": "STRING", "required": True, "description": "one discipline, or mixed"},
    "storey": {
        "type": "STRING",
        "noData": "",
        "description": "name of the storey, where the tile has one alone",
    },
    "storey_id": {"type": "STRING", "noData": "", "description": "global_id of that storey"},
}

_NOT_IN_IDENTIFIER = re.compile(r"[^a-zA-Z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A column with its id in the schema, and what the schema tells people about it."""

    id: str
    column: TypedColumn
    name: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureTable:
    """All columns of a model, by ordinal; tiles take their rows from it."""

    columns: list[Described]

    def schema(self) -> dict[str, Any]:
        """The schema that all tiles of the model share (3D Metadata, "Schemas")."""
        properties: dict[str, Any] = {}
        enums: dict[str, Any] = {}
        for each in self.columns:
            labels = {"name": each.name, "description": each.description}
            properties[each.id] = {k: v for k, v in labels.items() if v} | each.column.definition()
            if isinstance(each.column, Scalars) and each.column.names:
                enums[each.column.kind["enumType"]] = each.column.enum()
        return {
            "id": "city_twin",
            "classes": {
                FEATURE_CLASS: {"name": "Object", "properties": properties},
                INSTANCE_CLASS: {
                    "name": "What shaders may read of an instance",
                    "properties": self._for_shaders(),
                },
                GROUP_CLASS: {"name": "Content group", "properties": _GROUP_PROPERTIES},
            },
            "enums": enums,
        }

    def _for_shaders(self) -> dict[str, Any]:
        """Definitions of the columns that fit into a texture, none of them required (see INSTANCE_CLASS)."""
        return {each.id: each.column.kind for each in self.columns if isinstance(each.column, Scalars)}

    def rows(self, ordinals: NDArray[np.intp]) -> dict[str, Encoded]:
        """The table of one tile: property id → bytes.

        Columns of which no feature of the tile has a value are there, too: a CustomShader that reads one works on every tile,
        the reference validator (to 0.6.1 at least) fails on tables without them, and all the same bytes compress to nothing.
        """
        return {each.id: each.column.encode(ordinals) for each in self.columns}

    def statistics(self, ordinals: NDArray[np.intp]) -> dict[str, Any]:
        """`statistics` of the tileset over these features (3D Tiles 1.1, "Metadata statistics")."""
        scalars = ((each.id, each.column) for each in self.columns if isinstance(each.column, Scalars))
        found = {name: column.statistics(ordinals) for name, column in scalars}
        properties = {name: value for name, value in found.items() if value}
        return {"classes": {FEATURE_CLASS: {"count": len(ordinals), "properties": properties}}}


def feature_table(catalogue: Catalogue, state_index: NDArray[np.uint32]) -> FeatureTable:
    """The columns of every model: identity, class, name, place, state index; then the hot properties.

    Names and storeys are left out of a model in which no object has any.
    """
    everywhere = np.ones(len(catalogue), dtype=bool)
    texts = [
        Described(id="name", column=Texts(texts=catalogue.names, required=False)),
        Described(id="storey", column=_of_storeys(catalogue, catalogue.names)),
        Described(
            id="storey_id",
            column=_of_storeys(catalogue, catalogue.global_ids),
            description="global_id of the storey",
        ),
    ]
    fixed = [
        Described(id="global_id", column=Texts(texts=catalogue.global_ids)),
        Described(id="class", column=text_enum("class", catalogue.classes, everywhere)),
        *(each for each in texts if not (isinstance(each.column, Texts) and each.column.says_nothing)),
        Described(id="discipline", column=text_enum("discipline", catalogue.disciplines, everywhere)),
        Described(
            id="state_index",
            column=index_column(state_index),
            description="index of the object's live state, unique over the whole scene",
        ),
    ]
    taken = {each.id for each in fixed} | {each.id for each in texts}
    return FeatureTable(columns=fixed + [_hot_column(column, taken) for column in catalogue.hot])


def _of_storeys(catalogue: Catalogue, texts: TextArray) -> Texts:
    """`texts` of the storey of each object, empty where it has none."""
    has = catalogue.storeys != NO_STOREY
    lengths = np.zeros(len(catalogue), dtype=np.int64)
    found = texts.take(catalogue.storeys[has])
    lengths[has] = found.lengths
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return Texts(texts=TextArray(data=found.data, offsets=offsets), required=False)


def _hot_column(column: HotColumn, taken: set[str]) -> Described:
    hot = column.hot
    name = f"{hot.set_name}.{hot.name}"
    unique = identifier(name, taken)
    taken.add(unique)
    return Described(
        id=unique,
        column=_typed(column, f"{unique}_values"),
        name=name,
        description=f"{name}, unit {hot.unit}" if hot.unit else None,
    )


def _typed(column: HotColumn, enum_id: str) -> TypedColumn:
    if isinstance(column.values, Coded):
        return text_enum(enum_id, column.values, column.valid)
    if column.values.dtype == np.bool_:
        return truth_enum(enum_id, column.values.astype(np.bool_), column.valid)
    return number_column(column.values.astype(np.float64), column.valid)


def identifier(name: str, taken: set[str]) -> str:
    """`name` as an identifier of 3D Metadata (`^[a-zA-Z_][a-zA-Z0-9_]*$`) that is not in `taken`.

    Runs of other characters become one underscore (two in a row are reserved in GLSL). What that loses (non-ASCII
    names, collisions) is made up for by a hash of the name, so that an id does not depend on its neighbours.
    """
    plain = _NOT_IN_IDENTIFIER.sub("_", name).strip("_")
    digest = hashlib.blake2b(name.encode(), digest_size=4).hexdigest()
    if not name.isascii():
        plain = f"{plain}_{digest}" if plain else f"p_{digest}"
    if not plain or plain[0].isdigit():
        plain = f"p_{plain}" if plain else f"p_{digest}"
    return plain if plain not in taken else f"{plain}_{digest}"
