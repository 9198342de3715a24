"""Starts the demo, and makes pictures of its page: those of the documentation, or any view in any language and size."""

import argparse
import io
import itertools
import os
import re
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from demo_server import demo
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from screenshot_views import ALONE, VIEWS, Stage, Twin

ROOT = Path(__file__).resolve().parent.parent
SIZES = {"phone": (390, 844), "laptop": (1366, 768), "wall": (1920, 1080)}
LANGUAGES = {"en": "en-GB", "zh": "zh-CN"}
DOCS: Final[dict[str, tuple[str, str, str]]] = {
    "viewer": ("scene", "en", "laptop"),
    "viewer-live": ("coloured", "en", "laptop"),
    "underground": ("underground", "en", "laptop"),
    "storey": ("storey", "en", "laptop"),
    "card": ("card", "en", "laptop"),
    "find": ("find", "en", "laptop"),
    "past": ("past", "en", "laptop"),
    "chart": ("chart", "en", "laptop"),
    "command": ("command", "en", "laptop"),
    "bulk": ("bulk", "en", "laptop"),
    "alarms": ("alarms", "en", "laptop"),
    "approvals": ("approvals", "en", "laptop"),
    "ingest": ("ingest", "en", "laptop"),
    "wall": ("wall", "en", "wall"),
    "phone": ("card", "en", "phone"),
    "model": ("model", "en", "laptop"),
    "storey.zh": ("storey", "zh", "laptop"),
    "find.zh": ("find", "zh", "laptop"),
    "card.zh": ("card", "zh", "laptop"),
    "past.zh": ("past", "zh", "laptop"),
    "chart.zh": ("chart", "zh", "laptop"),
    "command.zh": ("command", "zh", "laptop"),
    "bulk.zh": ("bulk", "zh", "laptop"),
    "alarms.zh": ("alarms", "zh", "laptop"),
    "approvals.zh": ("approvals", "zh", "laptop"),
    "ingest.zh": ("ingest", "zh", "laptop"),
    "wall.zh": ("wall", "zh", "wall"),
}
"""Files in docs/images: view, language and size."""

MOST_BYTES = 120_000
"""Of one picture: all of them together are to stay below 4 MiB."""
QUALITIES = (82, 76, 70, 64, 58, 50)
ATTEMPTS = 2
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
def started(data: Path) -> Iterator[Twin]:
    """A demo of its own, ended with the block."""
    with demo(data) as (address, _):
        url, _, token = address.partition("#token=")
        yield Twin(url=url, token=token)


@contextmanager
def running(address: str) -> Iterator[Twin]:
    """A demo that runs already, by the address that it has printed; it is left running."""
    url, found, token = address.partition("#token=")
    if not found:
        sys.exit("--at: give the whole address that the demo has printed, with its #token=")
    yield Twin(url=url.rstrip("/") + "/", token=token)


def prepare(twin: Twin) -> None:
    """Something to see for those who approve: a duty officer wants a fire pump, which needs a second person."""
    if any(each["counts"].get("awaiting_approval") for each in twin.items("commands?limit=50")):
        return
    time.sleep(5)  # every device has reported once
    fields = {"name": "Duty officer", "roles": ["operator"], "days": 1}
    officer = twin.ask("tokens", fields)["token"]
    pump = twin.object_of("fire_pump", "tower", 0.0)
    twin.ask(
        "commands", {"signal": f"{pump}/fire_pump", "value": True, "reason": "Monthly test run"}, officer
    )


def page_of(shot: Shot) -> tuple[str, str, str]:
    """Language, size, and what else the address asks for: views of the same page follow each other in it."""
    view, language, size, _ = shot
    alone = ALONE.get(view)
    return language, size, ("&wall" if view == "wall" else "") + (f"&model={alone}" if alone else "")


class Studio:
    """A browser with one page at a time: what it has loaded serves all views of its language and size."""

    def __init__(self, browser: Browser, twin: Twin) -> None:
        self._browser = browser
        self._twin = twin
        self._page: Page | None = None
        self._shows: tuple[str, str, str] | None = None

    def take(self, shot: Shot) -> None:
        """One picture."""
        view, language, _, file = shot
        page = self._page_for(shot)
        if view != "wall":
            page.evaluate(RESET)
        VIEWS[view](Stage(page=page, twin=self._twin, language=language))
        page.evaluate("() => document.activeElement?.blur()")
        page.evaluate("() => window.twinViewer.idle().then(() => null)")
        page.wait_for_timeout(SETTLE_MS)
        save(page.screenshot(), file)

    def forget(self) -> None:
        """The page may be in any state: the next view gets a new one."""
        if self._page is not None:
            self._page.context.close()
        self._page = None

    def _page_for(self, shot: Shot) -> Page:
        """Another page that is still drawn takes the processor from this one: there is none."""
        shows = page_of(shot)
        if self._page is None or shows != self._shows:
            self.forget()
            self._page = self._open(*shows)
            self._shows = shows
        return self._page

    def _open(self, language: str, size: str, wish: str) -> Page:
        width, height = SIZES[size]
        context = self._browser.new_context(
            locale=LANGUAGES[language],
            timezone_id=by_day() if "wall" in wish else "Asia/Shanghai",
            color_scheme="light",
            reduced_motion="reduce",
            viewport={"width": width, "height": height},
            has_touch=size == "phone",
        )
        context.route(re.compile(r"^https?://(?!127\.0\.0\.1[:/])"), lambda route: route.abort())
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.goto(f"{self._twin.url}?lang={language}{wish}#token={self._twin.token}")
        page.wait_for_function("() => window.twinViewer")
        page.evaluate("() => window.twinViewer.ready.then(() => null)")
        return page


def by_day() -> str:
    """A time zone in which it is about noon: the screens of a wall are dimmer at night."""
    ahead = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/UTC"


def taken(studio: Studio, shot: Shot) -> bool:
    """Whether the picture was made; a page that has gone astray is left for a new one, once."""
    for _ in range(ATTEMPTS):
        try:
            studio.take(shot)
        except Exception as error:  # noqa: BLE001 - the other pictures are worth having
            print(f"{shot[3].name}: {error}", file=sys.stderr)
            studio.forget()
        else:
            return True
    return False


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
    parser.add_argument("--at", metavar="ADDRESS", help="of a demo that runs already, with its token")
    parser.add_argument("--out", type=Path, help="folder of the pictures")
    parser.add_argument(
        "--data", type=Path, default=ROOT / "test-artifacts" / "demo-data", help="data folder of the demo"
    )
    options = parser.parse_args()
    wanted = shots(options)
    with (
        running(options.at) if options.at else started(options.data) as twin,
        sync_playwright() as playwright,
    ):
        prepare(twin)
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        studio = Studio(browser, twin)
        failed = [shot[3].name for shot in sorted(wanted, key=page_of) if not taken(studio, shot)]
        browser.close()
    if failed:
        sys.exit(f"not made: {', '.join(failed)}")


if __name__ == "__main__":
    main()
