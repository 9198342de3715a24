"""Commands from the card of the selected object."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.viewer.conftest import OpenPage
from tests.viewer.mock_commands import MockCommands
from tests.viewer.mock_server import RunningServer

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

HOUSE = "yongjiang-a03-1"


def _signal(name: str, type_: str, value: Any, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"{HOUSE}/wall/{name}", "name": name, "kind": None, "type": type_, "unit": None, "value": value,
        "quality": "good", "observed_at": "2026-05-01T08:00:00Z", "range": None, "choices": [],
        "control": {"dangerous": False}, **fields,
    }  # fmt: skip


@pytest.fixture
def show(server: RunningServer, open_page: OpenPage) -> Any:
    """Opens the card of an object with these signals."""

    def opened(*signals: dict[str, Any], token: str = "#token=t") -> Page:
        house = server.twin.model(HOUSE)
        assert house is not None
        wall = f"{HOUSE}/{house.items[-1].global_id}"
        server.twin.signals[wall] = list(signals)
        watched = open_page(f"{server.url}/?object={wall}{token}")
        expect(watched.page.locator("#card .reading")).to_have_count(len(signals))
        return watched.page

    return opened


@pytest.fixture
def commands(server: RunningServer) -> MockCommands:
    """What the page asks of the server, and what becomes of it."""
    return server.twin.commands


def _steps(page: Page) -> Locator:
    return page.locator("#card .command-steps li")


def test_a_switch_asks_for_the_value_and_shows_each_step_until_a_reading_confirms_it(
    server: RunningServer, show: Any, commands: MockCommands
) -> None:
    lamp = _signal("on", "boolean", False)
    page = show(lamp)
    on = page.get_by_role("button", name="On", exact=True)
    on.click()
    expect(_steps(page)).to_have_text(["recorded"])
    assert commands.asked[0] | {"idempotency_key": ""} == {
        "signal": lamp["id"], "value": True, "reason": "By hand, on the page", "idempotency_key": "",
    }  # fmt: skip
    commands.take("sent")
    commands.take("acknowledged")
    expect(_steps(page).nth(2)).to_have_text("acknowledged by the device +2 s")
    expect(on).to_have_attribute("aria-pressed", "false")
    lamp["value"] = True
    commands.take("confirmed")
    expect(page.locator("#card .command-steps .good")).to_contain_text("confirmed by a reading")
    expect(on).to_have_attribute("aria-pressed", "true")


def test_while_a_command_is_open_no_second_one_is_asked_for(show: Any, commands: MockCommands) -> None:
    page = show(_signal("on", "boolean", False))
    page.get_by_role("button", name="On", exact=True).click()
    expect(_steps(page)).to_have_text(["recorded"])
    page.get_by_role("button", name="Off", exact=True).click(force=True)
    page.wait_for_timeout(600)
    assert len(commands.asked) == 1


def test_a_number_with_a_range_has_a_slider_and_a_field_that_follow_each_other(
    show: Any, commands: MockCommands
) -> None:
    page = show(_signal("level", "number", 20, range=[0, 100], unit="%"))
    page.get_by_role("slider", name="Set level").fill("60")
    expect(page.get_by_label("New value")).to_have_value("60")
    page.get_by_label("New value").fill("40.5")
    page.get_by_role("button", name="Set", exact=True).click()
    expect(page.locator("#card .command-wanted")).to_have_text("→ 40.5 %")
    assert commands.asked[0]["value"] == 40.5


def test_a_value_outside_of_the_range_is_not_asked_for(show: Any, commands: MockCommands) -> None:
    page = show(_signal("level", "integer", 20, range=[0, 100]))
    page.get_by_label("New value").fill("101")
    page.get_by_role("button", name="Set", exact=True).click()
    page.wait_for_timeout(300)
    assert commands.asked == []


def test_few_choices_are_buttons_and_many_are_a_list(show: Any, commands: MockCommands) -> None:
    page = show(
        _signal("mode", "enum", "auto", choices=["off", "auto"]),
        _signal("scene", "enum", "a", choices=list("abcdef")),
    )
    expect(page.get_by_role("button", name="auto")).to_have_attribute("aria-pressed", "true")
    page.get_by_label("New value").select_option("d")
    page.get_by_role("button", name="Set", exact=True).click()
    expect(_steps(page)).to_have_text(["recorded"])
    assert commands.asked[0]["value"] == "d"


def test_what_is_dangerous_wants_a_reason(show: Any, commands: MockCommands) -> None:
    page = show(_signal("open", "boolean", True, control={"dangerous": True}))
    expect(page.locator("#card .commanding")).to_contain_text("Another person has to approve.")
    page.get_by_role("button", name="Off").click()
    page.wait_for_timeout(300)
    assert commands.asked == []
    page.get_by_label("Reason").fill("burst pipe")
    page.get_by_role("button", name="Off").click()
    expect(_steps(page)).to_have_text(["recorded"])
    assert commands.asked[0]["reason"] == "burst pipe"


def test_a_refusal_is_told_in_words(show: Any, commands: MockCommands) -> None:
    commands.refusal = "held: manual-life-safety is held by fire brigade."
    page = show(_signal("on", "boolean", False))
    page.get_by_role("button", name="On", exact=True).click()
    expect(page.locator("#card .command-refused")).to_have_text(
        "Somebody with a higher priority holds it (manual-life-safety is held by fire brigade)"
    )


def test_what_fails_says_why(show: Any, commands: MockCommands) -> None:
    page = show(_signal("on", "boolean", False))
    page.get_by_role("button", name="On", exact=True).click()
    expect(_steps(page)).to_have_count(1)
    commands.take("sent")
    commands.take("rejected", "local switch is off")
    expect(page.locator("#card .command-steps .bad")).to_contain_text("local switch is off")


def test_what_was_not_sent_can_be_taken_back(show: Any, commands: MockCommands) -> None:
    page = show(_signal("on", "boolean", False))
    page.get_by_role("button", name="On", exact=True).click()
    page.get_by_role("button", name="Take back").click()
    expect(page.locator("#card .command-steps .bad")).to_have_text("taken back +1 s")


def test_a_command_that_is_under_way_is_shown_to_whoever_opens_the_card(
    show: Any, commands: MockCommands
) -> None:
    commands.asked = [{"signal": f"{HOUSE}/wall/on", "value": True}]
    commands.take("queued")
    commands.take("sent")
    expect(_steps(show(_signal("on", "boolean", False)))).to_have_text(["recorded", "sent +1 s"])


@pytest.mark.parametrize(
    ("allowed", "token"), [(False, "#token=t"), (True, "")], ids=["no right", "no token"]
)
def test_whoever_may_not_command_sees_values_only(
    show: Any, commands: MockCommands, *, allowed: bool, token: str
) -> None:
    commands.allowed = allowed
    page = show(_signal("on", "boolean", False), token=token)
    page.wait_for_timeout(1_000)
    expect(page.locator("#card .choice:visible")).to_have_count(0)
