"""`twin command`. Nothing heavy is loaded before it runs."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

Data = Annotated[
    Path | None, typer.Option("--data", help="Data folder (database, tiles, token). Or TWIN_DATA.")
]
PriorityName = Literal["manual-life-safety", "manual", "automatic", "schedule"]


def _settings(data: Path | None) -> Any:
    from api.cli import settings_of  # noqa: PLC0415

    return settings_of(data=data)


def command(
    signal: Annotated[str, typer.Argument(metavar="SIGNAL", help="Its id: model/global_id/name.")],
    value: Annotated[
        str, typer.Argument(metavar="VALUE", help="true, 21.5, open …, as the signal's type is.")
    ],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why: it is kept.")],
    unit: Annotated[str | None, typer.Option(help="Of the value; default: the signal's own.")] = None,
    priority: Annotated[PriorityName | None, typer.Option(help="Default: as the signal declares.")] = None,
    key: Annotated[
        str | None, typer.Option(help="Idempotency key: the same again is the same command.")
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Until it is over; exit status 1 unless it is confirmed.")
    ] = False,
    timeout: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="Longest wait with --wait.")
    ] = 120.0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would happen, as JSON.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The command as one JSON document.")] = False,
    data: Data = None,
) -> None:
    """Command a signal. A server that runs on the same data sends it; without one it waits, and expires."""
    from api import cli_command  # noqa: PLC0415
    from twin.controls import Priority  # noqa: PLC0415

    asking = cli_command.Asking(
        signal=signal,
        value=value,
        reason=reason,
        unit=unit,
        priority=None if priority is None else Priority(priority),
        key=key,
        dry_run=dry_run,
        wait_s=timeout if wait else None,
        as_json=as_json,
    )
    cli_command.run(_settings(data), asking)
