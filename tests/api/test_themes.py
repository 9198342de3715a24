"""Themes, and the live channel in codes."""

import struct
import time
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from api import schemas_themes as schemas
from api.app import create_app
from api.runtime import Runtime
from state_sync.board import BEAT, DELTA, RESET, SNAPSHOT
from tests.api.conftest import KEY
from twin.ports import SignalRecord
from twin.state import Reading, Signal

SOCKET = "ws://localhost/api/v1/live?format=codes"
HEAD = struct.Struct("<4sBBHqII")


@pytest.fixture
def signals(runtime: Runtime) -> list[SignalRecord]:
    """Temperatures of `e1` and `e2`, a smoke detector at `e3`."""
    kinds = {"e1": "temperature", "e2": "temperature", "e3": "smoke"}
    return runtime.store.declare_signals(
        [Signal(model=KEY, global_id=g, name=kind, kind=kind) for g, kind in kinds.items()]
    )


def _record(runtime: Runtime, record: SignalRecord, value: Any, second: int) -> None:
    at = 1_700_000_000_000_000 + second * 1_000_000
    runtime.store.record([Reading(record.number, value, at, at)])


def _frame(socket: Any) -> tuple[int, int, int, dict[int, int]]:
    """Kind, place of the theme, seq, codes by state index."""
    data = socket.receive_bytes()
    magic, kind, zero, place, seq, count, also_zero = HEAD.unpack_from(data)
    assert (magic, zero, also_zero, len(data)) == (b"TWC1", 0, 0, HEAD.size + 5 * count)
    indexes = np.frombuffer(data, "<u4", count, HEAD.size).tolist()
    return kind, place, seq, dict(zip(indexes, data[HEAD.size + 4 * count :], strict=True))


def test_the_list_of_themes_is_what_the_openapi_page_promises(client: TestClient) -> None:
    answer = client.get("/api/v1/themes")
    page = schemas.ThemePage.model_validate_json(answer.content, strict=False)
    assert {"temperature", "power", "water", "light", "smoke", "noise", "occupancy"} <= {
        t.key for t in page.items
    }
    assert all(len(one.colours) == 256 for one in page.items)
    assert {special.code for special in page.items[0].special} == {251, 253, 254, 255}


def test_a_snapshot_of_codes_and_then_what_changes(
    client: TestClient, runtime: Runtime, signals: list[SignalRecord]
) -> None:
    one, two, _ = signals
    _record(runtime, one, 40.0, 1)
    with client.websocket_connect(f"{SOCKET}&theme=temperature") as socket:
        kind, place, _, codes = _frame(socket)
        assert (kind, place, codes) == (SNAPSHOT, 0, {one.state_index: 249, two.state_index: 255})
        _record(runtime, two, 0.0, 2)
        assert _frame(socket)[::3] == (DELTA, {two.state_index: 0})


def test_kilowatts_are_coloured_on_the_scale_of_watts_now_and_as_it_was(
    client: TestClient, runtime: Runtime
) -> None:
    (meter,) = runtime.store.declare_signals(
        [Signal(model=KEY, global_id="e1", name="power", kind="power", unit="kW")]
    )
    _record(runtime, meter, 5.0, 1)
    with client.websocket_connect(f"{SOCKET}&theme=power") as socket:
        assert _frame(socket)[3] == {meter.state_index: 249}
        _record(runtime, meter, 2.5, 2)
        assert _frame(socket)[3] == {meter.state_index: 124}
    past = client.get("/api/v1/state?theme=power&at=2023-11-14T22:13:21Z").content
    assert past[-1] == 249


def test_several_themes_are_told_apart_by_their_place(
    client: TestClient, runtime: Runtime, signals: list[SignalRecord]
) -> None:
    *_, smoke = signals
    with client.websocket_connect(f"{SOCKET}&theme=temperature&theme=smoke") as socket:
        frames = [_frame(socket) for _ in range(2)]
        assert [frame[1] for frame in frames] == [0, 1]
        assert frames[1][3] == {smoke.state_index: 255}
        _record(runtime, smoke, True, 1)
        assert _frame(socket)[1::2] == (1, {smoke.state_index: 249})


def test_a_filter_leaves_out_other_objects(
    client: TestClient, runtime: Runtime, signals: list[SignalRecord]
) -> None:
    one, two, _ = signals
    with client.websocket_connect(f"{SOCKET}&theme=temperature&place={KEY}/e2") as socket:
        assert set(_frame(socket)[3]) == {two.state_index}
        _record(runtime, one, 1.0, 1)
        _record(runtime, two, 1.0, 2)
        assert set(_frame(socket)[3]) == {two.state_index}


def test_a_cursor_goes_on_with_what_was_missed_also_at_another_server(
    client: TestClient, runtime: Runtime, signals: list[SignalRecord]
) -> None:
    one, two, _ = signals
    _record(runtime, one, 1.0, 1)
    with client.websocket_connect(f"{SOCKET}&theme=temperature") as socket:
        seq = _frame(socket)[2]
    _record(runtime, two, 40.0, 2)
    other = Runtime(runtime.settings)
    with (
        other,
        TestClient(create_app(other), base_url="http://localhost", client=("127.0.0.1", 1)) as restarted,
    ):
        for server in (client, restarted):
            with server.websocket_connect(f"{SOCKET}&theme=temperature&cursor={seq}") as socket:
                assert _frame(socket)[::3] == (DELTA, {two.state_index: 249})


