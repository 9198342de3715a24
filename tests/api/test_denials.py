"""Refused writes in the audit: each is found again, and nobody can fill it with them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from starlette.testclient import TestClient

from api import denials, rights_work
from api.app import create_app
from api.rights_work import NewToken
from api.runtime import Runtime
from api.security import audit_key
from tests.api.conftest import KEY
from twin.access import Entry
from twin.auditing import verify
from twin.errors import StoreError
from twin.policy import read_policy
from twin.state import Signal

POLICY = f"""
[[roles.meters.grants]]
actions = ["read", "command", "ingest", "administer"]
models = ["{KEY}"]
classes = ["IfcFlowMeter"]

[[roles.meters.grants]]
actions = ["read"]
models = ["{KEY}"]

[[roles.house.grants]]
actions = ["read", "administer"]
models = ["{KEY}"]
"""
WALL, METER = f"{KEY}/e1/level", f"{KEY}/e3/level"
HIDDEN, GONE = "2号楼/e1/level", f"{KEY}/e9/level"
COMMAND = {"signal": WALL, "value": 1, "reason": "test"}

Open = Callable[[str], TestClient]


@pytest.fixture
def open_as(runtime: Runtime) -> Iterator[Open]:
    """Clients on another machine, by role."""
    rights_work.replace_policy(runtime.store, read_policy(POLICY))
    runtime.store.declare_signals(
        [Signal(model=KEY, global_id=each, name="level", settable=True) for each in ("e1", "e3")]
    )
    with ExitStack() as stack:

        def opened(role: str) -> TestClient:
            new = NewToken(name=role, roles=(role,), days=1)
            _, secret = rights_work.create_token(runtime.store, new, by="test")
            runtime.guard.look(now=True)
            headers = {"authorization": f"Bearer {secret.text}"}
            app = create_app(runtime)
            client = TestClient(app, base_url="http://localhost", client=("192.0.2.7", 4711), headers=headers)
            return stack.enter_context(client)

        yield opened


def refused(runtime: Runtime) -> list[Entry]:
    """Entries for refusals, the oldest first."""
    return [each.entry for each in runtime.store.audit_chain() if each.entry.action == "refused"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/v1/commands", COMMAND),
        ("POST", "/api/v1/commands/abc/approve", None),
        ("POST", "/api/v1/tokens", {"name": "mine", "roles": ["administrator"]}),
        ("DELETE", "/api/v1/tokens/abcdefghijkl", None),
        ("PUT", "/api/v1/policy", {"roles": {}}),
        ("POST", "/api/v1/bindings", {"bindings": []}),
        ("POST", "/api/v1/readings", {"readings": []}),
        ("DELETE", f"/api/v1/models/{KEY}", None),
        ("PUT", "/api/v1/devices/one", {}),
        ("POST", "/api/v1/alarms/1/acknowledge", None),
        ("PUT", "/api/v1/calendars/lamps", None),
    ],
)
def test_a_write_without_the_right_is_entered_with_who_what_why_and_from_where(
    open_as: Open, runtime: Runtime, method: str, path: str, body: Any
) -> None:
    assert open_as("reader").request(method, path, json=body).status_code == 403
    (entry,) = refused(runtime)
    assert (entry.target, entry.origin) == (f"{method} {path}", "192.0.2.7")
    assert entry.who.startswith("token reader (")
    assert " may not " in entry.detail
    assert verify(runtime.store.audit_chain(), audit_key(runtime.settings)) == []


def test_a_command_to_a_signal_that_one_may_only_read_is_entered_with_its_signal(
    open_as: Open, runtime: Runtime
) -> None:
    assert open_as("meters").post("/api/v1/commands", json=COMMAND).status_code == 403
    (entry,) = refused(runtime)
    assert WALL in entry.detail


@pytest.mark.parametrize(
    ("signals", "status", "words"),
    [
        ([WALL, HIDDEN], 422, "and 1 more of 2"),
        ([HIDDEN, GONE], 422, "not_found: no such signal"),
        ([WALL], 403, f"forbidden: you have no right to command it. {WALL}"),
    ],
)
def test_a_command_to_many_signals_to_none_of_which_one_has_a_right_is_entered(
    open_as: Open, runtime: Runtime, signals: list[str], status: int, words: str
) -> None:
    body = {"targets": {"signals": signals}, "value": 1, "reason": "test"}
    assert open_as("meters").post("/api/v1/commands", json=body).status_code == status
    (entry,) = refused(runtime)
    assert words in entry.detail


def test_readings_of_signals_beyond_the_right_are_entered_though_others_are_taken(
    open_as: Open, runtime: Runtime
) -> None:
    sent = [{"signal": one, "value": 1.0} for one in (METER, WALL)]
    answer = open_as("meters").post("/api/v1/readings", json={"readings": sent})
    assert (answer.status_code, answer.json()["accepted"]) == (200, 1)
    (entry,) = refused(runtime)
    assert entry.detail.startswith("readings of 1 signals beyond")


def test_what_is_hidden_from_the_caller_is_entered_though_it_is_answered_as_not_there(
    open_as: Open, runtime: Runtime
) -> None:
    assert open_as("house").delete("/api/v1/models/2号楼").status_code == 404
    (entry,) = refused(runtime)
    assert (entry.target, entry.detail) == ("DELETE /api/v1/models/2号楼", denials.NOT_SEEN)


def test_what_is_not_there_is_no_refusal_to_who_may_do_anything(
    administrator: TestClient, runtime: Runtime
) -> None:
    assert administrator.delete("/api/v1/models/gone").status_code == 404
    assert refused(runtime) == []


def test_reading_without_the_right_is_not_entered(open_as: Open, runtime: Runtime) -> None:
    assert open_as("gateway").get("/api/v1/objects").status_code == 403
    assert refused(runtime) == []


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}])
def test_who_is_nobody_writes_no_entry(client: TestClient, runtime: Runtime, headers: dict[str, str]) -> None:
    assert client.post("/api/v1/commands", json=COMMAND, headers=headers).status_code == 401
    assert list(runtime.store.audit_chain()) == []


def test_the_same_again_is_one_entry_with_its_count(open_as: Open, runtime: Runtime) -> None:
    client = open_as("reader")
    for number in range(40):
        client.delete(f"/api/v1/tokens/{number}")
    assert len(refused(runtime)) == 1
    client.app.state.denials.flush()  # type: ignore[attr-defined]  # as each minute
    assert [entry.detail for entry in refused(runtime)][1:] == ["39 more times"]
    client.app.state.denials.flush()  # type: ignore[attr-defined]
    assert len(refused(runtime)) == 2


def test_what_is_beyond_the_bound_is_one_entry_for_all(
    open_as: Open, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(denials, "MOST", 2)
    client = open_as("reader")
    for path in ("commands", "tokens", "bindings", "devices", "readings"):
        client.post(f"/api/v1/{path}", json={})
    client.app.state.denials.flush()  # type: ignore[attr-defined]
    assert [(entry.who, entry.detail) for entry in refused(runtime)[2:]] == [("others", "3 times")]


def test_what_was_counted_is_entered_when_the_server_stops(runtime: Runtime, open_as: Open) -> None:
    client = open_as("reader")
    for _ in range(3):
        client.post("/api/v1/tokens", json={})
    client.__exit__()
    assert refused(runtime)[-1].detail == "2 more times"


def test_who_asks_too_often_fills_nothing(open_as: Open, runtime: Runtime) -> None:
    runtime.settings = runtime.settings.model_copy(update={"rate": 0.1})  # two at once
    client = open_as("reader")
    answers = [client.post(f"/api/v1/{path}", json={}) for path in ("commands", "tokens", "bindings")]
    assert [answer.status_code for answer in answers] == [403, 403, 429]
    assert len(refused(runtime)) == 2


def test_no_caller_writes_lines_of_its_own(open_as: Open, runtime: Runtime) -> None:
    open_as("reader").delete("/api/v1/tokens/a%0A2026 administrator token.revoke")
    (entry,) = refused(runtime)
    assert entry.target == "DELETE /api/v1/tokens/a?2026 administrator token.revoke"


def test_an_audit_that_cannot_be_written_is_told_in_the_log_and_changes_no_answer(
    open_as: Open, runtime: Runtime, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(_: object) -> None:
        raise StoreError("the disk is full")

    client = open_as("reader")
    monkeypatch.setattr(runtime.store, "enter", away)
    assert client.post("/api/v1/tokens", json={}).status_code == 403
    assert "the disk is full" in caplog.text
    assert "POST /api/v1/tokens" in caplog.text
