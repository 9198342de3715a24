"""The commands below `twin calendars`. Nothing heavy is loaded before one runs."""

from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(invoke_without_command=True)

Data = Annotated[
    Path | None, typer.Option("--data", help="Data folder (database, tiles, token). Or TWIN_DATA.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document for programs instead of a table.")]
Name = Annotated[str, typer.Argument(metavar="ID", help="As the list shows it.")]
Count = Annotated[int, typer.Option(min=1, max=1000, help="How many.")]


def _settings(data: Path | None) -> Any:
    from api.cli import settings_of  # noqa: PLC0415

    return settings_of(data=data)


@app.callback()
def calendars(context: typer.Context, data: Data = None, as_json: AsJson = False) -> None:
    """List calendars: what is commanded at times of day, at dusk and at dawn. Sub-commands set and remove them."""
    if context.invoked_subcommand is None:
        from api import cli_calendars  # noqa: PLC0415

        cli_calendars.show(_settings(data), as_json=as_json)


@app.command("apply")
def apply_file(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="Calendar file, .toml.")
    ],
    data: Data = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would be commanded, and when.")
    ] = False,
) -> None:
    """Set the calendars of a file; those that the same file set before and does not name any more are removed."""
    from api import cli_calendars  # noqa: PLC0415

    cli_calendars.apply_file(_settings(data), file, dry_run=dry_run)


@app.command("next")
def upcoming(calendar: Name, count: Count = 10, data: Data = None, as_json: AsJson = False) -> None:
    """List what a calendar does next."""
    from api import cli_calendars  # noqa: PLC0415

    cli_calendars.upcoming(_settings(data), calendar, count, as_json=as_json)


@app.command()
def runs(calendar: Name, count: Count = 20, data: Data = None, as_json: AsJson = False) -> None:
    """List what became of a calendar's occurrences, the newest first."""
    from api import cli_calendars  # noqa: PLC0415

    cli_calendars.runs(_settings(data), calendar, count, as_json=as_json)


@app.command()
def remove(calendar: Name, data: Data = None) -> None:
    """Take a calendar away. Commands that it has asked for stay."""
    from api import cli_calendars  # noqa: PLC0415

    cli_calendars.remove(_settings(data), calendar)
