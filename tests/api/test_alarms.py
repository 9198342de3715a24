"""Alarms over HTTP, on the live channel and on the command line, from a posted reading on."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from api import cli_alarms
from api import schemas_alarms as schemas
from api.runtime import Runtime
from tests.api.conftest import KEY
from twin.alarms import AlarmRule, Kind
from twin.state import Signal

ALARMS = "/api/v1/alarms"
SOCKET = "ws://localhost/api/v1/live"
VOLUME, OPEN = f"{KEY}/e3/volume", f"{KEY}/e2/open"
START = datetime(2026, 11, 23, 3, tzinfo=UTC)
RULE = {
    "kind": "high",
    "limit": 10,
    "hysteresis": 1,
    "severity": "major",
    "message": "{signal}: {value} {unit}",
}


@pytest.fixture(autouse=True)
def declared(runtime: Runtime) -> None:
    """A meter without a rule, and a door whose opening is an alarm."""
    opened = AlarmRule(kind=Kind.STATE, states=(True,), message="door")
    runtime.store.declare_signals(
        [
            Signal(model=KEY, global_id="e3", name="volume", kind="water", unit="m3"),
            Signal(model=KEY, global_id="e2", name="open", type="boolean", alarms=(opened,)),
        ]
    )


def _say(client: TestClient, signal: str, value: Any, second: int) -> None:
    at = (START + timedelta(seconds=second)).isoformat()
    reading = {"signal": signal, "value": value, "observed_at": at}
    assert client.post("/api/v1/readings", json={"readings": [reading]}).status_code == 200


def _list(client: TestClient, **query: Any) -> list[Any]:
    answer = client.get(ALARMS, params=query)
    schemas.AlarmPage.model_validate_json(answer.content)
    items: list[Any] = answer.json()["items"]
    return items


def _until(condition: Callable[[], Any], within_s: float = 15.0) -> Any:
    end = time.monotonic() + within_s
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


def _rule(client: TestClient, name: str = "hot", **changes: Any) -> Any:
    answer = client.put(f"{ALARMS}/rules/{name}", json={**RULE, **changes})
    assert answer.status_code in {200, 201}, answer.text
    schemas.Rule.model_validate_json(answer.content)
    return answer.json()


def test_a_reading_raises_an_alarm_that_says_what_it_is_about(administrator: TestClient) -> None:
    _rule(administrator, match={"kind": ["water"]})
    _say(administrator, VOLUME, 12.5, 0)
    (alarm,) = _until(lambda: _list(administrator, state="open"))
    shown = {
        name: alarm[name] for name in ("signal", "kind", "severity", "state", "value", "limit", "message")
    }
    assert shown == {
        "signal": VOLUME, "kind": "high", "severity": "major", "state": "raised", "value": 12.5, "limit": 10.0,
        "message": f"{VOLUME}: 12.5 m3",
    }  # fmt: skip
    assert (alarm["since"], alarm["class"], alarm["object_name"]) == (
        "2026-11-23T03:00:00Z", "IfcFlowMeter", "水表 SB-07",
    )  # fmt: skip
    assert administrator.get(f"{ALARMS}/{alarm['id']}").json() == alarm


def test_an_alarm_is_acknowledged_once_with_a_name_and_a_note(administrator: TestClient) -> None:
    _say(administrator, OPEN, True, 0)
    (alarm,) = _until(lambda: _list(administrator, state="raised"))
    path = f"{ALARMS}/{alarm['id']}/acknowledge"
    seen = administrator.post(path, json={"by": "李", "note": "on my way"}).json()
    assert (seen["state"], seen["acknowledged_by"], seen["note"]) == ("acknowledged", "李", "on my way")
    again = administrator.post(path)
    assert (again.status_code, "李" in again.json()["detail"]) == (409, True)
    _say(administrator, OPEN, False, 1)
    (over,) = _until(lambda: _list(administrator, state="cleared"))
    assert (over["cleared_by"], over["acknowledged"]) == (None, True)


def test_an_alarm_that_holds_is_not_cleared_by_hand(administrator: TestClient) -> None:
    _say(administrator, OPEN, True, 0)
    (alarm,) = _until(lambda: _list(administrator, state="open"))
    assert administrator.post(f"{ALARMS}/{alarm['id']}/clear").status_code == 409
    assert administrator.post(f"{ALARMS}/999999/clear").status_code == 404


def test_alarms_are_filtered_and_paged(administrator: TestClient) -> None:
    _rule(administrator, severity="critical")
    _say(administrator, VOLUME, 11, 0)
    _until(lambda: _list(administrator, kind="high"))
    _say(administrator, OPEN, True, 0)
    _until(lambda: len(_list(administrator)) == 2)
    for query, expected in (
        ({"severity": "critical"}, [VOLUME]),
        ({"class": "IfcWall"}, [OPEN]),
        ({"place": f"{KEY}/s1"}, [VOLUME]),
        ({"signal": [OPEN, "no/such/signal"]}, [OPEN]),
        ({"model": "other"}, []),
        ({"acknowledged": True}, []),
        ({"to": "2020-01-01T00:00:00Z"}, []),
        ({"from": "2020-01-01T00:00:00"}, [OPEN, VOLUME]),
        ({"state": ["raised", "cleared"]}, [OPEN, VOLUME]),
    ):
        assert [alarm["signal"] for alarm in _list(administrator, **query)] == expected
    first = administrator.get(ALARMS, params={"limit": 1}).json()
    second = administrator.get(ALARMS, params={"limit": 1, "cursor": first["next"]}).json()
    assert (second["items"][0]["signal"], second["next"]) == (VOLUME, None)
    assert administrator.get(ALARMS, params={"place": "no/where"}).status_code == 404
    assert administrator.get(ALARMS, params={"severity": "loud"}).status_code == 422


def test_a_rule_is_made_shown_changed_and_taken_away_with_its_alarms(administrator: TestClient) -> None:
    made = _rule(administrator, match={"class": ["IfcFlowMeter"]})
    assert (made["id"], made["limit"], made["match"]["class"]) == ("hot", 10.0, ["IfcFlowMeter"])
    assert administrator.get(f"{ALARMS}/rules").json()["items"] == [made]
    _say(administrator, VOLUME, 11, 0)
    _until(lambda: _list(administrator, state="open"))
    assert administrator.delete(f"{ALARMS}/rules/hot").status_code == 204
    (over,) = _until(lambda: _list(administrator, state="cleared"))
    assert over["clear_note"]
    assert administrator.delete(f"{ALARMS}/rules/hot").status_code == 404


@pytest.mark.parametrize(
    "fields",
    [
        {"limit": None},
        {"limit": "NaN"},
        {"kind": "odd"},
        {"states": [True]},
        {"delay_s": -1},
        {"match": {"tag": ["x"]}},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(administrator: TestClient, fields: dict[str, Any]) -> None:
    assert administrator.put(f"{ALARMS}/rules/hot", json={**RULE, **fields}).status_code == 422


def test_writing_needs_the_token(client: TestClient) -> None:
    assert client.put(f"{ALARMS}/rules/hot", json=RULE).status_code == 401
    assert client.post(f"{ALARMS}/1/acknowledge").status_code == 401
    assert client.get(ALARMS).status_code == 200


def _next_alarms(socket: Any) -> Any:
    while (frame := socket.receive_json())["type"] != "alarms":
        pass
    return frame


def test_steps_of_alarms_come_over_the_live_channel_and_are_resumed_by_its_cursor(
    administrator: TestClient,
) -> None:
    with administrator.websocket_connect(SOCKET) as socket:
        snapshot = socket.receive_json()
        assert snapshot["alarms"] == []
        _say(administrator, OPEN, True, 0)
        raised = _next_alarms(socket)
        (alarm,) = raised["alarms"]
        assert (alarm["signal"], alarm["state"], raised["states"]) == (OPEN, "raised", [])
        administrator.post(f"{ALARMS}/{alarm['id']}/acknowledge", json={"by": "Li"})
        assert _next_alarms(socket)["alarms"][0]["acknowledged_by"] == "Li"
    with administrator.websocket_connect(f"{SOCKET}?cursor={raised['seq']}") as socket:
        assert [one["state"] for one in _next_alarms(socket)["alarms"]] == ["acknowledged"]
    with administrator.websocket_connect(SOCKET) as socket:
        assert [one["state"] for one in socket.receive_json()["alarms"]] == ["acknowledged"]


def test_a_follower_of_other_signals_hears_no_alarm(administrator: TestClient) -> None:
    _rule(administrator, match={"kind": ["water"]})
    with administrator.websocket_connect(f"{SOCKET}?kind=water") as socket:
        assert socket.receive_json()["alarms"] == []
        _say(administrator, OPEN, True, 0)
        _until(lambda: _list(administrator, state="open"))
        _say(administrator, VOLUME, 11, 0)
        assert [one["signal"] for one in _next_alarms(socket)["alarms"]] == [VOLUME]
    with administrator.websocket_connect(f"{SOCKET}?kind=water") as socket:
        assert [one["signal"] for one in socket.receive_json()["alarms"]] == [VOLUME]


def _next_list(socket: Any) -> Any:
    while (frame := socket.receive_json())["type"] != "open_alarms":
        pass
    return frame["alarms"]


def test_a_follower_of_alarms_gets_the_open_ones_whenever_they_are_others(administrator: TestClient) -> None:
    with administrator.websocket_connect(f"{SOCKET}?format=alarms") as socket:
        assert _next_list(socket) == []
        _say(administrator, OPEN, True, 0)
        assert _next_list(socket) == _list(administrator, state="open")
        (alarm,) = _list(administrator)
        administrator.post(f"{ALARMS}/{alarm['id']}/acknowledge", json={"by": "Li"})
        assert _next_list(socket)[0]["acknowledged_by"] == "Li"
        _say(administrator, OPEN, False, 1)
        assert _next_list(socket) == []


def test_a_follower_of_alarms_says_when_there_are_more(administrator: TestClient) -> None:
    _rule(administrator, match={"kind": ["water"]})
    _say(administrator, OPEN, True, 0)
    _say(administrator, VOLUME, 11, 0)
    newest = _until(lambda: len(_list(administrator, state="open")) == 2 and _list(administrator)[0])
    with administrator.websocket_connect(f"{SOCKET}?format=alarms&limit=1") as socket:
        frame = socket.receive_json()
    assert (frame["alarms"], frame["more"]) == ([newest], True)


def test_a_follower_of_alarms_cannot_choose_by_what_alarms_do_not_have(administrator: TestClient) -> None:
    with administrator.websocket_connect(f"{SOCKET}?format=alarms&kind=water") as socket:
        said = socket.receive_json()
    assert said["type"] == "error"
    assert "model=" in said["detail"]


def test_metrics_count_open_alarms_by_severity_and_state(administrator: TestClient) -> None:
    _say(administrator, OPEN, True, 0)
    _until(lambda: _list(administrator, state="open"))
    told = administrator.get("/metrics").text
    assert 'twin_alarms_open{severity="major",state="raised"} 1.0' in told
    assert "twin_alarms_raised_total 1.0" in told


def test_a_signal_shows_the_rules_that_it_declares(administrator: TestClient) -> None:
    (rule,) = administrator.get(f"/api/v1/signals/{OPEN}").json()["alarms"]
    assert (rule["kind"], rule["states"], rule["severity"], rule["message"]) == (
        "state",
        [True],
        "major",
        "door",
    )


def test_the_command_line_lists_acknowledges_and_clears(
    administrator: TestClient, runtime: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    _say(administrator, OPEN, True, 0)
    (alarm,) = _until(lambda: _list(administrator, state="open"))
    cli_alarms.acknowledge(runtime.settings, alarm["id"], by="Li", note=None)
    cli_alarms.show(runtime.settings, everything=False, limit=10, as_json=False)
    told = capsys.readouterr().out
    assert "acknowledged by Li" in told
    assert "major" in told
    _say(administrator, OPEN, False, 1)
    _until(lambda: _list(administrator, state="cleared"))
    cli_alarms.show(runtime.settings, everything=False, limit=10, as_json=False)
    assert "No open alarms" in capsys.readouterr().out
    cli_alarms.show(runtime.settings, everything=True, limit=10, as_json=True)
    assert [one["state"] for one in json.loads(capsys.readouterr().out)["items"]] == ["cleared"]
