"""The scene coloured by what is reported, with the product's own server: now, after a lost connection, and as it was."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from tests.viewer.conftest import DESK, Watched, new_context
from tests.viewer.pins import ALIKE, expect_colour, off_by, pin_position
from tests.viewer.site import OFF, ON, Site

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def site(cesium: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The server; nothing has reported yet."""
    running = Site(tmp_path_factory.mktemp("site"))
    yield running
    running.process.terminate()
    running.process.wait(30)


@pytest.fixture(scope="module")
def page(browser: Browser, site: Site) -> Iterator[Watched]:
    """A page that is coloured by what is switched on; then the lamp says that it was off an hour ago and is on now."""
    context = new_context(browser, DESK)
    watched = Watched(context.new_page())
    watched.page.goto(site.url)
    watched.ready().page.get_by_label("Colour by").select_option("switch")
    expect(watched.page.locator(".live-status")).to_have_text("Live")
    watched.idle()
    # Every minute: two without a word, and a lamp is shown as silent.
    site.report(*(timedelta(minutes=ago) for ago in range(80, 39, -1)), on=False)
    site.report(on=True)
    yield watched
    context.close()


def test_the_first_reading_after_the_theme_was_chosen_gets_a_pin(page: Watched, site: Site) -> None:
    expect_colour(page, site.lamp["bounds"], ON)


def test_lamp_turns_to_the_colour_of_what_it_reports_and_a_silent_one_is_pale_and_counted(
    page: Watched, site: Site
) -> None:
    expect_colour(page, site.lamp["bounds"], ON)
    site.report(on=False)
    expect_colour(page, site.lamp["bounds"], OFF)
    site.report(on=False, quality="stale")
    expect(page.page.locator(".legend-notes")).to_contain_text("stale: 1")
    pale = tuple(round(255 + 0.25 * (part - 255)) for part in (0x8D, 0x7B, 0x6C))
    expect_colour(page, site.lamp["bounds"], pale)
    assert page.errors == []
    assert page.outside == []


def test_click_on_a_pin_selects_the_object_and_its_colour_comes_back(page: Watched, site: Site) -> None:
    site.report(on=True)
    expect_colour(page, site.lamp["bounds"], ON)
    page.page.mouse.click(*pin_position(page, site.lamp["bounds"]))
    expect(page.page.locator("#card dd.id code")).to_have_text(site.lamp["global_id"])
    page.page.evaluate("() => twinViewer.clear()")
    expect_colour(page, site.lamp["bounds"], ON)


def test_slider_shows_the_scene_as_it_was_and_a_button_returns_to_now(page: Watched, site: Site) -> None:
    page.page.get_by_role("button", name="Show more").click()
    slider = page.page.get_by_label("Show the scene as it was")
    slider.focus()
    slider.press("ArrowLeft")
    expect(page.page.locator(".live-status")).to_have_text("As it was")
    slider.fill("-60")
    expect_colour(page, site.lamp["bounds"], OFF)
    slider.press("Home")
    expect(page.page.locator(".legend-notes")).to_contain_text("Nothing had reported by then")
    page.page.get_by_role("button", name="Back to live").click()
    expect(page.page.locator(".live-status")).to_have_text("Live")
    assert slider.input_value() == "0"
    expect_colour(page, site.lamp["bounds"], ON)


def test_lost_connection_is_told_and_taken_up_again_where_it_was(page: Watched, site: Site) -> None:
    opened: list[str] = []
    page.page.on("websocket", lambda socket: opened.append(socket.url))
    site.kill()
    expect(page.page.locator(".live-status")).to_have_text("Connection lost, trying again")
    site.start()
    site.report(on=False)
    expect(page.page.locator(".live-status")).to_have_text("Live", timeout=30_000)
    expect_colour(page, site.lamp["bounds"], OFF)
    codes = [url for url in opened if "format=codes" in url]
    assert all("cursor=" in url for url in codes)
    assert codes


def test_own_colours_come_back_when_no_theme_is_chosen(page: Watched, site: Site) -> None:
    page.page.get_by_label("Colour by").select_option("")
    expect(page.page.locator(".legend-body")).to_be_hidden()
    assert page.idle().page.evaluate("() => twinViewer.state.live") == "off"
    assert off_by(page, site.lamp["bounds"], OFF) > ALIKE
