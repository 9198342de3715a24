"""What is drawn, picked, hidden and isolated in the scene."""

from collections.abc import Callable

import pytest

from tests.viewer.conftest import OpenPage, Place, Watched
from tests.viewer.mock_server import RunningServer

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

HOUSE, PIPES = "yongjiang-a03-1", "a03-water"
PlaceOf = Callable[[str, str], Place]
IdOf = Callable[[str, str], str]


def test_click_on_a_wall_opens_the_card_with_its_global_id(
    scene: Watched, place_of: PlaceOf, global_id_of: IdOf
) -> None:
    x, y = scene.screen_position(*place_of(HOUSE, "西山墙"))
    scene.page.mouse.click(x, y)
    shown = scene.page.locator("#card dd.id code")
    shown.wait_for()
    assert scene.state("selected.id") == f"{HOUSE}/{shown.inner_text()}"
    assert shown.inner_text() in _ids(scene, "西山墙")


def _ids(scene: Watched, name: str) -> list[str]:
    script = "(q) => fetch(`/api/v1/objects?limit=500&q=${encodeURIComponent(q)}`).then((r) => r.json()).then((page) => page.items.map((o) => o.global_id))"
    found = scene.page.evaluate(script, name)
    assert isinstance(found, list)
    return found


def test_click_beside_everything_closes_the_card(scene: Watched, global_id_of: IdOf) -> None:
    scene.page.evaluate(
        "(id) => twinViewer.select(id, { fly: false })", f"{HOUSE}/{global_id_of(HOUSE, '屋面板')}"
    )
    scene.page.locator("#card dd.id").wait_for()
    box = scene.page.locator("#scene canvas").bounding_box()
    assert box is not None
    scene.page.mouse.click(box["x"] + 40, box["y"] + box["height"] - 60)
    scene.page.locator("#card").wait_for(state="hidden")
    assert scene.state("selected") is None


def test_roof_is_seen_at_the_place_where_the_building_has_it(
    scene: Watched, models: object, place_of: PlaceOf, global_id_of: IdOf
) -> None:
    lon, lat, height = place_of(HOUSE, "屋面板")
    assert scene.pick((lon - 0.0001, lat, height + 0.12)) == global_id_of(HOUSE, "屋面板")


def test_hidden_class_is_not_picked_and_what_is_behind_it_is(
    scene: Watched, place_of: PlaceOf, global_id_of: IdOf
) -> None:
    lon, lat, height = place_of(HOUSE, "屋面板")
    on_the_roof = (lon - 0.0001, lat, height + 0.12)
    scene.page.locator("#tab-classes").click()
    scene.page.get_by_role("checkbox", name="Roof", exact=True).uncheck()
    scene.idle()
    behind = scene.pick(on_the_roof)
    assert behind is not None
    assert behind != global_id_of(HOUSE, "屋面板")
    assert scene.page.locator(".chip", has_text="1 class hidden").is_visible()


def test_removing_the_filters_chip_brings_the_class_back(
    scene: Watched, place_of: PlaceOf, global_id_of: IdOf
) -> None:
    lon, lat, height = place_of(HOUSE, "屋面板")
    scene.page.evaluate("() => twinViewer.filter({ hiddenClasses: new Set(['IfcRoof']) })")
    scene.page.locator(".chip", has_text="1 class hidden").click()
    scene.idle()
    assert scene.pick((lon - 0.0001, lat, height + 0.12)) == global_id_of(HOUSE, "屋面板")


def test_isolated_storey_hides_every_other_storey(
    scene: Watched, place_of: PlaceOf, global_id_of: IdOf
) -> None:
    scene.page.locator("#tab-storeys").click()
    scene.page.get_by_label("Show only 三层").click()
    scene.idle()
    assert scene.pick(place_of(HOUSE, "电梯机房")) is None
    floor = place_of(HOUSE, "楼板 3")
    assert scene.pick((floor[0] - 0.00002, floor[1] + 0.00003, floor[2] + 0.1)) == global_id_of(
        HOUSE, "楼板 3"
    )


def test_rooms_are_hidden_until_they_are_switched_on(scene: Watched) -> None:
    shown = "() => { let n = 0; for (let i = 0; i < twinViewer.scene.primitives.length; i++) { const p = twinViewer.scene.primitives.get(i); const visit = (t) => { const c = t.content; if (c?.featuresLength && c.group?.metadata.getProperty('kind') === 'space') for (let k = 0; k < c.featuresLength; k++) n += c.getFeature(k).show ? 1 : 0; t.children.forEach(visit); }; if (p.root) visit(p.root); } return n; }"
    assert scene.page.evaluate(shown) == 0
    scene.page.get_by_label("Show rooms").click()
    scene.idle()
    assert scene.page.evaluate(shown) == 72


def test_selected_room_is_shown_although_rooms_are_hidden(
    scene: Watched, place_of: PlaceOf, global_id_of: IdOf
) -> None:
    room = f"{HOUSE}/{global_id_of(HOUSE, '603室')}"
    scene.page.evaluate("(id) => twinViewer.select(id)", room)
    scene.idle()
    assert scene.pick(place_of(HOUSE, "603室")) is not None
    assert scene.state("xray") is True
    assert scene.state("filters.spaces") is False


