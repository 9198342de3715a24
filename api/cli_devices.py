"""`twin devices`: who reports, who has gone silent, and what is written down of each."""

from typing import Any

import msgspec
import typer
from rich.table import Table

from api import devices
from api.cli_tables import output
from api.devices import device_document, known_device, known_devices
from api.local import act_locally
from api.moments import moment
from api.representations import page
from api.runtime import Runtime
from api.settings import Settings
from state_sync.devices import DeviceStatus

_ONLINE = {True: "[green]online[/]", False: "[red]silent[/]", None: "[yellow]never seen[/]"}

_FLAGS = {"true": True, "false": False}


def show(settings: Settings, *, silent: bool, as_json: bool) -> None:
    """List the devices as a table, or as the document that the API answers. `silent`: only those that are not online."""
    with Runtime(settings) as runtime:
        found = known_devices(runtime.store)
    shown = [device for device in found if not (silent and device.online)]
    if as_json:
        typer.echo(msgspec.json.encode(page([device_document(device) for device in shown])))
        return
    console = output()
    if not found:
        console.print("Nothing is bound yet: twin bind FILE")
        return
    console.print(_table(shown))
    online = sum(device.online is True for device in found)
    console.print(f"{online} of {len(found)} devices online", highlight=False)


def _table(shown: list[DeviceStatus]) -> Table:
    table = Table(box=None, pad_edge=False)
    numbers = ("signals", "stale", "never reported")
    for name in ("device", "gateway", "", "last seen", *numbers, "address", "firmware"):
        table.add_column(name, overflow="fold", justify="right" if name in numbers else "left")
    for device in shown:
        written = device.registered
        table.add_row(
            _plain(device.id),
            _plain(device.gateway),
            f"[red]{_plain(device.refused)}[/]" if device.refused else _ONLINE[device.online],
            moment(device.last_seen) or "–",
            *(str(number) for number in (len(device.signals), device.stale, device.silent)),
            _plain(None if written is None else written.place),
            _plain(None if written is None else written.firmware),
        )
    return table


def _plain(text: str | None) -> str:
    return (text or "–").replace("[", r"\[")


def show_one(settings: Settings, device: str) -> None:
    """All that is known of one."""
    with Runtime(settings) as runtime:
        found = device_document(known_device(runtime.store, device), full=True)
    typer.echo(msgspec.json.format(msgspec.json.encode(found)).decode())


def write(settings: Settings, device: str, fields: list[str]) -> None:
    """Register a device, or change fields of it."""
    wanted = _fields(fields)
    with Runtime(settings) as runtime:
        known = {one.id for one in known_devices(runtime.store)}
        with act_locally(runtime.store, "device.change", device, ", ".join(sorted(wanted))):
            if device in known:
                devices.patch(runtime.store, device, wanted)
            else:
                devices.register(runtime.store, devices.described(device, wanted))
    typer.echo(f"{device} is registered")


def set_disabled(settings: Settings, device: str, *, disabled: bool) -> None:
    """Refuse a device's messages, or take them."""
    step = "device.disable" if disabled else "device.enable"
    with Runtime(settings) as runtime, act_locally(runtime.store, step, device):
        devices.set_disabled(runtime.store, device, disabled=disabled)
    typer.echo(f"{device} is disabled; its signals are stale" if disabled else f"{device} is enabled")


def replace(settings: Settings, device: str, new: str, fields: list[str]) -> None:
    """Put another device in the place of one."""
    with Runtime(settings) as runtime, act_locally(runtime.store, "device.replace", device, f"by {new}"):
        taken = devices.replace(runtime.store, device, devices.described(new, _fields(fields)))
    typer.echo(f"{taken.id} has taken the place of {device}; its messages are read at {taken.place}")


def remove(settings: Settings, device: str) -> None:
    """Forget a device."""
    with Runtime(settings) as runtime, act_locally(runtime.store, "device.remove", device):
        devices.forget(runtime.store, device)
    typer.echo(f"{device} is no longer registered")


def _fields(given: list[str]) -> dict[str, Any]:
    """`name=value` as fields; nothing after the sign empties one."""
    fields: dict[str, Any] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals:
            raise typer.BadParameter("write FIELD=VALUE, such as firmware=1.4.2", param_hint="FIELD=VALUE")
        fields[name] = _FLAGS.get(value, value) if name in {"is_gateway", "disabled"} else value or None
    return fields
