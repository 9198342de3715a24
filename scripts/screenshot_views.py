"""The views of the documentation's pictures: each is reached in the page as its reader reaches it. `VIEWS` lists them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from playwright.sync_api import Locator, Page

STREETS = (121.4487, 29.8684, 125)
"""South-west of the crossing of the community's streets: degrees and metres above the ellipsoid."""
LOOK = """async ([lon, lat, height, heading, pitch]) => {
  const { Cartesian3, Math: Angles } = await import("/viewer/vendor/cesium/cesium.js");
  const orientation = { heading: Angles.toRadians(heading), pitch: Angles.toRadians(pitch), roll: 0 };
  window.twinViewer.camera.setView({ destination: Cartesian3.fromDegrees(lon, lat, height), orientation });
  window.twinViewer.scene.requestRender();
}"""
"""From a place, along angles in degrees."""

LOOK_AT = """async ([lon, lat, height, metres]) => {
  const { Cartesian3, HeadingPitchRange, Matrix4 } = await import("/viewer/vendor/cesium/cesium.js");
  const { camera, scene } = window.twinViewer;
  camera.lookAt(Cartesian3.fromDegrees(lon, lat, height), new HeadingPitchRange(0.45, -0.75, metres));
  camera.lookAtTransform(Matrix4.IDENTITY);
  scene.requestRender();
}"""

