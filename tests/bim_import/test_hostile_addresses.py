"""Files that name addresses and other files: nothing is fetched, and nothing is read that lies beyond their folder."""

import json
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import geopandas
import pytest

from bim_import import ImportOptions, PlacementOverrides
from bim_import.citygml.importer import import_citygml
from bim_import.mesh.importer import import_mesh
from bim_import.terrain import open_terrain
from tests.bim_import.gis_layers import NINGBO, block, feature, imported
from tests.bim_import.hostile import SECRET, Elsewhere, elsewhere, leaked
from twin.errors import DamagedSource, SourceError, UnsupportedSource


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Iterator[Elsewhere]:
    """The server; no proxy of this machine stands before it, and the environment says that none should."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    with elsewhere() as found:
        yield found


def options() -> ImportOptions:
    return ImportOptions(placement=PlacementOverrides(origin=(121.5, 29.8, 5.0)))


def test_the_server_counts_who_asks(there: Elsewhere) -> None:
    with pytest.raises(HTTPError):
        urlopen(f"{there.address}/x")
    assert there.asked == ["GET /x"]


# --------------------------------------------------------------------------------------------- GDAL's virtual layers
VRT = """<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>{}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"""
WFS = "<OGRWFSDataSource><URL>{}</URL></OGRWFSDataSource>"
SOURCES = [
    "/vsicurl/{}/a.geojson",
    "/vsicurl_streaming/{}/a.geojson",
    "/vsizip//vsicurl/{}/a.zip",
    "{}/a.json",
]


@pytest.mark.parametrize(
    "name", ["a.gpkg", "a.fgb", "a.shp", "a.kml", "a.gml", "a.geojson", "a.csv", "a.json"]
)
@pytest.mark.parametrize("source", SOURCES)
def test_a_virtual_layer_by_another_name_is_refused(
    tmp_path: Path, there: Elsewhere, name: str, source: str
) -> None:
    path = tmp_path / name
    path.write_text('<!-- "type": "FeatureCollection" -->\n' + VRT.format(source.format(there.address)))
    with pytest.raises(SourceError):
        imported(path)
    assert there.asked == []


@pytest.mark.parametrize("name", ["a.kml", "a.gml", "a.csv"])
@pytest.mark.parametrize(
    "text", [WFS, "<wfs:WFS_Capabilities>{}</wfs:WFS_Capabilities>", "<GDAL_WMS><URL>{}</URL></GDAL_WMS>"]
)
def test_a_description_of_a_web_service_is_refused(
    tmp_path: Path, there: Elsewhere, name: str, text: str
) -> None:
    path = tmp_path / name
    path.write_text(text.format(there.address))
    with pytest.raises(UnsupportedSource, match="lie elsewhere"):
        imported(path)
    assert there.asked == []


def test_a_virtual_layer_within_the_text_of_a_feature_is_refused(tmp_path: Path, there: Elsewhere) -> None:
    path = tmp_path / "a.geojson"
    inside = VRT.replace('"', "'").format(f"/vsicurl/{there.address}/a.geojson")
    path.write_text(json.dumps(feature(block(*NINGBO), note=inside)))
    with pytest.raises(UnsupportedSource, match="lie elsewhere"):
        imported(path)
    assert there.asked == []


@pytest.mark.parametrize("name", ["a.shp", "a.geojson", "a.csv", "a.gpkg"])
def test_a_virtual_layer_in_an_archive_is_refused(tmp_path: Path, there: Elsewhere, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "city.zip", "w") as archive:
        archive.writestr(name, VRT.format(f"/vsicurl/{there.address}/a.geojson"))
        archive.writestr("a.dbf", b"x")
        archive.writestr("a.shx", b"x")
    with pytest.raises(SourceError):
        imported(tmp_path / "city.zip")
    assert there.asked == []


def test_a_virtual_layer_beside_others_in_an_archive_is_left_alone(tmp_path: Path, there: Elsewhere) -> None:
    with zipfile.ZipFile(tmp_path / "city.zip", "w") as archive:
        archive.writestr("a.vrt", VRT.format(f"/vsicurl/{there.address}/a.geojson"))
        archive.writestr("b.geojson", json.dumps(feature(block(*NINGBO), height=3.0)))
    assert imported(tmp_path / "city.zip").report.products == 1
    assert there.asked == []


# ------------------------------------------------------------------------------------------------- addresses in data
def test_a_crs_of_geojson_that_is_an_address_is_not_fetched(tmp_path: Path, there: Elsewhere) -> None:
    path = tmp_path / "a.geojson"
    crs = {"type": "link", "properties": {"href": f"{there.address}/crs.wkt", "type": "ogcwkt"}}
    collection = {"type": "FeatureCollection", "crs": crs, "features": [feature(block(*NINGBO), height=3.0)]}
    path.write_text(json.dumps(collection))
    with suppress(SourceError):
        imported(path)
    assert there.asked == []


GML = """<?xml version="1.0"?><wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs" xmlns:gml="http://www.opengis.net/gml"
 xmlns:t="http://example.org/t" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xsi:schemaLocation="http://example.org/t {0}/wfs?service=WFS&amp;version=1.1.0&amp;request=DescribeFeatureType&amp;typename=t:a">
 <gml:featureMember><t:a fid="a.1"><t:name>x</t:name><t:other xlink:href="{0}/other.gml#x"/>
 <t:geom><gml:Point srsName="{0}/crs.xml"><gml:pos>29.8 121.5</gml:pos></gml:Point></t:geom></t:a></gml:featureMember>
