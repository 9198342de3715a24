"""CesiumJS draws the tiles: features under the pointer, and shaders that read their properties."""

import os
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import ConsoleMessage, Page, sync_playwright

from tests.conftest import ROOT
from tests.tiles.conftest import FIRST_INDEX, Built
from tiles.materials import srgb_from_linear

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

ENGINE = ROOT / "api" / "viewer" / "vendor" / "cesium"

ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
]

SHADER = """
void fragmentMain(FragmentInput fsInput, inout czm_modelMaterial material) {
    uint index = uint(fsInput.metadata.state_index);
    material.diffuse = vec3(float(index & 255u) / 255.0, float((index >> 8u) & 255u) / 255.0, float(index >> 16u) / 255.0);
    material.alpha = 1.0;
}
"""


class Files(SimpleHTTPRequestHandler):
    """Serves the page, the engine, and the folder of a test."""

    def __init__(self, *arguments: Any, tiles: dict[str, Path], **named: Any) -> None:
        self.tiles = tiles
        super().__init__(*arguments, **named)

    def translate_path(self, path: str) -> str:
        first, _, rest = path.split("?", maxsplit=1)[0].lstrip("/").partition("/")
        folders = {"cesium": ENGINE, **self.tiles}
        if first in folders:
            return str(folders[first] / rest)
        return str(Path(__file__).parent / "js" / first)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  # the name of the base class
        """Tests are silent."""


@pytest.fixture(scope="module")
def page(chromium: Path, packed: Built, plain: Built) -> Iterator[Page]:
    """The test page with both kinds of tiles at /packed and /plain; console errors fail the test."""
    if not (ENGINE / "cesium.js").is_file():
        if os.environ.get("TWIN_REQUIRE_BROWSER"):
            pytest.fail("no CesiumJS although set-up should have put it in place")
        pytest.skip("no CesiumJS for the browser: run scripts/setup")
    handler = partial(Files, tiles={"packed": packed.folder, "plain": plain.folder})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, sync_playwright() as playwright:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=str(chromium), args=ARGUMENTS)
        opened = browser.new_page(viewport={"width": 300, "height": 200})
        complaints: list[str] = []
        opened.on(
            "console", lambda message: complaints.append(message.text) if _is_serious(message) else None
        )
        opened.goto(f"http://127.0.0.1:{server.server_address[1]}/page.html")
        opened.wait_for_function("window.started", timeout=120_000)
        yield opened
        browser.close()
        server.shutdown()
        assert complaints == []


def _is_serious(message: ConsoleMessage) -> bool:
    """Errors, and warnings of the engine's own; the software renderer's remarks on speed are not ours."""
    return message.type == "error" or (message.type == "warning" and "GPU stall" not in message.text)


def show(page: Page, built: Built, kind: str, *, shader: str | None = None) -> None:
    page.evaluate("([url, shader]) => load(url, shader)", [f"/{kind}/{built.result.tileset}", shader])


def seen(
    page: Page, built: Built, at: NDArray[np.float64], *, side: tuple[float, float, float]
) -> dict[str, Any]:
    """What is in the middle of the view when looking at the local point `at` from `side` of it, metres."""
    ecef = built.frame.to_ecef(np.array([at, at + np.array(side)]))
    page.evaluate("([from, at]) => look(from, at)", [ecef[1].tolist(), ecef[0].tolist()])
    found: dict[str, Any] = page.evaluate("middle()")
    return found


def middle_of(built: Built, name: str) -> tuple[int, NDArray[np.float64]]:
    ordinal = next(item.ordinal for item in built.sample.objects if item.name == name)
    bounds = built.result.bounds[ordinal].reshape(2, 3)
    return ordinal, bounds.mean(axis=0)


@pytest.mark.parametrize("kind", ["packed", "plain"])
@pytest.mark.parametrize(
    ("name", "side", "group"),
    [
        ("灯 4", (0.0, 9.0, 0.0), "element"),
        ("mirrored", (1.0, -6.0, 1.0), "element"),
        ("海报", (1.0, -3.0, 0.0), "element"),
        ("房间 0", (-9.0, 2.0, 0.0), "space"),
    ],
)
def test_a_click_finds_the_object_that_stands_there(
    page: Page,
    packed: Built,
    plain: Built,
    kind: str,
    name: str,
    side: tuple[float, float, float],
    group: str,
) -> None:
    built = {"packed": packed, "plain": plain}[kind]
    show(page, built, kind)
    ordinal, at = middle_of(built, name)
    found = seen(page, built, at, side=side)
    item = built.sample.objects[ordinal]
    assert found["properties"].get("global_id") == item.global_id
    assert found["properties"]["class"] == item.class_
    assert found["properties"]["state_index"] == FIRST_INDEX + ordinal
    assert found["group"] == group


@pytest.mark.parametrize("name", ["灯 0", "灯 7", "mirrored"])
def test_a_shader_reads_the_state_index_of_instances_and_of_baked_objects(
    page: Page, packed: Built, name: str
) -> None:
    show(page, packed, "packed", shader=SHADER)
    ordinal, at = middle_of(packed, name)
    red, green, blue, _ = seen(page, packed, at, side=(1.0, 6.0 if "灯" in name else -6.0, 1.0))["pixel"]
    index = FIRST_INDEX + ordinal
    linear = np.array([index & 255, index >> 8 & 255, index >> 16]) / 255.0
    np.testing.assert_allclose([red, green, blue], srgb_from_linear(linear) * 255.0, atol=3)
