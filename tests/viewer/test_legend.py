"""The box that says what the scene is coloured by: offered only where there is something to colour, and told where that is not known."""

import pytest
from playwright.sync_api import expect

from tests.viewer.conftest import OpenPage
from tests.viewer.mock_server import RunningServer

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


def test_themes_that_cannot_be_loaded_are_told_and_asked_for_again_and_none_of_another_kind_is_offered(
    server: RunningServer, open_page: OpenPage
) -> None:
    twin = server.twin
    twin.broken = "/themes"
    page = open_page(server.url).ready().page
    legend = page.locator("#legend")
    expect(legend).to_contain_text("What can be coloured could not be loaded.")
    twin.broken = None
    legend.get_by_role("button", name="Try again").click()
    expect(legend).to_be_hidden()
    twin.reported = [
        {"key": "t", "kind": "temperature", "signals": 2},
        {"key": "x", "kind": "smoke", "signals": 1},
    ]
    page.reload()
    expect(page.get_by_label("Colour by")).to_be_visible()
    choice = page.locator("#theme")
    expect(choice.locator("option")).to_have_text(["Materials", "Temperature (2)"])
    page.locator("#language").click()
    expect(choice.locator("option")).to_have_text(["材质", "温度 (2)"])
