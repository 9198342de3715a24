"""The scene as it was: the slider's interval, playing it, and the way back to now."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.viewer.conftest import DESK, PHONE, OpenPage
from tests.viewer.mock_server import RunningServer

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


def _open(server: RunningServer, open_page: OpenPage, size: tuple[int, int] = (960, 720)) -> Page:
    server.twin.reported = [{"key": "t", "kind": "temperature", "signals": 2}]
    page = open_page(server.url, size=size).ready().page
    page.get_by_label("Colour by").select_option("temperature")
    return page


def _asked(server: RunningServer) -> list[datetime]:
    """Instants that the page asked for."""
    queries = [parse_qs(urlsplit(each).query) for each in server.twin.requests if "/state?" in each]
    return [datetime.fromisoformat(query["at"][0]) for query in queries if "at" in query]


def test_playing_runs_through_the_interval_until_it_is_paused_and_live_returns(
    server: RunningServer, open_page: OpenPage
) -> None:
    page = _open(server, open_page)
    page.get_by_label("Interval", exact=True).select_option("Last 30 days")
    expect(page.get_by_label("Speed")).to_have_value("21600")
    page.get_by_label("Speed").select_option("5 min/s")
    page.get_by_role("button", name="Play the interval").click()
    expect(page.locator(".live-status")).to_have_text("As it was")
    page.wait_for_timeout(2_000)
    page.get_by_role("button", name="Pause").click()
    asked = _asked(server)
    assert len(asked) > 3
    assert asked == sorted(asked)
    assert abs(datetime.now(UTC) - timedelta(days=30) - asked[0]) < timedelta(minutes=1)
    assert timedelta(minutes=3) < asked[-1] - asked[0] < timedelta(hours=1)
    page.wait_for_timeout(1_000)
    settled = page.locator(".when").text_content()
    page.wait_for_timeout(600)
    assert page.locator(".when").text_content() == settled
    page.get_by_role("button", name="Back to live").click()
    expect(page.locator(".when")).to_have_text("Now")


def test_an_interval_that_ends_now_ends_live(server: RunningServer, open_page: OpenPage) -> None:
    page = _open(server, open_page)
    page.get_by_label("Interval", exact=True).select_option("Last 1 hour")
    page.get_by_label("Speed").select_option("6 h/s")
    slider = page.get_by_label("Show the scene as it was")
    slider.focus()
    slider.press("Space")
    expect(page.get_by_role("button", name="Play the interval")).to_be_visible()
    expect(page.locator(".when")).to_have_text("Now")
    assert _asked(server)


def test_an_interval_of_ones_own_stays_at_its_end_and_one_too_long_ago_is_refused(
    server: RunningServer, open_page: OpenPage
) -> None:
    page = _open(server, open_page)
    page.get_by_label("Interval", exact=True).select_option("From – to…")
    start, end = page.evaluate(
        """() => [3, 1].map((hours) => {
          const at = new Date(Date.now() - hours * 3_600_000);
          return new Date(at - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
        })"""
    )
    page.get_by_label("From", exact=True).fill(start)
    page.get_by_label("To", exact=True).fill(end)
    page.get_by_label("Speed").select_option("6 h/s")
    page.get_by_role("button", name="Play the interval").click()
    expect(page.get_by_role("button", name="Play the interval")).to_be_visible()
    expect(page.locator(".live-status")).to_have_text("As it was")
    last = page.evaluate("() => new Date(twinViewer.state.instant).toISOString()")
    assert abs(datetime.now(UTC) - timedelta(hours=1) - datetime.fromisoformat(last)) < timedelta(minutes=2)
    page.get_by_label("From", exact=True).fill("2020-01-01T00:00")
    expect(page.locator(".time-own")).to_contain_text("within the last 30 days")


def test_keys_of_the_scene_play_and_return(server: RunningServer, open_page: OpenPage) -> None:
    page = _open(server, open_page)
    page.locator("#scene").press("p")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.locator("#scene").press("l")
    expect(page.get_by_role("button", name="Play the interval")).to_be_visible()
    expect(page.locator(".when")).to_have_text("Now")


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "low window"])
def test_in_a_small_view_the_legend_is_folded_to_its_scale_until_more_is_wanted(
    server: RunningServer, open_page: OpenPage, size: tuple[int, int]
) -> None:
    page = _open(server, open_page, size)
    expect(page.locator("#legend .ramp")).to_be_visible()
    expect(page.locator("#legend-body")).to_be_hidden()
    page.get_by_role("button", name="Show more").click()
    expect(page.get_by_role("button", name="Play the interval")).to_be_visible()
