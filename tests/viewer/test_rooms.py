"""Rooms in the colours of what lies in them."""

import math
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.viewer.conftest import DESK, Watched, new_context
from tests.viewer.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]

RULES = """async ({ rooms, objects, codes, changed, turn }) => {
  const { Rooms } = await import("/viewer/live/rooms.js");
  const of = new Rooms();
  of.learn(rooms, objects, () => turn ?? 0);
  const found = of.codes(changed, new Map(codes));
  return Object.fromEntries([...found.indices].map((index, i) => [index, found.codes[i]]));
}"""


def _object(index: int, parent: str | None = None) -> dict[str, Any]:
    return {"id": f"m/{index}", "model": "m", "state_index": index, "parent": parent, "bounds": None}


@pytest.mark.parametrize(
    ("codes", "changed", "expected"),
    [
        ([(10, 3), (11, 200)], None, {"1": 200}),
        ([(10, 254), (11, 0)], None, {"1": 0}),
        ([(10, 253), (11, 255)], None, {"1": 253}),
        ([(10, 3), (20, 9)], [20], {"2": 9}),
        ([(10, 3), (30, 9)], [30], {}),
        ([(10, 3), (1, 7)], None, {}),
        ([], None, {}),
    ],
    ids=[
        "largest",
        "scale before bad",
        "stale before none",
        "changed only",
        "in no room",
        "own code",
        "silent",
    ],
)
def test_a_room_has_the_code_that_ranks_highest_in_it(
    shared: Watched, codes: list[tuple[int, int]], changed: list[int] | None, expected: dict[str, int]
) -> None:
    rooms = [_object(1), _object(2)]
    objects = [_object(10, "m/1"), _object(11, "m/1"), _object(20, "m/2"), _object(30)]
    given = {"rooms": rooms, "objects": objects, "codes": codes, "changed": changed}
    assert shared.page.evaluate(RULES, given) == expected


@pytest.mark.parametrize(
    ("place", "expected"),
    [((1, 1, 2), {"1": 5}), ((5, 1, 2), {}), ((1, 1, 3.2), {"1": 5}), ((1, 1, 4), {}), ((9, 9, 1), {})],
    ids=["in one", "in two", "in the ceiling", "above", "beside"],
)
def test_without_a_parent_the_place_says_the_room_where_it_is_one_alone(
    shared: Watched, place: tuple[float, float, float], expected: dict[str, int]
) -> None:
    x, y, z = place
    rooms = [_object(1) | {"bounds": [0, 0, 0, 6, 4, 3]}, _object(2) | {"bounds": [4, 0, 0, 8, 4, 3]}]
    lamp = _object(10, "m/storey") | {"bounds": [x - 0.5, y - 0.5, z, x + 0.5, y + 0.5, z]}
    given = {"rooms": rooms, "objects": [lamp], "codes": [(10, 5)], "changed": None}
    assert shared.page.evaluate(RULES, given) == expected


DEGREE_M = 111_320.0
TURN = math.radians(20)


def _turned(corners: list[tuple[float, float]]) -> list[float]:
    """Box in degrees, at the equator, of corners in metres along walls that are turned by `TURN`."""
    cos, sin = math.cos(TURN), math.sin(TURN)
    places = [((x * cos - y * sin) / DEGREE_M, (x * sin + y * cos) / DEGREE_M) for x, y in corners]
    (west, south), (east, north) = (tuple(map(edge, zip(*places, strict=True))) for edge in (min, max))
    return [west, south, 0, east, north, 3]


@pytest.mark.parametrize(
    ("x", "expected"), [(3.8, {"1": 5}), (4.2, {"2": 5})], ids=["this side", "that side"]
)
def test_between_walls_that_stand_askew_a_sensor_lies_in_the_room_on_its_side(
    shared: Watched, x: float, expected: dict[str, int]
) -> None:
    def room(low: float, high: float) -> list[float]:
        return _turned([(low, 0), (high, 0), (high, 5), (low, 5)])

    rooms = [_object(1) | {"bounds": room(0, 4)}, _object(2) | {"bounds": room(4, 8)}]
    sensor = _object(10) | {"bounds": _turned([(x, 2.5)])}
    given = {"rooms": rooms, "objects": [sensor], "codes": [(10, 5)], "changed": None, "turn": TURN}
    assert shared.page.evaluate(RULES, given) == expected


def _room_of(lamp: dict[str, Any], rooms: list[dict[str, Any]]) -> dict[str, Any] | None:
    middle = [(lamp["bounds"][axis] + lamp["bounds"][axis + 3]) / 2 for axis in range(3)]
    found = [
        room for room in rooms
        if all(room["bounds"][axis] <= middle[axis] <= room["bounds"][axis + 3] for axis in range(3))
    ]  # fmt: skip
    return found[0] if len(found) == 1 else None


def test_rooms_follow_what_their_lamps_report_once_they_are_shown(
    browser: Browser, cesium: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    site = Site(tmp_path_factory.mktemp("rooms"))
    context = new_context(browser, DESK)
    try:
        rooms = site.get("objects?class=IfcSpace&limit=1000")["items"]
        signals = site.get("signals?name=on&limit=1000")["items"]
        lamps = [site.get(f"objects/{signal['object']}") for signal in signals]
        placed = [(lamp, room) for lamp in lamps if (room := _room_of(lamp, rooms)) is not None]
        assert placed
        site.lamp, room = placed[0][0], placed[0][1]["state_index"]
        watched = Watched(context.new_page())
        watched.page.goto(site.url)
        page = watched.ready().page
        site.report(on=True)
        page.get_by_label("Colour by").select_option("switch")
        expect(page.locator(".live-status")).to_have_text("Live")
        assert page.evaluate("(index) => twinViewer.code(index)", room) is None
        page.get_by_role("button", name="Show rooms").click()
        page.wait_for_function("(index) => twinViewer.code(index) === 249", arg=room)
        site.report(on=False)
        page.wait_for_function("(index) => twinViewer.code(index) === 0", arg=room)
        assert watched.errors == []
    finally:
        context.close()
        site.process.terminate()
        site.process.wait(30)
