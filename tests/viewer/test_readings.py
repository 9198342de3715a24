"""Live values of the selected object in its card."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.viewer.conftest import OpenPage
from tests.viewer.mock_server import RunningServer

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

HOUSE = "yongjiang-a03-1"


def _signal(name: str, value: Any, *, quality: str = "good", minutes: int = 90) -> dict[str, Any]:
    observed_at = (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()
    return {
        "id": f"x/{name}",
        "name": name,
        "kind": None,
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
