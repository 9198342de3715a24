"""From settings to a connection with an MQTT broker. What an address holds beside host and port is never shown."""

import os
import secrets
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from api.settings import Settings
from state_sync.mqtt_settings import MqttSettings, Tls
from twin.errors import StoreError, TwinError

CLIENT_ID_FILE = "mqtt.client-id"
_PORTS = {"mqtt": 1883, "mqtts": 8883}


class BrokerAddressError(TwinError):
    """The address of the broker, or a file for TLS, cannot be used."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"The MQTT broker cannot be used: {reason}. Give its address as mqtt://USER:PASSWORD@HOST:PORT (mqtts:// with TLS)."
        )


def broker_settings(settings: Settings) -> MqttSettings | None:
    """How the server reaches its broker; None without TWIN_MQTT. Raises BrokerAddressError, StoreError."""
    if settings.mqtt is None:
        return None
    address = settings.mqtt.get_secret_value()
    _parts(address)
    client_id = settings.mqtt_client_id or kept_client_id(settings.data)
    return connection(settings, address, client_id=client_id)


def connection(settings: Settings, address: str, *, client_id: str) -> MqttSettings:
    """A connection to the broker at `address`, with the TLS files and the version of the settings. Raises BrokerAddressError."""
    parts, port = _parts(address)
    return MqttSettings(
        client_id=client_id,
        host=parts.hostname or "",
        port=port,
        version=settings.mqtt_version,
        username=_decoded(parts.username),
        password=_decoded(parts.password),
        tls=_tls(settings) if parts.scheme == "mqtts" else None,
        share=settings.mqtt_share,
    )


def kept_client_id(data: Path) -> str:
    """The client id of a data folder; the first call makes it. It stays the same, since the broker keeps messages for it."""
    file = data / CLIENT_ID_FILE
    try:
        data.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            fresh = file.with_name(f".{file.name}.{os.getpid()}")
            fresh.write_text(f"twin-{secrets.token_hex(6)}\n")
            fresh.replace(file)
        return file.read_text().strip() or "twin"
    except OSError as error:
        raise StoreError(f"cannot keep {file}: {error.strerror}. Set TWIN_MQTT_CLIENT_ID.") from error


def _parts(address: str) -> tuple[SplitResult, int]:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        # The cause would show the address.
        raise BrokerAddressError("its address cannot be read") from None
    if parts.scheme not in _PORTS:
        raise BrokerAddressError(
            f"its address must begin with {' or '.join(f'{each}://' for each in _PORTS)}"
        )
    if not parts.hostname:
        raise BrokerAddressError("its address names no host")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise BrokerAddressError(
            "its address goes on after host and port (in a password, write / ? # as %2F %3F %23)"
        )
    return parts, _PORTS[parts.scheme] if port is None else port


def _decoded(text: str | None) -> str | None:
    return unquote(text) if text else None


def _tls(settings: Settings) -> Tls:
    tls = Tls(authority=settings.mqtt_authority, certificate=settings.mqtt_certificate, key=settings.mqtt_key)
    try:
        tls.context()
    except OSError as error:
        files = [str(file) for file in (tls.authority, tls.certificate, tls.key) if file is not None]
        raise BrokerAddressError(f"{', '.join(files)}: {error.strerror or error}") from error
    return tls