</wfs:FeatureCollection>"""

KML = """<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><NetworkLink><Link><href>{0}/a.kml</href></Link></NetworkLink>
<Style id="s"><IconStyle><Icon><href>{0}/icon.png</href></Icon></IconStyle></Style>
<Placemark><styleUrl>{0}/styles.kml#s</styleUrl><Point><coordinates>121.5,29.8</coordinates></Point></Placemark></Document></kml>"""


@pytest.mark.parametrize(("name", "text"), [("a.gml", GML), ("a.kml", KML)])
def test_addresses_in_gml_and_kml_are_not_fetched(
    tmp_path: Path, there: Elsewhere, name: str, text: str
) -> None:
    path = tmp_path / name
    path.write_text(text.format(there.address))
    with suppress(SourceError):
        imported(path)
    assert there.asked == []


def test_a_projection_file_that_is_an_address_is_not_fetched(tmp_path: Path, there: Elsewhere) -> None:
    table = geopandas.GeoDataFrame({"height": [3.0]}, geometry=[block(*NINGBO)], crs=4326)
    table.to_file(tmp_path / "a.shp")
    (tmp_path / "a.prj").write_text(f"{there.address}/crs.wkt")
    with suppress(SourceError):
        imported(tmp_path / "a.shp")
    assert there.asked == []


CITY = """<?xml version="1.0"?><CityModel xmlns="http://www.opengis.net/citygml/2.0" xmlns:bldg="http://www.opengis.net/citygml/building/2.0"
 xmlns:gml="http://www.opengis.net/gml" xmlns:app="http://www.opengis.net/citygml/appearance/2.0" xmlns:xlink="http://www.w3.org/1999/xlink"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.opengis.net/citygml/2.0 {0}/city.xsd">
<gml:boundedBy><gml:Envelope srsName="EPSG:32632"/></gml:boundedBy>
<app:appearanceMember><app:Appearance><app:surfaceDataMember><app:ParameterizedTexture><app:imageURI>{1}</app:imageURI>
<app:target uri="#p"><app:TexCoordList><app:textureCoordinates ring="#r">0 0 1 0 1 1 0 0</app:textureCoordinates></app:TexCoordList></app:target>
</app:ParameterizedTexture></app:surfaceDataMember></app:Appearance></app:appearanceMember>
<cityObjectMember><bldg:Building gml:id="b"><bldg:lod2MultiSurface><gml:MultiSurface><gml:surfaceMember>
<gml:Polygon gml:id="p"><gml:exterior><gml:LinearRing gml:id="r"><gml:posList>678000 5403000 400 678010 5403000 400 678010 5403010 405 678000 5403000 400</gml:posList>
</gml:LinearRing></gml:exterior></gml:Polygon></gml:surfaceMember><gml:surfaceMember xlink:href="{0}/other.gml#x"/></gml:MultiSurface></bldg:lod2MultiSurface>
</bldg:Building></cityObjectMember></CityModel>"""


def city(folder: Path, address: str, image: str) -> Any:
    path = folder / "a.gml"
    path.write_text(CITY.format(address, image))
    return import_citygml(path, folder / "spool", options=ImportOptions(), progress=lambda _: None)


def test_links_and_images_of_city_models_are_not_fetched(tmp_path: Path, there: Elsewhere) -> None:
    report = city(tmp_path, there.address, f"{there.address}/wall.png").report
    assert report.drawn == 1
    assert any("image not found" in warning for warning in report.warnings)
    assert there.asked == []


def gltf(folder: Path, **members: Any) -> Path:
    path = folder / "a.gltf"
    path.write_text(json.dumps({"asset": {"version": "2.0"}, **members}))
    return path


def mesh(path: Path) -> Any:
    return import_mesh(path, path.parent / "spool", options=options(), progress=lambda _: None)


TRIANGLE: dict[str, Any] = {
    "scenes": [{"nodes": [0]}],
    "nodes": [{"mesh": 0}],
    "meshes": [{"primitives": [{"attributes": {"POSITION": 0, "TEXCOORD_0": 1}, "material": 0}]}],
    "accessors": [
        {"bufferView": 0, "count": 3, "componentType": 5126, "type": "VEC3"},
        {"bufferView": 1, "count": 3, "componentType": 5126, "type": "VEC2"},
    ],
    "bufferViews": [
        {"buffer": 0, "byteLength": 36},
        {"buffer": 0, "byteLength": 24, "byteOffset": 36},
    ],
    "materials": [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}],
    "textures": [{"source": 0}],
}
CORNERS = "data:application/octet-stream;base64,AAAAAAAAAAAAAAAAAACAPwAAAAAAAAAAAAAAAAAAgD8AAAAA" + "A" * 32
"""Three corners, (0, 0, 0), (1, 0, 0), (0, 1, 0), and three places on an image."""


