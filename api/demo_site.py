"""The sample community in a data folder: written, imported, bound, with its roles, calendars and a past. It tells how far it is."""

import time
from collections.abc import Callable
from pathlib import Path

import typer

from api import cli_calendars, rights_work
from api.demo import bind_sample, sample_devices
from api.importing.batch import import_sources
from api.importing.events import Advanced, Event, Finished, ImportRequest, Started
from api.local import act_locally
from api.runtime import Runtime
from api.settings import Settings
from sample_models import Community, site_file, write_community
from state_sync.simulation.past import past
from twin.calendars import read_calendars
from twin.policy import read_policy
from twin.ports import TwinStore

Tell = Callable[[str], None]

POLICY, CALENDARS = "community.policy.toml", "community.calendars.toml"

_TELL_EVERY_S = 5.0
"""Between two lines about a source that takes long."""


def set_up(settings: Settings, tell: Tell = typer.echo) -> None:
    """Make all of it in an empty data folder. Raises SourceError, StoreError, OSError."""
    progress = Progress(tell)
    progress.say("Writing the sample community: three buildings, map layers, terrain")
    community = write_community(settings.data / "sample", lambda name: progress.say(f"  {name}"))
    for request in requests(community):
        progress.say(f"Importing {len(request.sources)} sources")
        import_sources(settings, request, progress.show)
    with Runtime(settings) as runtime:
        progress.say("Binding devices, setting roles and calendars")
        outcome = bind_sample(runtime.store)
        _roles_and_calendars(runtime)
        progress.say("Writing what the devices said in the last day")
        _write_past(runtime.store, progress)
    signals = outcome.signals if outcome else 0
    progress.say(f"The community is there: {progress.products:,} objects, {signals:,} signals")


def requests(community: Community) -> list[ImportRequest]:
    """What to import, in this order. Heights of all files are told above the ellipsoid."""
    return [
        ImportRequest(sources=community.buildings, height_offset_m=0.0),
        ImportRequest(
            sources=community.layers, rules=community.rules, terrain=community.terrain, height_offset_m=0.0
        ),
    ]


def _write_past(store: TwinStore, progress: "Progress") -> None:
    numbers = {record.signal.id: record.number for record in store.signal_records()}
    written = 0
    for batch in past(sample_devices(store), numbers, until=time.time_ns() // 1000):
        store.record(batch)
        written += len(batch)
    progress.say(f"  {written:,} readings")


def _roles_and_calendars(runtime: Runtime) -> None:
    policy = read_policy(site_file(POLICY), name=POLICY)
    with act_locally(runtime.store, "policy.replace", detail=", ".join(policy.roles)):
        rights_work.replace_policy(runtime.store, policy)
    wanted = read_calendars(site_file(CALENDARS), name=CALENDARS)
    cli_calendars.save_all(runtime.store, cli_calendars.local_caller(runtime), wanted, CALENDARS)


class Progress:
    """Lines about what is done, with the seconds since the beginning; `products` counts what was imported."""

    def __init__(self, tell: Tell) -> None:
        self.products = 0
        self._tell = tell
        self._began = self._told = time.monotonic()
        self._names: dict[int, str] = {}

    def say(self, sentence: str) -> None:
        """One line."""
        self._told = time.monotonic()
        self._tell(f"{self._told - self._began:5.1f} s  {sentence}")

    def show(self, event: Event) -> None:
        """A line for every source that is in, and now and then for one that takes long."""
        match event:
            case Started(index, source, _):
                self._names[index] = Path(source).name
            case Advanced(index, phase, done, total):
                if time.monotonic() - self._told > _TELL_EVERY_S:
                    self.say(f"  {self._names[index]}: {phase}, {done:,} of {total:,}")
            case Finished(_, report):
                self.products += report.products
                reason = f" ({report.reason})" if report.reason else ""
                self.say(
                    f"  {report.key}: {report.status}{reason}, {report.drawn:,} of {report.products:,} drawn"
                )
