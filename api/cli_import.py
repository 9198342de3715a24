"""`twin import` for people and programs: progress bars, the coverage table, the report file."""

from pathlib import Path
from typing import Self

import msgspec
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from api.importing.batch import import_sources
from api.importing.events import Advanced, Event, Finished, ImportRequest, Started
from api.importing.sources import shown
from api.settings import Settings
from twin.errors import InvalidRules, PlacementError, SourceError
from twin.source import SourceReport

_STATUS_STYLE = {"imported": "green", "unchanged": "cyan", "failed": "red"}
_FAILED, _USAGE = 1, 2
_NAME_WIDTH = 40


def run(settings: Settings, request: ImportRequest, report_file: Path | None) -> int:
    """Import, show, and return the exit status: 0 all good, 1 some failed, 2 wrong usage."""
    errors = Console(stderr=True)
    if report_file is not None:
        _check_writable(report_file)
    try:
        with _Display(errors) as display:
            reports = import_sources(settings, request, display.show)
    except (SourceError, PlacementError, InvalidRules) as error:
        errors.print(f"twin: {error}", markup=False, highlight=False)
        return _USAGE
    if report_file is not None:
        report_file.write_bytes(report_document(reports))
    _table(Console(), reports)
    return _FAILED if any(report.status == "failed" for report in reports) else 0


def _check_writable(file: Path) -> None:
    """Raise BadParameter before hours of work if the report could not be written after them."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("ab"):
            pass
    except OSError as error:
        raise typer.BadParameter(
            f"{file} cannot be written ({error.strerror})", param_hint="--report"
        ) from error


def report_document(reports: list[SourceReport]) -> bytes:
    """The report as the one JSON object that other tools read."""
    return msgspec.json.format(msgspec.json.encode({"sources": reports}), indent=2) + b"\n"


class _Display:
    """A bar for each file under way and one for all."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[phase]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._all: TaskID | None = None
        self._tasks: dict[int, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, event: Event) -> None:
        """Draw one event."""
        match event:
            case Started(index, source, total):
                if self._all is None:
                    self._all = self._progress.add_task("all", total=total, phase="sources")
                self._tasks[index] = self._progress.add_task(
                    shown(Path(source.name))[-_NAME_WIDTH:], total=None, phase="reading"
                )
            case Advanced(index, phase, done, total):
                self._progress.update(self._tasks[index], completed=done, total=total, phase=phase)
            case Finished(index, _report):
                if index in self._tasks:
                    self._progress.remove_task(self._tasks.pop(index))
                if self._all is not None:
                    self._progress.advance(self._all)


def _table(console: Console, reports: list[SourceReport]) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("source", overflow="fold")
    for name in ("status", "schema"):
        table.add_column(name)
    for name in ("products", "drawn", "instanced", "not drawn", "seconds"):
        table.add_column(name, justify="right")
    for report in reports:
        style = _STATUS_STYLE[report.status]
        table.add_row(
            Path(report.source).name,
            f"[{style}]{report.status}[/]",
            report.schema or "–",
            *(f"{number:,}" for number in (report.products, report.drawn, report.instanced)),
            f"{sum(report.not_drawn.values()):,}",
            f"{report.seconds:.2f}",
        )
    console.print(table)
    for report in reports:
        _notes(console, report)


def _notes(console: Console, report: SourceReport) -> None:
    name = Path(report.source).name
    lines = [report.reason] if report.reason else []
    lines += [f"not drawn: {count:,} × {reason}" for reason, count in sorted(report.not_drawn.items())]
    lines += [f"warning: {warning}" for warning in report.warnings]
    for line in lines:
        console.print(f"{name}: {line}", markup=False, highlight=False)
