"""Calendars over HTTP and at the command line: what is answered, and who may."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from api import rights_work
from api.app import create_app
from api.cli import app as command_line
from api.rights_work import NewToken
from api.runtime import Runtime
from tests.api.conftest import KEY
from twin.policy import Scope, read_policy
from twin.state import Signal

POLICY = f"""
[[roles.walls.grants]]
actions = ["read", "command"]
models = ["{KEY}"]
classes = ["IfcWall"]

[[roles.meters.grants]]
actions = ["read", "command"]
models = ["{KEY}"]
classes = ["IfcFlowMeter"]

[[roles.looks.grants]]
actions = ["read"]
models = ["{KEY}"]
"""
WALL, METER = f"{KEY}/e1/level", f"{KEY}/e3/level"
PATH = "/api/v1/calendars/lamps"
ENTRIES = [{"at": "sunset-00:15", "value": 80}, {"at": "23:30", "value": 0, "days": ["workdays"]}]

Open = Callable[[str], TestClient]


@pytest.fixture
def open_as(runtime: Runtime) -> Iterator[Open]:
    """Clients by role; each with a token of its own, named as the role."""
    rights_work.replace_policy(runtime.store, read_policy(POLICY))
    runtime.store.declare_signals(
        [
            Signal(model=KEY, global_id=each, name="level", settable=True, maximum=100, type="number")
            for each in ("e1", "e3")
        ]
    )
    with ExitStack() as stack:

        def opened(role: str) -> TestClient:
            new = NewToken(name=role, roles=(role,), scope=Scope(), days=1)
            _, secret = rights_work.create_token(runtime.store, new, by="test")
            runtime.guard.look(now=True)
            headers = {"authorization": f"Bearer {secret.text}"}
            client = TestClient(
                create_app(runtime), base_url="http://localhost", client=("192.0.2.7", 4711), headers=headers
            )
            return stack.enter_context(client)

        yield opened


def body(*signals: str, **fields: Any) -> dict[str, Any]:
    targets = {"signals": list(signals)} if signals else {"names": ["level"]}
    given = {"targets": targets, "zone": "Asia/Shanghai", "position": [121.55, 29.88], "entries": ENTRIES}
    return {**given, **fields}


def test_a_calendar_is_made_shown_changed_and_removed(open_as: Open) -> None:
    client = open_as("operator")

    made = client.put(PATH, json=body())
    changed = client.put(PATH, json=body(description="Lamps"))
    listed = client.get("/api/v1/calendars").json()["items"]
    upcoming = client.get(f"{PATH}/occurrences?limit=5").json()["items"]
    gone = client.delete(PATH)

    assert (made.status_code, changed.status_code, gone.status_code) == (201, 200, 204)
    assert made.json()["owner"].startswith("token operator (")
    assert [each["description"] for each in listed] == ["Lamps"]
    assert len(upcoming) == 5
    assert listed[0]["next"] == upcoming[0]
    assert client.get(PATH).status_code == 404


def test_an_occurrence_becomes_a_request_of_whoever_made_it(open_as: Open) -> None:
    client = open_as("operator")
    soon = (datetime.now(UTC) + timedelta(seconds=2)).strftime("%H:%M:%S")

    client.put(PATH, json=body(zone="UTC", entries=[{"at": soon, "value": 5}])).raise_for_status()
    deadline = time.monotonic() + 15
    while not (runs := client.get(f"{PATH}/runs").json()["items"]) and time.monotonic() < deadline:
        time.sleep(0.1)

    assert [(run["outcome"], run["entry"]) for run in runs] == [("placed", 0)]
    request = client.get(f"/api/v1/commands/{runs[0]['request']}").json()
    assert request["by"].startswith("token operator (")
    assert request["targets"] == 2


def test_without_the_right_to_command_all_targets_it_is_refused(open_as: Open) -> None:
    walls, looks = open_as("walls"), open_as("looks")

    hidden = walls.put(PATH, json=body(WALL, METER))
    own = walls.put(PATH, json=body(WALL))
    no_right = looks.put(PATH, json=body(WALL))

    assert (hidden.status_code, own.status_code, no_right.status_code) == (404, 201, 403)


def test_conditions_take_only_what_its_maker_reaches(open_as: Open) -> None:
    walls = open_as("walls")

    assert walls.put(PATH, json=body()).status_code == 201


def test_a_calendar_of_what_one_may_not_read_is_not_there(open_as: Open) -> None:
    walls, meters = open_as("walls"), open_as("meters")
    walls.put(PATH, json=body(WALL)).raise_for_status()

    answers = [meters.get(PATH), meters.get(f"{PATH}/runs"), meters.get(f"{PATH}/occurrences")]
    answers += [meters.delete(PATH), meters.put(PATH, json=body(METER))]

    assert {each.status_code for each in answers} == {404}
    assert meters.get("/api/v1/calendars").json()["items"] == []


def test_who_only_reads_sees_it_and_changes_nothing(open_as: Open) -> None:
    walls, looks = open_as("walls"), open_as("looks")
    walls.put(PATH, json=body(WALL)).raise_for_status()

    assert looks.get(PATH).json()["id"] == "lamps"
    assert looks.delete(PATH).status_code == 403


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"entries": [{"at": "noon", "value": 1}]}, 422, "'noon' is no time: write 18:30"),
        ({"entries": [{"at": "08:00", "value": 101}]}, 422, "out_of_range: 101 is not within"),
        ({"entries": [{"at": "08:00", "value": True}]}, 422, "wrong_type"),
        ({"zone": "Nowhere"}, 422, "'Nowhere' is no time zone"),
        ({"position": None}, 422, "needs the calendar's `position`"),
        ({"targets": {}}, 422, "says nothing"),
        ({"targets": {"names": ["none"]}}, 404, "no settable signal"),
        ({"targets": {"filter": "level >"}}, 400, "filter"),
    ],
)
def test_what_makes_no_sense_is_refused_with_advice(
    open_as: Open, fields: dict[str, Any], status: int, said: str
) -> None:
    answer = open_as("operator").put(PATH, json=body(**fields))

    assert answer.status_code == status
    assert said in answer.json()["detail"]


def test_saving_and_removing_are_in_the_audit(open_as: Open, runtime: Runtime) -> None:
    client = open_as("operator")
    client.put(PATH, json=body()).raise_for_status()
    client.delete(PATH)

    found = [each.entry for each in runtime.store.audit(limit=10).items]

    assert [each.action for each in found if each.target == "lamps"] == ["calendar.remove", "calendar.put"]


# ------------------------------------------------------------------------------------- the command line
FILE = f"""
[calendars.lamps]
zone = "Asia/Shanghai"
position = [121.55, 29.88]
targets = {{ signals = ["{WALL}"] }}

