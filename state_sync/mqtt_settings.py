"""How to reach an MQTT broker. Values only."""

import ssl
from pathlib import Path
from typing import Literal

from msgspec import Struct

Version = Literal["5", "3.1.1"]


class Tls(Struct, frozen=True, kw_only=True):
    """Encryption. `authority`: PEM file of the broker's authority; None: those that the system trusts.

    `certificate` and `key`: PEM files with which this client shows who it is.
    """

    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def context(self) -> ssl.SSLContext:
        """A context that checks the broker's certificate and name. Raises OSError (ssl.SSLError too) for bad files."""
        context = ssl.create_default_context(cafile=self.authority)
        if self.certificate is not None:
            context.load_cert_chain(self.certificate, self.key)
        return context


class Will(Struct, frozen=True, kw_only=True):
    """What the broker tells the others when this client vanishes."""

    topic: str
    payload: bytes
    qos: Literal[0, 1] = 1
    retain: bool = False


class MqttSettings(Struct, frozen=True, kw_only=True):
    """One connection.

    `client_id` names the session at the broker, which keeps messages for it: the same after every start, and no other client's.
    `session_expiry_s`: how long the broker keeps the session of an absent client (a 3.1.1 broker decides itself); 0: no
    session, what is published during an absence is lost.
    `receive_maximum`: messages in flight to us unacknowledged (MQTT 5); at least two batches of the ingest, so that the
    next one arrives while one is written. `share`: name of a group of services that divide the messages among themselves.
    `reconnect_from_s` doubles up to `reconnect_to_s`, with a random part so that a thousand clients do not come at once.
    """

    client_id: str
    host: str = "127.0.0.1"
    port: int = 1883
    version: Version = "5"
    username: str | None = None
    password: str | None = None
    tls: Tls | None = None
    will: Will | None = None
    share: str | None = None
    keepalive_s: int = 30
    session_expiry_s: int = 7 * 24 * 3600
    receive_maximum: int = 8_000
    connect_timeout_s: float = 10.0
    reconnect_from_s: float = 0.25
    reconnect_to_s: float = 30.0

    def __repr__(self) -> str:
        """Without the password: settings get logged."""
        return f"MqttSettings({self.client_id!r} at {self.host}:{self.port}, MQTT {self.version})"

    def shared(self, topic_filter: str) -> str:
        """The filter as this client subscribes to it (MQTT 5.0 §4.8.2)."""
        return topic_filter if self.share is None else f"$share/{self.share}/{topic_filter}"
