"""The spatial tree: which relation makes the parent, and what becomes of objects without one."""

from pathlib import Path

import ifcopenshell.util.element
import pytest

from tests.bim_import.part21 import guid, read, read_text, write

PROJECT, SITE, BUILDING, STOREY = 1, 6, 7, 8
"""STEP ids of the usual tree."""


def element(step_id: int, name: str = "IFCWALL") -> str:
    tail = {
        "IFCOPENINGELEMENT": ",$",
        "IFCSPACE": ",$,$,$",
        "IFCDOOR": ",$,$,$,$,$",
        "IFCDISTRIBUTIONPORT": ",$,$",
    }
    return f"#{step_id}={name}('{guid(step_id)}',$,'{name}',$,$,$,$,$" + tail.get(name, ",$") + ");\n"


def relation(step_id: int, name: str, first: str, second: str) -> str:
    return f"#{step_id}={name}('{guid(step_id)}',$,$,$,{first},{second});\n"


def parents(
    folder: Path, data: str, schema: str = "IFC4"
) -> tuple[dict[int, int | None], dict[int, int | None]]:
    """Parent and storey by STEP id."""
    _, index, objects = read(write(folder, data, schema))
    back = dict(enumerate(index.step_ids))
    return (
        {step_id: None if item.parent is None else back[item.parent] for step_id, item in objects.items()},
        {step_id: None if item.storey is None else back[item.storey] for step_id, item in objects.items()},
    )


def test_the_tree_goes_from_project_to_storey_to_element(tmp_path: Path) -> None:
    tree, storeys = parents(
        tmp_path, element(20) + relation(30, "IFCRELCONTAINEDINSPATIALSTRUCTURE", "(#20)", "#8")
    )
    assert tree == {1: None, 6: 1, 7: 6, 8: 7, 20: 8}
    assert storeys == {1: None, 6: None, 7: None, 8: None, 20: 8}


def test_a_part_hangs_below_its_whole_and_keeps_its_storey(tmp_path: Path) -> None:
    data = element(20) + element(21) + relation(30, "IFCRELAGGREGATES", "#20", "(#21)")
    tree, storeys = parents(
        tmp_path, data + relation(31, "IFCRELCONTAINEDINSPATIALSTRUCTURE", "(#20,#21)", "#8")
    )
    assert (tree[21], tree[20], storeys[21]) == (20, STOREY, STOREY)


def test_an_opening_hangs_below_its_wall_and_a_door_in_its_storey(tmp_path: Path) -> None:
    data = element(20) + element(21, "IFCOPENINGELEMENT") + element(22, "IFCDOOR")
    data += relation(30, "IFCRELVOIDSELEMENT", "#20", "#21") + relation(
        31, "IFCRELFILLSELEMENT", "#21", "#22"
    )
    tree, _ = parents(tmp_path, data + relation(32, "IFCRELCONTAINEDINSPATIALSTRUCTURE", "(#20,#22)", "#8"))
    assert (tree[21], tree[22]) == (20, STOREY)


def test_a_door_that_stands_in_no_storey_belongs_to_the_wall_it_is_in(tmp_path: Path) -> None:
    data = element(20) + element(21, "IFCOPENINGELEMENT") + element(22, "IFCDOOR")
    data += relation(30, "IFCRELVOIDSELEMENT", "#20", "#21") + relation(
        31, "IFCRELFILLSELEMENT", "#21", "#22"
    )
    tree, storeys = parents(tmp_path, data + relation(32, "IFCRELCONTAINEDINSPATIALSTRUCTURE", "(#20)", "#8"))
    assert (tree[22], storeys[22]) == (20, STOREY)


def test_a_port_hangs_below_what_it_is_nested_in(tmp_path: Path) -> None:
    data = element(20) + element(21, "IFCDISTRIBUTIONPORT") + relation(30, "IFCRELNESTS", "#20", "(#21)")
    assert parents(tmp_path, data)[0][21] == 20


def test_a_port_of_ifc2x3_hangs_below_what_it_is_connected_to(tmp_path: Path) -> None:
    data = "#20=IFCFLOWSEGMENT('1Any00000000000000020',$,'Pipe',$,$,$,$,$);\n"
    data += "#21=IFCDISTRIBUTIONPORT('1Any00000000000000021',$,'Port',$,$,$,$,$);\n"
    data += "#30=IFCRELCONNECTSPORTTOELEMENT('1Any00000000000000030',$,$,$,#21,#20);\n"
    assert parents(tmp_path, data, "IFC2X3")[0][21] == 20


def test_a_reference_to_a_storey_counts_where_nothing_stronger_does(tmp_path: Path) -> None:
    data = element(20) + element(21) + relation(30, "IFCRELREFERENCEDINSPATIALSTRUCTURE", "(#20,#21)", "#8")
    tree, _ = parents(tmp_path, data + relation(31, "IFCRELCONTAINEDINSPATIALSTRUCTURE", "(#21)", "#7"))
    assert (tree[20], tree[21]) == (STOREY, BUILDING)


def test_an_object_without_relations_hangs_at_the_project(tmp_path: Path) -> None:
    assert parents(tmp_path, element(20))[0][20] == PROJECT


def test_references_into_nothing_leave_the_object_at_the_project(tmp_path: Path) -> None:
    data = element(20) + relation(30, "IFCRELCONTAINEDINSPATIALSTRUCTURE", "(#20,#99)", "#98")
    data += relation(31, "IFCRELAGGREGATES", "#20", "(#20)") + relation(32, "IFCRELAGGREGATES", "$", "(#20)")
    assert parents(tmp_path, data)[0][20] == PROJECT