[[calendars.lamps.entries]]
at = "sunset"
value = 80

[calendars.test]
zone = "UTC"
targets = {{ signals = ["{METER}"] }}

[[calendars.test.entries]]
at = "08:00"
value = 1
"""


def run(runtime: Runtime, *words: str) -> Any:
    return CliRunner().invoke(command_line, ["calendars", *words, "--data", str(runtime.settings.data)])


@pytest.mark.usefixtures("open_as")
def test_a_file_sets_its_calendars_and_removes_those_that_it_does_not_name_any_more(
    runtime: Runtime, tmp_path: Path, open_as: Open
) -> None:
    open_as("operator").put("/api/v1/calendars/other", json=body()).raise_for_status()
    file = tmp_path / "site.toml"
    file.write_text(FILE, encoding="utf-8")

    tried = run(runtime, "apply", str(file), "--dry-run")
    before = len(runtime.store.calendars())
    first = run(runtime, "apply", str(file))
    file.write_text(FILE.partition("[calendars.test]")[0], encoding="utf-8")
    second = run(runtime, "apply", str(file))

    assert (tried.exit_code, before, first.exit_code) == (0, 1, 0)
    assert "lamps: 1 signals, next 2" in first.stdout
    assert "test: removed" in second.stdout
    assert [each.id for each in runtime.store.calendars()] == ["lamps", "other"]


@pytest.mark.usefixtures("open_as")
def test_the_command_line_lists_what_comes_and_what_became_of_it(runtime: Runtime, tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    file.write_text(FILE, encoding="utf-8")
    run(runtime, "apply", str(file))

    listed = json.loads(run(runtime, "--json").stdout)["items"]
    upcoming = json.loads(run(runtime, "next", "test", "--count", "3", "--json").stdout)["items"]

    assert [each["id"] for each in listed] == ["lamps", "test"]
    assert [each["at"][11:16] for each in upcoming] == ["08:00"] * 3
    assert "Nothing has come up yet" in run(runtime, "runs", "test").stdout
    assert "calendar test is removed" in run(runtime, "remove", "test").stdout
