"""The live channel: snapshots, deltas, resuming, and who may listen."""

import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse

from api.app import create_app
from api.callers import ADMINISTRATOR
from api.routes.live import MAX_CURSOR, event_cursor
from api.runtime import Runtime
from api.tickets import LIFE_S, Tickets
from tests.api.conftest import KEY
from twin.state import Reading, Signal

LIVE = "/api/v1/live"
SOCKET = f"ws://localhost{LIVE}"
"""The test client makes another host of a path."""
VOLUME, OPEN = f"{KEY}/e3/volume", f"{KEY}/e2/open"


@pytest.fixture
def numbers(runtime: Runtime) -> dict[str, int]:
    """Two signals, by id."""
    declared = runtime.store.declare_signals(
        [
            Signal(model=KEY, global_id="e3", name="volume", kind="water"),
            Signal(model=KEY, global_id="e2", name="open", type="boolean"),
        ]
    )
    return {record.signal.id: record.number for record in declared}


def _record(runtime: Runtime, number: int, value: Any, second: int) -> None:
    at = 1_700_000_000_000_000 + second * 1_000_000
    runtime.store.record([Reading(number, value, at, at)])


def _values(frame: Any) -> dict[str, Any]:
    return {state["signal"]: state["value"] for state in frame["states"]}


def test_a_snapshot_comes_first_and_then_what_changes(
    client: TestClient, runtime: Runtime, numbers: dict[str, int]
) -> None:
    _record(runtime, numbers[VOLUME], 1.0, 1)
    with client.websocket_connect(SOCKET) as socket:
        snapshot = socket.receive_json()
        assert (snapshot["type"], _values(snapshot)) == ("snapshot", {VOLUME: 1.0, OPEN: None})
        _record(runtime, numbers[VOLUME], 2.0, 2)
        delta = socket.receive_json()
        assert (delta["type"], _values(delta)) == ("delta", {VOLUME: 2.0})
        assert delta["seq"] > snapshot["seq"]


def test_a_filter_leaves_out_what_it_does_not_name(
    client: TestClient, runtime: Runtime, numbers: dict[str, int]
) -> None:
    with client.websocket_connect(f"{SOCKET}?kind=water") as socket:
        assert set(_values(socket.receive_json())) == {VOLUME}
        _record(runtime, numbers[OPEN], True, 1)
        _record(runtime, numbers[VOLUME], 2.0, 2)
        assert _values(socket.receive_json()) == {VOLUME: 2.0}


def test_a_cursor_goes_on_with_every_change_that_was_missed_and_no_snapshot(
    client: TestClient, runtime: Runtime, numbers: dict[str, int]
) -> None:
    with client.websocket_connect(SOCKET) as socket:
        seq = socket.receive_json()["seq"]
    for second in (1, 2, 3):
        _record(runtime, numbers[VOLUME], float(second), second)
    with client.websocket_connect(f"{SOCKET}?cursor={seq}") as socket:
        frames = [socket.receive_json() for _ in range(3)]
    assert [(frame["type"], frame["states"][0]["value"]) for frame in frames] == [
        ("delta", 1.0),
        ("delta", 2.0),
        ("delta", 3.0),
    ]


def test_a_cursor_of_the_future_is_reset_with_a_fresh_snapshot(
    client: TestClient, numbers: dict[str, int]
) -> None:
    with client.websocket_connect(f"{SOCKET}?cursor=999999") as socket:
        assert [socket.receive_json()["type"] for _ in range(2)] == ["reset", "snapshot"]


def test_a_place_that_does_not_exist_is_told_and_the_socket_closed(client: TestClient) -> None:
    with client.websocket_connect(f"{SOCKET}?place=no/where") as socket:
        assert socket.receive_json()["type"] == "error"
        assert socket.receive()["type"] == "websocket.close"


def test_a_page_elsewhere_may_not_open_a_socket(client: TestClient) -> None:
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        client.websocket_connect(SOCKET, headers={"origin": "https://elsewhere.example"}),
    ):
        pass
    assert refused.value.status_code == 403


@pytest.fixture
def far(runtime: Runtime) -> Iterator[TestClient]:
    """A client on another machine."""
    with TestClient(create_app(runtime), base_url="http://localhost", client=("192.0.2.7", 4711)) as started:
        yield started


def test_another_machine_needs_a_ticket(far: TestClient) -> None:
    with pytest.raises(WebSocketDenialResponse) as refused, far.websocket_connect(SOCKET):
        pass
    assert refused.value.status_code == 401


def test_a_ticket_opens_a_socket_once(
    far: TestClient, administrator: TestClient, numbers: dict[str, int]
) -> None:
    ticket = administrator.post(f"{LIVE}/tickets").json()["ticket"]
    # The ticket is of another application around the same runtime, which keeps the tickets.
    with far.websocket_connect(f"{SOCKET}?ticket={ticket}") as socket:
        assert socket.receive_json()["type"] == "snapshot"
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        far.websocket_connect(f"{SOCKET}?ticket={ticket}"),
    ):
        pass
    assert refused.value.status_code == 401


def test_a_ticket_runs_out() -> None:
    now = [100.0]
    tickets = Tickets(clock=lambda: now[0])
    ticket = tickets.issue(ADMINISTRATOR)
    assert ticket is not None
    now[0] += LIFE_S + 0.1
    assert not tickets.redeem(ticket)


def test_the_last_follower_stops_the_reading(
    client: TestClient, runtime: Runtime, numbers: dict[str, int]
) -> None:
    with client.websocket_connect(SOCKET) as socket:
        socket.receive_json()
        assert runtime.feed.followers == 1
    deadline = time.monotonic() + 5
    while runtime.feed.followers and time.monotonic() < deadline:
        time.sleep(0.01)
    assert runtime.feed.followers == 0


def test_frames_are_json_of_one_kind(client: TestClient, numbers: dict[str, int]) -> None:
    with client.websocket_connect(SOCKET) as socket:
        frame = msgspec.json.decode(socket.receive_text())
    assert set(frame) == {"type", "seq", "more", "states", "alarms"}


def test_an_event_id_of_five_thousand_digits_is_one_that_is_not_known() -> None:
    assert event_cursor("9" * 5000, None) == MAX_CURSOR
    assert event_cursor("41", 7) == 41
    assert event_cursor("x", 7) == 7
