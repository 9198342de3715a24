"""Whole objects: names, attributes, materials, classifications, groups; and real files against ifcopenshell's own reader."""

from pathlib import Path
from typing import Any

import ifcopenshell.util.element
import msgspec
import pytest
from ifcopenshell import entity_instance

from bim_import.ifc.properties import objects as ifc_objects
from bim_import.ifc.properties.objects import read_objects
from bim_import.ifc.reading.index import index_products
from bim_import.ifc.reading.open import open_ifc
from tests.bim_import.part21 import guid, read, read_text, write
from twin.objects import Attributes, ClassificationRef, GroupRef, SourceObject


def wall(step_id: int, name: str, tag: str = "$") -> str:
    return f"#{step_id}=IFCWALL('{guid(step_id)}',$,{name},$,$,$,$,{tag},$);\n"


def test_a_name_falls_back_to_long_name_tag_type_and_class(tmp_path: Path) -> None:
    data = wall(20, "'Own'", "'T'") + wall(21, "$", "'T'") + wall(22, "'  '") + wall(23, "$")
    data += f"#24=IFCSPACE('{guid(24)}',$,'',$,$,$,$,'Kitchen',$,$,$);\n"
    data += f"#30=IFCWALLTYPE('{guid(30)}',$,'W 200',$,$,$,$,$,$,.SOLIDWALL.);\n"
    data += f"#31=IFCRELDEFINESBYTYPE('{guid(31)}',$,$,$,(#22),#30);\n"
    objects = read_text(tmp_path, data)
    assert [objects[n].name for n in (20, 21, 22, 23, 24)] == ["Own", "T", "W 200", "IfcWall", "Kitchen"]


def test_attributes_of_a_wall_are_read(tmp_path: Path) -> None:
    data = f"#20=IFCWALL('{guid(20)}',$,'W','Described','Typed',$,$,'42',.PARAPET.);"
    assert read_text(tmp_path, data)[20].attributes == Attributes(
        description="Described", object_type="Typed", predefined_type="PARAPET", tag="42"
    )


def test_control_characters_and_lone_surrogates_do_not_reach_the_store(tmp_path: Path) -> None:
    item = read_text(tmp_path, wall(20, r"'a\X\07b \X2\D83D\X0\ \X\0Ac'"))[20]
    assert item.name == "a\ufffdb \ufffd \nc"
    assert msgspec.json.decode(msgspec.json.encode(item), type=SourceObject) == item


def test_a_mistyped_name_is_none(tmp_path: Path) -> None:
    assert read_text(tmp_path, "#20=IFCWALL('1Any00000000000000020',$,12,$,$,$,$,$,$);")[20].name == "IfcWall"


def test_lengths_among_the_direct_attributes_are_metres(tmp_path: Path) -> None:
    data = f"#20=IFCDOOR('{guid(20)}',$,'D',$,$,$,$,$,2743.2,900.,.DOOR.,.SINGLE_SWING_LEFT.,$);"
    direct = read_text(tmp_path, data)[20].attributes.properties["Attributes"]
    assert [(direct[name].value, direct[name].unit) for name in ("OverallHeight", "OverallWidth")] == [
        (2.7432, "m"),
        (0.9, "m"),
    ]
    assert direct["OperationType"].value == "SINGLE_SWING_LEFT"


def test_the_elevation_of_a_storey_is_metres(tmp_path: Path) -> None:
    elevation = read_text(tmp_path, "")[8].attributes.properties["Attributes"]["Elevation"]
    assert (elevation.value, elevation.unit, elevation.type) == (3.3, "m", "IfcLengthMeasure")


def test_a_storey_without_elevation_has_that_of_its_placement(tmp_path: Path) -> None:
    data = f"""#20=IFCBUILDINGSTOREY('{guid(20)}',$,'B1',$,$,#21,$,$,.ELEMENT.,$);
    #21=IFCLOCALPLACEMENT(#22,#23);
    #22=IFCLOCALPLACEMENT($,#23);
    #23=IFCAXIS2PLACEMENT3D(#24,$,$);
    #24=IFCCARTESIANPOINT((0.,0.,-1500.));"""
    elevation = read_text(tmp_path, data)[20].attributes.properties["Attributes"]["Elevation"]
    assert (elevation.value, elevation.unit, elevation.type) == (-3.0, "m", "IfcLocalPlacement")


