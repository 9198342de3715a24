"""OpenStreetMap extracts as layers: themes by tags, areas, ids; real extracts are counted by GDAL's driver, too."""

import json
from pathlib import Path

import pyogrio
import pytest
import shapely

from bim_import import ImportOptions
from bim_import.gis.importer import import_gis
from bim_import.gis.osm import osm_layers
from bim_import.gis.osm.themes import COLUMNS, Kind, Tags, theme_of
from bim_import.gis.reading.batches import Features
from tests.bim_import.city_models import read_back
from twin.errors import DamagedSource

_NODES = {1: (7.0, 43.0), 2: (7.001, 43.0), 3: (7.001, 43.001), 4: (7.0, 43.001),
          5: (7.0002, 43.0002), 6: (7.0008, 43.0002), 7: (7.0008, 43.0008), 8: (7.0002, 43.0008)}  # fmt: skip


def _osm(tmp_path: Path, body: str) -> Path:
    nodes = "".join(f'<node id="{n}" lat="{y}" lon="{x}" version="1"/>' for n, (x, y) in _NODES.items())
    path = tmp_path / "model.osm"
    path.write_text(f'<osm version="0.6">{nodes}{body}</osm>', "utf-8")
    return path


def _way(id_: int, nodes: list[int], **tags: str) -> str:
    refs = "".join(f'<nd ref="{n}"/>' for n in nodes)
    return f'<way id="{id_}" version="1">{refs}{_tags(tags)}</way>'


def _tags(tags: dict[str, str]) -> str:
    return "".join(f'<tag k="{k.replace("__", ":")}" v="{v}"/>' for k, v in tags.items())


def _layers(path: Path, tmp_path: Path) -> dict[str, Features]:
    found = {}
    for layer in osm_layers(path, tmp_path / "work"):
        (features,) = layer.read().features
        found[layer.name] = features
    return found


@pytest.mark.parametrize(
    ("kind", "tags", "theme"),
    [
        ("area", {"building": "yes"}, "buildings"),
        ("area", {"building": "no", "landuse": "grass"}, "green"),
        ("area", {"building": "house", "building:part": "yes"}, "building_parts"),
        ("area", {"natural": "water"}, "water"),
        ("area", {"leisure": "park"}, "green"),
        ("area", {"amenity": "parking"}, "areas"),
        ("area", {"highway": "pedestrian", "area": "yes"}, "road_areas"),
        ("area", {"highway": "service"}, None),
        ("area", {"boundary": "administrative"}, None),
        ("way", {"highway": "residential"}, "roads"),
        ("way", {"highway": "proposed"}, None),
        ("way", {"railway": "tram"}, "railways"),
        ("way", {"waterway": "river"}, "waterways"),
        ("way", {"building": "yes"}, None),
        ("node", {"natural": "tree"}, "trees"),
        ("node", {"highway": "street_lamp"}, "street_lamps"),
        ("node", {"amenity": "bench"}, "points"),
        ("node", {"created_by": "JOSM"}, None),
    ],
)
def test_tags_decide_the_layer(kind: Kind, tags: Tags, theme: str | None) -> None:
    assert theme_of(kind, tags) == theme
    assert theme is None or theme in COLUMNS


def test_a_closed_way_is_a_polygon_with_its_tags_and_id(tmp_path: Path) -> None:
    body = _way(10, [1, 2, 3, 4, 1], building="yes", height="12", wheelchair="yes")
    features = _layers(_osm(tmp_path, body), tmp_path)["buildings"]
    row = features.table.to_pylist()[0]
    assert (row["osm_id"], row["height"]) == ("way/10", "12")
    assert json.loads(row["tags"]) == {"wheelchair": "yes"}
    (shape,) = features.shapes()
    assert shapely.bounds(shape).tolist() == [7.0, 43.0, 7.001, 43.001]


