"""`twin devices`: who reports, and who has gone silent."""

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from api.devices import device_document, known_devices
from api.representations import page
from api.representations_live import moment
from api.runtime import Runtime
from api.settings import Settings
from state_sync.devices import Device

_PIPED_WIDTH = 200

_ONLINE = {True: "[green]online[/]", False: "[red]silent[/]", None: "[yellow]never seen[/]"}


def show(settings: Settings, *, silent: bool, as_json: bool) -> None:
    """List the devices as a table, or as the document that the API answers. `silent`: only those that are not online."""
    with Runtime(settings) as runtime:
        found = known_devices(runtime.store)
    shown = [device for device in found if not (silent and device.online)]
    if as_json:
        typer.echo(msgspec.json.encode(page([device_document(device) for device in shown])))
        return
    console = Console()
    if not console.is_terminal:
        console.width = _PIPED_WIDTH
    if not found:
        console.print("Nothing is bound yet: twin bind FILE")
        return
    console.print(_table(shown))
    online = sum(device.online is True for device in found)
    console.print(f"{online} of {len(found)} devices online", highlight=False)


def _table(devices: list[Device]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("device", "gateway", "", "last seen", "signals", "stale", "never reported"):
        table.add_column(name, overflow="fold", justify="right" if name in {"signals", "stale"} else "left")
    for device in devices:
        table.add_row(
            device.id.replace("[", r"\["),
            (device.gateway or "–").replace("[", r"\["),
            _ONLINE[device.online],
            moment(device.last_seen) or "–",
            *(str(number) for number in (device.signals, device.stale, device.silent)),
        )
    return table
