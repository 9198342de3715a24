"""Which changes end the open streams of a caller: those of what the caller reaches, and no others."""

import asyncio

import pytest

from api import guard
from api.callers import Caller, Principal
from api.runtime import Runtime
from tests.api.conftest import KEY
from tests.twin.store.builders import building, published, staged
from twin.policy import Scope

LONG_S = 0.5
"""Many looks."""


def _ended(runtime: Runtime, principal: Principal) -> str | None:
    """What a caller is told when a model is published while a stream is open; None: nothing."""
    watch, caller = runtime.guard, Caller(principal, runtime.guard.rules, "here")

    async def wait() -> str | None:
        waiting = asyncio.ensure_future(watch.until_changed(caller))
        await asyncio.sleep(0)
        revision, _ = staged(runtime.store, "2号楼", building())
        published(runtime.store, revision, tileset=None)
        watch.look(now=True)
        try:
            return await asyncio.wait_for(waiting, LONG_S)
        except TimeoutError:
            return None

    return asyncio.run(wait())


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard looks all the time."""
    monkeypatch.setattr(guard, "LOOK_EVERY_S", 0.01)


def test_new_models_end_no_stream_of_who_reads_everything_and_writes_nothing(runtime: Runtime) -> None:
    assert _ended(runtime, runtime.guard.nobody) is None


def test_new_models_end_the_streams_of_who_reads_a_part(runtime: Runtime) -> None:
    reader = Principal(
        name="one storey", kind="token", roles=("reader",), within=Scope(places=(f"{KEY}/s2",))
    )
    assert "Models have changed" in (_ended(runtime, reader) or "")