def test_a_cursor_goes_on_within_a_filter(
    client: TestClient, runtime: Runtime, signals: list[SignalRecord]
) -> None:
    one, two, _ = signals
    socket = f"{SOCKET}&theme=temperature&place={KEY}/e2"
    with client.websocket_connect(socket) as opened:
        seq = _frame(opened)[2]
    _record(runtime, one, 40.0, 1)
    _record(runtime, two, 40.0, 2)
    with client.websocket_connect(f"{socket}&cursor={seq}") as opened:
        assert _frame(opened)[::3] == (DELTA, {two.state_index: 249})


def test_a_cursor_of_the_future_is_reset(client: TestClient, signals: list[SignalRecord]) -> None:
    with client.websocket_connect(f"{SOCKET}&theme=temperature&cursor=99999") as socket:
        assert [_frame(socket)[0] for _ in range(2)] == [RESET, SNAPSHOT]


def test_a_signal_declared_later_comes_with_a_new_snapshot(
    client: TestClient, runtime: Runtime, signals: list[SignalRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("state_sync.board.RELOAD_S", 0.0)
    with client.websocket_connect(f"{SOCKET}&theme=temperature") as socket:
        assert len(_frame(socket)[3]) == 2
        (late,) = runtime.store.declare_signals(
            [Signal(model=KEY, global_id="e4", name="temperature", kind="temperature")]
        )
        _record(runtime, late, 40.0, 1)
        kind, _, _, codes = _frame(socket)
        assert (kind, codes[late.state_index]) == (SNAPSHOT, 249)


def test_a_new_signal_that_reports_once_comes_as_soon_as_may_be_looked(
    client: TestClient, runtime: Runtime, signals: list[SignalRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("state_sync.board.RELOAD_S", 0.5)
    monkeypatch.setattr("state_sync.board.PATIENCE_S", 0.1)
    monkeypatch.setattr("api.theme_following.BEAT_S", 5.0)
    with client.websocket_connect(f"{SOCKET}&theme=temperature") as socket:
        assert len(_frame(socket)[3]) == 2
        (late,) = runtime.store.declare_signals(
            [Signal(model=KEY, global_id="e4", name="temperature", kind="temperature")]
        )
        _record(runtime, late, 40.0, 1)
        kind, _, _, codes = _frame(socket)
        assert (kind, codes.get(late.state_index)) == (SNAPSHOT, 249)


def test_signals_of_other_themes_bring_no_new_snapshot(
    client: TestClient, runtime: Runtime, signals: list[SignalRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("state_sync.board.RELOAD_S", 0.0)
    one, _, smoke = signals
    with client.websocket_connect(f"{SOCKET}&theme=temperature") as socket:
        assert _frame(socket)[0] == SNAPSHOT
        _record(runtime, smoke, 1.0, 1)
        time.sleep(0.3)
        _record(runtime, one, 40.0, 1)
        assert _frame(socket)[::3] == (DELTA, {one.state_index: 249})


def test_silence_is_broken_by_a_beat(
    client: TestClient, signals: list[SignalRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.theme_following.BEAT_S", 0.05)
    with client.websocket_connect(f"{SOCKET}&theme=smoke") as socket:
        assert [_frame(socket)[0] for _ in range(2)] == [SNAPSHOT, BEAT]


@pytest.mark.parametrize(
    "query", ["", "&theme=no", "&theme=smoke&quality=good", "&theme=smoke&filter=smoke = TRUE"]
)
def test_what_cannot_be_followed_is_told(client: TestClient, query: str) -> None:
    with client.websocket_connect(SOCKET + query) as socket:
        assert socket.receive_json()["type"] == "error"


def test_the_last_follower_stops_the_work(
    client: TestClient, runtime: Runtime, signals: list[SignalRecord]
) -> None:
    with client.websocket_connect(f"{SOCKET}&theme=smoke") as socket:
        _frame(socket)
    for _ in range(200):
        if runtime.feed.followers == 0:
            break
        client.get("/healthz")
    assert runtime.feed.followers == 0


def test_the_codes_of_a_theme_at_an_instant_are_those_of_what_was_reported_by_then(
    client: TestClient, runtime: Runtime, signals: list[SignalRecord]
) -> None:
    one, two, smoke = signals
    _record(runtime, one, 40.0, 1)
    _record(runtime, smoke, True, 1)
    _record(runtime, one, 0.0, 3)
    _record(runtime, two, 0.0, 3)
    answer = client.get("/api/v1/state", params={"at": "2023-11-14T22:13:22Z", "theme": "temperature"})
    assert answer.headers["content-type"] == "application/vnd.city-twin.codes"
    magic, kind, _, place, at, count, _ = HEAD.unpack_from(answer.content)
    assert (magic, kind, place, at, count) == (b"TWC1", SNAPSHOT, 0, 1_700_000_002_000_000, 1)
    assert answer.content[HEAD.size :] == struct.pack("<IB", one.state_index, 249)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"theme": "temperature"}, "give `at`"),
        ({"theme": "colour", "at": "2023-11-14T22:13:22Z"}, "there are temperature"),
    ],
)
def test_a_theme_without_an_instant_or_that_is_none_is_refused_in_words(
    client: TestClient, asked: dict[str, str], said: str
) -> None:
    answer = client.get("/api/v1/state", params=asked)
    assert answer.status_code == 400
    assert said in answer.json()["detail"]
