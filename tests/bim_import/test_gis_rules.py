"""Rules files: what they say is done, what they cannot say is refused with the line."""

import math
import pickle
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bim_import.gis.columns import Columns, amount
from bim_import.gis.rules.file import models_named, read_rules
from bim_import.gis.rules.measures import rgba
from bim_import.gis.rules.where import WhereError, condition
from tests.bim_import.gis_layers import NINGBO, block, feature, geojson, imported, solid
from twin.errors import InvalidRules

LON, LAT = NINGBO


def table(**columns: list[Any]) -> Columns:
    return Columns(pa.RecordBatch.from_pydict(columns))


def held(text: str, **columns: list[Any]) -> list[bool]:
    return [bool(each) for each in condition(text).holds(table(**columns))]


CONDITIONS = [
    ("height > 3", {"height": [2.0, 4.0, None]}, [False, True, False]),
    ("HEIGHT >= 4", {"height": ["4 m", "3", "x"]}, [True, False, False]),
    ("kind = 'office'", {"kind": ["office", "shop", None]}, [True, False, False]),
    ("kind <> 'office'", {"kind": ["office", "shop", None]}, [False, True, False]),
    ("not kind = 'office'", {"kind": ["office", "shop", None]}, [False, True, True]),
    ("kind is null", {"kind": ["office", "", None]}, [False, True, True]),
    ("kind is not null", {"kind": ["office", "", None]}, [True, False, False]),
    ("kind in ('a', 'b')", {"kind": ["a", "c", None]}, [True, False, False]),
    ("kind not in ('a', 'b')", {"kind": ["a", "c", None]}, [False, True, True]),
    ("kind like 'Build%'", {"kind": ["building_part", "rebuild", None]}, [True, False, False]),
    ("`building:levels` > 3", {"building:levels": ["5", "3", None]}, [True, False, False]),
    ("building:levels > 3", {"building:levels": ["5", "3", None]}, [True, False, False]),
    ("楼层 > 6 and 名称 = '甲'", {"楼层": [7, 7], "名称": ["甲", "乙"]}, [True, False]),
    ("a = 1 or b = 1 and c = 1", {"a": [1, 0, 0], "b": [0, 1, 1], "c": [0, 0, 1]}, [True, False, True]),
    ("(a = 1 or b = 1) and c = 1", {"a": [1, 0], "b": [0, 1], "c": [0, 1]}, [False, True]),
    ("open = true", {"open": [True, False, None]}, [True, False, False]),
    ("open = false", {"open": ["yes", "no", None]}, [False, True, False]),
    ("gone = 1", {"a": [1]}, [False]),
    ("name = 'it''s'", {"name": ["it's"]}, [True]),
]


@pytest.mark.parametrize(("text", "columns", "expected"), CONDITIONS)
def test_conditions_hold_as_in_sql(text: str, columns: dict[str, list[Any]], expected: list[bool]) -> None:
    assert held(text, **columns) == expected
    assert held(pickle.loads(pickle.dumps(condition(text))).text, **columns) == expected


@pytest.mark.parametrize(
    "text", ["height >", "> 3", "a = b", "kind in 'a'", "a = 1 2", "(a = 1", "a ~ 1", "", "a is 3"]
)
def test_a_condition_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(WhereError):
        condition(text)


AMOUNTS = [
    ("12", 12.0), ("12.5 m", 12.5), ("12,5", 12.5), ("40 ft", 12.192), ("12'6\"", 3.81), ("6'", 1.8288),
    ("DN300", 0.3), ("Φ 500mm", 0.5), ("800 mm", 0.8), ("3;4", 3.0), ("约十米", None), ("", None), ("12 层", 12.0),
    ("1e2", 100.0), ("-3", -3.0), ("5 furlongs", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), AMOUNTS)
def test_texts_are_read_as_amounts(text: str, expected: float | None) -> None:
    found = amount(text)
    assert math.isnan(found) if expected is None else found == pytest.approx(expected)


@given(st.floats(-1e6, 1e6))
def test_a_number_written_as_text_is_the_same_number(value: float) -> None:
    assert amount(repr(value)) == pytest.approx(value)


