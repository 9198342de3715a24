"""Finding objects by area, view, class, storey and filters; the list as files; one command to many."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
import shapely
from playwright.sync_api import Locator, Page, expect

from tests.viewer.conftest import OpenPage, Watched
from tests.viewer.mock_models import METRES_PER_DEGREE, Model, summary
from tests.viewer.mock_server import RunningServer

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

HOUSE = "yongjiang-a03-1"
CONTAINERS = {"IfcProject", "IfcSite", "IfcBuilding", "IfcBuildingStorey"}
LAMPS = 72
GROUND_M = 12.0
"""Half a metre below the models' own ground."""


def _open(watched: Watched) -> Page:
    watched.ready().page.get_by_role("tab", name="Find").click()
    return watched.page


def _find(page: Page, **choices: str) -> Locator:
    """Choose by label, and ask; returns the count."""
    for label, option in choices.items():
        page.get_by_label(label, exact=True).select_option(option)
    page.get_by_role("button", name="Find", exact=True).click()
    return page.locator(".found-count")


def _lamps(model: Model) -> list[dict[str, Any]]:
    return [summary(model, item) for item in model.items if item.class_ == "IfcLightFixture"]


def _signal(object_: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"{object_}/on", "name": "on", "kind": "light", "type": "boolean", "unit": None, "value": False,
        "quality": "good", "observed_at": "2026-05-01T08:00:00Z", "range": None, "choices": [],
        "control": {"dangerous": False}, **fields,
    }  # fmt: skip


@pytest.fixture
def house(server: RunningServer) -> Model:
    """The model of the house."""
    found = server.twin.model(HOUSE)
    assert found is not None
    return found


def test_a_class_on_a_storey_is_listed_with_its_count_and_each_row_leads_to_its_object(
    server: RunningServer, open_page: OpenPage, house: Model
) -> None:
    page = _open(open_page(server.url))
    expect(_find(page, Class="IfcLightFixture")).to_have_text(f"{LAMPS} objects of one class")
    storey = next(item for item in house.items if item.name == "一层")
    expect(_find(page, Storey=storey.global_id)).to_have_text("9 objects of one class")
    row = page.locator(".found-row").first
    row.click()
    expect(page.locator("#card h2")).to_have_text("吸顶灯 1-1")
    expect(row).to_have_attribute("aria-current", "true")


def test_what_is_drawn_on_the_ground_finds_what_stands_over_it_and_below_it(
    server: RunningServer, open_page: OpenPage
) -> None:
    watched = open_page(server.url, size=(1280, 800))
    page = _open(watched)
    lon, lat, _ = server.twin.models[0].place
    corners = [(-3.0, -9.0), (6.3, -9.0), (6.3, 9.3), (-3.0, 9.3)]
    ring = [(lon + x / METRES_PER_DEGREE / 0.8671, lat + y / METRES_PER_DEGREE) for x, y in corners]
    page.get_by_role("button", name="Draw area").click()
    watched.idle()
    for place in ring:
        page.mouse.click(*watched.screen_position(*place, GROUND_M))
    expect(page.locator(".draw-bar")).to_contain_text("4 corners")
    page.get_by_role("button", name="Done").click()
    area = shapely.Polygon(ring)
    expected = [
        one for model in server.twin.models for item in model.items
        if (one := summary(model, item))["bounds"] and one["class"] not in CONTAINERS
        and shapely.intersects(area, shapely.box(*(one["bounds"][i] for i in (0, 1, 3, 4))))
    ]  # fmt: skip
    classes = {one["class"] for one in expected}
    expect(page.locator(".found-count")).to_have_text(f"{len(expected)} objects, {len(classes)} classes")
    assert "IfcPipeSegment" in classes
    assert page.locator("#card").is_hidden()
    assert watched.errors == []


def test_an_outline_that_crosses_itself_is_drawn_again_and_escape_gives_it_up(
    server: RunningServer, open_page: OpenPage
) -> None:
    page = _open(open_page(server.url, size=(1280, 800)))
    page.get_by_role("button", name="Draw area").click()
    for x, y in ((700, 400), (900, 600), (900, 400), (700, 600)):
        page.mouse.click(x, y)
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("crosses itself")
    expect(page.locator(".draw-bar")).to_contain_text("Click the corners")
    page.keyboard.press("Escape")
    expect(page.locator(".draw-bar")).to_be_hidden()
    expect(page.get_by_role("button", name="Everywhere")).to_have_attribute("aria-pressed", "true")
    assert not any("S_INTERSECTS" in each for each in server.twin.requests)


