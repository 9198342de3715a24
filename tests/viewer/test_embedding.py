"""The twin in a page that is not ours: another origin, CesiumJS joined from its package, the lines of docs/embedding.md."""

import io
import json
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser

from tests.viewer.conftest import DESK, VIEWER, Watched, new_context
from tests.viewer.site import TWIN, Site

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]

ROOT = VIEWER.parents[1]
LINES = 10
LOOK = """([lon, lat, height]) => {
  const { viewer, Cesium } = window;
  const sphere = new Cesium.BoundingSphere(Cesium.Cartesian3.fromDegrees(lon, lat, height), 1.5);
  viewer.camera.flyToBoundingSphere(sphere, { duration: 0, offset: new Cesium.HeadingPitchRange(0.7, -0.2, 6) });
}"""
FIND = """(globalId) => {
  const { viewer, twin, Cesium } = window;
  const { clientWidth: w, clientHeight: h } = viewer.scene.canvas;
  if (![...twin.tilesets.values()].every((tileset) => tileset.tilesLoaded)) return null;
  for (let y = h * 0.2; y < h * 0.8; y += 6)
    for (let x = w * 0.35; x < w * 0.65; x += 6)
      if (twin.pick(new Cesium.Cartesian2(x, y))?.globalId === globalId) return [x, y];
  return null;
}"""


def example() -> str:
    """The lines of the documentation that make the page."""
    text = (ROOT / "docs" / "embedding.md").read_text(encoding="utf-8")
    found = re.search(r'<script type="module">\n(.*?)</script>', text, re.DOTALL)
    assert found is not None
    return found.group(1)


@pytest.fixture(scope="module")
def site(cesium: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The twin; its lamp is on."""
    running = Site(tmp_path_factory.mktemp("embedded"))
    running.report(on=True)
    yield running
    running.process.terminate()
    running.process.wait(30)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The other site's files: an ordinary bundle of CesiumJS with what it asks for."""
    here = tmp_path_factory.mktemp("elsewhere")
    esbuild = ROOT / "node_modules" / ".bin" / "esbuild"
    command = [str(esbuild), "--bundle", "--format=iife", "--global-name=Cesium", "--loader:.wasm=file"]
    command += [f"--outfile={here / 'Cesium.js'}", "--log-level=error"]
    subprocess.run(command, input=b'export * from "@cesium/engine";', cwd=ROOT, check=True)
    for name in ("Workers", "Assets", "ThirdParty"):
        shutil.copytree(VIEWER / "vendor" / "cesium" / name, here / name)
    return here


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Say nothing."""


@pytest.fixture(scope="module")
def embedded(browser: Browser, site: Site, folder: Path) -> Iterator[Watched]:
    """The other site's page with the example in it, near the lamp."""
    made = subprocess.run(
        [*TWIN, "token", "create", "map", "--role", "reader", "--data", str(site.data)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    token = re.search(r"twin_\S+", made.stdout)
    assert token is not None
    lines = example().replace("https://twin.example", site.url).replace("twin_…", token.group())
    (folder / "index.html").write_text(
        f"""<!doctype html><meta charset="utf-8"><title>A map</title><link rel="icon" href="data:,">
        <style>html, body, #map {{ height: 100%; margin: 0 }}</style><div id="map"></div>
        <script>CESIUM_BASE_URL = "/";</script><script src="Cesium.js"></script>
        <script type="module">{lines}
          Object.assign(window, {{ viewer, twin, Cesium }});
        </script>""",
        encoding="utf-8",
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    context = new_context(browser, DESK)
    watched = Watched(context.new_page())
    watched.page.goto(f"http://127.0.0.1:{server.server_port}/")
    watched.page.wait_for_function("() => window.twin")
    west, south, low, east, north, high = site.lamp["bounds"]
    watched.page.evaluate(LOOK, [(west + east) / 2, (south + north) / 2, (low + high) / 2])
    yield watched
    context.close()
    server.shutdown()
    server.server_close()


def _lamp(watched: Watched, site: Site) -> tuple[float, float]:
    """Where the lamp is picked."""
    found = watched.page.wait_for_function(FIND, arg=site.lamp["global_id"]).json_value()
    return found[0], found[1]


def _colour(watched: Watched, at: tuple[float, float]) -> list[int]:
    image = np.asarray(Image.open(io.BytesIO(watched.page.screenshot())).convert("RGB"), np.int64)
    return [int(part) for part in image[round(at[1]), round(at[0])]]


def _expect_yellow(watched: Watched, at: tuple[float, float], *, yellow: bool) -> None:
    until = time.monotonic() + 20
    while (_colour(watched, at)[0] - _colour(watched, at)[2] > 60) != yellow:
        assert time.monotonic() < until, _colour(watched, at)
        time.sleep(0.3)


def test_ten_lines_are_enough() -> None:
    assert len([line for line in example().splitlines() if line.strip()]) < LINES


def test_object_takes_the_colour_of_each_value_that_it_reports(embedded: Watched, site: Site) -> None:
    lamp = _lamp(embedded, site)
    site.report(on=True)
    _expect_yellow(embedded, lamp, yellow=True)
    site.report(on=False)
    _expect_yellow(embedded, lamp, yellow=False)
    assert embedded.errors == []
    assert embedded.outside == []


def test_click_of_the_pages_own_tells_the_global_id(embedded: Watched, site: Site) -> None:
    embedded.page.mouse.click(*_lamp(embedded, site))
    embedded.page.wait_for_function("(id) => document.title === id", arg=site.lamp["global_id"])


def test_theme_can_be_taken_off_and_put_on_again(embedded: Watched, site: Site) -> None:
    lamp = _lamp(embedded, site)
    site.report(on=True)
    _expect_yellow(embedded, lamp, yellow=True)
    embedded.page.evaluate("() => twin.setTheme(null)")
    _expect_yellow(embedded, lamp, yellow=False)
    embedded.page.evaluate("() => twin.setTheme('switch')")
    _expect_yellow(embedded, lamp, yellow=True)


def test_hidden_class_is_not_drawn(embedded: Watched, site: Site) -> None:
    x, y = _lamp(embedded, site)
    pick = "([x, y]) => twin.pick(new Cesium.Cartesian2(x, y))?.globalId ?? null"
    embedded.page.evaluate("(name) => twin.filter({ hiddenClasses: new Set([name]) })", site.lamp["class"])
    assert embedded.page.evaluate(pick, [x, y]) != site.lamp["global_id"]
    embedded.page.evaluate("() => twin.filter({ hiddenClasses: new Set() })")
    assert embedded.page.evaluate(pick, [x, y]) == site.lamp["global_id"]


def test_unknown_theme_is_told_with_those_that_there_are(embedded: Watched) -> None:
    said = embedded.page.evaluate(
        "() => { try { twin.setTheme('colour'); } catch (e) { return e.message; } }"
    )
    assert said.startswith("no such theme: colour; there are ")
    assert "temperature" in json.dumps(said)


def test_destroyed_layer_leaves_the_viewer_as_it_was_and_its_connection_ends(
    embedded: Watched, site: Site
) -> None:
    left = embedded.page.evaluate(
        "async (base) => { const { addTwinLayer } = await import(`${base}/viewer/twin-layer.js`);"
        " const before = viewer.scene.primitives.length;"
        " const other = await addTwinLayer(viewer, Cesium, { theme: 'switch' });"
        " const during = viewer.scene.primitives.length; other.destroy();"
        " return [during > before, viewer.scene.primitives.length - before]; }",
        site.url,
    )
    assert left == [True, 0]