def test_colours_are_read_as_css_and_openstreetmap_write_them() -> None:
    assert rgba("#ff0000") == (1.0, 0.0, 0.0, 1.0)
    assert rgba("#f008") is None
    assert rgba("#FF000080") == pytest.approx((1.0, 0.0, 0.0, 128 / 255))
    assert rgba("Light_Grey") == rgba("#d3d3d3")
    assert rgba("plaid") is None


BROKEN = {
    "no TOML": ("[[rule]\n", 1, "no TOML"),
    "unknown kind": ("\n[[rule]]\nas = 'cube'\n", 3, "'cube' is nothing that features can become"),
    "no kind": ("\n\n[[rule]]\nclass = 'A'\n", 3, "`as` is missing"),
    "misspelt field": ("[[rule]]\nas = 'extrude'\nhieght = 3\n", 3, "Is 'height' meant?"),
    "field of another kind": ("[[rule]]\nas = 'tube'\nroof = 'flat'\n", 3, "only with as = 'extrude'"),
    "unit": ("[[rule]]\nas='extrude'\nheight={column='h', unit='furlong'}\n", 3, "'furlong' is no unit"),
    "colour": ("[[rule]]\nas='extrude'\ncolor='plaid'\n", 3, "'plaid' is no colour"),
    "condition": ("[[rule]]\nas='skip'\nwhere='height >'\n", 3, "a value is missing"),
    "type": (
        "[[rule]]\nas='skip'\n[rule.properties]\nA={column='a', type='money'}\n",
        3,
        "'money' is no type",
    ),
    "geometry": (
        "[[rule]]\nas='extrude'\ngeometry='line'\n",
        3,
        "a line cannot become this (extrude). Leave `geometry` out, or write 'polygon'",
    ),
    "flag": ("defaults = 'no'\n", 1, "neither true nor false"),
    "language": ("[[rule]]\nas='skip'\n[names]\nroads = { fr = 'Routes' }\n", 3, "'fr' is not known here"),
    "no name": ("[class_names]\nRoad = 3\n", 1, "3 is no name for 'Road'"),
    "unknown at the top": ("rules = []\n", 1, "'rules' is not known"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_fault_is_told_with_its_line(name: str) -> None:
    text, line, said = BROKEN[name]
    with pytest.raises(InvalidRules, match=re.escape(said)) as caught:
        read_rules(text.encode(), "rules.toml")
    assert caught.value.problems[0].line == line


def test_names_are_told_by_language_or_once_for_all() -> None:
    text = "[names]\nroads = { zh = '道路', en = 'Roads' }\n[class_names]\nKerb = 'Kerb'\n[[rule]]\nas = 'skip'\n"
    found = read_rules(text.encode(), "rules.toml")
    assert found.names == {"roads": {"zh": "道路", "en": "Roads"}}
    assert found.class_names == {"Kerb": {"zh": "Kerb", "en": "Kerb"}}


def test_all_faults_are_told_at_once() -> None:
    text = "[[rule]]\nas = 'cube'\n[[rule]]\nas = 'skip'\nwhere = 'x >'\nfoo = 1\n"
    with pytest.raises(InvalidRules) as caught:
        read_rules(text.encode(), "rules.toml")
    assert [problem.line for problem in caught.value.problems] == [2, 5, 6]


def rules(folder: Path, text: str) -> Path:
    file = folder / "rules.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_first_rule_that_fits_wins_and_the_defaults_take_the_rest(tmp_path: Path) -> None:
    file = geojson(
        tmp_path,
        feature(block(LON, LAT), use="office", height=30.0),
        feature(block(LON + 0.001, LAT), use="ruin", height=30.0),
        feature(block(LON + 0.002, LAT), use="shop", height=30.0),
    )
    text = """
        [[rule]]
        where = "use = 'ruin'"
        as = "skip"
        [[rule]]
        where = "use in ('office', 'ruin')"
        as = "extrude"
        class = "Office"
        height = 12.0
    """
    found = imported(file, rules=rules(tmp_path, text))
    assert found.report.not_drawn == {"skipped by a rule": 1}
    assert [item.class_ for item in found.objects] == ["Office", "Feature", "Building"]
    assert solid(found, "0").extents[2] == pytest.approx(12.0, abs=0.05)
    assert solid(found, "2").extents[2] == pytest.approx(30.0, abs=0.05)


def test_without_defaults_a_feature_that_no_rule_is_for_is_counted_so(tmp_path: Path) -> None:
    file = geojson(tmp_path, feature(block(LON, LAT), height=30.0))
    found = imported(file, rules=rules(tmp_path, "defaults = false\n"))
    assert found.report.not_drawn == {"no rule for it": 1}


def test_ids_names_classes_and_typed_properties_come_from_the_columns_that_rules_name(tmp_path: Path) -> None:
    file = geojson(
        tmp_path, feature(block(LON, LAT), code="甲-1", label="甲楼", kind="tower", watt="40 W", h=9)
    )
    text = """
        id = "code"
        name = "label"
        [[rule]]
        as = "extrude"
        class = { column = "kind", default = "Building" }
        height = "h"
        [rule.properties]
        "Power" = { column = "h", type = "number", unit = "W" }
        "Label" = "label"
    """
    found = imported(file, rules=rules(tmp_path, text))
    (item,) = found.objects
    assert (item.global_id, item.name, item.class_) == ("甲-1", "甲楼", "tower")
    kept = item.attributes.properties["attributes"]
    assert {name: (each.value, each.type, each.unit) for name, each in kept.items()} == {
        "Power": (9.0, "real", "W"),
        "Label": ("甲楼", "text", None),
    }


def test_values_that_are_not_of_the_type_of_a_rule_are_told(tmp_path: Path) -> None:
    layer = [feature(block(LON, LAT), floors=text, height=3.0) for text in ("5", "five", "", None)]
    text = "[[rule]]\nas = 'extrude'\n[rule.properties]\nFloors = { column = 'floors', type = 'integer' }\n"
    found = imported(geojson(tmp_path, *layer), rules=rules(tmp_path, text))
    assert found.objects[0].attributes.properties["attributes"]["Floors"].value == 5
    assert (
        sum("1 features with a value that is not of the type" in text for text in found.report.warnings) == 1
    )


def test_colours_go_by_the_values_of_a_column(tmp_path: Path) -> None:
    file = geojson(
        tmp_path,
        feature(block(LON, LAT), use="a", height=3.0),
        feature(block(LON + 0.001, LAT), use="#00ff00", height=3.0),
        feature(block(LON + 0.002, LAT), use="?", height=3.0),
    )
    text = """
        [[rule]]
        as = "extrude"
        color = { column = "use", values = { a = "#ff0000" }, default = "#0000ff" }
    """
    found = imported(file, rules=rules(tmp_path, text))
    assert [list(found.colors(name)) for name in ("0", "1", "2")] == [
        [(1.0, 0.0, 0.0, 1.0)],
        [(0.0, 1.0, 0.0, 1.0)],
        [(0.0, 0.0, 1.0, 1.0)],
    ]


def test_a_column_that_a_layer_lacks_is_a_warning(tmp_path: Path) -> None:
    file = geojson(tmp_path, feature(block(LON, LAT), height=3.0))
    found = imported(file, rules=rules(tmp_path, "[[rule]]\nas='extrude'\nheight='hight'\n"))
    assert any("'hight'" in text and "height" in text for text in found.report.warnings)


def test_the_rules_of_the_handbook_can_be_read(root: Path) -> None:
    text = (root / "docs" / "gis.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```toml\n(.*?)```", text, flags=re.DOTALL)
    assert blocks
    for each in blocks:
        assert read_rules(each.encode(), "docs/gis.md").specs


def test_models_that_rules_name_are_known_for_the_content_hash() -> None:
    text = b"[[rule]]\nas='instance'\nmodel='lamps/a.glb'\n[[rule]]\nas='instance'\nmodel='tree'\n"
    assert models_named(read_rules(text, "rules.toml")) == ["lamps/a.glb"]
