"""Bindings over HTTP: what a body binds, what is told of it, and what readings then mean."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from api import schemas_bindings as schemas
from api.runtime import Runtime
from tests.api.conftest import KEY
from twin.state import Signal

BINDINGS = "/api/v1/bindings"
METER = f"{KEY}/e3/volume"

FILE = f"""
[[binding]]
object = "{KEY}/e3"
signal = "volume"
unit = "m3"
device_unit = "L"
topic = "meters/7"

[[binding]]
tag = "nobody"
signal = "volume"
topic = "meters/8"
"""


def _post(client: TestClient, entries: list[dict[str, Any]], **params: Any) -> Any:
    answer = client.post(BINDINGS, json={"bindings": entries}, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _toml(client: TestClient, content: str, **params: Any) -> Any:
    headers = {"content-type": "application/toml"}
    return client.post(BINDINGS, content=content.encode(), headers=headers, params=params)


def entry(name: str = "volume", topic: str = "meters/7", **more: Any) -> dict[str, Any]:
    return {"object": f"{KEY}/e3", "signal": name, "topic": topic, **more}


def test_a_posted_file_binds_what_it_names_and_tells_the_line_of_what_it_does_not_find(
    administrator: TestClient, runtime: Runtime
) -> None:
    report = _toml(administrator, FILE, source="site.toml").json()
    assert (report["bindings"], report["complete"]) == (1, False)
    assert [(doubt["line"], doubt["what"]) for doubt in report["unmatched"]] == [(11, "nobody → volume")]
    assert [record.signal.id for record in runtime.store.signal_records()] == [METER]
    (bound,) = administrator.get(BINDINGS).json()["items"]
    assert (bound["source"], bound["signal"], bound["topic"], bound["factor"]) == (
        "site.toml",
        METER,
        "meters/7",
        pytest.approx(0.001),
    )


def test_a_dry_run_reports_the_same_and_changes_nothing(administrator: TestClient, runtime: Runtime) -> None:
    dry = _toml(administrator, FILE, dry_run=True).json()
    assert runtime.store.signal_records() == []
    assert runtime.store.bindings() == []
    assert {**_toml(administrator, FILE).json(), "dry_run": True} == dry


def test_entries_posted_again_replace_those_of_the_same_source_only(administrator: TestClient) -> None:
    _post(administrator, [entry(topic="a")], source="one")
    _post(administrator, [entry("flow", topic="b")], source="two")
    _post(administrator, [entry(topic="c")], source="one")
    items = administrator.get(BINDINGS).json()["items"]
    assert [(item["source"], item["topic"]) for item in items] == [("one", "c"), ("two", "b")]
    _post(administrator, [], source="one")
    assert [item["source"] for item in administrator.get(BINDINGS).json()["items"]] == ["two"]


def test_readings_of_a_signal_are_taken_from_the_moment_on_that_it_is_bound(
    administrator: TestClient,
) -> None:
    reading = {"readings": [{"signal": METER, "value": 7}]}
    assert administrator.post("/api/v1/readings", json=reading).json()["rejected"] == {"unknown_signal": 1}
    _post(administrator, [entry()])
    assert administrator.post("/api/v1/readings", json=reading).json()["accepted"] == 1


def test_the_same_entries_with_another_range_are_other_bindings(
    administrator: TestClient, runtime: Runtime
) -> None:
    _post(administrator, [entry(maximum=10)])
    before = runtime.store.bindings()
    _post(administrator, [entry(maximum=20)])
    assert runtime.store.bindings() != before


def test_what_was_bound_to_an_object_that_is_gone_is_an_orphan(
    administrator: TestClient, runtime: Runtime
) -> None:
    _post(administrator, [entry()])
    runtime.store.remove(KEY)
    assert _post(administrator, [entry()], dry_run=True)["orphans"] == [METER]


def test_a_file_with_mistakes_is_refused_with_all_of_them_and_nothing_is_bound(
    administrator: TestClient, runtime: Runtime
) -> None:
    runtime.store.declare_signals([Signal(model=KEY, global_id="e3", name="volume")])
    answer = _toml(administrator, FILE + '[[binding]]\nsignal = "x"\nunit = "nonsense"\n')
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    told = {(fault["line"], fault["field"]) for fault in answer.json()["errors"]}
    assert told == {(13, "topic"), (13, ""), (15, "unit")}
    assert runtime.store.bindings() == []


@pytest.mark.parametrize("body", [b"", b"[]", b'{"bindings": 7}', b'{"bindings": [7]}', b"\xff"])
def test_a_body_that_is_no_list_of_entries_is_refused_with_what_was_expected(
    administrator: TestClient, body: bytes
) -> None:
    answer = administrator.post(BINDINGS, content=body)
    assert answer.status_code == 400
    assert "bindings" in answer.json()["detail"]


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_command_that_depends_on_what_is_not_there_is_told_and_not_bound(
    administrator: TestClient, runtime: Runtime, *, dry_run: bool
) -> None:
    level = entry("level", "t/level", unit="m")
    pump = entry("pump", "t/pump", type="boolean", settable=True, interlocks=[f"{KEY}/e3/level = 0.3 m"])
    gate = entry("gate", "t/gate", unit="%", settable=True, confirm_signal=f"{KEY}/e1/nothing")
    report = _post(administrator, [level, pump, gate], dry_run=dry_run)
    assert (report["bindings"], report["signals"], report["complete"]) == (1, 1, False)
    assert [(one["line"], one["objects"]) for one in report["unusable"]] == [
        (2, [f"{KEY}/e3/pump"]),
        (3, [f"{KEY}/e3/gate"]),
    ]
    assert "write the number alone" in report["unusable"][0]["detail"]
    assert f"there is no signal {KEY}/e1/nothing" in report["unusable"][1]["detail"]
    assert len(runtime.store.signal_records()) == (0 if dry_run else 1)


def test_an_interlock_may_name_a_signal_of_another_source(administrator: TestClient) -> None:
    _post(administrator, [entry("level", "t/level", unit="m")], source="one")
    pump = entry("pump", "t/pump", type="boolean", settable=True, interlocks=["level > 0.3"])
    assert _post(administrator, [pump], source="two", dry_run=True)["complete"]


def test_binding_needs_the_token(client: TestClient) -> None:
    assert client.post(BINDINGS, json={"bindings": []}).status_code == 401


def test_pages_follow_one_another_without_gap_or_repeat(administrator: TestClient) -> None:
    _post(administrator, [entry(f"s{number}", f"t/{number}") for number in range(5)])
    topics: list[str] = []
    cursor: str | None = None
    while True:
        asked = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        found = administrator.get(BINDINGS, params=asked).json()
        topics += [item["topic"] for item in found["items"]]
        cursor = found["next"]
        if cursor is None:
            break
    assert topics == [f"t/{number}" for number in range(5)]
    assert administrator.get(BINDINGS, params={"cursor": "x"}).status_code == 400


def test_answers_are_what_the_openapi_page_promises(administrator: TestClient) -> None:
    posted = _toml(administrator, FILE)
    schemas.BindingReport.model_validate_json(posted.content)
    schemas.BindingPage.model_validate_json(administrator.get(BINDINGS).content)