def test_buffers_and_images_of_gltf_are_not_fetched(tmp_path: Path, there: Elsewhere) -> None:
    far = {"byteLength": 60, "uri": f"{there.address}/a.bin"}
    near = {"byteLength": 60, "uri": CORNERS}
    with pytest.raises(DamagedSource):
        mesh(gltf(tmp_path, **TRIANGLE, buffers=[far], images=[{"uri": "a.png"}]))
    with suppress(SourceError):
        mesh(gltf(tmp_path, **TRIANGLE, buffers=[near], images=[{"uri": f"{there.address}/a.png"}]))
    assert there.asked == []


def test_materials_and_images_of_obj_are_not_fetched(tmp_path: Path, there: Elsewhere) -> None:
    (tmp_path / "near.mtl").write_text(f"newmtl a\nmap_Kd {there.address}/a.png\n")
    triangle = "v 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\nusemtl a\nf 1/1 2/2 3/3\n"
    for library in (f"{there.address}/a.mtl", "near.mtl"):
        path = tmp_path / "a.obj"
        path.write_text(f"mtllib {library}\n{triangle}")
        shutil.rmtree(tmp_path / "spool", ignore_errors=True)
        with suppress(SourceError):
            mesh(path)
    assert there.asked == []


RASTER = """<VRTDataset rasterXSize="4" rasterYSize="4"><SRS>EPSG:4326</SRS><GeoTransform>121, 0.1, 0, 30, 0, -0.1</GeoTransform>
<VRTRasterBand dataType="Float32" band="1"><SimpleSource><SourceFilename>/vsicurl/{}/a.tif</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"""
WMS = '<GDAL_WMS><Service name="TMS"><ServerUrl>{}/${{z}}/${{x}}/${{y}}</ServerUrl></Service></GDAL_WMS>'
STAC = '{{"stac_version": "1.0.0", "type": "FeatureCollection", "features": [{{"assets": {{"a": {{"href": "{}/a.tif"}}}}}}]}}'


@pytest.mark.parametrize("text", [RASTER, "\n " + RASTER, WMS, STAC], ids=["vrt", "space", "wms", "stac"])
@pytest.mark.parametrize("packed", [False, True])
def test_an_elevation_model_that_lies_elsewhere_is_refused(
    tmp_path: Path, there: Elsewhere, text: str, *, packed: bool
) -> None:
    path = tmp_path / "a.tif"
    path.write_text(text.format(there.address))
    if packed:
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.write(path, "a.tif")
        path = tmp_path / "a.zip"
    with pytest.raises(UnsupportedSource, match="lie elsewhere"):
        open_terrain(path)
    assert there.asked == []


# ------------------------------------------------------------------------------------------------------ other files
@pytest.fixture
def inside(tmp_path: Path) -> Path:
    """A folder beside a file that is none of its business, and with a link out of it."""
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "secret.png").write_bytes(SECRET)
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    (folder / "linked").symlink_to(tmp_path)
    return folder


def paths(folder: Path) -> list[str]:
    """Ways to write the path of the other file."""
    secret = folder.parent / "secret.png"
    return [
        "../secret.png", "..\\secret.png", "%2e%2e/secret.png", "./x/../../secret.png", str(secret), secret.as_uri(),
        f"file://localhost{secret}", "file:../secret.png", "link.png", "linked/secret.png", f"/vsizip/{secret}",
    ]  # fmt: skip


@pytest.mark.parametrize("way", range(11))
def test_an_image_beyond_the_folder_is_not_read(inside: Path, way: int) -> None:
    uri = paths(inside)[way]
    city(inside, "other", uri)
    assert leaked(inside / "spool") == []
    shutil.rmtree(inside / "spool")
    near = {"byteLength": 60, "uri": CORNERS}
    with suppress(SourceError):
        mesh(gltf(inside, **TRIANGLE, buffers=[near], images=[{"uri": uri}]))
    assert leaked(inside / "spool") == []


def test_an_image_within_the_folder_is_read(inside: Path) -> None:
    (inside / "wall.png").write_bytes(SECRET)
    city(inside, "other", "wall.png")
    assert leaked(inside / "spool") != []


@pytest.mark.parametrize("way", range(11))
def test_a_buffer_beyond_the_folder_is_not_read(inside: Path, way: int) -> None:
    with pytest.raises(DamagedSource):
        mesh(
            gltf(
                inside,
                **TRIANGLE,
                buffers=[{"byteLength": 60, "uri": paths(inside)[way]}],
                images=[{"uri": "a.png"}],
            )
        )
