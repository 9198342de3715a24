"""Starts the demo, and makes pictures of its page: those of the documentation, or any view in any language and size."""

import argparse
import io
import itertools
import os
import queue
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from screenshot_views import VIEWS, Stage, Twin

ROOT = Path(__file__).resolve().parent.parent
SIZES = {"desk": (1200, 750), "laptop": (1024, 640), "phone": (390, 844)}
WALL = (1600, 900)
LANGUAGES = {"en": "en-GB", "zh": "zh-CN"}
DOCS: Final[dict[str, tuple[str, str, str]]] = {
    "viewer": ("scene", "en", "desk"),
    "viewer-live": ("coloured", "en", "desk"),
    "underground": ("underground", "en", "desk"),
    "storey": ("storey", "en", "desk"),
    "card": ("card", "en", "desk"),
    "find": ("find", "en", "desk"),
    "past": ("past", "en", "desk"),
    "chart": ("chart", "en", "desk"),
    "command": ("command", "en", "desk"),
    "bulk": ("bulk", "en", "desk"),
    "alarms": ("alarms", "en", "desk"),
    "approvals": ("approvals", "en", "desk"),
    "ingest": ("ingest", "en", "desk"),
    "wall": ("wall", "en", "desk"),
    "phone": ("card", "en", "phone"),
    "model": ("model", "en", "desk"),
    "storey.zh": ("storey", "zh", "desk"),
    "find.zh": ("find", "zh", "desk"),
}
"""Files in docs/images: view, language and size."""

MOST_BYTES = 120_000
"""Of one picture: all of them together are to stay below 2 MiB."""
QUALITIES = (82, 76, 70, 64, 58, 50)
START_S = 300.0
SETTLE_MS = 1_500
# WebGL 2 without a graphics card; no traffic of the browser's own.
ARGUMENTS = [
    "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist",
    "--disable-background-networking", "--disable-component-update", "--no-sandbox",
]  # fmt: skip

PATIENCE_MS = 90_000
RESET = """async () => {
  const viewer = window.twinViewer;
  document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close());
  viewer.clear();
  await viewer.theme(null);
  viewer.instant(null);
  viewer.filter({ hiddenModels: new Set(), hiddenClasses: new Set(), hiddenStoreys: new Set(), onlyStoreys: null,
                  hiddenObjects: new Set(), onlyObjects: null, spaces: false });
  const key = (key) => document.querySelector("#scene").dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  if (viewer.state.underground.on) key("u");
  document.querySelector(".find-form .choice")?.click();
  document.querySelector("#tab-structure").click();
  key("0");
  await viewer.idle();
}"""
"""The page as it was opened."""

Shot = tuple[str, str, str, Path]
"""View, language, size, and the file to write."""


@contextmanager
def demo(data: Path) -> Iterator[Twin]:
    """The demo on a port of its own, ended with the block; what it says is passed on."""
    command = [
        sys.executable,
        "-c",
        "from api.cli import main; main()",
        "serve",
        "--demo",
        "--data",
        str(data),
        "--port",
        "0",
    ]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    said: queue.Queue[str] = queue.Queue()
    assert server.stdout is not None
    threading.Thread(target=lambda: [said.put(line) for line in server.stdout or ()], daemon=True).start()
    try:
        address = ""
        until = time.monotonic() + START_S
        while "Signed in" not in address:
            address = said.get(timeout=max(0.1, until - time.monotonic()))
            print(address, end="", file=sys.stderr)
        url, _, token = address.rpartition(" ")[2].strip().partition("#token=")
        yield Twin(url=url, token=token)
    finally:
        server.terminate()
        server.wait(30)


def prepare(twin: Twin) -> None:
    """Something to see for those who approve: a duty officer wants a fire pump, which needs a second person."""
    time.sleep(5)  # every device has reported once
    fields = {"name": "Duty officer", "roles": ["operator"], "days": 1}
    officer = twin.ask("tokens", fields)["token"]
    pump = twin.object_of("fire_pump", "tower", 0.0)
    twin.ask(
        "commands", {"signal": f"{pump}/fire_pump", "value": True, "reason": "Monthly test run"}, officer
    )


