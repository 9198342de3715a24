"""Property tables, schemas and statistics."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.tiles.conftest import FIRST_INDEX, Built, build
from tests.tiles.reading import tiles_of
from tests.tiles.spools import Sample, box, placed, props
from tiles.columns import FLOAT64_NO_DATA, Texts, number_column, smallest_integer, text_enum, truth_enum
from tiles.hot import choose_hot
from tiles.metadata import identifier
from twin.objects import Attributes, Property, SourceObject
from twin.source import Material
from twin.tables import Coded, TextArray

IDENTIFIER = re.compile(r"^[a-zA-Z_][a-zA-Z0-9_]*$")


def rows_of(built: Built) -> dict[str, dict[str, Any]]:
    """Rows of all tables by global_id."""
    rows = {}
    for tile in tiles_of(built.folder, built.result.tileset):
        if "content" in tile.json:
            for row in built.glb(tile.json["content"]["uri"]).table(built.schema):
                rows[row["global_id"]] = row
    return rows


def labelled(values: list[Any], *, name: str = "p") -> Sample:
    """One box for each value, with the value as property `name`; None: without it."""
    sample = Sample(materials=[Material()], meshes=[box()])
    for at, value in enumerate(values):
        sample.draw(0, placed(at * 2.0), attributes=Attributes() if value is None else props(**{name: value}))
    return sample


def test_identity_class_place_and_state_come_back(plain: Built) -> None:
    rows = rows_of(plain)
    for item in plain.sample.objects:
        if item.global_id not in rows:
            continue
        row = rows[item.global_id]
        storey = None if item.storey is None else plain.sample.objects[item.storey]
        assert row["class"] == item.class_
        assert (row["name"] or "") == item.name
        assert row["discipline"] == item.discipline
        assert row["state_index"] == FIRST_INDEX + item.ordinal
        assert (row["storey"], row["storey_id"]) == (
            (storey.name, storey.global_id) if storey else (None, None)
        )


def test_hot_properties_come_back_typed_and_missing_ones_are_missing(plain: Built) -> None:
    rows = rows_of(plain)
    names = {
        entry.get("name"): key for key, entry in plain.schema["classes"]["feature"]["properties"].items()
    }
    for item in plain.sample.objects:
        if item.global_id not in rows:
            continue
        values = item.attributes.properties.get("Pset_Test", {})
        for name, key in names.items():
            if name is not None:
                found = values.get(name.removeprefix("Pset_Test."))
                expected = (
                    None
                    if found is None
                    else {True: "TRUE", False: "FALSE"}.get(found.value, found.value)
                    if isinstance(found.value, bool)
                    else found.value
                )
                assert rows[item.global_id][key] == expected
    assert {"Pset_Test.IsExternal", "Pset_Test.Thickness", "Pset_Test.FireRating", "Pset_Test.Power"} <= set(
        names
    )


def test_every_id_in_the_schema_is_an_identifier(plain: Built) -> None:
    schema = plain.schema
    ids = [schema["id"], *schema["classes"], *schema["enums"]]
    ids += [key for each in schema["classes"].values() for key in each["properties"]]
    assert [each for each in ids if not IDENTIFIER.match(each)] == []


def test_every_table_has_every_column_of_the_schema_with_as_many_bytes_as_it_says(plain: Built) -> None:
    columns = set(plain.schema["classes"]["feature"]["properties"])
    for tile in tiles_of(plain.folder, plain.result.tileset):
        if "content" in tile.json:
            glb = plain.glb(tile.json["content"]["uri"])
            (table,) = glb.json["extensions"]["EXT_structural_metadata"]["propertyTables"]
            assert set(table["properties"]) == columns
            assert all(len(glb.view(each["values"])) > 0 for each in table["properties"].values())


def test_texts_that_all_are_missing_have_bytes_that_say_so() -> None:
    encoded = Texts(texts=TextArray.of(["", ""]), required=False).encode(np.arange(2))
    assert (encoded.values, encoded.offsets) == (b"--", b"\x00\x01\x02")


def test_missing_values_of_an_enumeration_are_one_of_its_names(plain: Built) -> None:
    schema = plain.schema
    for each in schema["classes"]["feature"]["properties"].values():
        if each["type"] == "ENUM" and "noData" in each:
            assert each["noData"] in [value["name"] for value in schema["enums"][each["enumType"]]["values"]]
        assert not (each.get("required") and "noData" in each)


def test_statistics_count_what_is_in_the_tables(plain: Built) -> None:
    statistics = plain.document["statistics"]["classes"]["feature"]
    rows = list(rows_of(plain).values())
    assert statistics["count"] == len(rows)
    occurrences = statistics["properties"]["class"]["occurrences"]
    assert occurrences == {
        name: sum(row["class"] == name for row in rows) for name in {row["class"] for row in rows}
    }
    indices = [row["state_index"] for row in rows]
    assert statistics["properties"]["state_index"] == {"min": min(indices), "max": max(indices)}


def test_groups_say_kind_discipline_and_storey(plain: Built) -> None:
    groups = [group["properties"] for group in plain.document["groups"]]
    kinds = {
        row["class"]: groups[tile.json["content"]["group"]]["kind"]
        for tile in tiles_of(plain.folder, plain.result.tileset)
        if "content" in tile.json
        for row in plain.glb(tile.json["content"]["uri"]).table(plain.schema)
    }
    assert kinds.pop("IfcSpace") == "space"
    assert set(kinds.values()) == {"element"}


def test_all_tiles_share_one_schema_beside_the_tileset(plain: Built) -> None:
    uris = {
        plain.glb(tile.json["content"]["uri"]).json["extensions"]["EXT_structural_metadata"]["schemaUri"]
        for tile in tiles_of(plain.folder, plain.result.tileset)
        if "content" in tile.json
    }
    assert uris == {f"../{plain.document['schemaUri']}"}


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2, 3, None], {"type": "SCALAR", "componentType": "FLOAT32"}),
        ([0.1, 0.2, None, 0.3], {"type": "SCALAR", "componentType": "FLOAT64"}),
        ([True, False, None, True], {"type": "ENUM"}),
        (["一", "二", None, "一", "二"], {"type": "ENUM"}),
    ],
)
def test_a_property_gets_the_type_that_keeps_its_values(
    tmp_path: Path, values: list[Any], kind: dict[str, str]
) -> None:
    built = build(labelled(values), tmp_path / "out", compress=False)
    definition = built.schema["classes"]["feature"]["properties"]["Pset_Test_p"]
    assert kind.items() <= definition.items()
    expected = [
        {True: "TRUE", False: "FALSE"}[value] if isinstance(value, bool) else value for value in values
    ]
    assert [row["Pset_Test_p"] for _, row in sorted(rows_of(built).items())] == expected


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([5, 5, 5, 5], id="constant"),
        pytest.param([f"remark {at}" for at in range(8)], id="all different"),
        pytest.param([[1, 2], [1, 2], [3]], id="lists"),
        pytest.param([float("nan"), float("inf"), 10**400], id="not finite"),
        pytest.param(["", "", ""], id="empty"),
        pytest.param([1.0] + [None] * 60, id="rare"),
    ],
)
def test_a_property_that_tells_nothing_apart_gets_no_column(values: list[Any]) -> None:
    assert choose_hot(labelled(values).objects, limit=8) == []


def test_units_are_part_of_a_property_and_told_to_people(tmp_path: Path) -> None:
    sample = labelled([None] * 6)
    for at, unit in enumerate(["mm", "mm", "mm", "mm", "m", None]):
        found = {"Width": Property(value=at * 1.5, type="IfcLengthMeasure", unit=unit)}
        old = sample.objects[at]
        sample.objects[at] = SourceObject(
            ordinal=at,
            global_id=old.global_id,
            class_=old.class_,
            name="",
            attributes=Attributes(properties={"Qto_Wall": found}),
        )
    built = build(sample, tmp_path / "out", compress=False)
    definition = built.schema["classes"]["feature"]["properties"]["Qto_Wall_Width"]
    assert definition["description"] == "Qto_Wall.Width, unit mm"
    values = [row["Qto_Wall_Width"] for _, row in sorted(rows_of(built).items())]
    assert values == [0.0, 1.5, 3.0, 4.5, None, None]


def test_standard_sets_come_before_others_when_there_is_no_room() -> None:
    objects = [
        SourceObject(
            ordinal=at,
            global_id=str(at),
            class_="IfcWall",
            name="",
            attributes=Attributes(
                properties={
                    "Revit": {f"p{n}": Property(value=at + n, type="x") for n in range(9)},
                    "Pset_WallCommon": {"IsExternal": Property(value=at % 2 == 0, type="IfcBoolean")},
                }
            ),
        )
        for at in range(20)
    ]
    assert ("Pset_WallCommon", "IsExternal") in [
        (hot.set_name, hot.name) for hot in choose_hot(objects, limit=1)
    ]


@given(st.text(max_size=30), st.sets(st.text(max_size=4), max_size=4))
def test_any_name_becomes_an_identifier_of_its_own(name: str, taken: set[str]) -> None:
    found = identifier(name, taken)
    assert IDENTIFIER.match(found)
    assert found not in taken
    assert "__" not in found


def test_names_that_differ_only_in_what_is_lost_keep_different_ids() -> None:
    assert len({identifier(name, set()) for name in ("灯具.功率", "灯具.电压", "功率")}) == 3
    first = identifier("a b", set())
    assert identifier("a-b", {first}) != first


def present(values: list[Any]) -> NDArray[np.bool_]:
    return np.array([value is not None for value in values])


NUMBERS = st.floats(allow_nan=False, allow_infinity=False).filter(lambda value: value > FLOAT64_NO_DATA)


@given(st.lists(st.none() | NUMBERS, min_size=1))
def test_numbers_survive_their_column(values: list[float | None]) -> None:
    numbers = np.array([0.0 if value is None else value for value in values])
    column = number_column(numbers, present(values))
    encoded = column.encode(np.arange(len(values)))
    dtype = {"FLOAT32": np.float32, "FLOAT64": np.float64}[column.kind["componentType"]]
    found = [
        None if value == column.no_data else value for value in np.frombuffer(encoded.values, dtype).tolist()
    ]
    assert found == [None if value == column.no_data else value for value in values]


@given(st.lists(st.none() | st.text(max_size=5), min_size=1))
def test_texts_survive_their_enumeration(values: list[str | None]) -> None:
    column = text_enum("e", Coded.of([value or "" for value in values]), present(values))
    names = [column.names[code] for code in column.values.tolist()]
    assert names == ["NO_DATA" if value is None else value for value in values]
    assert len(column.names) == len(set(column.names))


@given(st.lists(st.none() | st.booleans(), min_size=1))
def test_booleans_survive_their_enumeration(values: list[bool | None]) -> None:
    column = truth_enum("e", np.array([bool(value) for value in values]), present(values))
    meaning = {"TRUE": True, "FALSE": False, "NO_DATA": None}
    assert [meaning[column.names[code]] for code in column.values.tolist()] == values


@pytest.mark.parametrize(
    ("largest", "name"), [(0, "UINT8"), (255, "UINT8"), (256, "UINT16"), (65_536, "UINT32")]
)
def test_offsets_and_codes_take_the_smallest_type(largest: int, name: str) -> None:
    assert smallest_integer(largest)[0] == name


def test_no_buffer_is_empty_where_no_object_has_a_name(tmp_path: Path) -> None:
    built = build(labelled([None, None]), tmp_path / "out", compress=False)
    (tile,) = tiles_of(built.folder, built.result.tileset)
    assert min(view["byteLength"] for view in built.glb(tile.json["content"]["uri"]).json["bufferViews"]) > 0


def test_the_schema_says_what_is_lost_in_ids(tmp_path: Path) -> None:
    built = build(labelled([1, 2, 3, 4], name="额定功率"), tmp_path / "out", compress=False)
    properties = built.schema["classes"]["feature"]["properties"]
    assert [each["name"] for each in properties.values() if "name" in each] == ["Pset_Test.额定功率"]
    assert json.dumps(properties, ensure_ascii=False).count("额定功率") == 1