def test_a_loop_is_cut_with_a_warning_and_everything_keeps_a_parent(tmp_path: Path) -> None:
    data = element(20) + element(21) + element(22)
    for number, (whole, part) in enumerate([(20, 21), (21, 22), (22, 20)]):
        data += relation(30 + number, "IFCRELAGGREGATES", f"#{whole}", f"(#{part})")
    opened, index, objects = read(write(tmp_path, data))
    assert "1 loops in the spatial tree were cut" in opened.warnings[0]
    back = {step_id: objects[step_id].parent for step_id in (20, 21, 22)}
    assert list(back.values()).count(index.ordinal_of[PROJECT]) == 1
    for step_id in (20, 21, 22):
        at: int | None = index.ordinal_of[step_id]
        for _ in range(10):
            at = None if at is None else objects[index.step_ids[at]].parent
        assert at is None, "every way up ends at the root"


def test_a_file_without_project_has_a_warning_and_no_false_parent(tmp_path: Path) -> None:
    opened, _, objects = read(write(tmp_path, element(20), tree=False))
    assert objects[20].parent is None
    assert "no IfcProject" in opened.warnings[0]


def test_of_two_projects_the_first_is_the_root(tmp_path: Path) -> None:
    second = f"#40=IFCPROJECT('{guid(40)}',$,'Second',$,$,$,$,$,$);\n"
    tree, _ = parents(tmp_path, element(20) + second)
    assert (tree[1], tree[20], tree[40]) == (None, PROJECT, None)


def test_the_parts_of_a_bridge_are_storeys_of_infrastructure(tmp_path: Path) -> None:
    data = f"#20=IFCBRIDGE('{guid(20)}',$,'Bridge',$,$,$,$,$,$,$);\n"
    data += f"#21=IFCBRIDGEPART('{guid(21)}',$,'Deck',$,$,$,$,$,$,.VERTICAL.,.DECK.);\n" + element(22)
    data += relation(30, "IFCRELAGGREGATES", "#6", "(#20)") + relation(31, "IFCRELAGGREGATES", "#20", "(#21)")
    data += relation(32, "IFCRELCONTAINEDINSPATIALSTRUCTURE", "(#22)", "#21")
    tree, storeys = parents(tmp_path, data, "IFC4X3_ADD2")
    assert (tree[20], tree[21], tree[22]) == (SITE, 20, 21)
    assert (storeys[22], storeys[21]) == (21, None)


def test_a_chain_deeper_than_the_stack_is_no_trouble(tmp_path: Path) -> None:
    depth = 3000
    data = "".join(element(20 + n) for n in range(depth))
    data += "".join(
        relation(9000 + n, "IFCRELAGGREGATES", f"#{20 + n}", f"(#{21 + n})") for n in range(depth - 1)
    )
    data += relation(19000, "IFCRELCONTAINEDINSPATIALSTRUCTURE", "(#20)", "#8")
    tree, storeys = parents(tmp_path, data)
    assert (tree[20 + depth - 1], storeys[20 + depth - 1]) == (20 + depth - 2, STOREY)


@pytest.mark.parametrize(
    ("name", "discipline"),
    [
        ("IFCWALL", "architecture"),
        ("IFCCOLUMN", "structure"),
        ("IFCSPACE", "spaces"),
        ("IFCDISTRIBUTIONPORT", "services"),
        ("IFCPUMP", "services"),
        ("IFCFURNITURE", "architecture"),
        ("IFCBUILDINGELEMENTPROXY", "other"),
        ("IFCGEOGRAPHICELEMENT", "site"),
    ],
)
def test_the_class_decides_the_discipline(tmp_path: Path, name: str, discipline: str) -> None:
    assert read_text(tmp_path, element(20, name))[20].discipline == discipline


def test_spaces_are_hidden_and_nothing_else(tmp_path: Path) -> None:
    objects = read_text(tmp_path, element(20, "IFCSPACE") + element(21) + element(22, "IFCOPENINGELEMENT"))
    assert {step_id for step_id, item in objects.items() if item.hidden} == {20}


def test_panels_of_a_curtain_wall_are_architecture(tmp_path: Path) -> None:
    data = (
        element(20, "IFCCURTAINWALL")
        + element(21, "IFCPLATE")
        + relation(30, "IFCRELAGGREGATES", "#20", "(#21)")
    )
    objects = read_text(tmp_path, data + element(22, "IFCPLATE"))
    assert (objects[21].discipline, objects[22].discipline) == ("architecture", "structure")


@pytest.mark.parametrize(
    "name",
    [
        "ThatOpen+engine_web-ifc/tests/ifcfiles/public/AC20-FZK-Haus.ifc",
        "LTplus-AG+ifc-lite/_history/tests/models/ara3d/duplex.ifc",
        "SikongSphere+sikongsphere-ifctools/_history/src/test/resources/complex.ifc",
        "LTplus-AG+ifc-lite/_history/tests/models/buildingsmart/Infra-Road.ifc",
        "xBimTeam+XbimEssentials/Xbim.Essentials.NetCore.Tests/TestFiles/wall_door_columnt_rgb4x3.ifc",
    ],
)
def test_the_tree_agrees_with_ifcopenshell_on_real_files(real_data: Path, name: str) -> None:
    opened, index, objects = read(real_data / "ifc" / name)
    util = ifcopenshell.util.element
    for product in opened.file.by_type("IfcProduct"):
        stated = util.get_aggregate(product) or util.get_container(product, should_get_direct=True)
        if stated is not None and stated.id() in index.ordinal_of:
            assert objects[product.id()].parent == index.ordinal_of[stated.id()], product
        storey = util.get_container(product, ifc_class="IfcBuildingStorey")
        if storey is not None:
            assert objects[product.id()].storey == index.ordinal_of[storey.id()], product
