"""From an IFC file to a click in the browser, with the product's own importer, store, tiles and server."""

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import ifcopenshell
import ifcopenshell.util.placement
import numpy as np
import pyproj
import pytest
from playwright.sync_api import expect

from sample_models.samples import sample_sources
from tests.viewer.conftest import OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]

TWIN = [sys.executable, "-c", "from api.cli import main; main()"]
START_S = 60.0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(url: str, server: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        assert server.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"the server was not ready after {START_S:.0f} s")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample building as an IFC file."""
    return sample_sources(tmp_path_factory.mktemp("sample"))[0]


@pytest.fixture(scope="module")
def address(source: Path, cesium: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server that has imported the sample building."""
    data = tmp_path_factory.mktemp("twin")
    subprocess.run([*TWIN, "import", str(source), "--data", str(data)], check=True, capture_output=True)
    port = _free_port()
    server = subprocess.Popen(
        [*TWIN, "serve", "--data", str(data), "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_ready(f"http://127.0.0.1:{port}", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)


def _lamp_pole(source: Path) -> tuple[str, tuple[float, float, float]]:
    """GlobalId of a lamp pole, and (lon, lat, height) of a point one metre up its axis, by the file's own numbers."""
    model = ifcopenshell.open(str(source))
    assert isinstance(model, ifcopenshell.file)
    pole = next(lamp for lamp in model.by_type("IfcLightFixture") if "灯杆" in (lamp.Name or ""))
    x, y, z = ifcopenshell.util.placement.get_local_placement(pole.ObjectPlacement)[:3, 3]
    (conversion,) = model.by_type("IfcMapConversion")
    scale = conversion.Scale or 1.0
    cos, sin = np.array([conversion.XAxisAbscissa or 1.0, conversion.XAxisOrdinate or 0.0])
    norm = np.hypot(cos, sin)
    easting = conversion.Eastings + scale * (x * cos - y * sin) / norm
    northing = conversion.Northings + scale * (x * sin + y * cos) / norm
    to_wgs84 = pyproj.Transformer.from_crs(conversion.TargetCRS.Name, "EPSG:4326", always_xy=True)
    lon, lat = to_wgs84.transform(easting, northing)
    return pole.GlobalId, (lon, lat, conversion.OrthogonalHeight + scale * z + 1.0)


def test_click_where_the_file_puts_a_lamp_pole_opens_its_card(
    address: str, source: Path, open_page: OpenPage
) -> None:
    global_id, place = _lamp_pole(source)
    watched = open_page(f"{address}/?object=community_centre/{global_id}").ready()
    expect(watched.page.locator("#card dd.id code")).to_have_text(global_id)
    watched.page.keyboard.press("Escape")
    watched.idle()
    watched.page.mouse.click(*watched.screen_position(*place))
    expect(watched.page.locator("#card dd.id code")).to_have_text(global_id)


def test_ground_is_open_over_the_garage_ramp_while_the_land_around_it_is_shown(
    address: str, open_page: OpenPage
) -> None:
    page = open_page(address).ready().page
    openings = "(twinViewer.scene.globe.clippingPolygons?.length ?? 0)"
    page.wait_for_function(f"() => {openings} === 1")
    page.evaluate("() => twinViewer.filter({ hiddenModels: new Set(['community_centre']) })")
    assert page.evaluate(openings) == 0


def test_page_of_the_real_server_has_no_errors_and_asks_nobody_else(
    address: str, open_page: OpenPage
) -> None:
    watched = open_page(address).ready()
    watched.page.locator("#tab-storeys").click()
    watched.page.get_by_label("Show only Second floor").click()
    watched.page.locator("#tab-classes").click()
    watched.page.get_by_role("checkbox", name="Wall", exact=True).uncheck()
    watched.idle()
    assert watched.errors == []
    assert watched.outside == []
