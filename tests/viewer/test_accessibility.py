"""No serious violation that axe knows of, in any view, in both languages, light and dark."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.viewer.conftest import VIEWER, new_context
from tests.viewer.mock_operations import request
from tests.viewer.mock_server import RunningServer

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]

AXE: Final = VIEWER.parents[1] / "node_modules" / "axe-core" / "axe.min.js"
HOUSE = "yongjiang-a03-1"
RUN = """async () => {
  const found = await axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], resultTypes: ["violations"],
    rules: { "label-content-name-mismatch": { enabled: false } } });
  return found.violations.filter(({ impact }) => ["serious", "critical"].includes(impact))
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.any[0]?.message ?? node.all[0]?.message ?? ""}`));
}"""
"""Left out is an experimental rule that takes a tab and the number on it for one word."""
SIGNAL: Final[dict[str, Any]] = {
    "id": f"{HOUSE}/x/on", "name": "on", "kind": "temperature", "type": "boolean", "unit": None, "value": False,
    "quality": "good", "observed_at": "2026-05-01T08:00:00Z", "range": None, "choices": [], "control": {"dangerous": False},
}  # fmt: skip
ALARM: Final[dict[str, Any]] = {
    "id": 1, "signal": f"{HOUSE}/x/on", "object": f"{HOUSE}/x", "object_name": "Detector", "kind": "high", "severity": "critical",
    "message": None, "value": 1, "unit": None, "since": "2026-05-01T08:00:00Z", "acknowledged": False, "acknowledged_by": None,
}  # fmt: skip
OpenPlain = Callable[..., Page]
DESK = (1280, 800)


@pytest.fixture(scope="module")
def axe() -> str:
    """Its source; skips where npm has not put it."""
    if not Path(AXE).is_file():
        pytest.skip("no axe-core: run scripts/setup test")
    return AXE.read_text(encoding="utf-8")


@pytest.fixture
def busy(server: RunningServer) -> RunningServer:
    """A server that has something to tell in every view."""
    server.twin.alarms = [ALARM | {"id": n, "severity": s} for n, s in enumerate(["critical", "major", "minor", "warning", "info"])]  # fmt: skip
    operations = server.twin.operations
    operations.may = frozenset({"approve", "command", "administer", "read"})
    operations.requests = [request(1, "awaiting_approval"), request(2, "confirmed")]
    operations.audit = [{"seq": 1, "at": "2026-05-01T08:00:00Z", "who": "a", "action": "device.put", "target": "m", "detail": "", "origin": "http", "mac": ""}]  # fmt: skip
    operations.devices = [{"id": "WM-07", "name": None, "last_seen": None, "stale": 1, "signals": 1}]
    return server


@pytest.fixture(params=[("en", "light"), ("en", "dark"), ("zh", "light"), ("zh", "dark")], ids="-".join)
def look(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Language and scheme."""
    chosen: tuple[str, str] = request.param
    return chosen


@pytest.fixture
def open_plain(browser: Browser) -> Iterator[OpenPlain]:
    """Opens a page without CesiumJS: axe sees nothing of a canvas, and drawing it in software takes most of the time."""
    contexts: list[BrowserContext] = []

    def open_(url: str, scheme: str = "light") -> Page:
        contexts.append(new_context(browser, DESK, color_scheme=scheme))
        contexts[-1].route("**/vendor/cesium/cesium.js", lambda route: route.abort())
        page = contexts[-1].new_page()
        page.goto(url)
        return page

    yield open_
    for context in contexts:
        context.close()


@pytest.fixture
def check(axe: str) -> Iterator[Callable[[Page, str], None]]:
    """Runs axe over the page as it is; what it finds is told all at once, at the end."""
    found: list[str] = []

    def run(page: Page, view: str) -> None:
        if not page.evaluate("() => 'axe' in window"):
            page.evaluate(f"() => {{ {axe} }}")
        found.extend(f"{view}: {text}" for text in page.evaluate(RUN))

    yield run
    assert sorted(set(found)) == []


def test_panel_card_and_help_have_no_serious_violation(
    busy: RunningServer, open_plain: OpenPlain, look: tuple[str, str], check: Callable[[Page, str], None]
) -> None:
    house = busy.twin.model(HOUSE)
    assert house is not None
    wall = f"{HOUSE}/{house.items[-1].global_id}"
    busy.twin.signals[wall] = [SIGNAL]
    url = f"{busy.url}/?object={wall}&lang={look[0]}#token=t"
    page = open_plain(url, look[1])
    page.locator("#card .reading").wait_for()
    check(page, "card")
    tabs = page.locator("#tabs [role=tab]")
    for number in range(tabs.count()):
        tabs.nth(number).click()
        page.wait_for_timeout(400)
        check(page, f"tab {number}")
    page.locator("#search-input").fill("墙")
    page.locator(".result").first.wait_for()
    check(page, "search")
    page.locator("#search .clear").click()
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("?")
    page.locator(".help-dialog").wait_for()
    check(page, "help")


def test_operations_have_no_serious_violation(
    busy: RunningServer, open_plain: OpenPlain, look: tuple[str, str], check: Callable[[Page, str], None]
) -> None:
    url = f"{busy.url}/?lang={look[0]}#token=t"
    page = open_plain(url, look[1])
    page.locator("#operations button").click()
    tabs = page.locator(".ops-dialog [role=tab]")
    for number in range(3):
        tabs.nth(number).click()
        page.wait_for_timeout(400)
        check(page, f"operations {number}")


@pytest.mark.parametrize("state", ["empty", "error", "loading"])
def test_page_without_models_has_no_serious_violation(
    busy: RunningServer, open_plain: OpenPlain, check: Callable[[Page, str], None], state: str
) -> None:
    busy.twin.models = [] if state == "empty" else busy.twin.models
    busy.twin.broken = "/api/v1/models" if state == "error" else None
    busy.twin.delay_s = 8 if state == "loading" else 0
    page = open_plain(busy.url)
    page.locator("#brand").wait_for()
    page.wait_for_timeout(1_500)
    check(page, state)


def test_wall_has_no_serious_violation(
    busy: RunningServer, open_plain: OpenPlain, check: Callable[[Page, str], None]
) -> None:
    page = open_plain(f"{busy.url}/?wall")
    page.locator(".wall-figure").first.wait_for()
    check(page, "wall")
