"""`twin bind`: a binding file against the objects; orphans; a file to start from."""

from pathlib import Path

import msgspec
import typer
from rich.table import Table

from api import binding
from api.cli_tables import output
from api.local import act_locally
from api.runtime import Runtime
from api.settings import Settings
from state_sync.bindings import BindingFile, InvalidBindings, StoreFinder, parse
from state_sync.templates import template

_FAILED, _USAGE = 1, 2

_MEANING = {
    "unmatched": ("red", "not matched"),
    "ambiguous": ("red", "ambiguous"),
    "unusable": ("red", "not usable"),
    "twice": ("yellow", "matched twice"),
    "orphan": ("yellow", "orphan"),
}


def run(settings: Settings, file: Path, *, dry_run: bool, as_json: bool) -> int:
    """Bind, show, and return the exit status: 0 all matched, 1 some not (the others are in), 2 the file cannot be used."""
    try:
        parsed = _parsed(file)
    except InvalidBindings as error:
        for problem in error.problems:
            typer.echo(f"{file}, {problem}", err=True)
        return _USAGE
    with Runtime(settings) as runtime, act_locally(runtime.store, "bindings.replace", parsed.name):
        outcome = binding.bind(runtime.store, parsed, dry_run=dry_run)
    if as_json:
        typer.echo(msgspec.json.encode(binding.outcome_document(outcome)))
    else:
        _show(outcome)
    return 0 if outcome.report.clean else _FAILED


def check(settings: Settings, *, as_json: bool) -> int:
    """Tell which bound signals have lost their object; 1 if any has."""
    with Runtime(settings) as runtime:
        gone = binding.orphaned(runtime.store)
    if as_json:
        typer.echo(msgspec.json.encode({"orphans": gone}))
    elif gone:
        table = _table("file", "signal without its object")
        for source, signals in gone.items():
            for signal in signals:
                table.add_row(source, signal)
        console = output()
        console.print(table)
        console.print("Bind the file again: twin bind FILE", markup=False)
    else:
        typer.echo("Every bound signal has its object.")
    return _FAILED if gone else 0


def suggest(settings: Settings, model: str) -> None:
    """Print a binding file to start from. Raises NotFound."""
    with Runtime(settings) as runtime:
        runtime.store.model(model)
        text, count = template(model, StoreFinder(runtime.store))
    typer.echo(text, nl=False)
    typer.echo(f"{count} signals suggested", err=True)


def _parsed(file: Path) -> BindingFile:
    """The file, checked. Raises BadParameter if there is none, InvalidBindings."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read ({error.strerror})", param_hint="FILE") from error
    return parse(content, file.name)


def _show(outcome: binding.Outcome) -> None:
    report, console = outcome.report, output()
    if outcome.doubts or report.orphans:
        table = _table("line", "result", "what", "why")
        for kind, doubt in outcome.doubts:
            style, word = _MEANING[kind]
            objects = ", ".join(doubt.objects[:3]) + (" …" if len(doubt.objects) > 3 else "")
            table.add_row(
                str(doubt.line), f"[{style}]{word}[/]", _plain(doubt.what), _plain(doubt.detail, objects)
            )
        style, word = _MEANING["orphan"]
        for signal in report.orphans:
            table.add_row("–", f"[{style}]{word}[/]", _plain(signal), "its object is gone")
        console.print(table)
    done = "would be bound" if outcome.dry_run else "bound"
    console.print(
        f"{outcome.source}: {report.matched:,} bindings of {outcome.signals:,} signals of {report.objects:,} objects {done}",
        markup=False,
        highlight=False,
    )


def _plain(text: str, more: str = "") -> str:
    """Square brackets are no markup of ours."""
    return (f"{text} ({more})" if more else text).replace("[", r"\[")


def _table(*names: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in names:
        table.add_column(name, overflow="fold")
    return table
