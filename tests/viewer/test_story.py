"""The whole story with the product's own import, devices and a real broker: from the start of the demo to a lost connection that comes back."""

import re
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from state_sync.themes import known_theme
from tests.state_sync.broker import Broker, require_mosquitto_pub
from tests.viewer.conftest import Watched, new_context
from tests.viewer.pins import Colour, expect_colour, pin_position
from tests.viewer.site import OFF, ON, Site

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]

SIZE = (1280, 800)
REPORTED_S = 20.0
PROBES = """\
[[binding]]
class = "IfcLightFixture"
property = "Pset_LightFixtureTypeCommon.Reference=ZHDG-01"
signal = "probe"
kind = "temperature"
unit = "Cel"
topic = "probes/{global_id}"

[[binding.alarm]]
kind = "high"
limit = 35
severity = "critical"
message = "too hot at the pole"
"""
"""A thermometer at each lamp pole, beside what the demo's own devices report: only this test speaks for it."""

ELSEWHERE = re.compile(r"^(?!https?://127\.0\.0\.1[:/]|data:|blob:)")
AWAY = ("net::ERR_", "WebSocket connection")
"""What a browser says by itself of a server that is away."""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A Mosquitto."""
    folder = tmp_path / "broker"
    folder.mkdir()
    running = Broker(folder)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def site(cesium: None, broker: Broker, tmp_path: Path) -> Iterator[Site]:
    """The demo on one building: its devices, simulated, and those at the broker."""
    mqtt = f"mqtt://127.0.0.1:{broker.port}"
    running = Site(tmp_path, bindings=PROBES, options=["--demo"], mqtt=mqtt)
    yield running
    running.stop()


class Story:
    """The page, the server and what is behind them; its methods are the chapters, in their order."""

    def __init__(self, watched: Watched, site: Site, broker: Broker) -> None:
        self.watched = watched
        self.page: Page = watched.page
        self.site = site
        self.broker = broker
        self.bounds: list[float] = site.lamp["bounds"]
        self.was_on = self.lamp_is_on()

    def lamp_is_on(self) -> bool:
        """What it reports; waits for its first word."""
        until = time.monotonic() + REPORTED_S
        while True:
            (signal,) = self.site.get(f"signals?place={self.site.lamp['id']}&name=lamp")["items"]
            if signal["value"] is not None:
                return bool(signal["value"])
            assert time.monotonic() < until, "the simulated lamp reports nothing"
            time.sleep(0.2)

    def measure(self, celsius: float) -> None:
        """The probe at the lamp says that over MQTT."""
        command = [require_mosquitto_pub(), "-h", "127.0.0.1", "-p", str(self.broker.port), "-q", "1"]
        topic = f"probes/{self.site.lamp['global_id']}"
        subprocess.run([*command, "-t", topic, "-m", str(celsius)], check=True, timeout=30)

    def begins_with_the_scene(self) -> None:
        self.page.goto(self.site.signed_in)
        self.watched.ready()
        assert "token" not in self.page.url
        (model,) = self.site.get("models")["items"]
        west, south, low, east, north, high = model["bounds"]
        assert self.watched.pick(((west + east) / 2, (south + north) / 2, (low + high) / 2)) is not None

    def colours_follow_what_is_measured(self) -> None:
        self.page.get_by_label("Colour by").select_option("temperature")
        expect(self.page.locator(".live-status")).to_have_text("Live")
        for celsius in (20.0, 30.0):
            self.measure(celsius)
            expect_colour(self.watched, self.bounds, _colour(celsius))

    def alarm_is_listed_as_long_as_it_is_open(self) -> None:
        self.page.get_by_role("tab", name="Alarms").click()
        alarm = self.page.locator("#tab-panel .alarm.critical", has_text="too hot at the pole")
        self.measure(38.0)
        expect(alarm).to_have_count(1)
        expect(self.page.locator("#tab-alarms .tab-badge.fresh")).to_be_visible()
        self.measure(21.0)
        expect(alarm).to_have_count(0)

    def click_opens_the_card_and_its_chart(self) -> None:
        self.page.mouse.click(*pin_position(self.watched, self.bounds))
        expect(self.page.locator("#card dd.id code")).to_have_text(self.site.lamp["global_id"])
        self.page.get_by_role("button", name="Chart of probe, last 24 hours").click()
        chart = self.page.locator(".chart-dialog")
        expect(chart.locator("canvas")).to_be_visible()
        expect(chart.locator(".chart-foot")).to_contain_text("Between 20 °C and 38 °C.")
        chart.get_by_role("button", name="Close").click()

    def command_is_done_when_a_reading_says_so(self, *, on: bool) -> None:
        self.page.get_by_label("Colour by").select_option("switch")
        expect(self.page.locator(".live-status")).to_have_text("Live")
        self.watched.idle()
        if self.page.locator("#card").is_hidden():
            self.page.mouse.click(*pin_position(self.watched, self.bounds))
        lamp = self.page.get_by_role("group", name="Set lamp")
        lamp.get_by_role("button", name="On" if on else "Off", exact=True).click()
        expect(self.page.locator("#card .command-steps .good")).to_contain_text("confirmed by a reading")
        expect(lamp.get_by_role("button", pressed=True)).to_have_text("On" if on else "Off")
        self.page.locator("#card").get_by_role("button", name="Close").click()
        expect_colour(self.watched, self.bounds, ON if on else OFF)
        assert self.lamp_is_on() is on

    def slider_shows_the_past_and_live_returns(self) -> None:
        slider = self.page.get_by_label("Show the scene as it was")
        slider.fill("-60")
        expect(self.page.locator(".live-status")).to_have_text("As it was")
        expect_colour(self.watched, self.bounds, ON if self.was_on else OFF)
        self.page.get_by_role("button", name="Back to live").click()
        expect(self.page.locator(".live-status")).to_have_text("Live")
        expect_colour(self.watched, self.bounds, OFF if self.was_on else ON)

    def search_leads_to_an_object(self) -> None:
        pump = self.site.get("objects?class=IfcPump&limit=1")["items"][0]
        search = self.page.locator("#search-input")
        search.fill(pump["name"])
        expect(self.page.locator("#search-results .result").first).to_contain_text(pump["name"])
        search.press("Enter")
        expect(self.page.locator("#card dd.id code")).to_have_text(pump["global_id"])
        search.press("Escape")
        self.page.locator("#card").get_by_role("button", name="Close").click()
        self.page.get_by_role("button", name="Show the whole scene").click()

    def many_are_commanded_after_a_trial(self) -> None:
        page = self.page
        page.get_by_role("tab", name="Find").click()
        page.get_by_label("Class", exact=True).select_option("IfcLightFixture")
        page.get_by_role("button", name="Find", exact=True).click()
        lamps = self.site.get("objects?class=IfcLightFixture&limit=1000")["items"]
        expect(page.locator(".found-count")).to_have_text(f"{len(lamps)} objects of one class")
        page.get_by_role("button", name="Command").click()
        lamp = page.locator("#bulk-signal option", has_text=re.compile("^lamp: "))
        page.locator("#bulk-signal").select_option(lamp.get_attribute("value"))
        page.get_by_role("button", name="Off", exact=True).click()
        page.get_by_label("Reason").fill("closing time")
        page.get_by_label("At most").fill("2")
        page.get_by_role("button", name="Try without sending").click()
        poles = len(self.site.get("signals?name=lamp&limit=1000")["items"])
        expect(page.locator(".bulk-said")).to_contain_text(f"{poles} of {poles} would be sent")
        assert self.site.get("commands?limit=100")["items"][0]["targets"] == 1

    def language_is_switched(self) -> None:
        self.page.locator("#language").click()
        expect(self.page.locator("html")).to_have_attribute("lang", "zh-CN")
        expect(self.page.locator(".live-status")).to_have_text("实时")
        expect(self.page.get_by_role("tab", name="查找")).to_be_visible()
        self.page.locator("#language").click()
        expect(self.page.locator(".live-status")).to_have_text("Live")

    def lost_connection_comes_back_by_itself(self) -> None:
        assert self.watched.errors == []
        self.site.kill()
        expect(self.page.locator(".live-status")).to_have_text("Connection lost, trying again")
        self.site.start()
        expect(self.page.locator(".live-status")).to_have_text("Live", timeout=30_000)
        assert [said for said in self.watched.errors if not any(part in said for part in AWAY)] == []
        self.watched.errors.clear()


def _colour(celsius: float) -> Colour:
    """What the theme shows for a temperature."""
    theme = known_theme("temperature")
    hexadecimal = theme.colours()[int(theme.code_of(np.array([celsius]))[0])]
    return tuple(int(hexadecimal[at : at + 2], 16) for at in (1, 3, 5))


def test_the_whole_story(browser: Browser, site: Site, broker: Broker) -> None:
    context = new_context(browser, SIZE)
    context.route(ELSEWHERE, lambda route: route.abort())
    try:
        story = Story(Watched(context.new_page()), site, broker)
        # An hour ago the lamp was as it is now; at most two of its periods lie between two reports.
        site.report(*(timedelta(minutes=ago) for ago in range(80, 39, -1)), on=story.was_on, name="lamp")
        story.begins_with_the_scene()
        story.colours_follow_what_is_measured()
        story.alarm_is_listed_as_long_as_it_is_open()
        story.click_opens_the_card_and_its_chart()
        story.command_is_done_when_a_reading_says_so(on=not story.was_on)
        story.slider_shows_the_past_and_live_returns()
        story.search_leads_to_an_object()
        story.many_are_commanded_after_a_trial()
        story.language_is_switched()
        story.lost_connection_comes_back_by_itself()
        story.command_is_done_when_a_reading_says_so(on=not story.was_on)
        story.alarm_is_listed_as_long_as_it_is_open()
        assert story.watched.errors == []
        assert story.watched.outside == []
    finally:
        context.close()
