"""Approvals, audit and the health of ingest, for those who may."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.viewer.conftest import OpenPage
from tests.viewer.mock_operations import MockOperations, request
from tests.viewer.mock_server import RunningServer

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

ALL = frozenset({"approve", "command", "administer", "read"})
SOURCE = {
    "name": "mqtt", "ok": True, "connected": True, "waiting": 3, "committed_at": "2026-05-01T08:00:00Z", "messages": 1200,
    "acknowledged": 1200, "batches": 40, "retries": 0, "readings": {"changed": 800, "repeated": 390}, "rejected": {"malformed": 10},
}  # fmt: skip


@pytest.fixture
def operations(server: RunningServer) -> MockOperations:
    """What the server tells of; everything is allowed."""
    server.twin.operations.may = ALL
    return server.twin.operations


@pytest.fixture
def show(server: RunningServer, open_page: OpenPage) -> Any:
    """Opens the page and the dialog in it, at a tab."""

    def opened(tab: str = "Commands", **options: Any) -> Page:
        page = open_page(f"{server.url}/#token=t", **options).page
        page.locator("#operations button").click()
        if tab != "Commands":
            page.get_by_role("tab", name=tab, exact=True).click()
        return page

    return opened


def _waiting(page: Page) -> Locator:
    return page.locator(".ops-waiting li")


def test_button_is_not_there_for_those_who_may_nothing(server: RunningServer, open_page: OpenPage) -> None:
    server.twin.commands.allowed = False
    page = open_page(server.url).page
    page.wait_for_function(
        "() => performance.getEntriesByType('resource').filter((e) => e.name.includes('can-i')).length >= 4"
    )
    page.wait_for_timeout(300)
    assert page.locator("#operations button").count() == 0


def test_reader_of_everything_sees_how_readings_come_in_and_nothing_else(
    server: RunningServer, show: Any, operations: MockOperations
) -> None:
    server.twin.commands.allowed = False
    operations.may = frozenset({"read"})
    page = show()
    expect(page.locator(".ops-dialog [role=tab]")).to_have_text(["Ingest"])


def test_button_tells_how_many_commands_wait(
    server: RunningServer, open_page: OpenPage, operations: MockOperations
) -> None:
    operations.requests = [request(1, "awaiting_approval"), request(2, "awaiting_approval"), request(3, "confirmed")]  # fmt: skip
    page = open_page(f"{server.url}/#token=t").page
    expect(page.get_by_role("button", name="Operations: 2 commands wait for approval")).to_be_visible()


def test_command_is_approved_only_after_a_second_look(show: Any, operations: MockOperations) -> None:
    operations.requests = [request(1, "awaiting_approval")]
    page = show()
    expect(_waiting(page)).to_contain_text("on → On")
    expect(_waiting(page)).to_contain_text("Wang Fang")
    page.get_by_role("button", name="Approve").click()
    assert operations.decided == []
    expect(_waiting(page)).to_contain_text("Let “on → On” go?")
    page.get_by_role("button", name="Approve").click()
    expect(_waiting(page)).to_have_count(0)
    assert operations.decided == [("r1/approve", {})]
    expect(page.get_by_role("table", name="Recent commands")).to_contain_text("recorded")


def test_command_is_refused_with_a_reason(show: Any, operations: MockOperations) -> None:
    operations.requests = [request(1, "awaiting_approval")]
    page = show()
    page.get_by_role("button", name="Refuse").click()
    page.get_by_label("Reason for refusing").fill("Divers in the basin")
    page.get_by_role("button", name="Refuse").click()
    expect(_waiting(page)).to_have_count(0)
    assert operations.decided == [("r1/cancel", {"note": "Divers in the basin"})]


def test_what_the_server_refuses_is_told_and_the_command_still_waits(
    show: Any, operations: MockOperations
) -> None:
    operations.requests = [request(1, "awaiting_approval")]
    operations.refusal = "approval: the person who asked cannot approve"
    page = show()
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="Approve").click()
    expect(page.locator(".ops-waiting [role=alert]")).to_contain_text("the person who asked cannot approve")
    expect(_waiting(page)).to_have_count(1)


def test_reason_that_is_being_written_is_not_lost_when_news_come(
    show: Any, operations: MockOperations
) -> None:
    operations.requests = [request(1, "awaiting_approval")]
    page = show()
    page.get_by_role("button", name="Refuse").click()
    page.get_by_label("Reason for refusing").fill("Divers")
    with page.expect_response(lambda answer: "awaiting_approval" in answer.url):
        operations.requests = [request(2, "awaiting_approval"), *operations.requests]
    page.wait_for_timeout(300)
    assert page.get_by_label("Reason for refusing").input_value() == "Divers"


def test_audit_is_paged(show: Any, operations: MockOperations) -> None:
    entry = {"at": "2026-05-01T08:00:00Z", "who": "administrator", "action": "device.put", "detail": "", "origin": "http 127.0.0.1", "mac": "00"}  # fmt: skip
    operations.audit = [entry | {"seq": 150 - n, "target": f"meter-{150 - n}"} for n in range(150)]
    page = show("Audit")
    rows = page.get_by_role("table", name="Audit").locator("tbody tr")
    expect(rows).to_have_count(100)
    page.get_by_role("button", name="Older").click()
    expect(rows).to_have_count(150)
    expect(rows.last).to_contain_text("meter-1")
    expect(page.get_by_role("button", name="Older")).to_have_count(0)


def test_audit_that_is_whole_is_told_so_with_what_was_compared(show: Any, operations: MockOperations) -> None:
    operations.verdict = {"entries": 1234, "heads": 56, "findings": []}
    page = show("Audit")
    page.get_by_role("button", name="Check the chain").click()
    expect(page.locator(".ops-good")).to_have_text(
        "1,234 entries are whole, and agree with 56 exported heads."
    )


def test_audit_that_was_changed_is_told_by_entry(show: Any, operations: MockOperations) -> None:
    operations.verdict = {"entries": 9, "heads": 1, "findings": [{"seq": 4, "what": "was changed, put elsewhere, or written without the key"}]}  # fmt: skip
    page = show("Audit")
    page.get_by_role("button", name="Check the chain").click()
    expect(page.locator(".ops-verdict .ops-error")).to_contain_text("entry 4 was changed")


def test_rate_of_messages_is_measured_between_two_answers(show: Any, operations: MockOperations) -> None:
    operations.ingest = {"sources": [SOURCE], "complaints": [], "gone_stale": 2}
    page = show("Ingest")
    source = page.locator(".ops-source")
    expect(source).to_contain_text("…")
    operations.ingest["sources"] = [SOURCE | {"messages": 1_000_000}]
    expect(source.locator("dd").first).not_to_have_text("…")
    page.wait_for_function("() => document.querySelector('.ops-source dd').textContent.length >= 6")


def test_what_became_no_reading_and_who_is_silent_are_listed(show: Any, operations: MockOperations) -> None:
    operations.ingest = {"sources": [SOURCE], "complaints": ["mqtt: not connected"], "gone_stale": 2}
    operations.rejected = [{"reason": "malformed", "detail": "no JSON", "topic": "meters/7", "payload": "<script>", "received_at": "2026-05-01T08:00:00Z"}]  # fmt: skip
    operations.devices = [{"id": "site/WM-07", "name": "水表 7", "last_seen": None, "stale": 2, "signals": 3}]
    page = show("Ingest")
    expect(page.locator(".ops-error")).to_have_text("mqtt: not connected")
    expect(page.get_by_role("table", name="Devices that are silent")).to_contain_text("水表 7")
    expect(page.get_by_role("table", name="What became no reading, by its reason")).to_contain_text(
        "malformed"
    )
    expect(page.get_by_role("table", name="Newest refused messages").locator("code")).to_have_text("<script>")


def test_nobody_is_asked_any_more_once_the_dialog_is_closed(
    server: RunningServer, show: Any, operations: MockOperations
) -> None:
    page = show("Ingest")
    expect(page.locator(".ops-good")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".ops-dialog")).to_have_count(0)
    asked = server.twin.requests.count("/api/v1/ingest")
    page.wait_for_timeout(2_600)
    assert server.twin.requests.count("/api/v1/ingest") == asked


def test_server_that_does_not_answer_is_told_and_asked_again(
    server: RunningServer, show: Any, operations: MockOperations
) -> None:
    server.twin.broken = "/api/v1/ingest"
    page = show("Ingest")
    expect(page.get_by_role("alert")).to_contain_text("The server did not answer")
    server.twin.broken = None
    expect(page.locator(".ops-good")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
