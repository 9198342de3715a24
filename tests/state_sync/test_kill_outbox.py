"""kill -9 of the outbox while commands are under way, over a real Mosquitto: none is lost, none is done twice, each ends."""

import asyncio
import random
import signal
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from api import binding
from state_sync.actuating import Actuating
from state_sync.bindings import parse
from state_sync.decoding import from_store
from state_sync.ingest import Ingest
from state_sync.messages import Link, Message
from state_sync.mqtt import MqttSource
from state_sync.mqtt_publisher import MqttPublisher
from state_sync.mqtt_settings import MqttSettings
from state_sync.simulation.actuators import Actuators, Manner
from tests.state_sync import child_outbox
from tests.state_sync.broker import Broker
from tests.state_sync.command_plant import OPTIONS, devices, running
from tests.state_sync.fakes import until
from tests.state_sync.killing import Child
from tests.twin.store.builders import imported, plain
from twin.commands import OPEN, Status
from twin.ports import CommandView, Order, Target, TwinStore
from twin.store import open_store

LAMPS = [f"{number:02}" for number in range(30)]
KILLS = 2

FILE = """
[defaults]
class = ["IfcWall"]
minimum = 0
maximum = 100
settable = true
codec = "json"
path = "value"
time = "time"

[[binding]]
signal = "level"
topic = "lamps/{global_id}/level"
resend = "always"
ack_s = 30
confirm_s = 30

[[binding]]
signal = "tilt"
topic = "lamps/{global_id}/tilt"
resend = "never"
ack_s = 6
confirm_s = 6
"""
"""`level`: a device that knows commands by their id; `tilt`: one that does whatever it gets."""


class Outcome(NamedTuple):
    commands: list[CommandView]
    executed: dict[str, int]
    again: int
    """Commands that were sent again after a crash."""

    def of(self, name: str) -> list[CommandView]:
        return [each for each in self.commands if each.signal.signal.name == name]

    def times(self, name: str) -> Counter[int]:
        """How many commands were carried out how often."""
        return Counter(self.executed.get(each.command.id, 0) for each in self.of(name))


class Asleep:
    """A way to devices that take nothing while they are asleep; what comes meanwhile waits for them."""

    def __init__(self, inner: MqttSource) -> None:
        self.awake = asyncio.Event()
        self._inner = inner
        self.run, self.subscribe, self.publish = inner.run, inner.subscribe, inner.publish
        self.acknowledge = inner.acknowledge

    @property
    def link(self) -> Link:
        return self._inner.link

    async def take(self, limit: int, *, linger_s: float) -> list[Message]:
        taken = await self._inner.take(limit, linger_s=linger_s)
        await self.awake.wait()
        return taken


def settings(broker: Broker, name: str) -> MqttSettings:
    return MqttSettings(client_id=name, port=broker.port, session_expiry_s=0)


def lamps(store: TwinStore) -> Actuators:
    knowing, simple = (devices(store, Manner(remembers=remembers)) for remembers in (True, False))
    by_topic = {topic: (knowing if topic.endswith("level/set") else simple) for topic in knowing.topics}
    return Actuators(each for topic, some in by_topic.items() if (each := some.find(topic)) is not None)


async def under_fire(store: TwinStore, broker: Broker, folder: Path, chance: random.Random) -> Outcome:
    child = Child(broker, str(folder), child_outbox.__name__)
    source, listens = MqttSource(settings(broker, "ingest")), Asleep(MqttSource(settings(broker, "lamps")))
    requests: list[str] = []
    made = lamps(store)
    async with (
        MqttPublisher(settings(broker, "lamps-say")) as says,
        Ingest(store, source, load=from_store(store), options=OPTIONS),
        running(Actuating(made, listens, says).run),
    ):
        await until(lambda: source.link.connected and listens.link.connected)
        try:
            await child.start()
            for _ in range(KILLS):
                listens.awake.clear()
                requests.append(await asyncio.to_thread(ordered, store, chance.uniform(0, 100)))
                await until(lambda: Status.SENT in store.command(requests[-1]).counts)
                await asyncio.sleep(chance.uniform(0, 0.1))
                await child.end(signal.SIGKILL)
                await child.start()
                await until(lambda: again(store, f"{requests[-1]}-0"))
                listens.awake.set()
                await until(lambda: not set(OPEN) & store.command(requests[-1]).counts.keys())
        finally:
            await child.end(signal.SIGKILL)
    commands = [view for each in requests for view in store.command_targets(each, limit=1000).items]
    return Outcome(commands, made.executed, sum(again(store, each.command.id) for each in commands))


def ordered(store: TwinStore, value: float) -> str:
    targets = [Target(f"a/{lamp}/{name}", value) for lamp in LAMPS for name in ("level", "tilt")]
    placed = store.place_command(Order(by="ada", reason="test", targets=targets, bulk=True))
    assert placed.id is not None
    return placed.id


def again(store: TwinStore, identifier: str) -> bool:
    return any(step.told and "sent again" in (step.detail or "") for step in store.command_steps(identifier))


def test_a_killed_outbox_loses_no_command_and_has_none_done_twice(broker: Broker, tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    with open_store(tmp_path) as store:
        imported(store, "a", plain(LAMPS))
        assert binding.bind(store, parse(FILE.encode(), "lamps.toml"), dry_run=False).report.clean
        outcome = asyncio.run(under_fire(store, broker, tmp_path, random.Random(seed)))
    count = KILLS * len(LAMPS)
    ids = {each.command.id for each in outcome.commands}
    doubtful = sum(each.command.doubtful for each in outcome.of("tilt"))
    assert (outcome.again, doubtful) == (count, count), f"the crash came too late, with seed {seed}"
    assert outcome.executed.keys() <= ids, f"carried out, and never asked for, with seed {seed}"
    assert outcome.times("level") == {1: count}, f"with seed {seed}"
    assert {each.command.status for each in outcome.of("level")} == {Status.CONFIRMED}, f"with seed {seed}"
    assert outcome.times("tilt").keys() <= {0, 1}, f"with seed {seed}"
    shown = [each for each in outcome.of("tilt") if each.command.status is Status.CONFIRMED]
    assert all(outcome.executed.get(each.command.id) == 1 for each in shown), f"with seed {seed}"
