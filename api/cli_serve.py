"""`twin serve`: the server in the foreground, until Ctrl-C."""

import socket
from contextlib import suppress
from typing import TYPE_CHECKING

import typer
import uvicorn

from api.app import create_app
from api.broker import broker_settings
from api.redaction import redact_logs
from api.runtime import Runtime
from api.security import TOKEN_FILE, admin_token
from api.settings import Settings
from api.upkeep import Upkeep
from api.work import Work
from twin.errors import TwinError
from twin.ports import Retention

if TYPE_CHECKING:
    from state_sync.messages import Outlet, Source
    from state_sync.mqtt_settings import MqttSettings

_SOCKET_MESSAGE = 4096
"""Bytes of what a client says on a socket, which is of no interest."""

_BACKLOG = 2048
"""Connections that wait to be accepted; uvicorn's own number."""


class AddressError(TwinError):
    """The server cannot listen at `host` and `port`: another program does, or the address is not this machine's."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        self.host = host
        self.port = port
        self.reason = reason
        super().__init__(
            f"cannot listen at {host}, port {port}: {reason}. Choose another with --port or --host."
        )


def run(settings: Settings, *, demo: bool) -> None:
    """Serve the data folder; with `demo`, the sample is imported first where the folder has no model, and its devices report.

    Raises BrokerAddressError, AddressError, StoreError.
    """
    redact_logs()
    broker = broker_settings(settings)
    with Runtime(settings) as runtime:
        empty = not runtime.store.models()
    if demo and empty:
        from api.demo_site import set_up  # noqa: PLC0415 - only for demos

        set_up(settings)
    with Runtime(settings) as runtime:
        _serve(runtime, _work(runtime, broker, demo=demo), signed_in=demo)


def _work(runtime: Runtime, broker: "MqttSettings | None", *, demo: bool) -> Work:
    """Ingest from the broker if there is one, and from the demo's devices; commands go the same ways."""
    sources: dict[str, Source] = {}
    outlets: dict[str | None, Outlet] = {}
    devices = None
    if broker is not None:
        # Late: the client takes a while to load.
        from state_sync.mqtt import MqttSource  # noqa: PLC0415
        from state_sync.mqtt_outlet import MqttOutlet  # noqa: PLC0415

        sources["mqtt"], outlets[None] = MqttSource(broker), MqttOutlet(broker)
        typer.echo(f"Readings from {broker!r}")
    if demo:
        from api.demo import SOURCE, DemoDevices, bind_sample, sample_actuators, sample_devices  # noqa: PLC0415

        bind_sample(runtime.store)
        signals = sample_devices(runtime.store)
        simulated = DemoDevices(signals, actuators=sample_actuators(runtime.store, signals))
        sources["demo"], devices = simulated.source, simulated.run
        outlets[SOURCE] = simulated.outlet
    settings = runtime.settings
    kept = Retention(
        days=settings.keep_days,
        roll_up_days=settings.keep_rollup_days,
        alarm_days=settings.keep_alarm_days,
    )
    # Without a folder of its own a server of PostgreSQL needs to be told where its archive is.
    archives = settings.database is None or settings.archive is not None
    upkeep = Upkeep(
        runtime.store,
        retention=kept,
        archive_after_days=settings.archive_after_days if archives else None,
    )
    work = Work(runtime.store, sources, devices=devices, upkeep=upkeep)
    for source, outlet in outlets.items():
        work.control.reach(source, outlet)
    return work


def _serve(runtime: Runtime, work: Work, *, signed_in: bool) -> None:
    settings = runtime.settings
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(runtime, work),
            http="httptools",
            log_level="warning",
            access_log=False,
            # Frames are small and many: a deflate window for each browser costs memory and time and saves a few bytes.
            ws_per_message_deflate=False,
            ws_max_size=_SOCKET_MESSAGE,
            timeout_graceful_shutdown=5,
        )
    )
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # The protocol must be named: asyncio switches Nagle's delay off only for sockets that say TCP (40 ms per answer).
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _bind(listener, settings.host, settings.port)
        host = f"[{settings.host}]" if family == socket.AF_INET6 else settings.host
        address = f"http://{host}:{listener.getsockname()[1]}/"
        typer.echo(f"Serving {settings.data} at {address}  (Ctrl-C stops)")
        if signed_in:
            # Whoever reads this terminal may read the file as well; the fragment reaches no server and no log.
            typer.echo(f"Signed in as administrator: {address}#token={admin_token(settings.data)}")
        typer.echo(f"Administrator's token: {settings.data / TOKEN_FILE}")
        # The server stops in order, and then raises the signal again that it took: to be stopped is no failure.
        with suppress(KeyboardInterrupt, SystemExit):
            server.run(sockets=[listener])


def _bind(listener: socket.socket, host: str, port: int) -> None:
    """Take the address, and listen at once: a second server must fail here, not later. Raises AddressError."""
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise AddressError(host, port, reason) from error
