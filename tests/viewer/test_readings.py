"""Live values of the selected object in its card."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.viewer.conftest import OpenPage
from tests.viewer.mock_server import RunningServer

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

HOUSE = "yongjiang-a03-1"


def _signal(name: str, value: Any, *, quality: str = "good", minutes: int = 90) -> dict[str, Any]:
    observed_at = (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()
    return {
        "id": f"{HOUSE}/wall/{name}",
        "name": name,
        "kind": None,
        "type": "number",
        "unit": "Cel",
        "value": value,
        "quality": quality,
        "observed_at": None if value is None else observed_at,
    }


def test_card_shows_what_the_object_reports_how_old_it_is_and_follows_it(
    server: RunningServer, open_page: OpenPage
) -> None:
    twin = server.twin
    house = twin.model(HOUSE)
    assert house is not None
    wall = f"{HOUSE}/{house.items[-1].global_id}"
    twin.signals[wall] = [
        _signal("temperature", 21.5),
        _signal("humidity", 40, quality="stale"),
        _signal("new", None),
    ]
    watched = open_page(f"{server.url}/?object={wall}").ready()
    card = watched.page.locator("#card .readings")
    expect(card).to_contain_text("21.5 °C")
    expect(card).to_contain_text("1 hr. ago")
    expect(card.locator(".stale")).to_contain_text("silent")
    expect(card).to_contain_text("not reported yet")
    twin.signals[wall] = [_signal("temperature", 22.5, minutes=0)]
    expect(card).to_contain_text("22.5 °C", timeout=10_000)
    watched.page.evaluate("() => twinViewer.clear()")
    asked = len([path for path in twin.requests if "signals" in path])
    watched.page.wait_for_timeout(3_500)
    assert len([path for path in twin.requests if "signals" in path]) == asked


def test_card_draws_the_last_day_and_opens_a_chart_that_asks_for_the_part_one_drags_over(
    server: RunningServer, open_page: OpenPage
) -> None:
    twin = server.twin
    house = twin.model(HOUSE)
    assert house is not None
    wall = f"{HOUSE}/{house.items[-1].global_id}"
    twin.signals[wall] = [_signal("temperature", 21.5), _signal("mode", "auto")]
    start = datetime.now(UTC) - timedelta(hours=12)
    twin.curve = [
        {"value": 20 + n % 5, "observed_at": (start + timedelta(hours=n)).isoformat()} for n in range(12)
    ]
    watched = open_page(f"{server.url}/?object={wall}").ready()
    page = watched.page
    line = page.get_by_role("button", name="Chart of temperature, last 24 hours")
    expect(line.locator("path")).to_have_attribute("d", re.compile(r"^M44\.\d [\d.]+L.*H88$"))
    expect(page.locator("#card .spark")).to_have_count(1)
    line.click()
    dialog = page.get_by_role("dialog", name="temperature")
    expect(dialog.locator(".chart-foot")).to_have_text(
        "Between 20 °C and 24 °C. 12 points of 12 readings; the extremes are kept."
    )
    box = dialog.locator(".u-over").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 60, steps=3)
    with page.expect_request(re.compile("/history")) as asked:
        page.mouse.up()
    query = parse_qs(urlsplit(asked.value.url).query)
    begin, end = (datetime.fromisoformat(query[name][0]) for name in ("from", "to"))
    assert abs((end - begin) - timedelta(hours=24) * 0.2) < timedelta(minutes=20)
    twin.curve = []
    dialog.get_by_role("button", name="7 days").click()
    expect(dialog).to_contain_text("No readings in this time.")
    twin.broken = "/history"
    dialog.get_by_role("button", name="30 days").click()
    expect(dialog).to_contain_text("The readings could not be loaded.")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert [error for error in watched.errors if "503" not in error] == []
