"""The first scene of the sample community in a browser: seconds until it stands there, and what it costs.

    .venv/bin/python benchmarks/first_scene.py [--data DIR] [--rounds 3] [--size 1280x800] [--query theme=temperature] [--picture FILE] [--profile FILE]

`twin serve --demo` beside it, its devices simulated, as scripts/demo starts it (into `--data`, else into a folder of its own, which takes a minute);
a browser of its own for each round, headless Chromium, WebGL 2 in software, nothing cached. Seconds are from the navigation: *picture*: the first
frame with any of the models; *scene*: the frame in which no tile of the view is missing, and with `theme=` its colours are on, drawn to the last pixel
(a pixel is read back, which waits for all drawing). Prints frames, draw calls, distinct shader programs, requests, bytes, and processor seconds
of page, drawing (the browser's GPU process) and server. `--picture` saves what is seen then.
"""

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.city_view import ARGUMENTS
from scripts.demo_server import demo

ROOT = Path(__file__).resolve().parent.parent
WATCH = (ROOT / "benchmarks" / "first_scene.js").read_text(encoding="utf-8")
PATIENCE_MS = 400_000
SETTLE_S = 8.0
"""After the server has started: by then every device has reported, and the page finds it as one does who comes later."""


class Wire:
    """Requests and their bytes on the wire, headers included."""

    def __init__(self, page: Page) -> None:
        self.session: CDPSession = page.context.new_cdp_session(page)
        self.session.send("Network.enable")
        self.urls: dict[str, str] = {}
        self.sizes: dict[str, float] = {}
        self.times: dict[str, list[float]] = {}
        self.session.on("Network.requestWillBeSent", self._sent)
        self.session.on("Network.loadingFinished", self._came)

    def _sent(self, event: dict[str, Any]) -> None:
        self.urls[event["requestId"]] = event["request"]["url"]
        self.times[event["requestId"]] = [event["timestamp"]]

    def _came(self, event: dict[str, Any]) -> None:
        self.sizes[event["requestId"]] = event["encodedDataLength"]
        self.times.setdefault(event["requestId"], []).append(event["timestamp"])

    def tell(self) -> None:
        """Print each request: when it was sent and had come, seconds, and its bytes."""
        start = min(sent for sent, *_ in self.times.values())
        for key, url in self.urls.items():
            when = " ".join(f"{time - start:6.2f}" for time in self.times[key])
            print(f"  {when}  {self.sizes.get(key, 0) / 1e3:9.1f} kB  {url[:140]}")

    def of(self, part: str) -> tuple[int, float]:
        """Requests whose address has this part, and their megabytes."""
        mine = [key for key, url in self.urls.items() if part in url and url.startswith("http")]
        return len(mine), sum(self.sizes.get(key, 0.0) for key in mine) / 1e6


def processor(browser: CDPSession) -> dict[str, float]:
    """Processor seconds of the browser's processes, by what they are."""
    spent: dict[str, float] = {}
    for each in browser.send("SystemInfo.getProcessInfo")["processInfo"]:
        spent[each["type"]] = spent.get(each["type"], 0.0) + each["cpuTime"]
    return spent


def look(browser: Browser, address: str, options: argparse.Namespace) -> dict[str, Any]:
    """One round; the page stays open, for its processor time."""
    width, height = map(int, options.size.split("x"))
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale="en-GB", reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.on("pageerror", lambda error: print(f"page: {error}", file=sys.stderr))
    wire = Wire(page)
    page.add_init_script(WATCH)
    if options.profile:
        wire.session.send("Profiler.enable")
        wire.session.send("Profiler.start")
    url, _, token = address.partition("#")
    page.goto(f"{url}?{options.query}#{token}", wait_until="commit")
    page.wait_for_function("() => window.firstScene?.done", polling=100)
    found: dict[str, Any] = page.evaluate("() => firstScene.result()")
    if options.profile:
        options.profile.write_text(json.dumps(wire.session.send("Profiler.stop")["profile"]))
    if options.picture:
        page.screenshot(path=options.picture, timeout=PATIENCE_MS)
    if options.verbose:
        print(json.dumps(found, indent=1))
    found |= {
        "requests": wire.of("")[0],
        "MB": wire.of("")[1],
        "tile requests": wire.of("/tiles/")[0],
        "MB of tiles": wire.of("/tiles/")[1],
    }
    if options.verbose:
        wire.tell()
    return found


def measure(address: str, server: psutil.Process, options: argparse.Namespace) -> dict[str, Any]:
    """One round in a browser of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        session = browser.new_browser_cdp_session()
        before, asked = processor(session), sum(server.cpu_times()[:2])
        found = look(browser, address, options)
        after = processor(session)
        browser.close()
    found["server CPU s"] = sum(server.cpu_times()[:2]) - asked
    found["page CPU s"] = after.get("renderer", 0.0) - before.get("renderer", 0.0)
    found["drawing CPU s"] = after.get("GPU", 0.0) - before.get("GPU", 0.0)
    return found


def main() -> None:
    """Serve, look, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="data folder of the demo; kept")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", default="1280x800", help="pixels of the window")
    parser.add_argument("--query", default="", help="of the page's address")
    parser.add_argument("--picture", type=Path, help="what is seen, as PNG")
    parser.add_argument(
        "--profile", type=Path, help="profile of the page's script, for Chromium's developer tools"
    )
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as own, demo(options.data or Path(own)) as (address, server):
        time.sleep(SETTLE_S)
        idle = sum(server.cpu_times()[:2])
        time.sleep(5)
        print(
            f"server with its devices, nobody looking: {(sum(server.cpu_times()[:2]) - idle) / 5:.1%} of a core"
        )
        rounds = [measure(address, server, options) for _ in range(options.rounds)]
    for name in (
        "picture s",
        "scene s",
        "frames",
        "draw calls",
        "programs",
        "requests",
        "MB",
        "tile requests",
        "MB of tiles",
        "page CPU s",
        "drawing CPU s",
        "server CPU s",
    ):
        values = [each[name] for each in rounds]
        print(
            f"{name:>16}: {statistics.median(values):8.2f}   ({', '.join(f'{value:.2f}' for value in values)})"
        )


if __name__ == "__main__":
    main()