REASON = {"en": "Road works in Yongtai Road", "zh": "甬泰路施工"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """The demo's API, as its administrator."""

    url: str
    token: str

    def ask(self, path: str, body: Any = None, token: str | None = None) -> Any:
        """A document; with a body, what a POST of it answers."""
        answer = httpx.request(
            "GET" if body is None else "POST",
            f"{self.url}api/v1/{path}",
            json=body,
            headers={"Authorization": f"Bearer {token or self.token}"},
            timeout=30,
        )
        return answer.raise_for_status().json()

    def items(self, path: str) -> list[Any]:
        """All of a list that has one page."""
        found: list[Any] = self.ask(path)["items"]
        return found

    def object_of(self, signal: str, model: str, share: float = 0.5) -> str:
        """Id of an object of a model that has a signal of this name: that at a share of their list."""
        signals = self.items(f"signals?name={signal}&model={model}&limit=1000")
        return str(signals[int(share * len(signals))]["id"].rpartition("/")[0])

    def raise_smoke(self, detector: str) -> None:
        """A smoke detector says that there is smoke."""
        said = {"signal": f"{detector}/smoke", "value": True, "observed_at": datetime.now(UTC).isoformat()}
        self.ask("readings", {"readings": [said]})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A page that shows the demo, in a language."""

    page: Page
    twin: Twin
    language: str

    @property
    def is_phone(self) -> bool:
        """Whether a sheet covers the lower half."""
        size = self.page.viewport_size
        return size is not None and size["width"] <= 760

    def wait(self, selector: str) -> Locator:
        """The first such element, once it is seen; what can be chosen in a closed list, once it is there."""
        found = self.page.locator(selector).first
        found.wait_for(state="attached" if " option" in selector else "visible")
        return found

    def click(self, selector: str) -> None:
        """Press it wherever it lies: on a phone, the sheet may cover it."""
        self.page.locator(selector).first.evaluate("(element) => element.click()")

    def idle(self) -> None:
        """Until nothing is on its way and the camera rests."""
        self.page.evaluate("() => window.twinViewer.idle().then(() => null)")

    def key(self, key: str) -> None:
        """In the scene."""
        self.page.locator("#scene").press(key)

    def theme(self, key: str) -> None:
        """Colour by it."""
        self.page.locator("#theme").select_option(key)
        self.wait(".live-status.live")

    def go_to(self, identifier: str) -> None:
        """Select an object, and fly there."""
        self.page.evaluate("(id) => window.twinViewer.select(id).then(() => null)", identifier)
        self.wait("#card .card-body .path")
        self.idle()

    def look_at(self, identifier: str, metres: float) -> None:
        """At the middle of an object, from the south-west and above, from so far."""
        west, south, low, east, north, high = self.twin.ask(f"objects/{identifier}")["bounds"]
        self.page.evaluate(LOOK_AT, [(west + east) / 2, (south + north) / 2, (low + high) / 2, metres])

    def clear(self) -> None:
        """Select nothing."""
        self.page.evaluate("() => window.twinViewer.clear()")


def scene(stage: Stage) -> None:
    """The community from the south-west."""
    stage.idle()


def coloured(stage: Stage) -> None:
    """What is switched on, live."""
    stage.theme("power")


def model(stage: Stage) -> None:
    """A model: what was drawn, where it was put and how sure that is."""
    stage.click('.row.model .label[title$="· tower"]')
    stage.wait("#card .pairs")
    stage.click("#card details summary")


def card(stage: Stage) -> None:
    """A water meter of a flat, behind its walls."""
    stage.go_to(stage.twin.object_of("flow", "tower"))
    stage.wait("#card .spark path")
    for _ in range(2):
        stage.key("+")


def underground(stage: Stage) -> None:
    """Drains, mains and cables through the ground."""
    if not stage.page.evaluate("() => window.twinViewer.state.underground.on"):
        stage.key("u")
    stage.page.evaluate(LOOK, [*STREETS, 40, -34])
    stage.page.evaluate(
        "() => window.twinViewer.filter({ hiddenModels: new Set(['ground_cover', 'road_markings']) })"
    )


def storey(stage: Stage) -> None:
    """One storey alone, its rooms in the colours of their sensors."""
    floors = stage.twin.items("models/tower/storeys?limit=100")
    floor = next(each for each in floors if each["name"].startswith("十二层"))
    stage.click("#tab-storeys")
    stage.wait(".checks .only")
    stage.click(f'[data-focus="only-{floor["id"].partition("/")[2]}"]')
    if stage.is_phone:
        stage.go_to(floor["id"])  # above the sheet
        stage.clear()
    else:
        stage.look_at(floor["id"], 48)
    stage.page.evaluate("() => window.twinViewer.filter({ spaces: true })")
    stage.theme("temperature")


def find(stage: Stage) -> None:
    """What lies in an area that was drawn."""
    stage.theme("switch")
    stage.click("#tab-find")
    stage.wait("#find-class option[value=LampPole]")
    stage.page.locator("#find-class").select_option("LampPole")
    stage.click(".find-form .choice:nth-child(3)")
    box = stage.page.locator("#scene canvas").bounding_box()
    assert box is not None
    for x, y in ((0.44, 0.32), (0.44, 0.60), (0.68, 0.70), (0.92, 0.56), (0.74, 0.34)):
        stage.page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
        stage.page.wait_for_timeout(400)  # two clicks at once would end the drawing
    stage.click(".draw-bar .button")
    stage.wait(".found-value")


def bulk(stage: Stage) -> None:
    """One command to all lamp poles, tried."""
    stage.theme("switch")
    stage.click("#tab-find")
    stage.wait("#find-class option[value=LampPole]")
    stage.page.locator("#find-class").select_option("LampPole")
    stage.click(".find-form .button")
    stage.wait(".found-actions")
    stage.click(".found-actions .chip-button")
    stage.wait("#bulk-signal")
    lamp = stage.page.locator("#bulk-signal option", has_text="lamp").first
    stage.page.locator("#bulk-signal").select_option(lamp.get_attribute("value"))
    stage.click(".bulk-form .choice")
    stage.page.locator("#bulk-reason").fill(REASON[stage.language])
    stage.page.locator("#bulk-rate").fill("50")
    stage.click(".bulk-buttons .button")
    stage.wait(".bulk-said .button")


def chart(stage: Stage) -> None:
    """The power of a meter in the last hours."""
    stage.go_to(stage.twin.object_of("power", "tower"))
    stage.wait("#card .spark path")
    stage.click("#card .spark")
    stage.wait(".chart-dialog canvas")


def command(stage: Stage) -> None:
    """A lamp pole that was switched, confirmed by its reading."""
    stage.theme("switch")
    stage.go_to(stage.twin.object_of("lamp", "lamp_poles", 0.4))
    stage.wait("#card .commanding .choice")
    stage.click('#card .commanding .choice[aria-pressed="false"]')
    stage.wait("#card .command-steps .good")


def past(stage: Stage) -> None:
    """The scene as it was."""
    stage.theme("power")
    if stage.page.locator("#legend .fold[aria-expanded=false]").count():
        stage.click("#legend .fold")
    stage.page.locator(".time-choices select").first.select_option("1")
    stage.page.locator("#time").fill("-35")
    stage.wait(".live-status.past")


def alarms(stage: Stage) -> None:
    """A smoke detector that has just gone off."""
    detector = stage.twin.object_of("smoke", "tower", 0.6)
    stage.theme("smoke")
    stage.page.evaluate("(id) => window.twinViewer.select(id, { fly: false }).then(() => null)", detector)
    stage.wait("#card .card-body .path")
    stage.click("#tab-alarms")
    # Last: with its next report the detector says that all is well.
    stage.twin.raise_smoke(detector)
    stage.wait("#card .alarms .alarm")
    stage.wait("#tab-panel .alarm.critical")


def operations(tab: str) -> Callable[[Stage], None]:
    """The dialog of those who run the twin, at a tab."""

    def open_(stage: Stage) -> None:
        stage.wait("#operations button")
        stage.click("#operations button")
        stage.wait(".ops-dialog[open]")
        stage.click(f"#ops-tab-{tab}")
        stage.wait(".ops-view table")
        if tab == "audit":
            stage.click(".ops-verdict button")
            stage.wait(".ops-verdict .ops-good")

    return open_


def help_(stage: Stage) -> None:
    """Keyboard and mouse."""
    stage.key("?")
    stage.wait("dialog[open]")


def wall(stage: Stage) -> None:
    """The screens of a command centre."""
    stage.wait(".wall-figure")
    stage.page.locator(".wall-table tbody tr").first.wait_for(
        state="attached"
    )  # upright screens leave the table out
    stage.page.wait_for_function("() => window.twinViewer?.state.live === 'live'")


ALONE = dict.fromkeys(
    ("model", "card", "storey", "chart", "alarms", "approvals", "audit", "ingest", "help"), "tower"
)
"""Views that need one model only: without the town around they are made in a tenth of the time."""

VIEWS: dict[str, Callable[[Stage], None]] = {
    "scene": scene,
    "coloured": coloured,
    "model": model,
    "card": card,
    "underground": underground,
    "storey": storey,
    "find": find,
    "bulk": bulk,
    "chart": chart,
    "command": command,
    "past": past,
    "alarms": alarms,
    "approvals": operations("commands"),
    "audit": operations("audit"),
    "ingest": operations("ingest"),
    "help": help_,
    "wall": wall,
}
