"""What the API answers about signals, their states and their past, and what it does with readings."""

import gzip
import struct
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from starlette.testclient import TestClient

from api import schemas_live as schemas
from api.compact import MEDIA_TYPE
from api.runtime import Runtime
from tests.api.conftest import KEY
from twin.state import Signal

METER, DOOR = "e3", "e2"
VOLUME, OPEN = f"{KEY}/{METER}/volume", f"{KEY}/{DOOR}/open"
READINGS = "/api/v1/readings"


@pytest.fixture(autouse=True)
def declared(runtime: Runtime) -> None:
    """A water meter that counts and a door that is open or not."""
    runtime.store.declare_signals(
        [
            Signal(model=KEY, global_id=METER, name="volume", kind="water", unit="m3", minimum=0.0),
            Signal(model=KEY, global_id=DOOR, name="open", type="boolean", settable=True),
        ]
    )


def _post(client: TestClient, *readings: tuple[str, Any, str | None]) -> Any:
    body = {"readings": [{"signal": s, "value": v, "observed_at": at} for s, v, at in readings]}
    answer = client.post(READINGS, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _signal(client: TestClient, signal: str) -> Any:
    return client.get(f"/api/v1/signals/{quote(signal)}").json()


def test_a_posted_reading_becomes_the_present_state(administrator: TestClient) -> None:
    receipt = _post(administrator, (VOLUME, 12.5, "2026-11-23T03:00:00Z"))
    assert (receipt["accepted"], receipt["changed"], receipt["rejected"]) == (1, 1, {})
    found = _signal(administrator, VOLUME)
    assert (found["value"], found["unit"], found["quality"], found["observed_at"]) == (
        12.5,
        "m3",
        "good",
        "2026-11-23T03:00:00Z",
    )


def test_what_another_process_declares_anew_holds_for_readings_posted_after(
    administrator: TestClient, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("state_sync.posted._LOOK_AGAIN_S", 0.0)
    _post(administrator, (OPEN, True, None))
    runtime.store.declare_signals([Signal(model=KEY, global_id=DOOR, name="open", type="text")])
    receipt = _post(administrator, (OPEN, True, None))
    assert (receipt["accepted"], receipt["rejected"]) == (0, {"wrong_type": 1})


def test_the_same_reading_again_is_a_duplicate(administrator: TestClient) -> None:
    _post(administrator, (VOLUME, 1, "2026-11-23T03:00:00Z"))
    again = _post(administrator, (VOLUME, 1, "2026-11-23T03:00:00Z"))
    assert (again["accepted"], again["duplicate"]) == (0, 1)


def test_a_late_reading_is_history_and_not_the_present(administrator: TestClient) -> None:
    _post(administrator, (VOLUME, 2, "2026-11-23T03:00:00Z"), (VOLUME, 1, "2026-11-23T02:00:00Z"))
    assert _signal(administrator, VOLUME)["value"] == 2.0
    past = administrator.get(
        f"/api/v1/signals/{quote(VOLUME)}/history", params={"to": "2026-11-23T04:00:00Z"}
    ).json()
    assert [row["value"] for row in past["items"]] == [1.0, 2.0]


def test_lines_are_taken_one_by_one_and_a_damaged_one_costs_itself(administrator: TestClient) -> None:
    good = msgspec.json.encode({"signal": OPEN, "value": True, "observed_at": "2026-11-23T03:00:00Z"})
    body = b"\n".join(
        [good, b'{"signal": 7', msgspec.json.encode({"signal": "no/such/one", "value": 1}), b""]
    )
    answer = administrator.post(READINGS, content=body, headers={"content-type": "application/x-ndjson"})
    assert (answer.json()["accepted"], answer.json()["rejected"]) == (
        1,
        {"malformed": 1, "unknown_signal": 1},
    )


@pytest.mark.parametrize(
    ("value", "observed_at", "reason"),
    [
        ("wet", None, "wrong_type"),
        (None, None, "no_value"),
        (1, "yesterday", "bad_time"),
        (1, "2999-01-01T00:00:00Z", "future"),
    ],
)
def test_what_is_no_reading_is_counted_by_its_reason(
    administrator: TestClient, runtime: Runtime, value: Any, observed_at: str | None, reason: str
) -> None:
    assert _post(administrator, (VOLUME, value, observed_at))["rejected"] == {reason: 1}
    assert [letter.reason for letter in runtime.store.rejected(limit=9)] == [reason]


def test_a_body_may_be_packed_with_gzip(administrator: TestClient) -> None:
    line = msgspec.json.encode({"signal": OPEN, "value": True, "observed_at": "2026-11-23T03:00:00Z"})
    kind = {"content-type": "application/x-ndjson", "content-encoding": "gzip"}

    def post(body: bytes, **headers: str) -> Any:
        return administrator.post(READINGS, content=body, headers=kind | headers)

    assert post(gzip.compress(line)).json()["accepted"] == 1
    assert post(gzip.compress(line)[:-9]).status_code == 400
    assert post(line).status_code == 400
    assert post(gzip.compress(b"\n" * (17 << 20))).status_code == 413
    assert post(line, **{"content-encoding": "br"}).status_code == 415
    assert _signal(administrator, OPEN)["value"] is True


def test_a_body_that_is_no_batch_is_refused_with_what_was_expected(administrator: TestClient) -> None:
    answer = administrator.post(READINGS, content=b"[]")
    assert answer.status_code == 400
    assert "readings" in answer.json()["detail"]


def test_posting_needs_the_token(client: TestClient) -> None:
    assert client.post(READINGS, json={"readings": []}).status_code == 401


def test_signals_can_be_asked_for_by_what_can_be_set(client: TestClient) -> None:
    items = client.get("/api/v1/signals", params={"settable": True}).json()["items"]
    assert [item["id"] for item in items] == [OPEN]


def test_many_states_are_answered_in_the_order_asked_for_without_a_token(client: TestClient) -> None:
    answer = client.post("/api/v1/state/query", json={"signals": [OPEN, "no/such/one", VOLUME]})
    assert [item["signal"] for item in answer.json()["items"]] == [OPEN, VOLUME]


def test_the_scene_at_an_instant_is_what_was_known_of_it_then(administrator: TestClient) -> None:
    _post(
        administrator,
        (VOLUME, 1, "2026-11-23T01:00:00Z"),
        (VOLUME, 2, "2026-11-23T03:00:00Z"),
        (OPEN, True, "2026-11-23T02:00:00Z"),
    )
    at = {"at": "2026-11-23T02:30:00Z"}
    items = administrator.get("/api/v1/state", params=at).json()["items"]
    assert {item["signal"]: item["value"] for item in items} == {VOLUME: 1.0, OPEN: True}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"name": "volume"}, {VOLUME}),
        ({"kind": "water"}, {VOLUME}),
        ({"settable": True}, {OPEN}),
        ({"place": f"{KEY}/{DOOR}"}, {OPEN}),
        ({"filter": f"global_id = '{METER}'"}, {VOLUME}),
        ({"bbox": "0,0,1,1"}, set()),
        ({"model": KEY}, {VOLUME, OPEN}),
        ({"model": "another"}, set()),
    ],
)
def test_filters_hold_for_the_scene_at_an_instant(
    administrator: TestClient, asked: dict[str, Any], found: set[str]
) -> None:
    _post(administrator, (VOLUME, 1, "2026-11-23T01:00:00Z"), (OPEN, True, "2026-11-23T02:00:00Z"))
    at = {"at": "2026-11-23T02:30:00Z"}
    items = administrator.get("/api/v1/state", params=at | asked).json()["items"]
    assert {item["signal"] for item in items} == found


