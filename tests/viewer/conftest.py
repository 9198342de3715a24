"""A headless browser, the small community on a server of its own, and a page that watches what it must not do.

`browser` and `open_page` serve any test that wants to look at a page in Chromium; the rest is of the viewer.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    expect,
    sync_playwright,
)

from tests.viewer.mock_models import Model, community
from tests.viewer.mock_server import MockTwin, RunningServer, write_tiles

# WebGL 2 without a graphics card; no traffic of the browser's own.
ARGUMENTS: Final = [
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-sandbox",
]
VIEWER = Path(__file__).resolve().parents[2] / "api" / "viewer"
DESK = (960, 560)
PHONE = (390, 844)
READY_MS = 60_000
"""Software rendering on a busy machine."""
expect.set_options(timeout=20_000)
"""Likewise; what is right is seen at once all the same."""


def _missing(reason: str) -> None:
    """Skip, or fail where set-up has promised that all is there."""
    if os.environ.get("TWIN_REQUIRE_BROWSER"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Headless Chromium with WebGL 2 in software; skips where there is none.

    Ends with the last test of this package: while Playwright runs, no test of another may start a loop of asyncio.
    """
    named = os.environ.get("TWIN_CHROMIUM")
    executable = (
        named or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    )
    if executable is None:
        _missing("no Chromium: install the package chromium, or set TWIN_CHROMIUM to the program")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield started
        started.close()


class Watched:
    """A page, and everything it did that a page of this project must not do."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        self.outside: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location.get('url', '')})")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in {"data", "blob"} and parts.hostname != "127.0.0.1":
            self.outside.append(request.url)

    def ready(self) -> "Watched":
        """Wait for the first view."""
        self.page.wait_for_function("() => window.twinViewer", timeout=READY_MS)
        self.page.evaluate("() => window.twinViewer.ready.then(() => null)")
        return self

    def idle(self) -> "Watched":
        """Wait until nothing is on its way and the camera rests."""
        self.page.evaluate("() => window.twinViewer.idle().then(() => null)")
        return self

    def state(self, path: str) -> Any:
        """A value of the page's state, as JSON has it; sets come as lists."""
        script = "(path) => { let v = window.twinViewer.state; for (const k of path.split('.')) v = v?.[k]; return v instanceof Set ? [...v] : v ?? null }"
        return self.page.evaluate(script, path)

    def screen_position(self, lon: float, lat: float, height: float) -> tuple[float, float]:
        """Where a place on Earth (degrees, metres) is seen, in CSS pixels of the page."""
        script = """async ([lon, lat, height]) => {
          const { Cartesian3, SceneTransforms } = await import("/viewer/vendor/cesium/cesium.js");
          const { scene } = window.twinViewer;
          const at = SceneTransforms.worldToWindowCoordinates(scene, Cartesian3.fromDegrees(lon, lat, height));
          const box = scene.canvas.getBoundingClientRect();
          return [at.x + box.left, at.y + box.top];
        }"""
        x, y = self.page.evaluate(script, [lon, lat, height])
        return x, y

    def pick(self, place: tuple[float, float, float]) -> str | None:
        """GlobalId of what is seen at a place on Earth."""
        x, y = self.screen_position(*place)
        script = "([x, y]) => { const b = twinViewer.scene.canvas.getBoundingClientRect(); return twinViewer.pick(x - b.left, y - b.top)?.globalId ?? null }"
        found = self.page.evaluate(script, [x, y])
        assert found is None or isinstance(found, str)
        return found


