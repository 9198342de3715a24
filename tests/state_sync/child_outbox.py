"""The outbox alone: `python -m tests.state_sync.child_outbox PORT FOLDER`. Says `connected`, then works until it is killed."""

import asyncio
import sys
from pathlib import Path

from state_sync.control import Control
from state_sync.mqtt_outlet import MqttOutlet
from state_sync.mqtt_settings import MqttSettings
from tests.state_sync.command_plant import SlowOutlet, running
from tests.state_sync.fakes import until
from twin.store import open_store

PUBACK_S = 3.0
"""The broker is slow to say that it has a message: who is killed meanwhile leaves commands of which nobody knows whether they have left."""


async def work(port: int, folder: str) -> None:
    outlet = MqttOutlet(MqttSettings(client_id="twin", port=port, reconnect_from_s=0.05))
    with open_store(Path(folder)) as store:
        control = Control(store, {None: SlowOutlet(outlet, PUBACK_S)}, every_s=0.02)
        async with running(control.run):
            await until(lambda: outlet.connected)
            print("connected", flush=True)  # noqa: T201 -- what the parent waits for
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(work(int(sys.argv[1]), sys.argv[2]))