def test_in_view_leaves_out_what_lies_outside_of_the_window(
    server: RunningServer, open_page: OpenPage, house: Model
) -> None:
    watched = open_page(server.url)
    page = _open(watched)
    page.get_by_role("button", name="In view").click()
    expect(_find(page, Class="IfcLightFixture")).to_have_text(f"{LAMPS} objects of one class")
    page.evaluate("(id) => twinViewer.select(id)", _lamps(house)[0]["id"])
    watched.idle()
    expect(_find(page)).not_to_contain_text(f"{LAMPS} objects")
    page.evaluate("() => { twinViewer.clear(); twinViewer.camera.lookUp(Math.PI) }")
    watched.idle()
    page.get_by_role("button", name="Find", exact=True).click()
    expect(page.locator(".found")).to_contain_text("Nothing is there")


def test_filters_count_where_that_is_wished_and_the_list_can_be_shown_alone(
    server: RunningServer, open_page: OpenPage
) -> None:
    watched = open_page(server.url)
    page = _open(watched)
    page.evaluate("() => twinViewer.filter({ hiddenClasses: new Set(['IfcLightFixture']) })")
    expect(_find(page, Class="IfcLightFixture")).to_have_text(f"{LAMPS} objects of one class")
    page.get_by_role("button", name="Show only these").click()
    assert len(watched.state("filters.onlyObjects")) == LAMPS
    page.get_by_label("Only what the filters leave").check()
    page.get_by_role("button", name="Find", exact=True).click()
    expect(page.locator(".found")).to_contain_text("Nothing is there")


def test_the_list_shows_values_of_the_theme_and_comes_as_csv_and_geojson_with_them(
    server: RunningServer, open_page: OpenPage, house: Model, tmp_path: Path
) -> None:
    lamps = _lamps(house)
    said = {"kind": "temperature", "unit": "Cel", "quality": "good", "observed_at": "2026-05-01T08:00:00Z"}
    server.twin.states = [{"signal": f"{lamps[0]['id']}/temperature", "value": 21.5, **said}]
    server.twin.reported = [{"key": "temperature", "kind": "temperature", "signals": 1}]
    watched = open_page(server.url)
    page = _open(watched)
    page.evaluate("() => twinViewer.theme('temperature')")
    expect(_find(page, Class="IfcLightFixture")).to_be_visible()
    expect(page.locator(".found-value")).to_have_text(["21.5 °C"])
    files = {}
    for name in ("CSV", "GeoJSON"):
        with page.expect_download() as coming:
            page.get_by_role("button", name=name, exact=True).click()
        files[name] = tmp_path / coming.value.suggested_filename
        coming.value.save_as(files[name])
    assert files["CSV"].read_bytes().startswith(b"\xef\xbb\xbfid,model,")
    rows = list(csv.DictReader(io.StringIO(files["CSV"].read_text("utf-8-sig"))))
    assert [row["id"] for row in rows] == [lamp["id"] for lamp in lamps]
    assert (rows[0]["temperature"], rows[0]["temperature.unit"], rows[1]["temperature"]) == (
        "21.5",
        "Cel",
        "",
    )
    assert float(rows[0]["highest"]) == lamps[0]["bounds"][5]
    features = json.loads(files["GeoJSON"].read_text("utf-8"))["features"]
    assert [feature["id"] for feature in features] == [lamp["id"] for lamp in lamps]
    assert features[0]["properties"]["signals"]["temperature"]["value"] == 21.5
    assert shapely.LinearRing(features[0]["geometry"]["coordinates"][0]).is_ccw
    assert [error for error in watched.errors if "/live" not in error] == []


