"""Random policies against the plain oracle where signals are spoken of in other ways: alarms, bindings, devices, calendars, codes of themes,
frames of scenes, and how readings come in.
"""

import struct
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any, NamedTuple
from urllib.parse import quote

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from starlette.testclient import TestClient

from api import calendar_work
from api.app import create_app
from api.callers import ADMINISTRATOR, Caller
from api.runtime import Runtime
from state_sync.themes import known_theme
from tests.api import town as towns
from tests.api.town import (
    BEHIND,
    GATEWAY,
    HOUSES,
    READ_AT,
    THEN,
    allows,
    client_with,
    device_of,
    grants_any,
    sees_whole,
)
from twin.alarms import Kind, Severity
from twin.calendars import calendar_from
from twin.policy import Action, Grant
from twin.ports import AlarmQuery, AlarmStep, NewAlarm
from twin.state import Reading

EXAMPLES = 8
API = "/api/v1"
CODES = f"ws://localhost{API}/live?format=codes&theme=temperature"
CODES_HEAD = struct.Struct("<4sBBHqII")
SCENE_HEAD = struct.Struct("<4sIqII")

CALENDARS = {
    "wall": ("1号楼/e1/set",),
    "meter": ("2号楼/e3/set",),
    "both": ("1号楼/e1/set", "2号楼/e3/set"),
    "storey": ("1号楼/e1/set", "1号楼/e2/set"),
}


