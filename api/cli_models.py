"""`twin models`, `remove`, `place` and `rollback`."""

import msgspec
import typer
from rich.table import Table

from api import placing, representations
from api.cli_tables import output
from api.local import act_locally
from api.runtime import Runtime
from api.settings import Settings
from bim_import import PlacementOverrides
from twin.queries import ModelRecord

_KEY_WIDTH = 30
"""A key is what other commands want to be told: as long as this it stays in one piece."""

_CONFIDENCE_STYLE = {"high": "green", "medium": "yellow", "low": "red", "none": "red"}


def show(settings: Settings, *, as_json: bool) -> None:
    """List the models as a table, or as the document that the API answers."""
    with Runtime(settings) as runtime:
        records = runtime.store.models()
    if as_json:
        typer.echo(
            msgspec.json.encode(representations.page([representations.model(r) for r in records])).decode()
        )
        return
    console = output()
    if not records:
        console.print("No models yet: twin import FILE.ifc")
        return
    console.print(_table(records))
    for warning, keys in _by_warning(records).items():
        console.print(f"{', '.join(keys)}: {warning}", markup=False, highlight=False, soft_wrap=True)


def _by_warning(records: list[ModelRecord]) -> dict[str, list[str]]:
    """Each warning once, with the models that it is about."""
    keys: dict[str, list[str]] = {}
    for record in records:
        for warning in [*record.diagnosis.warnings, *record.report.warnings]:
            keys.setdefault(warning, []).append(record.key)
    return keys


def _table(records: list[ModelRecord]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("key", "schema", "revision", "objects", "drawn", "placed by", "CRS", "sure", "imported"):
        table.add_column(
            name,
            justify="right" if name in {"revision", "objects", "drawn"} else "left",
            overflow="fold" if name == "key" else "ellipsis",
            no_wrap=name != "key",
            min_width=min(max(len(record.key) for record in records), _KEY_WIDTH) if name == "key" else None,
        )
    for record in records:
        confidence = record.diagnosis.confidence
        table.add_row(
            record.key,
            record.schema or "–",
            str(record.revision),
            f"{record.objects:,}",
            f"{record.report.drawn:,}",
            record.diagnosis.used,
            record.diagnosis.placement.crs[:20],
            f"[{_CONFIDENCE_STYLE[confidence]}]{confidence}[/]",
            record.imported_at.strftime("%Y-%m-%d %H:%M"),
        )
    return table


def remove(settings: Settings, key: str) -> None:
    """Take a model out of the scene."""
    with Runtime(settings) as runtime, act_locally(runtime.store, "model.remove", key):
        runtime.store.remove(key)
    typer.echo(f"{key} removed; import it again to bring it back")


def place(settings: Settings, key: str, overrides: PlacementOverrides) -> None:
    """Move a model."""
    with Runtime(settings) as runtime:
        with act_locally(runtime.store, "model.place", key, repr(overrides)):
            placing.place(runtime.store, runtime.tiles_folder(key), key, overrides)
        record = runtime.store.model(key)
    typer.echo(f"{key} placed by {record.diagnosis.used} in {record.diagnosis.placement.crs}")
    for warning in record.diagnosis.warnings:
        typer.echo(f"  {warning}")


def roll_back(settings: Settings, key: str, revision: int) -> None:
    """Show an earlier revision again."""
    about = f"revision {revision}"
    with Runtime(settings) as runtime, act_locally(runtime.store, "model.rollback", key, about):
        runtime.store.rollback(key, revision)
    typer.echo(f"{key} shows revision {revision} again")
