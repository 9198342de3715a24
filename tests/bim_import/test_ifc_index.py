"""Ordinals: every object once, in the order of global ids, whatever the ids look like."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bim_import.ifc.reading.index import index_products
from bim_import.ifc.reading.open import open_ifc
from tests.bim_import.part21 import BUILDING, PROJECT, SITE, STOREY, eager, guid, write


def wall(step_id: int, global_id: str | None) -> str:
    written = "$" if global_id is None else "'" + global_id.replace("\\", "\\\\").replace("'", "''") + "'"
    return f"#{step_id}=IFCWALL({written},$,'W',$,$,$,$,$,$);\n"


def indexed(folder: Path, data: str) -> tuple[dict[int, str], list[str]]:
    index = index_products(open_ifc(write(folder, data)).file)
    assert index.global_ids == sorted(index.global_ids)
    assert [index.ordinal_of[step_id] for step_id in index.step_ids] == list(range(len(index.step_ids)))
    return dict(zip(index.step_ids, index.global_ids, strict=True)), index.warnings


def test_projects_and_products_are_numbered_in_the_order_of_global_ids(tmp_path: Path) -> None:
    ids, warnings = indexed(tmp_path, wall(30, guid(9)) + wall(20, guid(10)))
    assert ids == {1: PROJECT, 6: SITE, 7: BUILDING, 8: STOREY, 30: guid(9), 20: guid(10)}
    assert warnings == []


def test_the_project_is_no_product(tmp_path: Path) -> None:
    index = index_products(open_ifc(write(tmp_path, wall(20, guid(1)))).file)
    assert (index.product_count, len(index.step_ids)) == (4, 5)


def test_a_repeated_global_id_gets_a_number_in_the_order_of_step_ids(tmp_path: Path) -> None:
    ids, warnings = indexed(tmp_path, wall(40, guid(1)) + wall(20, guid(1)) + wall(30, guid(1)))
    assert [ids[20], ids[30], ids[40]] == [guid(1), guid(1) + "~2", guid(1) + "~3"]
    assert len(warnings) == 1
    assert warnings[0].startswith("2 objects repeat")


@pytest.mark.parametrize("global_id", [None, "", "a/b", "a\\b", "children", "trace", "..", "x~2", "a" * 65])
def test_a_global_id_that_cannot_be_part_of_an_id_is_replaced_by_the_step_id(
    tmp_path: Path, global_id: str | None
) -> None:
    ids, warnings = indexed(tmp_path, wall(20, global_id))
    assert ids[20] == "step-20"
    assert "no usable GlobalId" in warnings[0]


def test_a_global_id_outside_the_rules_is_kept_and_warned_about(tmp_path: Path) -> None:
    ids, warnings = indexed(tmp_path, wall(20, "Wall-7") + wall(21, "9" * 22))
    assert (ids[20], ids[21]) == ("Wall-7", "9" * 22)
    assert warnings[0].startswith("2 objects have a GlobalId that is not 22 base-64 characters (first: #20)")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from([None, "", "x", guid(1), guid(2), "step-21", "a/b", "x~2"]), max_size=12))
def test_ids_are_unique_and_stable_whatever_the_file_has(
    tmp_path_factory: pytest.TempPathFactory, global_ids: list[str | None]
) -> None:
    folder = tmp_path_factory.mktemp("ids")
    data = "".join(wall(20 + n, global_id) for n, global_id in enumerate(global_ids))
    ids, _ = indexed(folder, data)
    assert len(set(ids.values())) == len(ids) == 4 + len(global_ids)
    assert indexed(folder, data)[0] == ids


def test_the_index_counts_what_ifcopenshell_counts(real_data: Path) -> None:
    for path in sorted((real_data / "ifc").rglob("*.ifc"))[::12]:
        opened = open_ifc(path)
        index = index_products(opened.file)
        if opened.declared_schema == opened.schema:
            assert index.product_count == len(eager(path).by_type("IfcProduct")), path.name
        assert len(index.step_ids) == index.product_count + len(opened.file.by_type("IfcProject"))