def test_hidden_object_is_hidden_and_shown_again(
    scene: Watched, place_of: PlaceOf, global_id_of: IdOf
) -> None:
    machine_room = place_of(HOUSE, "电梯机房")
    top = (machine_room[0], machine_room[1], machine_room[2] + 1.3)
    assert scene.pick(top) == global_id_of(HOUSE, "电梯机房")
    scene.page.evaluate(
        "(id) => twinViewer.select(id, { fly: false })", f"{HOUSE}/{global_id_of(HOUSE, '电梯机房')}"
    )
    scene.page.locator("#card").get_by_role("button", name="Hide").click()
    scene.idle()
    assert scene.pick(top) != global_id_of(HOUSE, "电梯机房")
    scene.page.locator("#card").get_by_role("button", name="Show").click()
    scene.idle()
    assert scene.pick(top) == global_id_of(HOUSE, "电梯机房")


def test_isolated_object_stands_alone(scene: Watched, place_of: PlaceOf, global_id_of: IdOf) -> None:
    scene.page.evaluate(
        "(id) => twinViewer.select(id, { fly: false })", f"{HOUSE}/{global_id_of(HOUSE, '电梯机房')}"
    )
    scene.page.locator("#card").get_by_role("button", name="Isolate").click()
    scene.idle()
    lon, lat, height = place_of(HOUSE, "屋面板")
    assert scene.pick((lon - 0.0001, lat, height + 0.12)) is None
    assert scene.pick(place_of(HOUSE, "电梯机房")) == global_id_of(HOUSE, "电梯机房")


def test_hidden_model_is_not_drawn(scene: Watched, place_of: PlaceOf) -> None:
    scene.page.evaluate(f"() => twinViewer.filter({{ hiddenModels: new Set(['{HOUSE}']) }})")
    scene.idle()
    assert scene.pick(place_of(HOUSE, "电梯机房")) is None


def test_ground_hides_the_pipes_until_one_looks_below_it(
    scene: Watched, place_of: PlaceOf, global_id_of: IdOf
) -> None:
    pipe = place_of(PIPES, "给水管 DN300-2")
    scene.page.evaluate(f"() => twinViewer.filter({{ hiddenModels: new Set(['{HOUSE}']) }})")
    scene.idle()
    assert scene.pick(pipe) is None
    scene.page.get_by_label("See below ground").click()
    scene.idle()
    assert scene.pick(pipe) == global_id_of(PIPES, "给水管 DN300-2")


def test_walls_turn_to_glass_when_they_hide_what_one_flies_to(scene: Watched, global_id_of: IdOf) -> None:
    scene.page.evaluate("(id) => twinViewer.select(id)", f"{HOUSE}/{global_id_of(HOUSE, '吸顶灯 3-5')}")
    assert scene.state("xray") is True
    scene.page.keyboard.press("Escape")
    assert scene.state("xray") is False


def test_colours_are_plain_again_after_the_selection_is_cleared(scene: Watched, global_id_of: IdOf) -> None:
    tinted = "() => { let n = 0; const visit = (t) => { const c = t.content; for (let k = 0; k < (c?.featuresLength ?? 0); k++) { const { red, green, blue, alpha } = c.getFeature(k).color; if (red + green + blue + alpha < 4) n += 1; } t.children.forEach(visit); }; for (let i = 0; i < twinViewer.scene.primitives.length; i++) { const { root } = twinViewer.scene.primitives.get(i); if (root) visit(root); } return n; }"
    scene.page.evaluate("(id) => twinViewer.select(id)", f"{HOUSE}/{global_id_of(HOUSE, '吸顶灯 3-5')}")
    assert scene.page.evaluate(tinted) > 400
    scene.page.keyboard.press("Escape")
    assert scene.page.evaluate(tinted) == 0


def test_idle_page_draws_no_frames(scene: Watched) -> None:
    scene.page.mouse.move(5, 5)
    scene.page.evaluate(
        "() => { window.frames_ = 0; twinViewer.scene.postRender.addEventListener(() => { window.frames_ += 1; }); }"
    )
    scene.page.wait_for_timeout(2500)
    assert scene.page.evaluate("() => window.frames_") <= 1


def test_arrow_keys_turn_the_view_about_the_house(scene: Watched) -> None:
    before = scene.page.evaluate("() => twinViewer.camera.heading")
    scene.page.locator("#scene").focus()
    scene.page.keyboard.press("ArrowRight")
    turned = scene.page.evaluate("() => twinViewer.camera.heading") - before
    assert abs(abs(turned) - 0.105) < 0.02


def test_what_lies_below_hills_of_imported_terrain_is_opened_with_the_ground_open(
    server: RunningServer, open_page: OpenPage
) -> None:
    server.twin.terrain_m = 60.0  # the roof is at 35
    watched = open_page(f"{server.url}/?model={HOUSE}")
    watched.page.wait_for_function("() => window.twinViewer?.state.underground.on")
    assert watched.errors == []


def test_what_stands_on_imported_terrain_is_opened_with_the_ground_closed(
    server: RunningServer, open_page: OpenPage
) -> None:
    server.twin.terrain_m = 12.0
    watched = open_page(f"{server.url}/?model={HOUSE}").ready()
    assert watched.state("underground.on") is False


def test_key_for_the_underground_works_after_its_button_too(scene: Watched) -> None:
    button = scene.page.get_by_label("See below ground")
    button.click()
    assert scene.state("underground.on") is True
    scene.page.keyboard.press("u")
    assert scene.state("underground.on") is False
