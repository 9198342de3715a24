"""`twin calendars`: what is commanded when."""

import time
from pathlib import Path

import msgspec
import typer

from api import calendar_work
from api import representations_calendars as representations
from api.calendar_targets import check_targets
from api.callers import ADMINISTRATOR, Caller, Principal
from api.cli_tables import print_rows
from api.local import act_locally, local_user
from api.moments import moment
from api.representations import page
from api.runtime import Runtime
from api.settings import Settings
from twin.calendars import Calendar, following, read_calendars
from twin.ports import TwinStore


def show(settings: Settings, *, as_json: bool) -> None:
    """All calendars."""
    with Runtime(settings) as runtime:
        found = [representations.calendar(each) for each in runtime.store.calendars()]
    if as_json:
        typer.echo(msgspec.json.encode(page(found)))
        return
    rows = [
        (
            each["id"],
            each["owner"],
            "; ".join(one["at"] for one in each["entries"]),
            each["zone"],
            "off" if not each["enabled"] else "never" if each["next"] is None else str(each["next"]["at"]),
            each["description"] or "–",
        )
        for each in found
    ]
    names = ("calendar", "owner", "entries", "zone", "next", "description")
    print_rows(names, rows, "No calendars: twin calendars apply FILE")


def apply_file(settings: Settings, file: Path, *, dry_run: bool) -> None:
    """Set what a file says, all of it or nothing that is wrong. Raises InvalidCalendar, NotFound."""
    wanted = read_calendars(file.read_text(encoding="utf-8"), name=str(file))
    with Runtime(settings) as runtime:
        store, source = runtime.store, file.name
        caller = local_caller(runtime)
        counts = {key: check_targets(store, caller, each) for key, each in wanted.items()}
        gone = [each.id for each in store.calendars() if each.source == source and each.id not in wanted]
        if not dry_run:
            save_all(store, caller, wanted, source)
            for key in gone:
                with act_locally(store, "calendar.remove", key):
                    store.remove_calendar(key)
    for key, each in wanted.items():
        upcoming = following(each, _now())
        when = moment(upcoming[0].at) if upcoming else "never"
        typer.echo(f"{key}: {counts[key]} signals, next {when}")
    for key in gone:
        typer.echo(f"{key}: {'would be ' if dry_run else ''}removed")


def local_caller(runtime: Runtime) -> Caller:
    """Whoever has the data folder may do anything."""
    principal = Principal(name=local_user(), kind="administrator", roles=ADMINISTRATOR.roles)
    return Caller(principal, runtime.guard.rules, "local")


def save_all(store: TwinStore, caller: Caller, wanted: dict[str, Calendar], source: str) -> None:
    """Save calendars of a file, each an act of its own in the audit. Raises InvalidCalendar, NotFound."""
    for key, each in wanted.items():
        with act_locally(store, "calendar.put", key, msgspec.json.encode(each).decode()):
            calendar_work.save(store, caller, key, each, source=source)


def upcoming(settings: Settings, identifier: str, count: int, *, as_json: bool) -> None:
    """What comes next. Raises NotFound."""
    with Runtime(settings) as runtime:
        record = runtime.store.calendar(identifier)
    found = [
        representations.occurrence(each) for each in following(representations.read(record), _now(), count)
    ]
    if as_json:
        typer.echo(msgspec.json.encode(page(found)))
        return
    rows = [(str(each["at"]), str(each["value"]), each["missing"] or "") for each in found]
    print_rows(("at", "value", ""), rows, "Nothing within four years")


def runs(settings: Settings, identifier: str, count: int, *, as_json: bool) -> None:
    """What became of occurrences. Raises NotFound."""
    with Runtime(settings) as runtime:
        record = runtime.store.calendar(identifier)
        found = runtime.store.calendar_runs(record.id, limit=count)
    items = [representations.run(each) for each in found.items]
    if as_json:
        typer.echo(msgspec.json.encode(page(items, found.next)))
        return
    rows = [
        (str(each["at"]), each["outcome"], each["request"] or "–", each["detail"] or "–") for each in items
    ]
    print_rows(("at", "outcome", "request", "detail"), rows, "Nothing has come up yet")


def remove(settings: Settings, identifier: str) -> None:
    """Take one away. Raises NotFound."""
    with Runtime(settings) as runtime, act_locally(runtime.store, "calendar.remove", identifier):
        runtime.store.remove_calendar(identifier)
    typer.echo(f"calendar {identifier} is removed")


def _now() -> int:
    return time.time_ns() // 1000
