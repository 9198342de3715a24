"""Finding and commanding with the product's own server: it understands what the page asks."""

import pytest
from playwright.sync_api import Browser, expect

from tests.viewer.conftest import Watched, new_context
from tests.viewer.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]


def test_what_is_in_view_of_a_class_on_a_storey_is_found_and_a_command_to_it_is_tried(
    browser: Browser, cesium: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    site = Site(tmp_path_factory.mktemp("found"))
    context = new_context(browser, (1280, 800))
    try:
        site.report(on=True)
        watched = Watched(context.new_page())
        watched.page.goto(f"{site.url}/#token={(site.data / 'admin.token').read_text().strip()}")
        page = watched.ready().page
        page.get_by_label("Colour by").select_option("switch")
        page.get_by_role("tab", name="Find").click()
        page.get_by_role("button", name="In view").click()
        page.get_by_label("Class", exact=True).select_option("IfcLightFixture")
        page.get_by_label("Only what the filters leave").check()
        page.evaluate("() => twinViewer.filter({ hiddenClasses: new Set(['IfcDoor']) })")
        page.get_by_role("button", name="Find", exact=True).click()
        lamps = site.get("objects?class=IfcLightFixture&limit=1000")["items"]
        expect(page.locator(".found-count")).to_have_text(f"{len(lamps)} objects of one class")
        expect(page.locator(".found-value").first).to_be_visible()
        storey = next(lamp["storey"] for lamp in lamps if lamp["storey"])
        page.get_by_label("Storey", exact=True).select_option(storey.partition("/")[2])
        page.get_by_role("button", name="Find", exact=True).click()
        count = sum(lamp["storey"] == storey for lamp in lamps)
        expect(page.locator(".found-count")).to_have_text(f"{count} objects of one class")
        page.get_by_role("button", name="Command").click()
        page.get_by_label("Reason").fill("closing time")
        page.get_by_role("button", name="Off", exact=True).click()
        page.get_by_role("button", name="Try without sending").click()
        expect(page.locator(".bulk-said")).to_contain_text("would be sent")
        page.get_by_role("button", name="Send to").click()
        expect(page.locator(".bulk-said")).to_contain_text("under way")
        assert watched.errors == []
        assert watched.outside == []
    finally:
        context.close()
        site.process.terminate()
        site.process.wait(30)