MATERIALS = """
#50=IFCMATERIAL('Brick',$,$);
#51=IFCMATERIAL('Wool',$,$);
#52=IFCMATERIALLAYER(#50,100.,$,$,$,$,$);
#53=IFCMATERIALLAYER(#51,80.,$,$,$,$,$);
#54=IFCMATERIALLAYERSET((#52,#53,#52),'Cavity',$);
#55=IFCMATERIALLAYERSETUSAGE(#54,.AXIS2.,.POSITIVE.,0.,$);
#56=IFCMATERIALLIST((#51,#50));
#57=IFCMATERIALCONSTITUENT('Frame',$,#50,$,$);
#58=IFCMATERIALCONSTITUENTSET('Window',$,(#57));
#59=IFCMATERIALPROFILE('P',$,#51,#99,$,$);
#60=IFCMATERIALPROFILESET('S',$,(#59),$);
#61=IFCMATERIALPROFILESETUSAGE(#60,$,$);
"""


@pytest.mark.parametrize(
    ("material", "names"),
    [
        (50, ["Brick"]),
        (53, ["Wool"]),
        (54, ["Brick", "Wool"]),
        (55, ["Brick", "Wool"]),
        (56, ["Wool", "Brick"]),
        (58, ["Brick"]),
        (61, ["Wool"]),
        (99, []),
    ],
)
def test_every_form_of_material_gives_its_names_once(tmp_path: Path, material: int, names: list[str]) -> None:
    relation = f"#70=IFCRELASSOCIATESMATERIAL('{guid(70)}',$,$,$,(#20),#{material});"
    assert read_text(tmp_path, wall(20, "'W'") + MATERIALS + relation)[20].attributes.materials == names


def test_materials_and_classifications_of_the_type_are_inherited(tmp_path: Path) -> None:
    data = f"""{wall(20, "'W'")}{wall(21, "'W'")}{MATERIALS}
    #71=IFCWALLTYPE('{guid(71)}',$,'T',$,$,$,$,$,$,.SOLIDWALL.);
    #72=IFCRELDEFINESBYTYPE('{guid(72)}',$,$,$,(#20,#21),#71);
    #73=IFCRELASSOCIATESMATERIAL('{guid(73)}',$,$,$,(#71),#50);
    #74=IFCRELASSOCIATESMATERIAL('{guid(74)}',$,$,$,(#21),#51);
    #75=IFCCLASSIFICATIONREFERENCE($,'A','From type',$,$,$);
    #76=IFCCLASSIFICATIONREFERENCE($,'B','Own',$,$,$);
    #77=IFCRELASSOCIATESCLASSIFICATION('{guid(77)}',$,$,$,(#71),#75);
    #78=IFCRELASSOCIATESCLASSIFICATION('{guid(78)}',$,$,$,(#21),#76);"""
    objects = read_text(tmp_path, data)
    assert (objects[20].attributes.materials, objects[21].attributes.materials) == (["Brick"], ["Wool"])
    assert [ref.code for ref in objects[20].attributes.classifications] == ["A"]
    assert [ref.code for ref in objects[21].attributes.classifications] == ["B", "A"]


def test_a_classification_names_its_system_through_references(tmp_path: Path) -> None:
    data = f"""{wall(20, "'W'")}
    #50=IFCCLASSIFICATION('NBS','2015',$,'Uniclass',$,$,$);
    #51=IFCCLASSIFICATIONREFERENCE($,'EF_25','Walls',#50,$,$);
    #52=IFCCLASSIFICATIONREFERENCE($,'EF_25_10','Wall',#51,$,$);
    #53=IFCRELASSOCIATESCLASSIFICATION('{guid(53)}',$,$,$,(#20),#52);
    #54=IFCRELASSOCIATESCLASSIFICATION('{guid(54)}',$,$,$,(#20),#50);"""
    assert read_text(tmp_path, data)[20].attributes.classifications == [
        ClassificationRef(system="Uniclass", code="EF_25_10", name="Wall"),
        ClassificationRef(system="Uniclass"),
    ]


def test_a_classification_of_ifc2x3_is_read(tmp_path: Path) -> None:
    data = f"""#20=IFCWALL('{guid(20)}',$,'W',$,$,$,$,$);
    #50=IFCCLASSIFICATION('CSI','1998',$,'Uniformat');
    #51=IFCCLASSIFICATIONREFERENCE('http://x','B2010','Exterior Walls',#50);
    #53=IFCRELASSOCIATESCLASSIFICATION('{guid(53)}',$,$,$,(#20),#51);"""
    assert read_text(tmp_path, data, "IFC2X3")[20].attributes.classifications == [
        ClassificationRef(system="Uniformat", code="B2010", name="Exterior Walls")
    ]


