"""A real Mosquitto with TLS, passwords and a list of who may use which topic: a stranger's device cannot report for another's signals."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from state_sync.messages import Publication
from state_sync.mqtt import MqttSource
from state_sync.mqtt_publisher import MqttPublisher
from state_sync.mqtt_settings import MqttSettings, Tls
from tests.state_sync.broker import Broker
from tests.state_sync.fakes import until
from tests.state_sync.test_mqtt_security import certificates

__all__ = ["certificates"]

PASSWORD = "of this device"
ACL = """
user twin
topic read community/#
topic write community/+/+/set

pattern write community/%u/#
pattern read community/%u/+/set
"""
"""As docs/security.md: the server reads all; a device writes below its own name, and hears commands of its own alone."""


@pytest.fixture
def broker(tmp_path: Path, certificates: Path) -> Iterator[Broker]:
    passwords, acl = tmp_path / "passwords", tmp_path / "acl"
    program = shutil.which("mosquitto_passwd")
    if program is None:
        pytest.skip("no mosquitto_passwd (Debian: mosquitto)")
    passwords.touch(mode=0o600)
    for user in ("twin", "meter", "stranger"):
        subprocess.run([program, "-b", str(passwords), user, PASSWORD], check=True, capture_output=True)
    acl.write_text(ACL)
    acl.chmod(0o600)
    lines = (
        "allow_anonymous false",
        f"password_file {passwords}",
        f"acl_file {acl}",
        f"cafile {certificates / 'ca.pem'}",
        f"certfile {certificates / 'broker.pem'}",
        f"keyfile {certificates / 'broker.key'}",
    )
    started = Broker(tmp_path, listener=lines)
    started.start()
    yield started
    started.stop()


def _settings(broker: Broker, certificates: Path, user: str) -> MqttSettings:
    return MqttSettings(
        client_id=user,
        port=broker.port,
        username=user,
        password=PASSWORD,
        tls=Tls(authority=certificates / "ca.pem"),
        session_expiry_s=0,
    )


async def _publish(broker: Broker, certificates: Path, user: str, *topics: str) -> None:
    """Each says who sent it."""
    settings = msgspec.structs.replace(_settings(broker, certificates, user), client_id=f"{user}-sends")
    async with MqttPublisher(settings) as publisher:
        for topic in topics:
            await publisher.publish(Publication(topic, user.encode()))
        await publisher.drained()


async def _heard(source: MqttSource, last: str) -> list[tuple[str, bytes]]:
    """What comes, up to a message on a topic that is sent after all others."""
    heard: list[tuple[str, bytes]] = []
    while last not in {topic for topic, _ in heard}:
        heard += [(message.topic, message.payload) for message in await source.take(10, linger_s=0.1)]
    return heard


@asynccontextmanager
async def _listening(settings: MqttSettings, *topics: str) -> AsyncIterator[MqttSource]:
    source = MqttSource(settings)
    running = asyncio.create_task(source.run())
    source.subscribe(topics)
    try:
        await until(lambda: source.link.connected)
        yield source
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def test_a_strangers_device_reports_for_itself_and_for_nobody_else(
    broker: Broker, certificates: Path
) -> None:
    async def reported() -> list[tuple[str, bytes]]:
        async with _listening(_settings(broker, certificates, "twin"), "community/#") as source:
            await _publish(
                broker, certificates, "stranger", "community/meter/flow", "community/stranger/flow"
            )
            await _publish(broker, certificates, "meter", "community/meter/flow", "community/meter/end")
            return await _heard(source, "community/meter/end")

    heard = asyncio.run(asyncio.wait_for(reported(), 60))
    assert heard == [
        ("community/stranger/flow", b"stranger"),
        ("community/meter/flow", b"meter"),
        ("community/meter/end", b"meter"),
    ]


def test_a_strangers_device_does_not_hear_what_is_sent_to_another(broker: Broker, certificates: Path) -> None:
    async def heard(user: str) -> list[tuple[str, bytes]]:
        topics = ("community/meter/valve/set", f"community/{user}/end/set")
        async with _listening(_settings(broker, certificates, user), *topics) as source:
            await asyncio.sleep(0.5)  # both subscriptions have been answered, or the end is heard later
            await _publish(broker, certificates, "twin", *topics)
            return await _heard(source, f"community/{user}/end/set")

    assert asyncio.run(asyncio.wait_for(heard("stranger"), 60)) == [("community/stranger/end/set", b"twin")]
    assert len(asyncio.run(asyncio.wait_for(heard("meter"), 60))) == 2


def test_a_device_sends_no_commands(broker: Broker, certificates: Path) -> None:
    async def heard() -> list[tuple[str, bytes]]:
        async with _listening(_settings(broker, certificates, "meter"), "community/meter/+/set") as source:
            await asyncio.sleep(0.5)
            await _publish(broker, certificates, "stranger", "community/meter/valve/set")
            await _publish(broker, certificates, "twin", "community/meter/end/set")
            return await _heard(source, "community/meter/end/set")

    assert asyncio.run(asyncio.wait_for(heard(), 60)) == [("community/meter/end/set", b"twin")]
