"""The panel: tree, search, lists, keys, languages."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.viewer.conftest import Place, Watched

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

HOUSE, PIPES = "yongjiang-a03-1", "a03-water"
PlaceOf = Callable[[str, str], Place]
IdOf = Callable[[str, str], str]


def test_tree_opens_down_to_the_storeys_by_keyboard(scene: Watched) -> None:
    tree = scene.page.get_by_role("tree")
    tree.focus()
    scene.page.keyboard.press("Home")
    scene.page.keyboard.press("ArrowRight")
    storey = scene.page.get_by_role("treeitem", name="地下二层")
    storey.wait_for()
    assert storey.get_attribute("aria-level") == "5"
    assert scene.page.get_by_role("treeitem", name="1 号住宅楼 建筑").get_attribute("aria-expanded") == "true"


def test_enter_in_the_tree_selects_and_space_hides(scene: Watched, global_id_of: IdOf) -> None:
    tree = scene.page.get_by_role("tree")
    tree.focus()
    scene.page.keyboard.press("Home")
    scene.page.keyboard.press("ArrowRight")
    scene.page.get_by_role("treeitem", name="甬江社区").wait_for()
    scene.page.keyboard.press("ArrowDown")
    scene.page.keyboard.press("Enter")
    expect(scene.page.locator("#card h2")).to_have_text("甬江社区")
    assert scene.page.get_by_role("treeitem", name="甬江社区").get_attribute("aria-selected") == "true"
    scene.page.keyboard.press(" ")
    assert scene.state("filters.hiddenModels") == [HOUSE]


def test_picked_object_is_brought_into_sight_in_the_tree(scene: Watched, global_id_of: IdOf) -> None:
    wanted = f"{HOUSE}/{global_id_of(HOUSE, '柱 KZ9')}"
    scene.page.evaluate("(id) => twinViewer.select(id, { fly: false })", wanted)
    row = scene.page.locator(f'.row[data-id="{wanted}"]')
    row.wait_for()
    expect(row).to_be_in_viewport()
    assert row.get_attribute("aria-selected") == "true"


def test_only_rows_in_sight_are_elements(scene: Watched, global_id_of: IdOf) -> None:
    scene.page.evaluate(
        "(id) => twinViewer.select(id, { fly: false })", f"{HOUSE}/{global_id_of(HOUSE, '柱 KZ9')}"
    )
    scene.page.locator(".row.selected").wait_for()
    rows = scene.page.get_by_role("treeitem").count()
    assert rows < 60
    assert int(scene.page.locator(".row.selected").get_attribute("aria-setsize") or 0) == 32


def test_search_finds_by_part_of_a_name_and_flies_there(scene: Watched, place_of: PlaceOf) -> None:
    scene.page.keyboard.press("/")
    expect(scene.page.get_by_role("combobox")).to_be_focused()
    scene.page.keyboard.type("水表 7")
    scene.page.get_by_role("option").first.wait_for()
    scene.page.keyboard.press("Enter")
    expect(scene.page.locator("#card h2")).to_have_text("水表 7")
    scene.idle()
    script = """async ([lon, lat, height]) => {
      const { Cartesian3 } = await import("/viewer/vendor/cesium/cesium.js");
      return Cartesian3.distance(Cartesian3.fromDegrees(lon, lat, height), twinViewer.camera.positionWC);
    }"""
    assert scene.page.evaluate(script, list(place_of(PIPES, "水表 7"))) < 30
    assert scene.state("underground.on") is True


def test_search_without_result_says_so(scene: Watched) -> None:
    scene.page.get_by_role("combobox").fill("zzz")
    expect(scene.page.locator(".results")).to_contain_text("Nothing found for “zzz”")


def test_escape_closes_the_card(scene: Watched, global_id_of: IdOf) -> None:
    scene.page.evaluate(
        "(id) => twinViewer.select(id, { fly: false })", f"{HOUSE}/{global_id_of(HOUSE, '屋面板')}"
    )
    scene.page.locator("#card h2").wait_for()
    scene.page.keyboard.press("Escape")
    expect(scene.page.locator("#card")).to_be_hidden()


def test_card_shows_typed_properties_with_units(scene: Watched, global_id_of: IdOf) -> None:
    scene.page.evaluate(
        "(id) => twinViewer.select(id, { fly: false })", f"{HOUSE}/{global_id_of(HOUSE, '外墙-200 南4')}"
    )
    card = scene.page.locator("#card")
    expect(card.locator(".pair", has_text="ThermalTransmittance").locator("dd")).to_have_text("0.45 W/(m²·K)")
    expect(card.locator(".pair", has_text="IsExternal").locator("dd")).to_have_text("Yes")
    expect(card.locator(".pair", has_text="GrossVolume").locator("dd")).to_have_text("2.371 m³")
    expect(card.locator(".pair", has_text="供应商").locator("dd")).to_have_text("not given")
    expect(card).to_contain_text("加气混凝土 200")
    expect(card).to_contain_text("30-01.10.10 外墙")


def test_crumb_in_the_card_selects_the_storey(scene: Watched, global_id_of: IdOf) -> None:
    scene.page.evaluate(
        "(id) => twinViewer.select(id, { fly: false })", f"{HOUSE}/{global_id_of(HOUSE, '电梯机房')}"
    )
    scene.page.locator("#card .crumb", has_text="屋面").click()
    expect(scene.page.locator("#card .kind")).to_have_text("Storey · IfcBuildingStorey")


def test_doubtful_placement_is_marked_in_the_tree_and_explained_in_the_card(scene: Watched) -> None:
    row = scene.page.locator(".row.model", has_text="Outdoor water mains")
    expect(row.locator(".badge-low")).to_be_visible()
    row.locator(".label").click()
    expect(scene.page.locator("#card .badge")).to_have_text("Placement doubtful")
    expect(scene.page.locator("#card .notice")).to_contain_text("rounded to a second")


def test_language_switch_changes_texts_and_class_names_and_stays(scene: Watched, global_id_of: IdOf) -> None:
    scene.page.evaluate(
        "(id) => twinViewer.select(id, { fly: false })", f"{HOUSE}/{global_id_of(HOUSE, '屋面板')}"
    )
    expect(scene.page.locator("#card .kind")).to_have_text("Roof · IfcRoof")
    scene.page.get_by_role("button", name="切换到中文").click()
    expect(scene.page.locator("#card .kind")).to_have_text("屋顶 · IfcRoof")
    expect(scene.page.get_by_role("tab").first).to_have_text("结构")
    assert scene.page.evaluate("() => document.documentElement.lang") == "zh-CN"
    assert scene.page.evaluate("() => localStorage.getItem('twin.language')") == "zh"


def test_both_languages_have_the_same_keys_and_placeholders(scene: Watched) -> None:
    script = """async () => {
      const [en, zh] = await Promise.all([import("/viewer/i18n/en.js"), import("/viewer/i18n/zh.js")]);
      const holes = (text) => [...new Set(text.match(/\\{\\w+\\}/g) ?? [])].sort().join();
      const keys = new Set([...Object.keys(en.default), ...Object.keys(zh.default)]);
      return [...keys].filter((key) => !en.default[key] || !zh.default[key] || holes(en.default[key]) !== holes(zh.default[key]));
    }"""
    assert scene.page.evaluate(script) == []


def test_every_marked_text_of_the_page_is_in_the_tables(scene: Watched) -> None:
    script = """async () => {
      const { default: texts } = await import("/viewer/i18n/en.js");
      const marked = [...document.querySelectorAll("[data-i18n], [data-i18n-label]")];
      return marked.flatMap(({ dataset }) => [dataset.i18n, dataset.i18nLabel]).filter((key) => key && !texts[key]);
    }"""
    assert scene.page.evaluate(script) == []


def test_common_ifc_classes_have_names_in_both_languages(scene: Watched) -> None:
    script = """async () => {
      const { classNames } = await import("/viewer/i18n/ifc-classes.js");
      return [Object.keys(classNames).length, Object.values(classNames).filter(([zh, en]) => !/[\\u4e00-\\u9fff]/.test(zh) || !/^[A-Z]/.test(en)).length];
    }"""
    number, incomplete = scene.page.evaluate(script)
    assert number >= 120
    assert incomplete == 0


def test_class_list_counts_what_is_drawn(scene: Watched) -> None:
    scene.page.locator("#tab-classes").click()
    row = scene.page.locator(".checks li", has=scene.page.get_by_role("checkbox", name="Window", exact=True))
    expect(row.locator(".count")).to_have_text("108")


def test_row_of_rooms_in_the_class_list_is_the_rooms_switch(scene: Watched) -> None:
    scene.page.locator("#tab-classes").click()
    box = scene.page.get_by_role("checkbox", name="Room", exact=True)
    expect(box).not_to_be_checked()
    box.check()
    assert scene.state("filters.spaces") is True
