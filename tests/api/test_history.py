"""The past of a signal over HTTP: readings, spans, curves; and the work on it beside serving."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from api import schemas_live as schemas
from api.runtime import Runtime
from api.upkeep import Upkeep
from tests.api.conftest import KEY
from twin.ports import Retention
from twin.state import Quality, Reading, Signal
from twin.times import to_microseconds

METER = f"{KEY}/e3/volume"
START = to_microseconds(datetime(2026, 3, 1, tzinfo=UTC))
S = 1_000_000


@pytest.fixture
def number(runtime: Runtime) -> int:
    """Of a signal that has reported once a minute for three hours, the last time badly."""
    (record,) = runtime.store.declare_signals([Signal(model=KEY, global_id="e3", name="volume", unit="m3")])
    at = [START + minute * 60 * S for minute in range(180)]
    runtime.store.record([Reading(record.number, float(i), t, t) for i, t in enumerate(at[:-1])])
    runtime.store.record([Reading(record.number, -9.0, at[-1], at[-1], Quality.BAD)])
    return record.number


def ask(client: TestClient, **params: str | int) -> Any:
    answer = client.get(
        f"/api/v1/signals/{quote(METER)}/history",
        params={"from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z", **params},
    )
    assert answer.status_code == 200
    return answer.json()


def test_readings_are_summed_up_by_the_hour(client: TestClient, number: int) -> None:
    found = ask(client, resolution="1h")
    assert (found["signal"], found["unit"], found["resolution"], found["next"]) == (METER, "m3", "1h", None)
    assert found["items"][0] == {
        "start": "2026-03-01T00:00:00Z",
        "count": 60,
        "others": 0,
        "min": 0.0,
        "max": 59.0,
        "mean": 29.5,
        "last": 59.0,
    }
    assert [(one["count"], one["others"], one["min"]) for one in found["items"]] == [
        (60, 0, 0.0),
        (60, 0, 60.0),
        (59, 1, 120.0),
    ]
    schemas.Aggregates.model_validate(found)


def test_spans_come_in_pages(client: TestClient, number: int) -> None:
    first = ask(client, resolution="15m", limit=5)
    second = ask(client, resolution="15m", limit=100, cursor=first["next"])
    assert len(first["items"]) + len(second["items"]) == 12
    assert second["items"][0]["start"] == "2026-03-01T01:15:00Z"


def test_single_readings_say_that_they_are(client: TestClient, number: int) -> None:
    found = ask(client, limit=1000)
    assert (found["resolution"], len(found["items"])) == ("raw", 180)


def test_a_resolution_that_is_not_kept_is_refused(client: TestClient, number: int) -> None:
    answer = client.get(f"/api/v1/signals/{quote(METER)}/history", params={"resolution": "7m"})
    assert answer.status_code == 422


def test_a_curve_has_the_points_asked_for_and_says_what_it_is_made_of(
    client: TestClient, number: int
) -> None:
    found = ask(client, points=20)
    assert (found["resolution"], found["method"], found["readings"], found["others"]) == (
        "raw",
        "minmaxlttb",
        179,
        1,
    )
    assert len(found["items"]) == 20
    assert found["items"][0] == {"value": 0.0, "observed_at": "2026-03-01T00:00:00Z"}
    assert found["items"][-1] == {"value": 178.0, "observed_at": "2026-03-01T02:58:00Z"}
    schemas.Curve.model_validate(found)


def test_a_curve_with_a_resolution_or_too_few_points_is_refused(client: TestClient, number: int) -> None:
    path = f"/api/v1/signals/{quote(METER)}/history"
    assert client.get(path, params={"points": 20, "resolution": "1h"}).status_code == 400
    assert client.get(path, params={"points": 2}).status_code == 422


def test_the_job_rolls_up_beside_serving(runtime: Runtime, number: int) -> None:
    async def until_done() -> None:
        upkeep = Upkeep(runtime.store, every_s=0.01)
        task = asyncio.create_task(upkeep.run())
        await _eventually(lambda: upkeep.rolled_up)
        late = START + 30 * S
        runtime.store.record([Reading(number, 7.0, late, late)])
        await _eventually(lambda: upkeep.corrected)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await upkeep.close()

    asyncio.run(until_done())


def test_what_is_too_old_goes_and_is_counted(runtime: Runtime, number: int) -> None:
    async def until_done() -> None:
        upkeep = Upkeep(runtime.store, retention=Retention(days=1), every_s=0.01)
        task = asyncio.create_task(upkeep.run())
        await _eventually(lambda: upkeep.dropped["readings"])
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await upkeep.close()
        assert upkeep.dropped == {"readings": 180, "roll_ups": 0, "unsummed": 0, "alarms": 0}

    asyncio.run(until_done())
    assert runtime.store.history(number, start=0, end=1 << 60, limit=10).items == []


async def _eventually(done: Callable[[], int]) -> None:
    for _ in range(3000):
        if done():
            return
        await asyncio.sleep(0.01)
    pytest.fail("it did not come")
