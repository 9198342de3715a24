"""Commands over a bus in the process: devices of every manner, and ways that fail."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from state_sync.control import Control
from state_sync.messages import InDoubt, NotSent, Publication
from state_sync.simulation.actuators import Manner
from tests.state_sync.command_plant import BadOutlet, Plant, bound, bus_plant, running
from tests.state_sync.fakes import until
from twin.alarms import Kind
from twin.commands import Status
from twin.ports import AlarmQuery, TwinStore
from twin.store import open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TwinStore]:
    with open_store(tmp_path) as opened:
        yield opened


async def _outcome(store: TwinStore, manner: Manner, value: float = 40.0) -> tuple[list[str], Plant]:
    async with bus_plant(store, manner) as plant:
        identifier = await plant.order(value)
        await plant.ends(identifier)
        return plant.path(identifier), plant


@pytest.mark.parametrize(
    ("manner", "more", "end"),
    [
        (Manner(), "", ["acknowledged", "confirmed"]),
        (Manner(kind="stammers"), "", ["acknowledged", "confirmed"]),
        (Manner(kind="refuses"), "", ["rejected"]),
        (Manner(kind="lies"), "", ["acknowledged", "unconfirmed"]),
        (Manner(kind="deaf"), "", ["acknowledged", "unconfirmed"]),
        (Manner(kind="deaf"), 'confirm = "ack"', ["acknowledged", "confirmed"]),
        (Manner(kind="silent", after_s=5.0), "", ["timed_out"]),
        (Manner(kind="silent"), 'confirm = "reading"', ["confirmed"]),
        (Manner(kind="silent"), 'command_codec = "plain"', ["confirmed"]),
        (Manner(kind="offline"), "", ["timed_out"]),
        (Manner(kind="offline"), 'confirm = "reading"', ["unconfirmed"]),
        (Manner(after_s=0.2, reply_after_s=0.2), "", ["acknowledged", "confirmed"]),
        (Manner(reply_after_s=5.0), "", ["timed_out"]),
    ],
)
def test_each_manner_of_a_device_ends_a_command_in_its_way(
    store: TwinStore, manner: Manner, more: str, end: list[str]
) -> None:
    bound(store, more=more)
    path, plant = asyncio.run(_outcome(store, manner))
    assert path == ["queued", "sent", *end]
    done = (
        manner.kind not in {"refuses", "lies", "offline"}
        and manner.after_s < 1
        and manner.reply_after_s < 0.6
    )
    if done:
        assert list(plant.actuators.executed.values()) == [1]
    alarms = [view.record.kind for view in store.alarms(AlarmQuery()).items]
    assert alarms == ([Kind.UNCONFIRMED] if end[-1] == "unconfirmed" else [])


def test_a_reply_that_comes_before_the_broker_acknowledges_blocks_nobody(store: TwinStore) -> None:
    bound(store, ["x", "y"])

    async def work() -> None:
        async with bus_plant(store, puback_after_s=3.0) as plant:
            first = await plant.order(40.0)
            assert await plant.ends(first, within_s=2.9) == {Status.CONFIRMED: 1}
            second = await plant.order(50.0, "y")
            assert await plant.ends(second, within_s=2.9) == {Status.CONFIRMED: 1}

    asyncio.run(work())


def test_a_lie_is_reverted_where_the_signal_says_so(store: TwinStore) -> None:
    bound(store, more="revert = true")

    async def work() -> None:
        async with bus_plant(store) as plant:
            await plant.ends(await plant.order(10.0))
        async with bus_plant(store, Manner(kind="lies")) as plant:
            lied = await plant.order(80.0)
            assert await plant.ends(lied) == {Status.UNCONFIRMED: 1}
        async with bus_plant(store) as plant:
            await until(lambda: plant.path(lied)[-1] == "reverted")
            assert plant.actuators.held == {"a/x/level": 10.0}

    asyncio.run(work())


def test_a_bulk_command_is_confirmed_lamp_by_lamp(store: TwinStore) -> None:
    names = [f"{number:03}" for number in range(200)]
    bound(store, names)

    async def work() -> None:
        async with bus_plant(store) as plant:
            identifier = await plant.order(30.0, *names)
            assert await plant.ends(identifier) == {Status.CONFIRMED: 200}
            assert set(plant.actuators.executed.values()) == {1}

    asyncio.run(work())


def test_a_value_is_converted_for_the_device_and_back(store: TwinStore) -> None:
    bound(store, more='unit = "%"\ndevice_unit = "1"')

    async def work() -> None:
        async with bus_plant(store) as plant:
            identifier = await plant.order(40.0)
            await plant.ends(identifier)
            assert plant.path(identifier)[-1] == "confirmed"
            assert plant.actuators.held == {"a/x/level": 0.4}

    asyncio.run(work())


def test_a_signal_that_no_binding_tells_how_to_command_fails_and_says_so(store: TwinStore) -> None:
    bound(store)
    store.replace_bindings("lamps.toml", [])

    async def work() -> None:
        async with bus_plant(store) as plant:
            identifier = await plant.order(40.0)
            assert await plant.ends(identifier) == {Status.FAILED: 1}
            assert "no binding" in (store.command_steps(identifier)[-1].detail or "")

    asyncio.run(work())


async def _through(store: TwinStore, outlet: BadOutlet, seconds: float) -> tuple[Plant, str]:
    control = Control(store, {None: outlet}, every_s=0.02)
    async with bus_plant(store, Manner(kind="offline")) as quiet:
        plant = Plant(store, control, quiet.actuators)
    async with running(control.run):
        identifier = await plant.order(40.0)
        await asyncio.sleep(seconds)
    return plant, identifier


def test_what_did_not_leave_is_sent_when_there_is_a_way(store: TwinStore) -> None:
    bound(store)
    outlet = BadOutlet(NotSent("away"))
    plant, identifier = asyncio.run(_through(store, outlet, 2.5))
    assert len(outlet.sent) == 1
    assert plant.path(identifier)[:2] == ["queued", "sent"]


def test_what_did_not_leave_is_not_sent_when_its_time_is_over(store: TwinStore) -> None:
    bound(store)
    outlet = BadOutlet(NotSent("away"), times=100)
    plant, identifier = asyncio.run(_through(store, outlet, 4.0))
    assert (outlet.sent, plant.path(identifier)[-1]) == ([], "timed_out")


@pytest.mark.parametrize(("resend", "sent"), [("never", 0), ("always", 1)])
def test_what_may_have_left_is_sent_again_only_to_devices_that_can_tell(
    store: TwinStore, resend: str, sent: int
) -> None:
    bound(store, more=f'resend = "{resend}"')
    outlet = BadOutlet(InDoubt("cut"))
    plant, identifier = asyncio.run(_through(store, outlet, 4.0))
    assert len(outlet.sent) == sent
    assert plant.path(identifier)[-1] == ("unconfirmed" if resend == "never" else "timed_out")


def test_without_a_way_to_devices_commands_wait_and_expire(store: TwinStore) -> None:
    bound(store, more="expires_s = 1")
    control = Control(store, {}, every_s=0.02)

    async def work() -> None:
        async with bus_plant(store) as other:
            actuators = other.actuators
        plant = Plant(store, control, actuators)
        async with running(control.run):
            identifier = await plant.order(40.0)
            assert await plant.ends(identifier) == {Status.EXPIRED: 1}
        assert "no connection" in (store.command_steps(identifier)[-1].detail or "")

    asyncio.run(work())


def test_a_worker_that_ends_gives_its_lease_back(store: TwinStore) -> None:
    control = Control(store, {}, every_s=0.02, worker="w")

    async def work() -> None:
        async with running(control.run):
            await asyncio.sleep(0.2)
        assert control.failing is None

    asyncio.run(work())
    assert store.take_job("control:w")


def test_a_worker_that_is_stopped_as_something_new_comes_ends(store: TwinStore) -> None:
    class Way:
        connected = True

        async def run(self) -> None:
            await asyncio.Event().wait()

        async def send(self, publication: Publication) -> None: ...

    async def stop() -> None:
        control = Control(store, {None: Way()}, every_s=60.0)
        running = asyncio.create_task(control.run())
        await asyncio.sleep(0.3)  # it waits for news
        control.wake()
        await asyncio.sleep(0)  # the event comes, the worker has not seen it
        running.cancel()
        await asyncio.wait([running], timeout=5.0)
        assert running.cancelled()

    asyncio.run(stop())