def test_a_command_to_the_list_is_tried_then_sent_and_followed_until_each_target_has_ended(
    server: RunningServer, open_page: OpenPage, house: Model
) -> None:
    commands = server.twin.commands
    lamps = _lamps(house)[:5]
    signals = {lamp["id"]: _signal(lamp["id"], control={"dangerous": i == 1}) for i, lamp in enumerate(lamps)}
    server.twin.signals = {key: [signal] for key, signal in signals.items()}
    ids = [signal["id"] for signal in signals.values()]
    commands.refused = {ids[0]: ("held", "manual-life-safety is held by fire brigade")}
    page = _open(open_page(f"{server.url}/#token=t"))
    _find(page, Class="IfcLightFixture")
    page.get_by_role("button", name="Command").click()
    expect(page.get_by_label("Signal")).to_have_text("on: 5 of 72")
    page.get_by_label("Reason").fill("closing time")
    page.get_by_role("button", name="Try without sending").click()
    expect(page.locator(".bulk-said")).to_contain_text("Choose a value first")
    page.get_by_role("button", name="Off", exact=True).click()
    page.get_by_role("button", name="Try without sending").click()
    said = page.locator(".bulk-said")
    expect(said).to_contain_text("4 of 5 would be sent")
    expect(said).to_contain_text("1 waits for another person's approval")
    expect(said).to_contain_text(
        "Somebody with a higher priority holds it (manual-life-safety is held by fire brigade) · 1"
    )
    assert commands.asked == [
        {"targets": {"signals": ids}, "value": False, "reason": "closing time", "dry_run": True}
    ]
    page.get_by_label("At most").fill("2")
    expect(page.get_by_role("button", name="Send to 4")).to_have_count(0)
    page.get_by_role("button", name="Try without sending").click()
    expect(said).to_contain_text("spread over 2 seconds")
    page.get_by_role("button", name="Send to 4").click()
    expect(said).to_contain_text("5 targets, under way")
    sent = commands.asked[-1]
    assert (sent["targets"], sent["rate"], "dry_run" in sent) == ({"signals": ids}, 2, False)
    commands.many.update(dict.fromkeys(ids[1:4], "confirmed") | {ids[4]: "timed_out"})
    expect(said).to_contain_text("5 targets, done")
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "5")
    expect(page.locator(".bulk-failed li")).to_have_count(2)
    page.locator(".bulk-failed button").nth(1).click()
    expect(page.locator("#card h2")).to_have_text(lamps[4]["name"])


def test_another_value_has_to_be_tried_again(
    server: RunningServer, open_page: OpenPage, house: Model
) -> None:
    lamp = _lamps(house)[0]
    server.twin.signals = {lamp["id"]: [_signal(lamp["id"], type="number", range=[0, 100], unit="%")]}
    page = _open(open_page(f"{server.url}/#token=t"))
    _find(page, Class="IfcLightFixture")
    page.get_by_role("button", name="Command").click()
    page.get_by_label("Reason").fill("test")
    page.get_by_label("New value").fill("40")
    page.get_by_role("button", name="Try without sending").click()
    expect(page.get_by_role("button", name="Send to 1")).to_be_visible()
    page.get_by_role("slider", name="Set on").fill("60")
    expect(page.get_by_role("button", name="Send to 1")).to_have_count(0)
    expect(page.get_by_label("New value")).to_have_value("60")


def test_without_a_token_nothing_is_commanded(server: RunningServer, open_page: OpenPage) -> None:
    page = _open(open_page(server.url))
    _find(page, Class="IfcLightFixture")
    expect(page.get_by_role("button", name="CSV")).to_be_visible()
    expect(page.get_by_role("button", name="Command")).to_have_count(0)


def test_more_hidden_classes_than_the_server_takes_conditions_are_left_to_the_page(
    server: RunningServer, open_page: OpenPage
) -> None:
    page = _open(open_page(server.url))
    page.evaluate(
        "() => twinViewer.filter({ hiddenClasses: new Set(['IfcWindow', ...Array.from({ length: 70 }, (_, i) => `IfcOther${i}`)]) })"
    )
    page.get_by_label("Only what the filters leave").check()
    expect(_find(page)).to_be_visible()
    assert all("IfcOther" not in each for each in server.twin.requests)
    expect(page.locator(".found-group", has_text="Light fixture")).to_have_count(1)
    expect(page.locator(".found-group", has_text="Window")).to_have_count(0)


def test_values_of_the_list_are_not_asked_for_at_each_step_of_a_past_that_is_played(
    server: RunningServer, open_page: OpenPage, house: Model
) -> None:
    said = {"kind": "temperature", "unit": "Cel", "quality": "good", "observed_at": "2026-05-01T08:00:00Z"}
    server.twin.states = [{"signal": f"{_lamps(house)[0]['id']}/temperature", "value": 21.5, **said}]
    server.twin.reported = [{"key": "temperature", "kind": "temperature", "signals": 1}]
    page = _open(open_page(server.url, size=(1280, 800)))
    page.evaluate("() => twinViewer.theme('temperature')")
    _find(page, Class="IfcLightFixture")
    expect(page.locator(".found-value")).to_have_text(["21.5 °C"])
    server.twin.requests.clear()
    page.get_by_role("button", name="Play the interval").click()
    page.wait_for_timeout(3_000)
    asked = [each for each in server.twin.requests if "/state?" in each]
    assert len(asked) > 5
    assert all("theme=" in each for each in asked)
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".found-value")).to_have_count(1)
    page.wait_for_timeout(1_500)
    assert sum("/state?at=" in each and "theme=" not in each for each in server.twin.requests) == 1
