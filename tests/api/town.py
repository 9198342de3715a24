"""A town for tests of who sees what: two houses in which everything has signals, random policies, and the plain oracle."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from starlette.testclient import TestClient

from api import binding, devices, rights_work
from api.rights_work import NewToken
from api.runtime import Runtime
from api.settings import Settings
from state_sync.bindings import from_entries
from tests.twin.store.builders import PARENTS, building, published, staged
from twin.devices import Device
from twin.policy import Action, Grant, Policy, Role
from twin.state import Reading

HOUSES = ("1号楼", "2号楼")
CLASSES = {item.global_id: item.class_ for item in building()}
NAMES = ("level", "set")
GATEWAY = "gateway"
BEHIND = f"site/{HOUSES[0]}-e1"
"""The one device that speaks through the gateway."""

THEN = 1_700_000_000_000_000
READ_AT = "2026-01-01T00:00:00Z"
"""After `THEN`, and before all that tests report."""

grants = st.builds(
    Grant,
    actions=st.lists(
        st.sampled_from([Action.READ, Action.COMMAND, Action.INGEST]), min_size=1, max_size=3
    ).map(tuple),
    models=st.lists(st.sampled_from(HOUSES), max_size=1).map(tuple),
    places=st.lists(st.sampled_from(["1号楼/s2", "2号楼/b", "1号楼/e3"]), max_size=1).map(tuple),
    classes=st.lists(st.sampled_from(["IfcWall", "IfcFlowMeter", "IfcLamp"]), max_size=2).map(tuple),
    signals=st.lists(st.sampled_from([*NAMES, "2号楼/e1/level"]), max_size=1).map(tuple),
)
policies = st.lists(grants, min_size=1, max_size=3)


def _above(global_id: str) -> set[str]:
    found, at = {global_id}, global_id
    while at in PARENTS:
        at = PARENTS[at]
        found.add(at)
    return found


def _takes(grant: Grant, action: Action, model: str, global_id: str) -> bool:
    return (
        action in grant.actions
        and (not grant.models or model in grant.models)
        and (not grant.classes or CLASSES[global_id] in grant.classes)
        and (not grant.places or any(f"{model}/{one}" in grant.places for one in _above(global_id)))
    )


def allows(given: list[Grant], action: Action, signal: str) -> bool:
    """The oracle: as the documentation says it, signal by signal."""
    model, global_id, name = signal.split("/")
    return any(
        _takes(grant, action, model, global_id)
        and (not grant.signals or name in grant.signals or signal in grant.signals)
        for grant in given
    )


def sees_whole(given: list[Grant], identifier: str) -> bool:
    """The oracle for an object with all of its signals."""
    model, global_id = identifier.split("/")
    return any(_takes(grant, Action.READ, model, global_id) and not grant.signals for grant in given)


def grants_any(given: list[Grant], action: Action) -> bool:
    """Whether an action is allowed anywhere."""
    return any(action in grant.actions for grant in given)


def device_of(signal: str) -> str:
    """The device that reports a signal."""
    model, global_id, _ = signal.split("/")
    return f"site/{model}-{global_id}"


@contextmanager
def town(folder: Path) -> Iterator[tuple[Runtime, dict[str, int]]]:
    """Each object has two temperatures, one of which can be set, bound to a device of its own, with a past. Numbers by id of signal."""
    with Runtime(Settings(data=folder)) as runtime:
        for key in HOUSES:
            revision, _ = staged(runtime.store, key, building())
            published(runtime.store, revision, tileset=None)
        signals = [f"{key}/{global_id}/{name}" for key in HOUSES for global_id in CLASSES for name in NAMES]
        bound = binding.bind(
            runtime.store, from_entries([_entry(each) for each in signals], "town"), dry_run=False
        )
        assert bound.report.clean
        devices.register(runtime.store, Device(id=GATEWAY))
        devices.register(runtime.store, Device(id=BEHIND, gateway=GATEWAY))
        numbers = {record.signal.id: record.number for record in runtime.store.signal_records()}
        runtime.store.record([Reading(number, float(number), THEN, THEN) for number in numbers.values()])
        yield runtime, numbers


def _entry(signal: str) -> dict[str, Any]:
    identifier, _, name = signal.rpartition("/")
    topic = f"{device_of(signal)}/{name}"
    return {
        "object": identifier,
        "signal": name,
        "topic": topic,
        "kind": "temperature",
        "settable": name == "set",
    }


def client_with(runtime: Runtime, app: Any, given: list[Grant]) -> TestClient:
    """A caller on another machine with just these grants."""
    rights_work.replace_policy(runtime.store, Policy({"some": Role(tuple(given))}))
    _, secret = rights_work.create_token(runtime.store, NewToken(name="any", roles=("some",)), by="test")
    runtime.guard.look(now=True)
    headers = {"authorization": f"Bearer {secret.text}"}
    return TestClient(app, base_url="http://localhost", client=("192.0.2.7", 1), headers=headers)
