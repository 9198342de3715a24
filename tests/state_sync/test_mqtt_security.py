"""Who may connect: encryption, passwords, client certificates, with a real Mosquitto."""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from state_sync.mqtt import MqttSource
from state_sync.mqtt_publisher import MqttPublisher
from state_sync.mqtt_settings import MqttSettings, Tls
from tests.state_sync.broker import Broker
from tests.state_sync.fakes import reading, until


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`ca.pem`, `broker.pem` (for 127.0.0.1), `client.pem`, and their keys."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make certificates with")
    folder = tmp_path_factory.mktemp("certificates")

    def make(name: str, *more: str) -> None:
        new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"]
        output = ["-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN={name}"]
        subprocess.run(
            [openssl, "req", "-x509", "-days", "2", *new_key, *output, *more],
            cwd=folder,
            check=True,
            capture_output=True,
        )

    signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "basicConstraints=critical,CA:FALSE"]
    make("ca")
    make("broker", *signed, "-addext", "subjectAltName=IP:127.0.0.1")
    make("client", *signed)
    return folder


@contextmanager
def broker_with(folder: Path, *listener: str) -> Iterator[Broker]:
    broker = Broker(folder, listener=listener)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


async def round_trip(settings: MqttSettings) -> None:
    """One reading there and back with these settings."""
    source = MqttSource(settings)
    running = asyncio.create_task(source.run())
    source.subscribe(["r/#"])
    try:
        await until(lambda: source.link.connected)
        device = MqttSettings(
            client_id="device",
            port=settings.port,
            username=settings.username,
            password=settings.password,
            tls=settings.tls,
            session_expiry_s=0,
        )
        async with MqttPublisher(device) as publisher:
            await publisher.publish(reading(1, 1))
            await publisher.drained()
        assert len(await source.take(1, linger_s=0)) == 1
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def refusal(settings: MqttSettings) -> str:
    """What the source says when it does not get through."""
    source = MqttSource(settings)
    running = asyncio.create_task(source.run())
    try:
        await until(lambda: source.link.error not in {None, "not started"})
        assert not source.link.connected
        return str(source.link.error)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def test_a_user_with_the_right_password_gets_in_and_others_do_not(tmp_path: Path) -> None:
    tool = shutil.which("mosquitto_passwd")
    if tool is None:
        pytest.skip("no mosquitto_passwd")
    passwords = tmp_path / "passwords"
    subprocess.run([tool, "-c", "-b", passwords, "twin", "right"], check=True, capture_output=True)
    passwords.chmod(0o700)
    with broker_with(tmp_path, "allow_anonymous false", f"password_file {passwords}") as broker:

        async def work() -> None:
            await round_trip(
                MqttSettings(client_id="twin", port=broker.port, username="twin", password="right")
            )
            wrong = MqttSettings(client_id="twin", port=broker.port, username="twin", password="wrong")
            assert "ot authori" in await refusal(wrong)
            assert "wrong" not in repr(wrong)

        asyncio.run(work())


def test_a_broker_whose_certificate_is_trusted_is_talked_to_and_another_is_not(
    tmp_path: Path, certificates: Path
) -> None:
    listener = [f"certfile {certificates}/broker.pem", f"keyfile {certificates}/broker.key"]
    with broker_with(tmp_path, "allow_anonymous true", *listener) as broker:

        async def work() -> None:
            trusting = MqttSettings(
                client_id="twin", port=broker.port, tls=Tls(authority=certificates / "ca.pem")
            )
            await round_trip(trusting)
            assert "certificate" in await refusal(MqttSettings(client_id="twin", port=broker.port, tls=Tls()))

        asyncio.run(work())


def test_a_client_certificate_is_shown_where_the_broker_asks_for_one(
    tmp_path: Path, certificates: Path
) -> None:
    listener = [
        f"certfile {certificates}/broker.pem",
        f"keyfile {certificates}/broker.key",
        f"cafile {certificates}/ca.pem",
        "require_certificate true",
    ]
    with broker_with(tmp_path, "allow_anonymous true", *listener) as broker:

        async def work() -> None:
            authority = certificates / "ca.pem"
            shown = Tls(
                authority=authority, certificate=certificates / "client.pem", key=certificates / "client.key"
            )
            await round_trip(MqttSettings(client_id="twin", port=broker.port, tls=shown))
            await refusal(MqttSettings(client_id="twin", port=broker.port, tls=Tls(authority=authority)))

        asyncio.run(work())


def test_a_broker_that_is_not_there_is_tried_again_ever_more_rarely() -> None:
    async def work() -> None:
        settings = MqttSettings(client_id="twin", port=1, reconnect_from_s=0.01, reconnect_to_s=0.05)
        assert "onnect" in await refusal(settings)

    asyncio.run(work())
