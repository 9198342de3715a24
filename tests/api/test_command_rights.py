"""Commands and rights: nobody commands, approves, or learns of what is not theirs."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from starlette.testclient import TestClient

from api import rights_work
from api.app import create_app
from api.rights_work import NewToken
from api.runtime import Runtime
from tests.api.conftest import KEY
from twin.controls import Control, Interlock
from twin.policy import Scope, read_policy
from twin.state import Signal

POLICY = f"""
[[roles.meters.grants]]
actions = ["read", "command"]
models = ["{KEY}"]
classes = ["IfcFlowMeter"]

[[roles.walls.grants]]
actions = ["read", "command", "approve"]
models = ["{KEY}"]
classes = ["IfcWall"]

[[roles.looks.grants]]
actions = ["read"]
models = ["{KEY}"]
"""
WALL, METER = f"{KEY}/e1/level", f"{KEY}/e3/level"

Open = Callable[[str, str], TestClient]


@pytest.fixture
def open_as(runtime: Runtime) -> Iterator[Open]:
    """Clients by name and role."""
    rights_work.replace_policy(runtime.store, read_policy(POLICY))
    dangerous = Control(dangerous=True)
    runtime.store.declare_signals(
        [
            Signal(model=KEY, global_id="e1", name="level", settable=True, control=dangerous),
            Signal(model=KEY, global_id="e3", name="level", settable=True),
        ]
    )
    with ExitStack() as stack:

        def opened(name: str, role: str) -> TestClient:
            new = NewToken(name=name, roles=(role,), scope=Scope(), days=1)
            _, secret = rights_work.create_token(runtime.store, new, by="test")
            headers = {"authorization": f"Bearer {secret.text}"}
            client = TestClient(
                create_app(runtime), base_url="http://localhost", client=("192.0.2.7", 4711), headers=headers
            )
            runtime.guard.look(now=True)
            return stack.enter_context(client)

        yield opened


def post(client: TestClient, **body: Any) -> Any:
    return client.post("/api/v1/commands", json={"value": 1, "reason": "test", **body})


def test_a_signal_that_is_not_seen_is_not_commanded_and_not_told_of(open_as: Open) -> None:
    answer = post(open_as("ada", "meters"), signal=WALL)
    assert (answer.status_code, "not_found" in answer.text) == (404, True)


def test_who_may_only_look_may_not_command(open_as: Open) -> None:
    assert post(open_as("ada", "looks"), signal=METER).status_code == 403


def test_of_many_targets_those_without_right_are_left_out(open_as: Open) -> None:
    client = open_as("ada", "meters")
    answer = post(client, targets={"signals": [METER, WALL]})
    assert answer.status_code == 202
    items = client.get(f"/api/v1/commands/{answer.json()['id']}/targets").json()["items"]
    assert [each["signal"] for each in items] == [METER]


def test_requests_about_what_is_not_seen_are_not_there(open_as: Open) -> None:
    walls, meters = open_as("ada", "walls"), open_as("grace", "meters")
    identifier = post(walls, signal=WALL).json()["id"]
    assert [each["id"] for each in walls.get("/api/v1/commands").json()["items"]] == [identifier]
    assert meters.get("/api/v1/commands").json()["items"] == []
    for path in ("", "/targets", "/steps"):
        assert meters.get(f"/api/v1/commands/{identifier}{path}").status_code == 404
    for act in ("cancel", "hold", "release"):
        assert meters.post(f"/api/v1/commands/{identifier}/{act}").status_code == 404


def test_a_dangerous_command_is_approved_by_another_person_with_the_right(open_as: Open) -> None:
    ada, grace, eve = open_as("ada", "walls"), open_as("grace", "walls"), open_as("eve", "looks")
    identifier = post(ada, signal=WALL).json()["id"]
    assert ada.post(f"/api/v1/commands/{identifier}/approve").status_code == 409
    assert eve.post(f"/api/v1/commands/{identifier}/approve").status_code == 403
    approved = grace.post(f"/api/v1/commands/{identifier}/approve").json()
    assert approved["command"]["approved_by"] == next(
        step["by"]
        for step in ada.get(f"/api/v1/commands/{identifier}/steps").json()["items"]
        if step["state"] == "queued"
    )


def test_a_hold_is_seen_by_those_who_see_the_signal(open_as: Open) -> None:
    walls, meters = open_as("ada", "walls"), open_as("grace", "meters")
    identifier = post(walls, signal=WALL).json()["id"]
    assert len(walls.post(f"/api/v1/commands/{identifier}/hold").json()["items"]) == 1
    assert meters.get("/api/v1/commands/holds").json()["items"] == []


def test_every_step_is_in_the_audit_with_who_and_what(open_as: Open, runtime: Runtime) -> None:
    identifier = post(open_as("ada", "meters"), signal=METER).json()["id"]
    headers = {"authorization": f"Bearer {runtime.token}"}
    with TestClient(create_app(runtime), base_url="http://localhost", headers=headers) as administrator:
        items = administrator.get("/api/v1/audit").json()["items"]
    told = [(each["action"], each["target"]) for each in items if each["action"].startswith("command.")]
    assert ("command.place", METER) in told
    assert ("command.queued", METER) in told
    assert any(identifier in each["detail"] for each in items)


def test_a_dry_run_tells_a_narrow_caller_of_interlocks_nothing_but_that_one_does_not_hold(
    open_as: Open, runtime: Runtime
) -> None:
    lock = Interlock(signal=WALL, comparison=">", value=3.0)
    guarded = Control(interlocks=(lock,))
    runtime.store.declare_signals(
        [Signal(model=KEY, global_id="e3", name="level", settable=True, control=guarded)]
    )

    narrow = post(open_as("ada", "meters"), signal=METER, dry_run=True)
    all_of_it = post(open_as("eve", "operator"), signal=METER, dry_run=True)

    assert "an interlock does not hold" in narrow.text
    assert WALL not in narrow.text
    assert WALL in all_of_it.text
