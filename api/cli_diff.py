"""`twin diff`."""

from collections.abc import Iterator

import msgspec
import typer

from api import representations
from api.runtime import Runtime
from api.settings import Settings
from twin.differences import DifferenceQuery, ObjectDifference, RevisionDifference
from twin.queries import MAX_LIMIT

_SHOWN = 200
"""Objects that are listed for people; `--json` has all."""


def show(
    settings: Settings, key: str, revisions: tuple[int, int], *, tolerance_m: float, as_json: bool
) -> None:
    """List changes as lines, or as the document that the API answers, with all objects in one."""
    asked = DifferenceQuery(
        before=revisions[0],
        after=revisions[1],
        tolerance_m=tolerance_m,
        limit=MAX_LIMIT if as_json else _SHOWN,
    )
    with Runtime(settings) as runtime:
        page = runtime.store.differences(key, asked)
        if as_json:
            items = [*page.items, *_following(runtime, key, asked, page)]
            page = msgspec.structs.replace(page, items=items, next=None)
            typer.echo(msgspec.json.encode(representations.difference(page)).decode())
            return
    for line in _lines(page, tolerance_m):
        typer.echo(line)


def _following(
    runtime: Runtime, key: str, asked: DifferenceQuery, page: RevisionDifference
) -> Iterator[ObjectDifference]:
    while page.next is not None:
        page = runtime.store.differences(key, msgspec.structs.replace(asked, cursor=page.next))
        yield from page.items


def _lines(page: RevisionDifference, tolerance_m: float) -> Iterator[str]:
    counts = ", ".join(f"{count:,} {kind}" for kind, count in page.counts.items() if count)
    yield f"{page.model}, revision {page.before} to {page.after}: {counts or 'both are empty'}"
    if not page.shapes:
        yield "One of them was imported by an older city-twin: only boxes were compared. Import its source again with --force."
    for item in page.items:
        yield f"  {item.id}  {item.class_}  {item.name}: {'; '.join(_told(item, tolerance_m))}"
    if page.next is not None:
        yield f"  … the first {len(page.items)} are listed; --json lists all"


def _told(item: ObjectDifference, tolerance_m: float) -> Iterator[str]:
    """What has changed, in words."""
    yield from (kind for kind in item.changes if kind in {"added", "removed"})
    if item.moved is not None:
        where = "" if item.moved.bearing_deg is None else f" towards {item.moved.bearing_deg:.0f}°"
        yield f"moved {item.moved.distance_m:.3f} m{where}, {item.moved.up_m:+.3f} m up"
    if item.reshaped is not None:
        yield " ".join(["reshaped", ", ".join(_measures(item, tolerance_m))]).strip()
    for kind in ("renamed", "reclassified", "regrouped"):
        change = getattr(item, kind)
        if change is not None:
            yield f"{kind} {change.before} → {change.after}"
    for one in item.properties:
        yield f"{one.set}.{one.name} {one.before} → {one.after}".lstrip(".")


def _measures(item: ObjectDifference, tolerance_m: float) -> Iterator[str]:
    """What has become larger or smaller; lengths by the tolerance at least, as boxes of a tangent plane lean by some millimetres."""
    assert item.reshaped is not None
    for name, unit in (
        ("height", "m"),
        ("length", "m"),
        ("width", "m"),
        ("area", "m2"),
        ("volume", "m3"),
    ):
        measure = getattr(item.reshaped, f"{name}_{unit}")
        if measure.difference and (unit != "m" or abs(measure.difference) >= tolerance_m):
            yield f"{name} {measure.difference:+g} {unit}"
