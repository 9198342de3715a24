"""The page on a wall of screens: nobody touches it, and it gets well by itself."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.viewer.conftest import OpenPage, Watched
from tests.viewer.mock_server import MockTwin, RunningServer

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

HOUSE, PIPES = "yongjiang-a03-1", "a03-water"
WALL = (1280, 720)
SOON_MS = 30_000
"""Figures are asked for every five seconds."""


def _total(key: str, kind: str, unit: str, count: int, total: float, stale: int = 0) -> dict[str, Any]:
    return {
        "key": key, "label": None, "kind": kind, "unit": unit, "signals": count + stale, "count": count, "sum": total,
        "mean": total / count, "minimum": 0, "maximum": 0, "texts": 0, "qualities": {"good": count, "stale": stale},
    }  # fmt: skip


def _alarm(number: int, severity: str) -> dict[str, Any]:
    return {
        "id": number, "signal": f"{HOUSE}/x/t", "object": f"{HOUSE}/x", "object_name": "", "kind": "high", "severity": severity,
        "message": None, "value": 1, "unit": None, "since": "2026-05-01T08:00:00Z", "acknowledged": False, "acknowledged_by": None,
    }  # fmt: skip


@pytest.fixture
def twin(server: RunningServer) -> MockTwin:
    """Two temperatures, power in two units, water, and three alarms."""
    server.twin.reported = [
        _total(HOUSE, "temperature", "Cel", 2, 44.0, stale=1),
        _total(HOUSE, "power", "W", 3, 500.0),
        _total(PIPES, "power", "kW", 1, 2.0),
        _total(PIPES, "flow", "L/min", 2, 100.0),
    ]
    server.twin.alarms = [_alarm(1, "critical"), _alarm(2, "minor"), _alarm(3, "minor")]
    return server.twin


@pytest.fixture
def wall(server: RunningServer, twin: MockTwin, open_page: OpenPage) -> Watched:
    """The wall, with figures."""
    watched = open_page(f"{server.url}/?wall", size=WALL)
    expect(watched.page.locator(".wall-figure")).to_have_count(5)
    return watched


def _figure(page: Page, name: str) -> Any:
    return page.locator(".wall-figure").filter(has=page.get_by_role("heading", name=name, exact=True))


def test_scene_fills_the_screen(wall: Watched) -> None:
    box = wall.page.locator("#scene canvas").bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == WALL


def test_figures_are_summed_over_models_in_one_unit(wall: Watched) -> None:
    page = wall.page
    expect(_figure(page, "Mean temperature")).to_contain_text("22.0°C")
    expect(_figure(page, "Power")).to_contain_text("2.5kW")
    expect(_figure(page, "Water flow")).to_contain_text("6m³/h")
    expect(_figure(page, "Signals reporting")).to_contain_text("8of 9")


def test_alarms_are_counted_by_severity(wall: Watched) -> None:
    alarms = _figure(wall.page, "Open alarms")
    expect(alarms.locator(".wall-value")).to_have_text("3")
    expect(alarms.locator(".critical strong")).to_have_text("1")
    expect(alarms.locator(".minor strong")).to_have_text("2")


def test_an_alarm_is_shown_when_it_is_raised_and_not_when_it_is_asked_for(
    wall: Watched, twin: MockTwin
) -> None:
    alarms = _figure(wall.page, "Open alarms").locator(".wall-value")
    expect(alarms).to_have_text("3")
    twin.requests.clear()
    twin.alarms.append(_alarm(4, "major"))
    expect(alarms).to_have_text("4")
    assert [asked for asked in twin.requests if asked.startswith("/api/v1/alarms")] == []


def test_places_and_classes_are_listed_in_turn(wall: Watched) -> None:
    head = wall.page.locator(".wall-table thead th").first
    expect(head).to_have_text(re.compile("By (place|class)"))
    first = head.inner_text()
    expect(head).not_to_have_text(first, timeout=60_000)


def test_scene_is_coloured_without_a_click_and_the_view_goes_round(
    server: RunningServer, twin: MockTwin, open_page: OpenPage
) -> None:
    watched = open_page(f"{server.url}/?wall", size=WALL, reduced_motion="no-preference")
    watched.page.wait_for_function("() => window.twinViewer?.state.theme === 'temperature'")
    expect(watched.page.locator(".wall-legend h2")).to_have_text("Temperature")
    heading = "() => twinViewer.camera.heading"
    watched.page.wait_for_timeout(3_000)
    before = watched.page.evaluate(heading)
    watched.page.wait_for_function(f"(before) => Math.abs(({heading})() - before) > 0.02", arg=before)


def test_nothing_can_be_pressed_and_nothing_takes_the_focus(wall: Watched) -> None:
    wall.page.keyboard.press("Tab")
    assert wall.page.evaluate("() => document.activeElement === document.body")
    shown = "() => [...document.querySelectorAll('button, input, a')].filter((e) => e.checkVisibility() && !e.closest('.credits')).length"
    assert wall.page.evaluate(shown) == 0


def test_server_that_went_away_is_told_with_the_time_of_the_last_figures_and_comes_back_by_itself(
    wall: Watched, twin: MockTwin
) -> None:
    live = "() => twinViewer.state.live === 'live'"
    wall.page.wait_for_function(live)
    twin.broken = "/api/"
    banner = wall.page.locator(".wall-banner")
    expect(banner).to_have_text("The server is not reached; trying again by itself")
    expect(wall.page.locator(".wall-state")).to_contain_text("Values of ", timeout=30_000)
    twin.reported[0]["sum"] = 60.0
    twin.broken = None
    expect(_figure(wall.page, "Mean temperature")).to_contain_text("30.0°C", timeout=SOON_MS)
    # Not when it would have been the turn of the colours, but with the figures.
    expect(banner).to_be_hidden(timeout=5_000)
    wall.page.wait_for_function(live)


def test_server_that_is_away_when_the_screens_are_switched_on_is_waited_for(
    server: RunningServer, twin: MockTwin, open_page: OpenPage
) -> None:
    twin.broken = "/api/"
    page = open_page(f"{server.url}/?wall", size=WALL).page
    expect(page.locator(".wall-banner")).to_be_visible()
    twin.broken = None
    expect(page.locator(".wall-figure")).to_have_count(5, timeout=SOON_MS)
    page.wait_for_function("() => window.twinViewer.state.status === 'ready'")


def test_token_that_is_not_valid_any_more_is_told(wall: Watched, twin: MockTwin) -> None:
    twin.expired = True
    expect(wall.page.locator(".wall-banner")).to_have_text(
        "The token is not valid any more: open this page with a new one"
    )


def test_other_models_are_shown_after_an_import_without_a_hand(
    server: RunningServer, twin: MockTwin, open_page: OpenPage
) -> None:
    pipes = twin.models.pop()
    page = open_page(f"{server.url}/?wall", size=WALL).page
    page.wait_for_function("() => window.twinViewer?.state.models.length === 1")
    twin.models.append(pipes)
    page.wait_for_function("() => window.twinViewer?.state.models.length === 2", timeout=80_000)


def test_language_is_that_of_the_address(server: RunningServer, twin: MockTwin, open_page: OpenPage) -> None:
    page = open_page(f"{server.url}/?wall&lang=zh", size=WALL).page
    expect(_figure(page, "平均温度")).to_contain_text("22.0°C")


def _is_dim(server: RunningServer, browser: Browser, hour: int) -> bool:
    """Whether the screens are, at half past that hour."""
    context = browser.new_context(timezone_id="Asia/Shanghai")
    page = context.new_page()
    page.clock.set_fixed_time(f"2026-05-01T{hour:02d}:30:00+08:00")
    page.goto(f"{server.url}/?wall")
    expect(page.locator(".wall-clock")).to_have_text(f"{hour:02d}:30:00", timeout=SOON_MS)
    dim = page.evaluate("() => document.documentElement.classList.contains('wall-night')")
    context.close()
    return bool(dim)


@pytest.mark.parametrize("hour", [20, 3])
def test_screens_are_dim_at_night(server: RunningServer, browser: Browser, hour: int) -> None:
    assert _is_dim(server, browser, hour)


@pytest.mark.parametrize("hour", [6, 19])
def test_screens_are_bright_by_day(server: RunningServer, browser: Browser, hour: int) -> None:
    assert not _is_dim(server, browser, hour)
