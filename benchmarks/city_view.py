"""The first view of a tiled city in headless Chromium: what it loads over loopback, and a picture to look at."""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.request import urlopen

import numpy as np
from playwright.sync_api import Page, sync_playwright

from api.runtime import Runtime
from api.settings import Settings
from twin.frames import Diagnosis, Frame, TangentPlane
from twin.frames.bounds import geographic_bounds
from twin.objects import SourceObject
from twin.ports import ImportRequest, StagedRevision, TilesetFiles
from twin.source import SourceReport

PORT = 8737
ARGUMENTS = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist", "--no-sandbox",
             "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]  # fmt: skip
PATIENCE_MS = 400_000
HALF_M, TOP_M = 20_000.0, 60.0


def first_view(tiles: Path, picture: Path) -> None:
    """Serve `tiles` (made around the tangent plane of the benchmark) as a model, open the viewer, and say what was loaded."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        publish(tiles, data)
        server = subprocess.Popen(
            [Path(sys.executable).parent / "twin", "serve", "--data", data, "--port", str(PORT)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait()
            look(picture)
        finally:
            server.terminate()
            server.wait()


def publish(tiles: Path, data: Path) -> None:
    """Make the tiles the current revision of a model `city` in a new data folder. Its one object stands for all."""
    plane = TangentPlane.near(121.6, 29.9).placement()
    drop = HALF_M**2 / 6.371e6
    bounds = np.array([[-HALF_M, -HALF_M, -drop, HALF_M, HALF_M, TOP_M]])
    with Runtime(Settings(data=data)) as runtime:
        store = runtime.store
        request = ImportRequest(key="city", explicit=True, source="city", kind="gis", content_hash="1")
        revision = store.begin_revision(request)
        assert isinstance(revision, StagedRevision)
        store.stage_objects(revision, [SourceObject(ordinal=0, global_id="all", class_="Layer", name="city")])
        store.stage_bounds(revision, bounds, geographic_bounds(Frame(plane), bounds))
        shutil.copytree(tiles, data / "tiles" / "city", dirs_exist_ok=True)
        name = next(tiles.glob("tileset-*.json")).name
        files = tuple(str(path.relative_to(tiles)) for path in tiles.rglob("*") if path.is_file())
        store.publish(
            revision,
            tiles=TilesetFiles(tileset=name, files=files),
            diagnosis=Diagnosis(placement=plane, used="stated", confidence="high"),
            report=SourceReport(source="city", products=1, drawn=1),
        )


def wait(seconds: float = 60.0) -> None:
    """Until the server answers."""
    end = time.monotonic() + seconds
    while True:
        try:
            with urlopen(f"http://127.0.0.1:{PORT}/healthz", timeout=2):
                return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.3)


def look(picture: Path) -> None:
    """Open the page and wait until all of the first view is there."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(PATIENCE_MS)
        loaded = listen(page)
        page.goto(f"http://127.0.0.1:{PORT}/")
        page.wait_for_function("() => window.twinViewer")
        page.evaluate("() => window.twinViewer.ready.then(() => null)")
        page.evaluate("() => window.twinViewer.idle().then(() => null)")
        total = sum(loaded.values())
        parts = {
            kind: sum(size for url, size in loaded.items() if url.endswith(kind))
            for kind in (".glb", ".json")
        }
        page.screenshot(path=picture, timeout=PATIENCE_MS)
        browser.close()
    print(f"first view: {total / 1e6:.2f} MB over loopback, of these {parts['.glb'] / 1e6:.2f} tiles and "
          f"{parts['.json'] / 1e6:.2f} JSON; picture: {picture}")  # fmt: skip


def listen(page: Page) -> dict[str, float]:
    """Bytes on the wire by URL, headers included, as they come."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    urls: dict[str, str] = {}
    sizes: dict[str, float] = {}
    session.on("Network.responseReceived", lambda e: urls.update({e["requestId"]: e["response"]["url"]}))
    session.on(
        "Network.loadingFinished",
        lambda e: sizes.update({urls.get(e["requestId"], e["requestId"]): e["encodedDataLength"]}),
    )
    return sizes


if __name__ == "__main__":
    first_view(Path(sys.argv[1]), Path(sys.argv[2]))