class OpenPage(Protocol):
    """Opens an address in a context of its own."""

    def __call__(self, url: str, *, size: tuple[int, int] = DESK, **context: Any) -> Watched: ...


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Open pages that are closed after the test; `context` goes to Playwright (`locale`, `color_scheme`, …)."""
    contexts: list[BrowserContext] = []

    def open_(url: str, *, size: tuple[int, int] = DESK, **context: Any) -> Watched:
        contexts.append(new_context(browser, size, **context))
        watched = Watched(contexts[-1].new_page())
        watched.page.goto(url)
        return watched

    yield open_
    for context in contexts:
        context.close()


def new_context(browser: Browser, size: tuple[int, int], **options: Any) -> BrowserContext:
    """A context as these tests want it: English, still, patient; `options` are Playwright's and win."""
    settings: dict[str, Any] = {
        "locale": "en-GB",
        "reduced_motion": "reduce",
        "viewport": {"width": size[0], "height": size[1]},
    }
    context = browser.new_context(**(settings | options))
    context.set_default_timeout(READY_MS)
    return context


@pytest.fixture(scope="session")
def models() -> list[Model]:
    """The small community: a house with basements, pipes below ground."""
    return community()


@pytest.fixture(scope="session")
def tiles(models: list[Model], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its tiles."""
    return write_tiles(models, tmp_path_factory.mktemp("tiles"))


@pytest.fixture(scope="session")
def cesium() -> None:
    """CesiumJS is where the viewer finds it."""
    if not (VIEWER / "vendor" / "cesium" / "cesium.js").is_file():
        _missing("no CesiumJS for the viewer: run scripts/setup")


@pytest.fixture
def server(models: list[Model], tiles: Path, cesium: None) -> Iterator[RunningServer]:
    """A server that the test may break."""
    with RunningServer(MockTwin(models=models, tiles=tiles)) as running:
        yield running


@pytest.fixture(scope="package")
def shared(browser: Browser, models: list[Model], tiles: Path, cesium: None) -> Iterator[Watched]:
    """One page with the whole scene for all tests that leave it as they found it."""
    with RunningServer(MockTwin(models=models, tiles=tiles)) as running:
        context = new_context(browser, DESK)
        watched = Watched(context.new_page())
        watched.page.goto(running.url)
        yield watched.ready()
        context.close()


RESET = """async () => {
  const viewer = window.twinViewer;
  viewer.clear();
  viewer.setLanguage("en");
  viewer.filter({ hiddenModels: new Set(), hiddenClasses: new Set(), hiddenStoreys: new Set(), onlyStoreys: null,
                  hiddenObjects: new Set(), onlyObjects: null, spaces: false });
  document.querySelector("#search-input").value = "x";
  document.querySelector("#search .clear").click();
  document.querySelector("#tab-structure").click();
  if (viewer.state.underground.on) document.querySelector("#controls [aria-label='See below ground']").click();
  document.querySelector("#controls [aria-label='Show the whole scene']").click();
  const panel = document.querySelector("#panel-body");
  for (let open = true; open; ) {
    panel.scrollTop = 0;
    await new Promise((resolve) => requestAnimationFrame(resolve));
    open = document.querySelector(".row.model .twist.open");
    open?.click();
  }
  document.activeElement?.blur();
  await viewer.idle();
}"""


@pytest.fixture
def scene(shared: Watched) -> Watched:
    """The shared page, everything shown, nothing selected, in English, looking at the whole scene."""
    shared.page.evaluate(RESET)
    shared.errors.clear()
    return shared


Place = tuple[float, float, float]


@pytest.fixture(scope="session")
def place_of(models: list[Model]) -> Callable[[str, str], Place]:
    """Model key and object name → middle of its box as (lon, lat, height), from the building and not from its tiles."""

    def find(key: str, name: str) -> Place:
        model = next(model for model in models if model.key == key)
        bounds = model.bounds([next(item for item in model.items if item.name == name)])
        assert bounds is not None
        west, south, low, east, north, high = bounds
        return (west + east) / 2, (south + north) / 2, (low + high) / 2

    return find


@pytest.fixture(scope="session")
def global_id_of(models: list[Model]) -> Callable[[str, str], str]:
    """Model key and object name → GlobalId."""

    def find(key: str, name: str) -> str:
        model = next(model for model in models if model.key == key)
        return next(item.global_id for item in model.items if item.name == name)

    return find