def test_systems_zones_and_groups_are_named_with_their_class(tmp_path: Path) -> None:
    data = f"""{wall(20, "'W'")}
    #50=IFCZONE('{guid(50)}',$,'Fire 1',$,$,$);
    #51=IFCDISTRIBUTIONSYSTEM('{guid(51)}',$,$,$,$,$,.HEATING.);
    #52=IFCRELASSIGNSTOGROUP('{guid(52)}',$,$,$,(#20,#50),$,#51);
    #53=IFCRELASSIGNSTOGROUP('{guid(53)}',$,$,$,(#20),$,#50);"""
    assert read_text(tmp_path, data)[20].attributes.groups == [
        GroupRef(kind="IfcDistributionSystem", name="IfcDistributionSystem", global_id=guid(51)),
        GroupRef(kind="IfcZone", name="Fire 1", global_id=guid(50)),
    ]


def test_ports_are_counted(tmp_path: Path) -> None:
    ports = "".join(f"#{n}=IFCDISTRIBUTIONPORT('{guid(n)}',$,$,$,$,$,$,$,$,$);\n" for n in (30, 31))
    data = wall(20, "'W'") + ports + f"#40=IFCRELNESTS('{guid(40)}',$,$,$,#20,(#30,#31));"
    assert read_text(tmp_path, data)[20].attributes.properties["Attributes"]["Ports"].value == 2


def test_objects_come_in_batches_in_the_order_of_ordinals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ifc_objects, "_BATCH", 3)
    opened = open_ifc(write(tmp_path, "".join(wall(n, "'W'") for n in range(20, 24))))
    batches = list(read_objects(opened, index_products(opened.file)))
    assert [[item.ordinal for item in batch] for batch in batches] == [[0, 1, 2], [3, 4, 5], [6, 7]]


def test_the_project_stands_in_the_tree_only(tmp_path: Path) -> None:
    objects = read_text(tmp_path, wall(20, "'W'"))
    assert {step_id for step_id, item in objects.items() if not item.product} == {1}


def test_chinese_names_of_a_real_file_are_read(real_data: Path) -> None:
    name = "ifc/SikongSphere+sikongsphere-ifctools/_history/src/test/resources/complex.ifc"
    _, _, objects = read(real_data / name)
    storeys = {item.name for item in objects.values() if item.class_ == "IfcBuildingStorey"}
    assert storeys == {"标高 1", "标高 2"}


REAL = [
    "ThatOpen+engine_web-ifc/tests/ifcfiles/public/AC20-FZK-Haus.ifc",
    "LTplus-AG+ifc-lite/_history/tests/models/ara3d/duplex.ifc",
    "LTplus-AG+ifc-lite/_history/tests/models/ifc5/Domestic_Hot_Water_domestic-hot-water.ifc",
    "SikongSphere+sikongsphere-ifctools/_history/src/test/resources/complex.ifc",
    "andrewisen+bim-whale-ifc-samples/LargeBuilding/IFC/LargeBuilding.ifc",
    "xBimTeam+XbimEssentials/Tests/TestFiles/SampleHouse4.ifc",
    "xBimTeam+XbimEssentials/Xbim.Essentials.NetCore.Tests/TestFiles/wall_door_columnt_rgb4x3.ifc",
    "buildingSMART+ifc-gherkin-rules/test/files/ALB/alb021/pass-alb021-polycurve_arcs_order_2.ifc",
]
"""IFC 2x3, 4 and 4.3, by Revit, ArchiCAD, Bonsai and Civil 3D."""


@pytest.mark.parametrize("name", REAL)
def test_properties_of_real_files_are_those_that_ifcopenshell_reads(real_data: Path, name: str) -> None:
    opened, _, objects = read(real_data / "ifc" / name)
    compared = 0
    for product in opened.file.by_type("IfcProduct"):
        expected = _expected(ifcopenshell.util.element.get_psets(product))
        sets = objects[product.id()].attributes.properties
        found = {key: {name: value.value for name, value in one.items()} for key, one in sets.items()}
        if "Attributes" not in expected:
            found.pop("Attributes", None)
        assert found == expected, product
        compared += sum(map(len, expected.values()))
    assert compared > 10


def _expected(psets: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    flat = {
        name: {key: _plain(value) for key, value in one.items() if key != "id"} for name, one in psets.items()
    }
    return {name: one for name, one in flat.items() if one}


def _plain(value: object) -> object:
    if isinstance(value, str):
        return value if value.strip() else ""
    if isinstance(value, list | tuple):
        return [item for item in value if not isinstance(item, entity_instance)]
    return value
