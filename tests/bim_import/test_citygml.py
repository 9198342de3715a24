"""CityGML: features, geometry, looks, attributes, links; and input that means harm or is broken."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lxml import etree

from bim_import import ImportOptions, PlacementOverrides
from bim_import.citygml.importer import import_citygml
from bim_import.citymodel.looks import surface_material
from tests.bim_import.city_models import BOX, BOX_FACES, Imported, read_back, volume
from twin.errors import DamagedSource, UnsupportedSource
from twin.frames import Frame

_HEAD = (
    '<CityModel xmlns="http://www.opengis.net/citygml/2.0" xmlns:bldg="http://www.opengis.net/citygml/building/2.0" '
    'xmlns:gml="http://www.opengis.net/gml" xmlns:gen="http://www.opengis.net/citygml/generics/2.0" '
    'xmlns:app="http://www.opengis.net/citygml/appearance/2.0" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'xmlns:uro="https://example.org/uro" xmlns:frn="http://www.opengis.net/citygml/cityfurniture/2.0">'
)
_UTM = '<gml:boundedBy><gml:Envelope srsName="EPSG:32632"/></gml:boundedBy>'
_EAST, _NORTH = 678_000.0, 5_403_000.0
_PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


def _ring(corners: list[int], id_: str = "") -> str:
    points = [BOX[c] for c in [*corners, corners[0]]]
    text = " ".join(f"{_EAST + x} {_NORTH + y} {400 + z}" for x, y, z in points)
    name = f' gml:id="{id_}"' if id_ else ""
    return f"<gml:LinearRing{name}><gml:posList>{text}</gml:posList></gml:LinearRing>"


def _polygon(corners: list[int], id_: str = "") -> str:
    name = f' gml:id="{id_}"' if id_ else ""
    ring = _ring(corners, f"{id_}-ring" if id_ else "")
    return f"<gml:Polygon{name}><gml:exterior>{ring}</gml:exterior></gml:Polygon>"


def _multi(*members: str, id_: str = "") -> str:
    name = f' gml:id="{id_}"' if id_ else ""
    inside = "".join(f"<gml:surfaceMember>{each}</gml:surfaceMember>" for each in members)
    return f"<gml:MultiSurface{name}>{inside}</gml:MultiSurface>"


def _solid(*members: str) -> str:
    inside = "".join(
        f"<gml:surfaceMember{each}/>"
        if each.startswith(" ")
        else f"<gml:surfaceMember>{each}</gml:surfaceMember>"
        for each in members
    )
    shell = f"<gml:CompositeSurface>{inside}</gml:CompositeSurface>"
    return f"<gml:Solid><gml:exterior>{shell}</gml:exterior></gml:Solid>"


_FACES = [face[0] for face in BOX_FACES]
_BOX_SOLID = _solid(*(_polygon(face) for face in _FACES))


def _member(inside: str, id_: str = "b", kind: str = "bldg:Building") -> str:
    name = f' gml:id="{id_}"' if id_ else ""
    return f"<cityObjectMember><{kind}{name}>{inside}</{kind}></cityObjectMember>"


def _import(tmp_path: Path, body: str, head: str = _HEAD, envelope: str = _UTM, **options: Any) -> Imported:
    source = tmp_path / "model.gml"
    source.write_text(f'<?xml version="1.0"?>{head}{envelope}{body}</CityModel>', "utf-8")
    return _run(source, tmp_path / "spool", **options)


def _run(source: Path, folder: Path, **options: Any) -> Imported:
    result = import_citygml(source, folder, options=ImportOptions(**options), progress=lambda _: None)
    return read_back(result, folder)


def test_a_solid_has_its_volume(tmp_path: Path) -> None:
    found = _import(tmp_path, _member(f"<bldg:lod1Solid>{_BOX_SOLID}</bldg:lod1Solid>"))
    ((mesh, positions),) = found.meshes("b")
    assert volume(mesh, positions) == pytest.approx(1200.0, rel=1e-3)
    assert found.report.schema == "CityGML 2.0"
    assert found.of("b").class_ == "Building"


def test_attributes_of_semantic_surfaces_are_told_of_their_feature_by_kind(tmp_path: Path) -> None:
    roofs = "".join(
        f'<bldg:boundedBy><bldg:RoofSurface><gen:intAttribute name="slope"><gen:value>{slope}</gen:value></gen:intAttribute>'
        "<uro:material>瓦</uro:material><uro:survey><uro:Survey><uro:year>2024</uro:year></uro:Survey></uro:survey>"
        f"<bldg:lod2MultiSurface>{_multi(_polygon(_FACES[face]))}</bldg:lod2MultiSurface></bldg:RoofSurface></bldg:boundedBy>"
        for face, slope in ((1, 30), (2, 45))
    )
    told = _import(tmp_path, _member(roofs)).of("b").attributes.properties
    roof = {name: each.value for name, each in told["RoofSurface"].items()}
    assert (roof, told["RoofSurface.Survey"]["year"].value) == ({"slope": [30, 45], "material": "瓦"}, 2024)


def test_links_from_the_solid_to_semantic_surfaces_draw_each_polygon_once_in_its_colour(
    tmp_path: Path,
) -> None:
    surfaces = "".join(
        f"<bldg:boundedBy><bldg:{kind}><bldg:lod2MultiSurface>{_multi(_polygon(_FACES[n], f'p{n}'))}"
        f"</bldg:lod2MultiSurface></bldg:{kind}></bldg:boundedBy>"
        for n, kind in enumerate(("GroundSurface", "RoofSurface", "WallSurface"))
    )
    solid = _solid(
        *(f' xlink:href="#p{n}"' for n in range(3)), *(_polygon(_FACES[n], f"p{n}") for n in (3, 4, 5))
    )
    found = _import(tmp_path, _member(f"{surfaces}<bldg:lod2Solid>{solid}</bldg:lod2Solid>"))
    counts = found.colors("b")
    assert sum(counts.values()) == 12
    assert counts[surface_material("RoofSurface", "Building").color] == 2
    assert counts[surface_material(None, "Building").color] == 6


def test_openings_are_drawn_with_the_wall_that_they_are_in(tmp_path: Path) -> None:
    window = (
        f"<bldg:opening><bldg:Window><bldg:lod3MultiSurface>{_multi(_polygon(_FACES[3]))}"
        "</bldg:lod3MultiSurface></bldg:Window></bldg:opening>"
    )
    wall = (
        f"<bldg:boundedBy><bldg:WallSurface><bldg:lod3MultiSurface>{_multi(_polygon(_FACES[2]))}"
        f"</bldg:lod3MultiSurface>{window}</bldg:WallSurface></bldg:boundedBy>"
    )
    counts = _import(tmp_path, _member(wall)).colors("b")
    assert counts[surface_material("Window", "Building").color] == 2


def test_the_highest_level_with_surfaces_is_drawn_unless_another_is_asked_for(tmp_path: Path) -> None:
    body = _member(
        f"<bldg:lod0FootPrint>{_multi(_polygon(_FACES[0]))}</bldg:lod0FootPrint>"
        f"<bldg:lod1Solid>{_BOX_SOLID}</bldg:lod1Solid>"
        "<bldg:lod2MultiCurve><gml:MultiCurve/></bldg:lod2MultiCurve>"
    )
    assert sum(_import(tmp_path, body).colors("b").values()) == 12
    assert sum(_import(tmp_path, body, lod="0").colors("b").values()) == 2


def test_parts_stand_below_their_building_also_without_an_id(tmp_path: Path) -> None:
    part = (
        f"<bldg:consistsOfBuildingPart><bldg:BuildingPart><bldg:lod1Solid>{_BOX_SOLID}</bldg:lod1Solid>"
        "</bldg:BuildingPart></bldg:consistsOfBuildingPart>"
    )
    found = _import(tmp_path, _member(part))
    assert found.of("BuildingPart-1").parent == found.of("b").ordinal
    assert found.report.not_drawn == {"no representation": 1}


def test_attributes_are_typed_with_their_units(tmp_path: Path) -> None:
    body = _member(
        "<gml:name>横須賀美術館</gml:name><gml:description>Museum</gml:description>"
        '<gen:intAttribute name="階数"><gen:value>3</gen:value></gen:intAttribute>'
        '<gen:doubleAttribute name="d"><gen:value>0.9</gen:value></gen:doubleAttribute>'
        '<gen:measureAttribute name="area"><gen:value uom="m2">42</gen:value></gen:measureAttribute>'
        '<gen:stringAttribute name="s"><gen:value>007</gen:value></gen:stringAttribute>'
        '<gen:dateAttribute name="day"><gen:value>2020-01-02</gen:value></gen:dateAttribute>'
        '<gen:intAttribute name="bad"><gen:value>many</gen:value></gen:intAttribute>'
        '<gen:genericAttributeSet name="G"><gen:stringAttribute name="x"><gen:value>y</gen:value></gen:stringAttribute>'
        "</gen:genericAttributeSet>"
        '<bldg:measuredHeight uom="m">12.5</bldg:measuredHeight>'
        "<bldg:storeysAboveGround>4</bldg:storeysAboveGround>"
        '<bldg:usage codeSpace="codes.xml">401</bldg:usage><bldg:function>1000</bldg:function>'
        "<bldg:function>1010</bldg:function>"
        "<uro:detail><uro:Detail><uro:year>2019</uro:year><uro:zip>0012</uro:zip></uro:Detail></uro:detail>"
        "<uro:detail><uro:Detail><uro:year>2020</uro:year></uro:Detail></uro:detail>"
    )
    item = _import(tmp_path, body + _member(f"<bldg:lod1Solid>{_BOX_SOLID}</bldg:lod1Solid>", "c")).of("b")
    sets = item.attributes.properties
    found = sets["attributes"]
    assert (item.name, item.attributes.description) == ("横須賀美術館", "Museum")
    assert (found["階数"].value, found["d"].value, found["s"].value) == (3, 0.9, "007")
    assert (found["area"].value, found["area"].unit) == (42.0, "m2")
    assert (found["day"].value, found["day"].type) == ("2020-01-02", "date")
    assert found["bad"].value == "many"
    assert sets["G"]["x"].value == "y"
    assert (found["measuredHeight"].value, found["measuredHeight"].unit) == (12.5, "m")
    assert found["storeysAboveGround"].value == 4
    assert (found["usage"].value, found["usage"].type) == ("401", "code")
    assert found["function"].value == ["1000", "1010"]
    assert (sets["Detail"]["year"].value, sets["Detail 2"]["year"].value) == (2019, 2020)
    assert sets["Detail"]["zip"].value == "0012"


def test_an_object_of_an_extension_is_read_with_its_prefix(tmp_path: Path) -> None:
    body = _member(
        f"<frn:lod2Geometry>{_multi(_polygon(_FACES[1]))}</frn:lod2Geometry>", "p", "uro:SewerPipe"
    )
    found = _import(tmp_path, body)
    assert found.of("p").class_ == "uro:SewerPipe"
    assert found.of("p").discipline == "services"


def test_colours_hold_for_polygons_and_for_what_is_around_them(tmp_path: Path) -> None:
    look = (
        "<app:appearanceMember><app:Appearance><app:theme>t</app:theme><app:surfaceDataMember><app:X3DMaterial>"
        "<app:diffuseColor>1 0 0.5</app:diffuseColor><app:transparency>0.5</app:transparency>"
        "<app:target>#whole</app:target></app:X3DMaterial></app:surfaceDataMember><app:surfaceDataMember>"
        "<app:X3DMaterial><app:diffuseColor>0 1 0</app:diffuseColor><app:target>#one</app:target></app:X3DMaterial>"
        "</app:surfaceDataMember></app:Appearance></app:appearanceMember>"
    )
    shape = _multi(_polygon(_FACES[0], "one"), _polygon(_FACES[1], "two"), id_="whole")
    body = _member(f"<bldg:lod2MultiSurface>{shape}</bldg:lod2MultiSurface>")
    assert _import(tmp_path, body + look).colors("b") == {(0.0, 1.0, 0.0, 1.0): 2, (1.0, 0.0, 0.5, 0.5): 2}


def test_an_image_without_suffix_is_put_where_its_ring_says(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "roof").write_bytes(_PNG)
    look = (
        "<app:appearanceMember><app:Appearance><app:surfaceDataMember><app:ParameterizedTexture>"
        "<app:imageURI>images/roof</app:imageURI><app:wrapMode>none</app:wrapMode>"
        '<app:target uri="#one"><app:TexCoordList><app:textureCoordinates ring="#one-ring">'
        "0 0 1 0 1 1 0 1 0 0</app:textureCoordinates></app:TexCoordList></app:target>"
        "</app:ParameterizedTexture></app:surfaceDataMember></app:Appearance></app:appearanceMember>"
    )
    body = _member(f"<bldg:lod2MultiSurface>{_multi(_polygon(_FACES[1], 'one'))}</bldg:lod2MultiSurface>")
    found = _import(tmp_path, body + look)
    ((mesh, _),) = found.meshes("b")
    (material,) = found.spool.materials
    assert material.texture is not None
    assert not material.texture.repeat_s
    assert mesh.uvs is not None
    assert {tuple(uv) for uv in mesh.uvs.tolist()} == {(0, 1), (1, 1), (1, 0), (0, 0)}


def test_implicit_geometry_is_one_mesh_placed_many_times_also_across_members(tmp_path: Path) -> None:
    shape = '<gml:MultiSurface gml:id="lamp"><gml:surfaceMember><gml:Polygon><gml:exterior><gml:LinearRing><gml:posList>0 0 0 2 0 0 2 0 5 0 0 5 0 0 0</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></gml:surfaceMember></gml:MultiSurface>'

    def lamp(id_: str, geometry: str, east: float) -> str:
        return _member(
            "<frn:lod2ImplicitRepresentation><ImplicitGeometry>"
            "<transformationMatrix>1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1</transformationMatrix>"
            f"<referencePoint><gml:Point><gml:pos>{_EAST + east} {_NORTH} 400</gml:pos></gml:Point></referencePoint>"
            f"<relativeGMLGeometry{geometry}</ImplicitGeometry></frn:lod2ImplicitRepresentation>",
            id_,
            "frn:CityFurniture",
        )

    body = lamp("a", ' xlink:href="#lamp"/>', 0.0) + lamp("b", f">{shape}</relativeGMLGeometry>", 30.0)
    found = _import(tmp_path, body)
    assert found.report.drawn == 2
    ((mesh, first),), ((same, second),) = found.meshes("a"), found.meshes("b")
    assert np.array_equal(mesh.positions, same.positions)
    assert np.linalg.norm(second.mean(axis=0) - first.mean(axis=0)) == pytest.approx(30.0, rel=1e-3)
    assert np.ptp(first[:, 2]) == pytest.approx(5.0, abs=0.02)


def test_a_latitude_first_crs_puts_objects_where_they_are(tmp_path: Path) -> None:
    ring = "35.25 139.73 3 35.25 139.74 3 35.26 139.74 3 35.25 139.73 3"
    polygon = f"<gml:Polygon><gml:exterior><gml:LinearRing><gml:posList>{ring}</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>"
    envelope = (
        '<gml:boundedBy><gml:Envelope srsName="http://www.opengis.net/def/crs/EPSG/0/6697"/></gml:boundedBy>'
    )
    found = _import(
        tmp_path,
        _member(f"<bldg:lod2MultiSurface>{_multi(polygon)}</bldg:lod2MultiSurface>"),
        envelope=envelope,
    )
    ((_, positions),) = found.meshes("b")
    place = Frame(found.result.diagnosis.placement).to_geographic(positions)
    assert np.allclose([place[:, 0].min(), place[:, 1].max()], [139.73, 35.26], atol=1e-6)


@pytest.mark.parametrize(
    ("name", "crs"),
    [
        ("urn:ogc:def:crs,crs:EPSG::25832,crs:EPSG::5783", "EPSG:25832"),
        ("urn:adv:crs:ETRS89_UTM32*DE_DHHN2016_NH", "EPSG:25832"),
        ("urn:ogc:def:crs:EPSG::5555", "EPSG:25832"),
        ("http://www.opengis.net/gml/srs/epsg.xml#25832", "EPSG:25832"),
    ],
)
def test_names_of_crs_as_they_occur(tmp_path: Path, name: str, crs: str) -> None:
    envelope = f'<gml:boundedBy><gml:Envelope srsName="{name}"/></gml:boundedBy>'
    body = _member(f"<bldg:lod1Solid>{_BOX_SOLID}</bldg:lod1Solid>")
    assert _import(tmp_path, body, envelope=envelope).report.placement["crs"] == crs


def test_a_file_without_crs_is_refused_and_read_with_the_option(tmp_path: Path) -> None:
    body = _member(f"<bldg:lod1Solid>{_BOX_SOLID}</bldg:lod1Solid>")
    with pytest.raises(UnsupportedSource, match="--crs"):
        _import(tmp_path, body, envelope="")
    found = _import(tmp_path, body, envelope="", placement=PlacementOverrides(crs="EPSG:32632"))
    assert found.report.drawn == 1


def test_version_3_is_read(tmp_path: Path) -> None:
    head = (
        '<CityModel xmlns="http://www.opengis.net/citygml/3.0" xmlns:gml="http://www.opengis.net/gml/3.2" '
        'xmlns:bldg="http://www.opengis.net/citygml/building/3.0" xmlns:con="http://www.opengis.net/citygml/construction/3.0" '
        'xmlns:core="http://www.opengis.net/citygml/3.0" xmlns:gen="http://www.opengis.net/citygml/generics/3.0">'
    )
    body = _member(
        "<core:genericAttribute><gen:IntAttribute><gen:name>n</gen:name><gen:value>3</gen:value></gen:IntAttribute>"
        "</core:genericAttribute><core:boundary><con:RoofSurface><core:lod2MultiSurface>"
        f"{_multi(_polygon(_FACES[1]))}</core:lod2MultiSurface></con:RoofSurface></core:boundary>"
    )
    found = _import(tmp_path, body, head=head)
    assert found.report.schema == "CityGML 3.0"
    assert found.colors("b") == {surface_material("RoofSurface", "Building").color: 2}
    assert found.of("b").attributes.properties["attributes"]["n"].value == 3


def test_other_versions_are_refused_with_advice(tmp_path: Path) -> None:
    head = '<CityModel xmlns="http://www.citygml.org/citygml/1/0/0">'
    with pytest.raises(UnsupportedSource, match="citygml-tools"):
        _import(tmp_path, "", head=head, envelope="")


def test_a_document_type_is_refused_before_any_entity_is_read(tmp_path: Path) -> None:
    source = tmp_path / "model.gml"
    bomb = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 50}">' for n in range(1, 30))
    source.write_text(f'<!DOCTYPE CityModel [<!ENTITY e0 "x">{bomb}]>{_HEAD}<a>&e29;</a></CityModel>')
    with pytest.raises(UnsupportedSource, match="document type"):
        _run(source, tmp_path / "spool")


def test_links_that_lead_in_circles_out_of_the_file_or_nowhere_are_counted(tmp_path: Path) -> None:
    circle = '<gml:MultiSurface gml:id="m"><gml:surfaceMember xlink:href="#m"/></gml:MultiSurface>'
    body = (
        _member(f"<bldg:lod2MultiSurface>{circle}</bldg:lod2MultiSurface>", "a")
        + _member('<bldg:lod2MultiSurface xlink:href="other.gml#x"/>', "b")
        + _member('<bldg:lod2MultiSurface xlink:href="#nowhere"/>', "c")
        + _member(f"<bldg:lod1Solid>{_BOX_SOLID}</bldg:lod1Solid>", "d")
    )
    found = _import(tmp_path, body)
    assert found.report.drawn == 1
    assert found.report.not_drawn == {"only points or lines": 3}
    for text in ("links to itself", "in another file", "not in the file"):
        assert any(text in warning for warning in found.report.warnings), text


def test_numbers_that_cannot_be_read_cost_their_ring_only(tmp_path: Path) -> None:
    bad = "<gml:Polygon><gml:exterior><gml:LinearRing><gml:posList>1 2 x</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>"
    shape = _multi(bad, _polygon(_FACES[0]))
    found = _import(tmp_path, _member(f"<bldg:lod2MultiSurface>{shape}</bldg:lod2MultiSurface>"))
    assert found.report.drawn == 1
    assert any("ring without coordinates" in warning for warning in found.report.warnings)


def test_coordinates_of_older_versions_of_gml_are_read(tmp_path: Path) -> None:
    points = [
        f"{_EAST + x},{_NORTH + y},{400 + z}" for x, y, z in (BOX[c] for c in [*_FACES[1], _FACES[1][0]])
    ]
    pos = "".join(f"<gml:pos>{point.replace(',', ' ')}</gml:pos>" for point in points)
    for ring in (f"<gml:coordinates>{' '.join(points)}</gml:coordinates>", pos):
        polygon = (
            f"<gml:Polygon><gml:exterior><gml:LinearRing>{ring}</gml:LinearRing></gml:exterior></gml:Polygon>"
        )
        body = _member(f"<bldg:lod2MultiSurface>{_multi(polygon)}</bldg:lod2MultiSurface>")
        assert sum(_import(tmp_path, body).colors("b").values()) == 2


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.9])
def test_a_file_that_is_cut_off_is_damaged(tmp_path: Path, cut: float) -> None:
    body = _member(f"<bldg:lod1Solid>{_BOX_SOLID}</bldg:lod1Solid>") * 3
    text = f"{_HEAD}{_UTM}{body}</CityModel>"
    source = tmp_path / "model.gml"
    source.write_text(text[: int(len(text) * cut)])
    with pytest.raises(DamagedSource, match="cut off"):
        _run(source, tmp_path / "spool")


def _files(real_data: Path) -> list[Path]:
    folder = real_data / "citymodel"
    return sorted([*folder.rglob("*.gml"), *folder.rglob("*.xml")])


def test_real_files_are_drawn_whole_with_every_polygon_of_the_highest_level(
    real_data: Path, tmp_path: Path
) -> None:
    """Independent of the reader: top-level objects are counted by their ids, images by what lies beside the file."""
    for number, file in enumerate(_files(real_data)):
        found = _run(file, tmp_path / str(number))
        tree = etree.parse(file)
        tops = [member[0] for member in tree.iterfind(".//{*}cityObjectMember")]
        for top in tops:
            id_ = top.get("{http://www.opengis.net/gml}id")
            assert found.of(id_).class_.endswith(etree.QName(top).localname)
        parts = sum(len(tree.findall(f".//{{*}}{kind}")) for kind in ("BuildingPart", "BuildingInstallation"))
        assert found.report.products == len(tops) + parts
        assert found.report.drawn >= found.report.products - 1
        beside = [
            path for path in file.parent.rglob("*") if path.suffix.lower() in (".jpg", "") and path.is_file()
        ]
        shown = sum(material.texture is not None for material in found.spool.materials)
        assert shown == 0 or shown <= len(beside)


def test_textures_of_plateau_and_ingolstadt_are_found(real_data: Path, tmp_path: Path) -> None:
    counts: Counter[str] = Counter()
    for number, file in enumerate(_files(real_data)):
        found = _run(file, tmp_path / str(number))
        counts[file.name] = sum(material.texture is not None for material in found.spool.materials)
    assert counts["52397519_bldg_6697_op.gml"] == 3
    assert counts["4018128.xml"] == 3  # two more are of the back of surfaces
    assert counts["4018115.xml"] >= 2
