"""`twin alarms`: what is wrong now, and who has seen it."""

import msgspec
import typer
from rich.table import Table

from api.cli_tables import output
from api.local import act_locally
from api.moments import moment
from api.representations import page
from api.representations_alarms import view
from api.runtime import Runtime
from api.settings import Settings
from twin.alarms import Severity, Status
from twin.ports import AlarmQuery, AlarmView

_COLOUR = {
    Severity.CRITICAL: "bold red",
    Severity.MAJOR: "red",
    Severity.MINOR: "yellow",
    Severity.WARNING: "yellow",
    Severity.INFO: "cyan",
}


def show(settings: Settings, *, everything: bool, limit: int, as_json: bool) -> None:
    """List alarms as a table, or as the document that the API answers."""
    statuses = () if everything else (Status.RAISED, Status.ACKNOWLEDGED)
    with Runtime(settings) as runtime:
        found = runtime.store.alarms(AlarmQuery(statuses=statuses, limit=limit))
    if as_json:
        typer.echo(msgspec.json.encode(page([view(one) for one in found.items], found.next)))
        return
    console = output()
    if not found.items:
        console.print("No alarms" if everything else "No open alarms")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("alarm", "severity", "kind", "signal", "value", "since", "state", "message"):
        table.add_column(name, overflow="fold", justify="right" if name == "alarm" else "left")
    for one in found.items:
        table.add_row(*_row(one))
    console.print(table)


def _row(one: AlarmView) -> tuple[str, ...]:
    alarm, signal = one.record, one.signal.signal
    seen = f" by {alarm.acknowledged_by}" if alarm.acknowledged_by else ""
    return (
        str(alarm.id),
        f"[{_COLOUR[alarm.severity]}]{alarm.severity}[/]",
        alarm.kind,
        _plain(signal.id),
        _plain(f"{alarm.value} {signal.unit or ''}".strip()),
        moment(alarm.since) or "–",
        _plain(f"{alarm.status}{seen}"),
        _plain(alarm.message or "–"),
    )


def _plain(text: str) -> str:
    return text.replace("[", r"\[")


def acknowledge(settings: Settings, alarm: int, *, by: str, note: str | None) -> None:
    """Write down who has seen it."""
    target = str(alarm)
    with Runtime(settings) as runtime, act_locally(runtime.store, "alarm.acknowledge", target, f"by {by}"):
        runtime.store.acknowledge_alarm(alarm, by=by, note=note)
    typer.echo(f"alarm {alarm} is acknowledged")


def clear(settings: Settings, alarm: int, *, by: str, note: str | None) -> None:
    """Clear it by hand."""
    with Runtime(settings) as runtime, act_locally(runtime.store, "alarm.clear", str(alarm), f"by {by}"):
        runtime.store.clear_alarm(alarm, by=by, note=note)
    typer.echo(f"alarm {alarm} is cleared")
