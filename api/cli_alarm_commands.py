"""The commands below `twin alarms`. Nothing heavy is loaded before one runs."""

from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(invoke_without_command=True)

Data = Annotated[
    Path | None, typer.Option("--data", help="Data folder (database, tiles, token). Or TWIN_DATA.")
]
Alarm = Annotated[int, typer.Argument(metavar="ALARM", help="Its number, as the list shows it.")]
By = Annotated[str, typer.Option("--by", help="Name of the person.")]
Note = Annotated[str | None, typer.Option("--note", help="What there is to say about it.")]


def _settings(data: Path | None) -> Any:
    from api.cli import settings_of  # noqa: PLC0415

    return settings_of(data=data)


@app.callback()
def alarms(
    context: typer.Context,
    data: Data = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Most alarms shown, the newest first.")] = 100,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document for programs instead of a table.")
    ] = False,
) -> None:
    """List open alarms, the newest first. Sub-commands acknowledge and clear them."""
    if context.invoked_subcommand is None:
        from api import cli_alarms  # noqa: PLC0415

        cli_alarms.show(_settings(data), everything=everything, limit=limit, as_json=as_json)


@app.command()
def acknowledge(alarm: Alarm, by: By = "administrator", note: Note = None, data: Data = None) -> None:
    """Say that somebody has seen an alarm."""
    from api import cli_alarms  # noqa: PLC0415

    cli_alarms.acknowledge(_settings(data), alarm, by=by, note=note)


@app.command()
def clear(alarm: Alarm, by: By = "administrator", note: Note = None, data: Data = None) -> None:
    """Clear an alarm by hand: a latched one that is over, or one whose signal is silent."""
    from api import cli_alarms  # noqa: PLC0415

    cli_alarms.clear(_settings(data), alarm, by=by, note=note)
