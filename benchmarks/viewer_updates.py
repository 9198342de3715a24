"""Colouring tiles by live state in a browser, three ways side by side: frames a second while every object changes, and while none does.

    .venv/bin/python benchmarks/viewer_updates.py [--objects 10000] [--hertz 10] [--tiles 25] [--size 640x360]

Headless Chromium, WebGL 2 in software; the scene is drawn all the time. `texture`: one texture of codes and a CustomShader by `state_index`, as the
viewer and twin-layer.js do it (their own module); `feature`: `feature.color` of every object; `style`: a Cesium3DTileStyle whose colour is a look-up.
All objects get another code `--hertz` times a second. Each way is measured with and without updates in turn, `--rounds` times; *kept* is the median
of the ratios of the rounds. Exits with 1 if the first way keeps less than 80 %. About a minute and a half.
"""

import argparse
import functools
import io
import shutil
import statistics
import sys
import tempfile
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.city_view import ARGUMENTS
from tests.viewer.building import Item
from tests.viewer.tileset import write_tileset

ROOT = Path(__file__).resolve().parent.parent
WAYS = ("texture", "feature", "style")
KEPT = 0.8
PAGE = (
    '<!doctype html><meta charset="utf-8"><title>updates</title><link rel="icon" href="data:,">'
    "<style>html,body,#map,.cesium-widget,canvas{height:100%;width:100%;margin:0;display:block}</style>"
    '<div id="map"></div><script type="module" src="/updates.js"></script>'
)


class _Files(SimpleHTTPRequestHandler):
    """The page, its module, the viewer's modules and the tiles."""

    def __init__(self, *args: Any, tiles: Path, **options: Any) -> None:
        self._tiles = tiles
        super().__init__(*args, **options)

    def translate_path(self, path: str) -> str:
        """Where a path of the address lies."""
        name = path.partition("?")[0]
        if name == "/updates.js":
            return str(ROOT / "benchmarks" / "viewer_updates.js")
        return str(self._tiles / name[7:] if name.startswith("/tiles/") else ROOT / "api" / name[1:])

    def do_GET(self) -> None:
        """The page at `/`, else a file."""
        if self.path != "/":
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(PAGE.encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Say nothing."""


def city(objects: int, tiles: int) -> list[Item]:
    """Houses on a grid, 20 m apart, in square blocks of a tile each."""
    side = int(np.ceil(np.sqrt(objects)))
    blocks = int(np.sqrt(tiles))
    made = []
    for number in range(objects):
        row, column = divmod(number, side)
        x, y, tall = column * 20.0, row * 20.0, 6.0 + number * 7919 % 30
        boxes = ((x, y, 0.0, x + 12, y + 12, tall),)
        block = f"{row * blocks // side}-{column * blocks // side}"
        made.append(Item(global_id=f"{number:022d}", class_="Building", name=str(number), storey=block, boxes=boxes))  # fmt: skip
    return made


def mean_colour(page: Page, code: int) -> Any:
    """Of the middle of the view while all objects have one code."""
    page.evaluate("(code) => bench.all(code)", code)
    image = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"), np.float64)
    height, width = image.shape[:2]
    return image[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3].mean(axis=(0, 1))


def check(page: Page, way: str) -> None:
    """Whether the way shows codes at all: red for the highest, blue for the lowest."""
    low, high = mean_colour(page, 0), mean_colour(page, 249)
    if not (high[0] - low[0] > 30 and low[2] - high[2] > 30):
        raise SystemExit(f"{way} does not show the codes: {low} {high}")


def measure(page: Page, options: argparse.Namespace) -> dict[str, list[tuple[Any, Any]]]:
    """By way: what each round measured without and with updates."""
    found: dict[str, list[tuple[Any, Any]]] = {way: [] for way in WAYS}
    for turn in range(options.rounds):
        for way in WAYS:
            page.evaluate("(way) => bench.use(way)", way)
            if turn == 0:
                check(page, way)
            still, moving = (
                page.evaluate("([s, hz]) => bench.measure(s, hz)", [options.seconds, hertz])
                for hertz in (0, options.hertz)
            )
            found[way].append((still, moving))
    return found


def report(found: dict[str, list[tuple[Any, Any]]]) -> bool:
    """Print the table; whether the first way keeps enough."""
    print(
        "| way | frames/s, no updates | frames/s, updates | kept | updates/s | ms of script an update | more ms of script a frame |"
    )
    print("|---|--:|--:|--:|--:|--:|--:|")
    kept = {}
    for way, rounds in found.items():
        kept[way] = statistics.median(moving["fps"] / still["fps"] for still, moving in rounds)
        still, moving = ([pair[which] for pair in rounds] for which in (0, 1))
        middle = {key: statistics.median(each[key] for each in moving) for key in moving[0]}
        more = middle["frameMs"] - statistics.median(each["frameMs"] for each in still)
        print(
            f"| {way} | {statistics.median(each['fps'] for each in still):.1f} | {middle['fps']:.1f} | {kept[way]:.0%} "
            f"| {middle['updates']:.1f} | {middle['updateMs']:.2f} | {more:.2f} |"
        )
    good = kept["texture"] >= KEPT
    print(
        f"texture keeps {kept['texture']:.0%} of the frames (target: {KEPT:.0%}): {'reached' if good else 'MISSED'}"
    )
    return good


def main() -> None:
    """Make the tiles, open the browser, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--objects", type=int, default=10_000)
    parser.add_argument("--tiles", type=int, default=25, help="a square number")
    parser.add_argument("--hertz", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each measurement")
    parser.add_argument(
        "--size", default="640x360", help="pixels; small, so that drawing does not hide the updates"
    )
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        write_tileset(Path(folder), city(options.objects, options.tiles), 0, (121.55, 29.87, 12.0))
        handler = functools.partial(_Files, tiles=Path(folder))
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        page = browser.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: print(f"page: {error}", file=sys.stderr))
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        page.wait_for_function("() => window.bench")
        page.evaluate("(objects) => bench.load(objects)", options.objects)
        print(
            f"{options.objects:,} objects in {options.tiles} tiles, all changed {options.hertz:g} times a second, {options.size} pixels"
        )
        good = report(measure(page, options))
        browser.close()
        server.shutdown()
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