def test_a_multipolygon_has_its_hole_and_the_id_of_its_relation(tmp_path: Path) -> None:
    members = '<member type="way" ref="10" role="outer"/><member type="way" ref="11" role="inner"/>'
    relation = f'<relation id="9" version="1">{members}{_tags({"type": "multipolygon", "building": "yes"})}</relation>'
    body = _way(10, [1, 2, 3, 4, 1]) + _way(11, [5, 6, 7, 8, 5]) + relation
    features = _layers(_osm(tmp_path, body), tmp_path)["buildings"]
    (shape,) = features.shapes()
    assert features.table.to_pylist()[0]["osm_id"] == "relation/9"
    assert shapely.area(shape) == pytest.approx(1e-6 - 0.36e-6, rel=1e-6)


def test_a_building_with_parts_is_drawn_by_its_parts_only(tmp_path: Path) -> None:
    body = _way(10, [1, 2, 3, 4, 1], building="yes", height="9") + _way(
        11, [5, 6, 7, 8, 5], building__part="yes", height="30"
    )
    path = _osm(tmp_path, body)
    result = import_gis(path, tmp_path / "spool", options=ImportOptions(workers=1), progress=lambda _: None)
    found = read_back(result, tmp_path / "spool")
    assert found.report.not_drawn == {"no representation": 1}
    assert len(found.meshes("way/11")) == 1
    assert len(found.meshes("way/10")) == 0


def test_a_way_whose_nodes_are_not_in_the_extract_is_counted(tmp_path: Path) -> None:
    path = _osm(tmp_path, _way(10, [1, 99], highway="residential") + _way(11, [1, 2], highway="residential"))
    result = import_gis(path, tmp_path / "spool", options=ImportOptions(workers=1), progress=lambda _: None)
    assert result.report.not_drawn == {"no representation": 1}
    assert result.report.drawn == 1


def test_texts_that_openstreetmap_does_not_allow_are_refused(tmp_path: Path) -> None:
    path = _osm(tmp_path, _way(10, [1, 2, 3, 4, 1], building="yes", name="x" * 5000))
    with pytest.raises(DamagedSource, match="too long"):
        osm_layers(path, tmp_path / "work")


@pytest.mark.parametrize("text", ["<osm version='0.6'><node id='1' lat='4", "no xml at all"])
def test_an_extract_that_breaks_off_is_damaged(tmp_path: Path, text: str) -> None:
    path = tmp_path / "model.osm"
    path.write_text(text)
    with pytest.raises(DamagedSource):
        osm_layers(path, tmp_path / "work")


def test_entities_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.osm"
    path.write_text('<!DOCTYPE osm [<!ENTITY a "x">]><osm version="0.6"><node id="1" user="&a;"/></osm>')
    with pytest.raises(DamagedSource):
        osm_layers(path, tmp_path / "work")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # GDAL complains of open rings
@pytest.mark.parametrize(
    ("name", "buildings", "trees", "lamps"),
    [("lauf-200115", 6531, None, None), ("monaco", 965, 208, None), ("berlin-siegessaeule", None, 117, 47)],
)
def test_real_extracts_have_the_buildings_trees_and_lamps_that_gdal_counts(
    real_data: Path, tmp_path: Path, name: str, buildings: int | None, trees: int | None, lamps: int | None
) -> None:
    path = real_data / "gis" / "graphhopper+graphhopper" / "_history" / "core" / "files" / f"{name}.osm.pbf"
    if not path.exists():
        pytest.skip(f"{path.name} is not among the real data")
    counts = {
        layer.name: sum(len(each) for each in layer.read().features)
        for layer in osm_layers(path, tmp_path / "work")
    }
    of_gdal = pyogrio.read_dataframe(path, layer="multipolygons", columns=["building"], read_geometry=False)
    told = int(of_gdal["building"].notna().sum()) - int((of_gdal["building"] == "no").sum())
    # GDAL closes rings that lead out of the extract, and knows no parts of buildings.
    assert abs(counts["buildings"] - told) <= max(10, 0.005 * told)
    for expected, layer in ((buildings, "buildings"), (trees, "trees"), (lamps, "street_lamps")):
        assert expected is None or abs(counts[layer] - expected) <= max(2, 0.005 * expected)
