"""The commands below `twin devices`. Nothing heavy is loaded before one runs."""

from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(invoke_without_command=True)

Data = Annotated[
    Path | None, typer.Option("--data", help="Data folder (database, tiles, token). Or TWIN_DATA.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document for programs instead of a table.")]
Device = Annotated[str, typer.Argument(metavar="DEVICE", help="Its id, as the list shows it.")]
Fields = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[FIELD=VALUE]...",
        help="name, address, gateway, is_gateway, status_topic, offline, manufacturer, type, serial, firmware, credentials "
        "(file:/… or env:NAME), note. An empty value takes one away.",
    ),
]


def _settings(data: Path | None) -> Any:
    from api.cli import settings_of  # noqa: PLC0415

    return settings_of(data=data)


@app.callback()
def devices(
    context: typer.Context,
    data: Data = None,
    silent: Annotated[bool, typer.Option("--silent", help="Only those that do not report now.")] = False,
    as_json: AsJson = False,
) -> None:
    """List devices and gateways: when each was last heard of, and which signals are stale. Sub-commands register and change them."""
    if context.invoked_subcommand is None:
        from api import cli_devices  # noqa: PLC0415

        cli_devices.show(_settings(data), silent=silent, as_json=as_json)


@app.command()
def show(device: Device, data: Data = None) -> None:
    """Print all that is known of a device, as JSON."""
    from api import cli_devices  # noqa: PLC0415

    cli_devices.show_one(_settings(data), device)


@app.command(name="set")
def set_(device: Device, fields: Fields = None, data: Data = None) -> None:
    """Register a device or gateway, or change what is written down of it."""
    from api import cli_devices  # noqa: PLC0415

    cli_devices.write(_settings(data), device, fields or [])


@app.command()
def disable(device: Device, data: Data = None) -> None:
    """Refuse the messages of a device, and of all behind it; its signals turn stale."""
    from api import cli_devices  # noqa: PLC0415

    cli_devices.set_disabled(_settings(data), device, disabled=True)


@app.command()
def enable(device: Device, data: Data = None) -> None:
    """Take the messages of a device again."""
    from api import cli_devices  # noqa: PLC0415

    cli_devices.set_disabled(_settings(data), device, disabled=False)


@app.command()
def replace(
    device: Device,
    new: Annotated[str, typer.Argument(metavar="NEW", help="Id of the device that takes its place.")],
    fields: Fields = None,
    data: Data = None,
) -> None:
    """Let another device take the place of one: signals, history and bindings stay, messages are read at the new address."""
    from api import cli_devices  # noqa: PLC0415

    cli_devices.replace(_settings(data), device, new, fields or [])


@app.command()
def remove(device: Device, data: Data = None) -> None:
    """Forget what is written down of a device. Its signals and their history stay."""
    from api import cli_devices  # noqa: PLC0415

    cli_devices.remove(_settings(data), device)
