"""Map layers through the whole import: published, unchanged when nothing changed, new when what they rest on did."""

import json
from pathlib import Path

import geopandas
import pytest
import shapely
from starlette.testclient import TestClient

from api.app import create_app
from api.importing.batch import import_sources
from api.importing.events import ImportRequest
from api.runtime import Runtime
from api.settings import Settings
from tests.bim_import.gis_layers import NINGBO, block, feature, geojson
from twin.errors import InvalidRules
from twin.source import SourceReport

LON, LAT = NINGBO


def run(data: Path, source: Path, rules: Path | None = None) -> SourceReport:
    request = ImportRequest(sources=[source], rules=rules)
    (report,) = import_sources(Settings(data=data, workers=1), request, lambda _event: None)
    return report


def test_a_layer_is_published_and_counted_as_unchanged_until_its_rules_change(tmp_path: Path) -> None:
    file = geojson(tmp_path, feature(block(LON, LAT), height=9.0, name="甲楼"), name="楼.geojson")
    rules = tmp_path / "rules.toml"
    rules.write_text("[[rule]]\nas = 'extrude'\nheight = 3\n")
    data = tmp_path / "data"
    first, again = run(data, file, rules), run(data, file, rules)
    rules.write_text("[[rule]]\nas = 'extrude'\nheight = 4\n")
    changed, without = run(data, file, rules), run(data, file)
    assert [each.status for each in (first, again, changed, without)] == [
        "imported",
        "unchanged",
        "imported",
        "imported",
    ]
    assert first.key == "楼"
    assert (first.products, first.drawn, first.schema) == (1, 1, "GeoJSON")
    assert first.tileset is not None
    assert json.loads((data / first.tileset).read_bytes())["asset"]["version"] == "1.1"


def test_rules_name_models_by_their_files_and_the_classes_that_these_have(tmp_path: Path) -> None:
    file = geojson(tmp_path, feature(block(LON, LAT), height=9.0), name="kerbs.geojson")
    rules = tmp_path / "rules.toml"
    rules.write_text(
        "[names]\nkerbs = { zh = '路缘石', en = 'Kerbs' }\nroads = '道路'\n"
        "[class_names]\nKerb = { zh = '缘石', en = 'Kerb stone' }\nRoad = 'R'\n"
        "[[rule]]\nas = 'extrude'\nclass = 'Kerb'\n",
        encoding="utf-8",
    )
    settings = Settings(data=tmp_path / "data", workers=1)
    run(settings.data, file, rules)
    with (
        Runtime(settings) as runtime,
        TestClient(create_app(runtime), base_url="http://localhost", client=("127.0.0.1", 4711)) as client,
    ):
        model = client.get("/api/v1/models/kerbs").json()
    assert (model["name"], model["names"]) == ("路缘石 Kerbs", {"zh": "路缘石", "en": "Kerbs"})
    assert model["class_names"] == {"Kerb": {"zh": "缘石", "en": "Kerb stone"}}


def test_a_change_beside_a_shapefile_is_a_change(tmp_path: Path) -> None:
    table = geopandas.GeoDataFrame({"height": [3]}, geometry=[block(LON, LAT)], crs=4326)
    table.to_file(tmp_path / "a.shp")
    data = tmp_path / "data"
    run(data, tmp_path / "a.shp")
    table.assign(height=[4]).to_file(tmp_path / "b.shp")
    (tmp_path / "a.dbf").write_bytes((tmp_path / "b.dbf").read_bytes())
    assert run(data, tmp_path / "a.shp").status == "imported"
    assert run(data, tmp_path / "a.shp").status == "unchanged"


def test_faulty_rules_stop_the_import_before_it_begins(tmp_path: Path) -> None:
    file = geojson(tmp_path, feature(shapely.Point(LON, LAT)))
    rules = tmp_path / "rules.toml"
    rules.write_text("[[rule]]\nas = 'cube'\n")
    with pytest.raises(InvalidRules, match="line 2"):
        run(tmp_path / "data", file, rules)
    assert not (tmp_path / "data").exists()


def test_a_layer_without_crs_fails_with_advice_and_costs_the_others_nothing(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="crs"):
        geopandas.GeoDataFrame({"h": [1]}, geometry=[shapely.Point(5.0, 5.0)]).to_file(tmp_path / "a.gpkg")
    good = geojson(tmp_path, feature(block(LON, LAT), height=3.0))
    request = ImportRequest(sources=[tmp_path / "a.gpkg", good])
    settings = Settings(data=tmp_path / "data", workers=1)
    bad, imported = import_sources(settings, request, lambda _event: None)
    assert (bad.status, imported.status) == ("failed", "imported")
    assert bad.reason is not None
    assert "--crs" in bad.reason
