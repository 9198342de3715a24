"""The page as a whole: what it asks for, how it fails, links into it, small screens."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.viewer.conftest import DESK, PHONE, OpenPage, Watched, new_context
from tests.viewer.mock_models import Model
from tests.viewer.mock_server import MockTwin, RunningServer

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

HOUSE, PIPES = "yongjiang-a03-1", "a03-water"
IdOf = Callable[[str, str], str]


@pytest.fixture(scope="module")
def visited(browser: Browser, models: list[Model], tiles: Path, cesium: None) -> Iterator[Watched]:
    """A page that somebody has used for a while."""
    with RunningServer(MockTwin(models=models, tiles=tiles)) as running:
        watched = Watched(new_context(browser, DESK).new_page())
        watched.page.goto(running.url)
        watched.ready()
        watched.page.get_by_label("See below ground").click()
        watched.page.get_by_label("Zoom out").click()
        watched.page.keyboard.press("?")
        watched.page.keyboard.press("Escape")
        yield watched.idle()
        watched.page.context.close()


def test_page_runs_without_console_errors_under_a_policy_without_unsafe_inline_or_eval(
    visited: Watched,
) -> None:
    policy = visited.page.request.get(visited.page.url).headers["content-security-policy"]
    assert "unsafe-inline" not in policy
    assert "'unsafe-eval'" not in policy
    assert visited.errors == []


def test_no_request_leaves_this_machine(visited: Watched) -> None:
    assert visited.outside == []


def test_link_to_an_object_selects_it_and_flies_there(
    server: RunningServer, open_page: OpenPage, global_id_of: IdOf
) -> None:
    wanted = f"{HOUSE}/{global_id_of(HOUSE, '屋面板')}"
    watched = open_page(f"{server.url}/?object={wanted}").ready()
    expect(watched.page.locator("#card h2")).to_have_text("屋面板")
    assert watched.state("selected.id") == wanted


def test_link_in_the_card_leads_back_to_the_object(
    server: RunningServer, open_page: OpenPage, global_id_of: IdOf
) -> None:
    wanted = f"{HOUSE}/{global_id_of(HOUSE, '电梯机房')}"
    watched = open_page(server.url, permissions=["clipboard-read", "clipboard-write"]).ready()
    watched.page.evaluate("(id) => twinViewer.select(id, { fly: false })", wanted)
    watched.page.locator("#card").get_by_role("button", name="Copy link").click()
    watched.page.locator(".toast").wait_for()
    link = watched.page.evaluate("() => navigator.clipboard.readText()")
    assert link == f"{server.url}/?object={wanted}"
    assert watched.page.url == link


def test_link_to_one_model_loads_only_its_tiles(server: RunningServer, open_page: OpenPage) -> None:
    open_page(f"{server.url}/?model={PIPES}").ready()
    asked = [path for path in server.twin.requests if path.startswith("/tiles/")]
    assert asked
    assert all(path.startswith(f"/tiles/{PIPES}/") for path in asked)


def test_model_that_lies_below_ground_opens_with_the_view_below_ground(
    server: RunningServer, open_page: OpenPage
) -> None:
    watched = open_page(f"{server.url}/?model={PIPES}").ready()
    assert watched.state("underground.on") is True


def test_browser_in_chinese_gets_chinese(server: RunningServer, open_page: OpenPage) -> None:
    watched = open_page(server.url, locale="zh-CN")
    expect(watched.page.locator(".brand")).to_have_text("城市孪生")


def test_chosen_language_outlives_a_reload(server: RunningServer, open_page: OpenPage) -> None:
    watched = open_page(server.url)
    watched.page.get_by_role("button", name="切换到中文").click()
    watched.page.reload()
    expect(watched.page.locator(".brand")).to_have_text("城市孪生")
    expect(watched.page.locator(".row.model", has_text="室外给水管网")).to_be_visible()


def test_buildings_stand_before_layers_whatever_their_names(
    server: RunningServer, open_page: OpenPage
) -> None:
    house, pipes = server.twin.models
    server.twin.models = [replace(pipes, kind="gis", names={"zh": "0 管网", "en": "0 mains"}), house]
    watched = open_page(server.url).ready()
    expect(watched.page.locator(".row.model .label")).to_have_text(["1 号住宅楼 建筑", "0 mains"])


def test_server_in_trouble_is_told_and_a_retry_recovers(server: RunningServer, open_page: OpenPage) -> None:
    server.twin.broken = r"^/api/"
    watched = open_page(server.url)
    expect(watched.page.get_by_role("alert")).to_contain_text("Another process is migrating it")
    server.twin.broken = None
    watched.page.get_by_role("alert").get_by_role("button", name="Try again").click()
    expect(watched.page.get_by_role("treeitem").first).to_be_visible()
    expect(watched.page.locator("#overlay")).to_be_hidden()


def test_page_recovers_by_itself_when_the_server_comes_back(
    server: RunningServer, open_page: OpenPage
) -> None:
    server.twin.broken = r"^/api/"
    watched = open_page(server.url)
    watched.page.get_by_role("alert").wait_for()
    server.twin.broken = None
    expect(watched.page.get_by_role("treeitem").first).to_be_visible(timeout=30_000)


def test_empty_twin_says_how_to_import(server: RunningServer, open_page: OpenPage) -> None:
    server.twin.models = []
    watched = open_page(server.url)
    expect(watched.page.get_by_role("alert")).to_contain_text("twin import")


def test_unknown_model_leads_to_the_whole_scene(server: RunningServer, open_page: OpenPage) -> None:
    watched = open_page(f"{server.url}/?model=gone")
    watched.page.get_by_role("link", name="Open the whole scene").click()
    expect(watched.page.get_by_role("treeitem").first).to_be_visible()


def test_unknown_object_is_told_in_the_card(server: RunningServer, open_page: OpenPage) -> None:
    watched = open_page(f"{server.url}/?object={HOUSE}/gone")
    expect(watched.page.locator("#card h2")).to_have_text("There is no such object")


def test_tiles_that_fail_are_told_and_the_rest_is_drawn(server: RunningServer, open_page: OpenPage) -> None:
    server.twin.broken = rf"^/tiles/{PIPES}/"
    watched = open_page(server.url)
    expect(watched.page.locator(".toast")).to_contain_text("Outdoor water mains")
    assert watched.ready().state("status") == "ready"


def test_markup_in_a_name_is_shown_as_text(server: RunningServer, open_page: OpenPage) -> None:
    house, *others = server.twin.models
    nasty = "<img src=x onerror=alert(1)>"
    items = [replace(item, name=nasty) if item.name == "屋面板" else item for item in house.items]
    server.twin.models = [replace(house, items=items), *others]
    roof = next(item.global_id for item in items if item.name == nasty)
    watched = open_page(f"{server.url}/?object={HOUSE}/{roof}")
    expect(watched.page.locator("#card h2")).to_have_text(nasty)
    assert watched.page.locator("img[src=x]").count() == 0


def test_token_leaves_the_address_and_goes_with_every_request(
    server: RunningServer, open_page: OpenPage
) -> None:
    watched = open_page("about:blank")
    sent: list[str | None] = []
    watched.page.on(
        "request",
        lambda r: sent.append(r.headers.get("authorization")) if re.search(r"/(api|tiles)/", r.url) else None,
    )
    with watched.page.expect_request(re.compile(r"/tiles/.*tileset\.json")):
        watched.page.goto(f"{server.url}/#token=secret")
    assert "token" not in watched.page.url
    assert set(sent) == {"Bearer secret"}


def test_lists_work_where_webgl_does_not(server: RunningServer, open_page: OpenPage) -> None:
    watched = open_page("about:blank")
    watched.page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    watched.page.goto(server.url)
    expect(watched.page.get_by_role("alert")).to_contain_text("The 3D view cannot start")
    watched.page.locator(".row.model").first.click()
    expect(watched.page.locator("#card h2")).to_have_text("1 号住宅楼 建筑")


@pytest.fixture(scope="module")
def shared_phone(browser: Browser, models: list[Model], tiles: Path, cesium: None) -> Iterator[Watched]:
    """The page on a phone."""
    with RunningServer(MockTwin(models=models, tiles=tiles)) as running:
        watched = Watched(new_context(browser, PHONE, has_touch=True, is_mobile=True).new_page())
        watched.page.goto(running.url)
        yield watched.ready()
        watched.page.context.close()


@pytest.fixture
def phone(shared_phone: Watched) -> Watched:
    """The page on a phone, its sheet down, nothing selected."""
    shared_phone.page.evaluate("() => twinViewer.clear()")
    while shared_phone.page.locator("#panel").get_attribute("data-snap") != "peek":
        shared_phone.page.locator("#grip").click()
    return shared_phone


def test_panel_is_a_sheet_at_the_lower_edge_of_a_phone(phone: Watched) -> None:
    box = phone.page.locator("#panel").bounding_box()
    assert box is not None
    assert box["width"] == PHONE[0]
    assert box["y"] > PHONE[1] * 0.7
    phone.page.locator("#grip").click()
    phone.page.wait_for_function("() => document.querySelector('#panel').offsetHeight > 400")


def test_card_on_a_phone_leaves_the_scene_in_sight(phone: Watched) -> None:
    phone.page.locator("#grip").click()
    phone.page.locator(".row.model").first.tap()
    box = phone.page.locator("#card").bounding_box()
    assert box is not None
    assert box["width"] == PHONE[0]
    assert box["y"] > PHONE[1] * 0.4


def test_controls_on_a_phone_are_large_enough_for_fingers(phone: Watched) -> None:
    boxes = [button.bounding_box() for button in phone.page.locator("#controls button:visible").all()]
    assert boxes
    assert all(box is not None and min(box["width"], box["height"]) >= 44 for box in boxes)
