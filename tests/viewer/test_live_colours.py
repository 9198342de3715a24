"""The scene coloured by what is reported, with the product's own server: now, after a lost connection, and as it was."""

import io
import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from sample_models.bindings import binding_file
from sample_models.samples import sample_sources
from tests.viewer.conftest import DESK, Watched, new_context

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]

TWIN = [sys.executable, "-c", "from api.cli import main; main()"]
START_S = 60.0
ON, OFF = (242, 208, 59), (48, 52, 58)
"""Ends of the theme "switch"."""
REACH_PX, ALIKE = 3, 12


class Site:
    """The sample, its lamps bound, on a server that can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "twin"
        (source,) = sample_sources(folder / "sample")
        bindings = folder / "lamps.toml"
        bindings.write_text(binding_file(), encoding="utf-8")
        for step in (["import", str(source)], ["bind", str(bindings)]):
            subprocess.run([*TWIN, *step, "--data", str(self.data)], check=True, capture_output=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()
        poles = self.get("objects?q=site&class=IfcLightFixture&limit=100")["items"]
        # Farthest to the right of who looks north-east, as the first view does: nothing of the page lies over it.
        self.lamp = max(poles, key=lambda pole: pole["bounds"][0] - pole["bounds"][1])

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [*TWIN, "serve", "--data", str(self.data), "--port", str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            assert self.process.poll() is None, "the server ended"
            try:
                urllib.request.urlopen(f"{self.url}/readyz", timeout=2).close()
            except OSError:
                time.sleep(0.2)
            else:
                return
        pytest.fail(f"the server was not ready after {START_S:.0f} s")

    def kill(self) -> None:
        """Kill -9."""
        self.process.kill()
        self.process.wait(30)

    def get(self, path: str) -> Any:
        """A document of the API."""
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}", timeout=30) as answer:
            return json.load(answer)

    def report(self, *agos: timedelta, on: bool, quality: str = "good") -> None:
        """The lamp says whether it is on, now or so long ago."""
        times = [(datetime.now(UTC) - ago).isoformat() for ago in agos or [timedelta()]]
        said = {"signal": f"{self.lamp['id']}/on", "value": on, "quality": quality}
        token = (self.data / "admin.token").read_text().strip()
        request = urllib.request.Request(
            f"{self.url}/api/v1/readings",
            json.dumps({"readings": [said | {"observed_at": at} for at in times]}).encode(),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert json.load(answer)["accepted"] == len(times)


@pytest.fixture(scope="module")
def site(cesium: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The server; its lamp was off an hour ago and is on now."""
    running = Site(tmp_path_factory.mktemp("site"))
    # Every minute: two without a word, and a lamp is shown as silent.
    running.report(*(timedelta(minutes=ago) for ago in range(80, 39, -1)), on=False)
    running.report(on=True)
    yield running
    running.process.terminate()
    running.process.wait(30)


@pytest.fixture(scope="module")
def page(browser: Browser, site: Site) -> Iterator[Watched]:
    """A page that is coloured by what is switched on."""
    context = new_context(browser, DESK)
    watched = Watched(context.new_page())
    watched.page.goto(site.url)
    watched.ready().page.get_by_label("Colour by").select_option("switch")
    expect(watched.page.locator(".live-status")).to_have_text("Live")
    yield watched
    context.close()


def _lamp(watched: Watched, site: Site) -> tuple[float, float]:
    """Where the middle of the lamp is seen."""
    west, south, low, east, north, high = site.lamp["bounds"]
    return watched.screen_position((west + east) / 2, (south + north) / 2, (low + high) / 2)


def _off_by(watched: Watched, site: Site, colour: tuple[int, ...]) -> int:
    """How far the pixel of the lamp's pin that comes nearest to a colour is off, in its worst channel."""
    watched.idle()
    x, y = (round(part) for part in _lamp(watched, site))
    image = np.asarray(Image.open(io.BytesIO(watched.page.screenshot())).convert("RGB"), np.int64)
    around = image[y - REACH_PX : y + REACH_PX + 1, x - REACH_PX : x + REACH_PX + 1]
    return int(np.abs(around - colour).max(axis=2).min())


def _expect_colour(watched: Watched, site: Site, colour: tuple[int, ...]) -> None:
    """Within a few seconds the pin has that colour."""
    until = time.monotonic() + 20
    while (off := _off_by(watched, site, colour)) > ALIKE:
        assert time.monotonic() < until, f"off by {off}"
        time.sleep(0.3)


def test_lamp_turns_to_the_colour_of_what_it_reports_and_a_silent_one_is_pale_and_counted(
    page: Watched, site: Site
) -> None:
    _expect_colour(page, site, ON)
    site.report(on=False)
    _expect_colour(page, site, OFF)
    site.report(on=False, quality="stale")
    expect(page.page.locator(".legend-notes")).to_contain_text("stale: 1")
    pale = tuple(round(255 + 0.25 * (part - 255)) for part in (0x8D, 0x7B, 0x6C))
    _expect_colour(page, site, pale)
    assert page.errors == []
    assert page.outside == []


def test_click_on_a_pin_selects_the_object_and_its_colour_comes_back(page: Watched, site: Site) -> None:
    site.report(on=True)
    _expect_colour(page, site, ON)
    page.page.mouse.click(*_lamp(page, site))
    expect(page.page.locator("#card dd.id code")).to_have_text(site.lamp["global_id"])
    page.page.evaluate("() => twinViewer.clear()")
    _expect_colour(page, site, ON)


def test_slider_shows_the_scene_as_it_was_and_a_button_returns_to_now(page: Watched, site: Site) -> None:
    slider = page.page.get_by_label("Show the scene as it was")
    slider.focus()
    slider.press("ArrowLeft")
    expect(page.page.locator(".live-status")).to_have_text("As it was")
    slider.fill("-60")
    _expect_colour(page, site, OFF)
    slider.press("Home")
    expect(page.page.locator(".legend-notes")).to_contain_text("Nothing had reported by then")
    page.page.get_by_role("button", name="Back to live").click()
    expect(page.page.locator(".live-status")).to_have_text("Live")
    assert slider.input_value() == "0"
    _expect_colour(page, site, ON)


def test_lost_connection_is_told_and_taken_up_again_where_it_was(page: Watched, site: Site) -> None:
    opened: list[str] = []
    page.page.on("websocket", lambda socket: opened.append(socket.url))
    site.kill()
    expect(page.page.locator(".live-status")).to_have_text("Connection lost, trying again")
    site.start()
    site.report(on=False)
    expect(page.page.locator(".live-status")).to_have_text("Live", timeout=30_000)
    _expect_colour(page, site, OFF)
    assert all("cursor=" in url for url in opened)
    assert opened


def test_own_colours_come_back_when_no_theme_is_chosen(page: Watched, site: Site) -> None:
    page.page.get_by_label("Colour by").select_option("")
    expect(page.page.locator(".legend-body")).to_be_hidden()
    assert page.idle().page.evaluate("() => twinViewer.state.live") == "off"
    assert _off_by(page, site, OFF) > ALIKE