class Studio:
    """A browser with a page for each language and size: what was loaded once serves all views."""

    def __init__(self, browser: Browser, twin: Twin) -> None:
        self._browser = browser
        self._twin = twin
        self._pages: dict[tuple[str, str, bool], Page] = {}

    def take(self, shot: Shot) -> None:
        """One picture."""
        view, language, size, file = shot
        key = (language, size, view == "wall")
        if key not in self._pages:
            self._pages[key] = self._open(*key)
        page = self._pages[key]
        if view != "wall":
            page.evaluate(RESET)
        VIEWS[view](Stage(page=page, twin=self._twin, language=language))
        page.evaluate("() => document.activeElement?.blur()")
        page.evaluate("() => window.twinViewer.idle().then(() => null)")
        page.wait_for_timeout(SETTLE_MS)
        save(page.screenshot(), file)

    def forget(self, shot: Shot) -> None:
        """The page may be in any state: the next view gets a new one."""
        _, language, size, _ = shot
        page = self._pages.pop((language, size, shot[0] == "wall"), None)
        if page is not None:
            page.context.close()

    def _open(self, language: str, size: str, wall: bool) -> Page:  # noqa: FBT001 - a key
        width, height = WALL if wall and size == "desk" else SIZES[size]
        context = self._browser.new_context(
            locale=LANGUAGES[language],
            timezone_id="Asia/Shanghai",
            color_scheme="light",
            reduced_motion="reduce",
            viewport={"width": width, "height": height},
            has_touch=size == "phone",
        )
        context.route(re.compile(r"^https?://(?!127\.0\.0\.1[:/])"), lambda route: route.abort())
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.goto(f"{self._twin.url}?lang={language}{'&wall' if wall else ''}#token={self._twin.token}")
        page.wait_for_function("() => window.twinViewer")
        page.evaluate("() => window.twinViewer.ready.then(() => null)")
        return page


def save(png: bytes, file: Path) -> None:
    """As JPEG, as good as fits."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    content = b""
    for quality in QUALITIES:
        made = io.BytesIO()
        image.save(made, "JPEG", quality=quality, optimize=True, progressive=True)
        content = made.getvalue()
        if len(content) <= MOST_BYTES:
            break
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    print(
        f"{file.relative_to(ROOT) if file.is_relative_to(ROOT) else file}: {len(content) / 1000:.0f} kB",
        file=sys.stderr,
    )


def chromium() -> str:
    """The executable, as the tests find it."""
    names = [os.environ.get("TWIN_CHROMIUM"), "chromium", "chromium-browser", "google-chrome"]
    found = next(filter(None, (shutil.which(name) for name in names if name)), None)
    if found is None:
        sys.exit("no Chromium: install the package chromium, or set TWIN_CHROMIUM to the program")
    return found


def shots(options: argparse.Namespace) -> list[Shot]:
    """What was asked for."""
    if not (options.all or options.view or options.language or options.size):
        folder = options.out or ROOT / "docs" / "images"
        return [
            (*wanted, folder / f"{name}.jpg")
            for name, wanted in DOCS.items()
            if not options.name or name in options.name
        ]
    folder = options.out or ROOT / "test-artifacts" / "screenshots"
    chosen = itertools.product(options.view or VIEWS, options.language or LANGUAGES, options.size or SIZES)
    return [
        (view, language, size, folder / f"{view}.{size}.{language}.jpg") for view, language, size in chosen
    ]


def main() -> None:
    """Command line. Exit status 1: some views could not be reached; the others are there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="every view, language and size")
    parser.add_argument(
        "--view", action="append", choices=VIEWS, help="only this view; several times for several"
    )
    parser.add_argument("--language", action="append", choices=LANGUAGES)
    parser.add_argument("--size", action="append", choices=SIZES)
    parser.add_argument(
        "--name", action="append", choices=DOCS, help="only this picture of the documentation"
    )
    parser.add_argument("--out", type=Path, help="folder of the pictures")
    parser.add_argument(
        "--data", type=Path, default=ROOT / "test-artifacts" / "demo-data", help="data folder of the demo"
    )
    options = parser.parse_args()
    wanted = shots(options)
    failed = []
    with demo(options.data) as twin, sync_playwright() as playwright:
        prepare(twin)
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        studio = Studio(browser, twin)
        for shot in wanted:
            try:
                studio.take(shot)
            except Exception as error:  # noqa: BLE001 - the other pictures are worth having
                print(f"{shot[3].name}: {error}", file=sys.stderr)
                failed.append(shot[3].name)
                studio.forget(shot)
        browser.close()
    if failed:
        sys.exit(f"not made: {', '.join(failed)}")


if __name__ == "__main__":
    main()