@pytest.mark.parametrize("asked", [{"quality": "good"}, {"filter": "volume > 0"}])
def test_what_changes_is_no_filter_of_the_scene_at_an_instant(
    administrator: TestClient, asked: dict[str, str]
) -> None:
    answer = administrator.get("/api/v1/state", params={"at": "2026-11-23T02:30:00Z"} | asked)
    assert answer.status_code == 400
    assert "would mean the present" in answer.json()["detail"]


def test_the_scene_at_an_instant_also_comes_as_a_binary_frame(
    administrator: TestClient, runtime: Runtime
) -> None:
    _post(administrator, (VOLUME, 1.5, "2026-11-23T01:00:00Z"), (OPEN, True, "2026-11-23T02:00:00Z"))
    answer = administrator.get(
        "/api/v1/state", params={"at": "2026-11-23T02:30:00Z"}, headers={"accept": MEDIA_TYPE}
    )
    magic, count, _, texts, _ = struct.unpack_from("<4sIqII", answer.content)
    assert (magic, count, texts) == (b"TWS1", 2, 0)
    values = struct.unpack_from("<2d", answer.content, 24)
    indexes = struct.unpack_from("<2I", answer.content, 24 + 2 * 16)
    known = {record.state_index: record.signal.id for record in runtime.store.signal_records()}
    assert {known[index]: value for index, value in zip(indexes, values, strict=True)} == {
        VOLUME: 1.5,
        OPEN: 1.0,
    }


def test_a_signal_declared_after_a_refusal_is_known_a_second_later(
    administrator: TestClient, runtime: Runtime
) -> None:
    late = f"{KEY}/{METER}/flow"
    assert _post(administrator, (late, 1, None))["rejected"] == {"unknown_signal": 1}
    runtime.store.declare_signals([Signal(model=KEY, global_id=METER, name="flow")])
    runtime.signals.forget()
    assert _post(administrator, (late, 1, None))["accepted"] == 1


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("/api/v1/signals", schemas.SignalPage),
        (f"/api/v1/signals/{quote(VOLUME)}", schemas.SignalSummary),
        (f"/api/v1/signals/{quote(VOLUME)}/history", schemas.History),
        ("/api/v1/state", schemas.StatePage),
    ],
)
def test_an_answer_is_what_the_openapi_page_promises(
    administrator: TestClient, path: str, schema: Any
) -> None:
    _post(administrator, (VOLUME, 12.5, None))
    answer = administrator.get(path)
    assert answer.status_code == 200
    schema.model_validate_json(answer.content, strict=False)