class Town(NamedTuple):
    runtime: Runtime
    numbers: dict[str, int]
    places: dict[str, int]
    """State indexes by id of object."""
    alarms: dict[str, int]
    """Ids of alarms by signal."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """With an alarm for each level, and calendars of the administrator."""
    with towns.town(tmp_path_factory.mktemp("town")) as (runtime, numbers):
        store = runtime.store
        progress = store.alarm_progress()
        happened = [
            NewAlarm(
                signal=number, kind=Kind.HIGH, severity=Severity.WARNING, message=None, value=1.0, limit=1.0, since=THEN
            )
            for signal, number in numbers.items()
            if signal.endswith("/level")
        ]  # fmt: skip
        step = AlarmStep(cursor=progress.cursor, version=progress.version, watches={}, happened=happened)
        store.record_alarms(step, known=progress.generation)
        administrator = Caller(ADMINISTRATOR, runtime.guard.rules, "test")
        for identifier, signals in CALENDARS.items():
            fields = {
                "zone": "UTC",
                "targets": {"signals": signals},
                "entries": [{"at": "03:59", "value": 1}],
            }
            calendar_work.save(store, administrator, identifier, calendar_from(identifier, fields))
        records = store.signal_records()
        places = {f"{each.signal.model}/{each.signal.global_id}": each.state_index for each in records}
        alarms = {
            view.signal.signal.id: view.record.id for view in store.alarms(AlarmQuery(limit=1000)).items
        }
        yield Town(runtime, numbers, places, alarms)


Check = Callable[[TestClient, list[Grant], set[str]], None]


def hold(town: Town, *checks: Check) -> None:
    """Try random policies; each check is given a caller, its grants, and the signals that it may read."""
    app = create_app(town.runtime)

    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(towns.policies)
    def leaks_nothing(grants: list[Grant]) -> None:
        client = client_with(town.runtime, app, grants)
        read = {signal for signal in town.numbers if allows(grants, Action.READ, signal)}
        for check in checks:
            check(client, grants, read)

    with TestClient(app):  # its background work runs once for all
        leaks_nothing()


def found(answer: Any, key: str) -> set[str]:
    return {item[key] for item in answer.json()["items"]} if answer.status_code == 200 else set()


def test_alarms_are_those_of_signals_that_are_read(town: Town) -> None:
    def lists(client: TestClient, grants: list[Grant], read: set[str]) -> None:
        expected = read & town.alarms.keys()
        answer = client.get(f"{API}/alarms", params={"limit": 1000})
        assert found(answer, "signal") == expected
        some = sorted(town.alarms)[:10]
        asked = client.get(f"{API}/alarms", params={"signal": some, "limit": 1000})
        assert found(asked, "signal") == expected.intersection(some)
        below = {"place": "1号楼/s2", "limit": "1000"}
        assert found(client.get(f"{API}/alarms", params=below), "signal") == {
            signal
            for signal in expected
            if signal.split("/")[:2] in (["1号楼", g] for g in ("s2", "e1", "e2"))
        }

    def acts(client: TestClient, grants: list[Grant], read: set[str]) -> None:
        for signal in sorted(town.alarms)[::5]:
            path = f"{API}/alarms/{town.alarms[signal]}"
            assert client.get(path).is_success == (signal in read)
            status = client.post(f"{path}/acknowledge").status_code
            if not grants_any(grants, Action.COMMAND):
                assert status == 403
            elif signal not in read:
                assert status == 404
            else:
                assert (status == 403) != allows(grants, Action.COMMAND, signal)

    def rules(client: TestClient, grants: list[Grant], read: set[str]) -> None:
        everything = read == set(town.numbers) and any(_is_everything(grant) for grant in grants)
        assert client.get(f"{API}/alarms/rules").is_success == everything

    hold(town, lists, acts, rules)


def _is_everything(grant: Grant) -> bool:
    narrow = grant.models or grant.places or grant.classes or grant.signals
    return Action.READ in grant.actions and not narrow


def test_bindings_and_devices_tell_of_signals_that_are_read(town: Town) -> None:
    def bindings(client: TestClient, grants: list[Grant], read: set[str]) -> None:
        answer = client.get(f"{API}/bindings", params={"limit": 1000})
        assert found(answer, "signal") == read
        assert not any(
            device_of(signal) in answer.text for signal in town.numbers if not _shares(signal, read)
        )

    def devices(client: TestClient, grants: list[Grant], read: set[str]) -> None:
        shown = {device_of(signal) for signal in read}
        expected = shown | ({GATEWAY} if BEHIND in shown else set())
        answer = client.get(f"{API}/devices", params={"limit": 1000})
        assert found(answer, "id") == expected
        for signal in sorted(town.numbers)[::5]:
            device = device_of(signal)
            one = client.get(f"{API}/devices/{quote(device)}")
            assert one.is_success == (device in expected)
            if one.is_success:
                assert set(one.json()["signal_ids"]) == {each for each in read if device_of(each) == device}
        behind = client.get(f"{API}/devices/{GATEWAY}")
        assert behind.is_success == (BEHIND in shown)

    def changes(client: TestClient, grants: list[Grant], read: set[str]) -> None:
        assert client.post(f"{API}/bindings", json={"bindings": []}).status_code == 403
        assert client.post(f"{API}/devices/{quote(BEHIND)}/disable").status_code == 403

    hold(town, bindings, devices, changes)


def _shares(signal: str, read: set[str]) -> bool:
    """Whether something of the same device is read."""
    return device_of(signal) in {device_of(each) for each in read}


def test_calendars_are_those_of_which_all_signals_are_read(town: Town) -> None:
    def lists(client: TestClient, grants: list[Grant], read: set[str]) -> None:
        expected = {name for name, signals in CALENDARS.items() if set(signals) <= read}
        assert found(client.get(f"{API}/calendars"), "id") == expected
        for name in CALENDARS:
            for path in ("", "/occurrences", "/runs"):
                assert client.get(f"{API}/calendars/{name}{path}").is_success == (name in expected)

    def acts(client: TestClient, grants: list[Grant], read: set[str]) -> None:
        for name, signals in CALENDARS.items():
            if all(allows(grants, Action.COMMAND, signal) for signal in signals):
                continue  # it would be gone
            status = client.delete(f"{API}/calendars/{name}").status_code
            hidden = grants_any(grants, Action.COMMAND) and not set(signals) <= read
            assert status == (404 if hidden else 403)

    hold(town, lists, acts)


def _codes(data: bytes) -> dict[int, int]:
    """Codes by state index."""
    magic, *_, count, zero = CODES_HEAD.unpack_from(data)
    assert (magic, zero, len(data)) == (b"TWC1", 0, CODES_HEAD.size + 5 * count)
    indexes = np.frombuffer(data, "<u4", count, CODES_HEAD.size).tolist()
    return dict(zip(indexes, data[CODES_HEAD.size + 4 * count :], strict=True))


def test_codes_and_frames_of_an_instant_are_made_of_what_is_read(town: Town) -> None:
    theme = known_theme("temperature")

    def codes(client: TestClient, grants: list[Grant], read: set[str]) -> None:
        answer = client.get(f"{API}/state", params={"at": READ_AT, "theme": theme.key})
        assert answer.is_success == grants_any(grants, Action.READ)
        expected: dict[int, int] = {}
        for signal in read:
            (code,) = theme.code_of(np.array([float(town.numbers[signal])])).tolist()
            place = town.places[signal.rpartition("/")[0]]
            expected[place] = max(code, expected.get(place, 0))
        assert not answer.is_success or _codes(answer.content) == expected

    def frames(client: TestClient, grants: list[Grant], read: set[str]) -> None:
        headers = {"accept": "application/vnd.city-twin.scene"}
        answer = client.get(f"{API}/state", params={"at": READ_AT}, headers=headers)
        if answer.is_success:
            _, count, _, texts, _ = SCENE_HEAD.unpack_from(answer.content)
            start = SCENE_HEAD.size + 16 * count + -(-4 * count // 8) * 8
            numbers = np.frombuffer(answer.content, "<u4", count, start).tolist()
            assert (set(numbers), texts) == ({town.numbers[signal] for signal in read}, 0)

    hold(town, codes, frames)


def test_codes_of_the_live_channel_are_of_objects_that_are_seen_as_a_whole(town: Town) -> None:
    values = cycle([5.0, 25.0])

    def follows(client: TestClient, grants: list[Grant], read: set[str]) -> None:
        if not grants_any(grants, Action.READ):
            return
        whole = {index for identifier, index in town.places.items() if sees_whole(grants, identifier)}
        with client.websocket_connect(CODES) as socket:
            assert _codes(socket.receive_bytes()).keys() == whole
            now = time.time_ns() // 1000
            value = next(values)
            town.runtime.store.record([Reading(n, value, now, now) for n in town.numbers.values()])
            if whole:  # else nothing comes but a beat
                assert _codes(socket.receive_bytes()).keys() <= whole

    def alarms(client: TestClient, grants: list[Grant], read: set[str]) -> None:
        if grants_any(grants, Action.READ):
            with client.websocket_connect(f"ws://localhost{API}/live") as socket:
                snapshot = socket.receive_json()
                assert {alarm["signal"] for alarm in snapshot["alarms"]} <= read

    hold(town, follows, alarms)


def test_how_readings_come_in_and_what_became_none_is_for_those_who_see_everything(town: Town) -> None:
    sent = {
        "readings": [{"signal": f"{HOUSES[0]}/e1/level", "value": "secret words", "observed_at": READ_AT}]
    }

    def asks(client: TestClient, grants: list[Grant], read: set[str]) -> None:
        client.post(f"{API}/readings", json=sent)
        everything = any(_is_everything(grant) for grant in grants)
        assert client.get(f"{API}/ingest").is_success == everything
        assert client.get(f"{API}/ingest/rejected").status_code == 403
        for path in ("audit", "audit/verify", "tokens", "policy"):
            assert client.get(f"{API}/{path}").status_code == 403
        answer = client.get("/metrics")
        assert answer.is_success == everything

    hold(town, asks)
