"""A real place: the flat of OpenSmartHomeData as IFC, its 37 series bound to its rooms by the links in the data, replayed over MQTT."""

import asyncio
import random
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from msgspec import Struct
from msgspec.structs import replace

from api.importing.batch import import_sources
from api.importing.events import ImportRequest
from api.settings import Settings
from state_sync.bindings.binding import Binding, to_document
from state_sync.decoding import from_store
from state_sync.ingest import Ingest, IngestOptions
from state_sync.messages import Publication
from state_sync.mqtt import MqttSource
from state_sync.mqtt_settings import MqttSettings
from tests.state_sync.broker import Broker
from tests.state_sync.fakes import until
from tests.state_sync.flood import flood
from twin.ports import StateQuery
from twin.ports.live import SignalRecord
from twin.state import Signal
from twin.store import SqlStore, open_store

NAME = "TechnicalBuildingSystems+OpenSmartHomeData"
READINGS = 285_954
SECOND = 1_000_000
OPTIONS = IngestOptions(reload_every_s=0, sweep_every_s=0)


class Series(Struct, frozen=True):
    """One file: the room it was measured in, what, and rows of (seconds since 1970, value), ascending."""

    room: str
    name: str
    rows: pd.DataFrame

    @property
    def topic(self) -> str:
        return f"home/{self.room}/{self.name}"

    @property
    def publications(self) -> list[Publication]:
        columns = zip(self.rows["time"].tolist(), self.rows["text"].tolist(), strict=True)
        return [Publication(self.topic, b'{"t": %d, "v": %b}' % (at, text.encode())) for at, text in columns]


class Home(Struct, frozen=True):
    """A store with the imported flat and its signals; their series in the same order; GlobalIds by room."""

    store: SqlStore
    records: list[SignalRecord]
    series: list[Series]
    rooms: dict[str, str]


def linked_rooms(folder: Path) -> dict[str, str]:
    """GlobalId of each room: through `skos:related` to the resource of its IfcSpace, and that one's globalId."""
    links = (folder / "01_LinkOsh.ttl").read_text(encoding="utf-8")
    spaces = dict(re.findall(r"(?<!\w)osh:(\w+)\s+skos:related ifc4osh:(IfcSpace_\d+)", links))
    graph = (folder / "06_ifcOWLfromIFC.ttl").read_text(encoding="utf-8")
    texts = dict(
        re.findall(r"ifc4osh:(IfcGloballyUniqueId_\d+)\s[^.]*?express:hasString\s+\"([^\"]+)\"", graph)
    )
    owners = dict(re.findall(r"ifc4osh:(IfcSpace_\d+)\s+ifcowl:globalId_IfcRoot\s+ifc4osh:(\w+)", graph))
    return {room: texts[owners[space]] for room, space in spaces.items()}


def all_series(folder: Path) -> list[Series]:
    found = []
    for file in sorted((folder / "Measurements").glob("*.csv")):
        room, _, name = file.stem.partition("_")
        rows = pd.read_csv(file, sep="\t", names=["time", "text"], dtype={"text": str})
        rows["value"] = rows["text"].astype(float)
        found.append(Series(room, name, rows))
    return found


@pytest.fixture(scope="module")
def folder(real_data: Path) -> Path:
    return real_data / "iot" / NAME


@pytest.fixture(scope="module")
def imported(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data folder with the flat."""
    data = tmp_path_factory.mktemp("home")
    flat = real_data / "ifc" / NAME / "04_Flat.ifc"
    reports = import_sources(
        Settings(data=data, workers=1), ImportRequest(sources=[flat], key="flat"), lambda _event: None
    )
    assert [report.status for report in reports] == ["imported"]
    return data


@pytest.fixture(params=["in order", "shuffled"])
def home(imported: Path, folder: Path, broker: Broker, request: pytest.FixtureRequest) -> Iterator[Home]:
    """The flat after all readings went through the broker; each order has signals of its own, so that both start from nothing."""
    store = open_store(imported)
    rooms, series = linked_rooms(folder), all_series(folder)
    assert sum(len(each.rows) for each in series) == READINGS
    suffix = request.param.replace(" ", "-")
    if request.param == "shuffled":
        # Readings out of order over months are the store's slowest case: a quarter of them says as much.
        series = [replace(each, rows=each.rows.iloc[::4]) for each in series]
    signals = [
        Signal(model="flat", global_id=rooms[each.room], name=f"{each.name}-{suffix}") for each in series
    ]
    records = store.declare_signals(signals)
    bindings = [_binding(signal, each.topic) for signal, each in zip(signals, series, strict=True)]
    store.replace_bindings("home", [to_document(each) for each in bindings])
    publications = [publication for each in series for publication in each.publications]
    if request.param == "shuffled":
        random.Random(2017).shuffle(publications)
    asyncio.run(_replay(broker, store, publications))
    yield Home(store, records, series, rooms)
    store.close()


def _binding(signal: Signal, topic: str) -> Binding:
    return Binding(
        model=signal.model,
        global_id=signal.global_id,
        name=signal.name,
        topic=topic,
        codec="json",
        path="v",
        time="t",
        time_format="s",
    )


async def _replay(broker: Broker, store: SqlStore, publications: list[Publication]) -> None:
    source = MqttSource(MqttSettings(client_id="twin", port=broker.port))
    async with Ingest(store, source, load=from_store(store), options=OPTIONS) as ingest:
        await until(lambda: source.link.connected)
        await flood(broker.port, publications)
        await until(lambda: ingest.counts.acknowledged == len(publications), within_s=200)
        assert not ingest.counts.rejected
        assert ingest.counts.readings.total() == len(publications)


def history(home: Home, record: SignalRecord) -> tuple[list[int], list[float]]:
    """Times in seconds, and values."""
    times: list[int] = []
    values: list[float] = []
    cursor: str | None = None
    while True:
        page = home.store.history(record.number, start=0, end=2**53, limit=1000, cursor=cursor)
        times += [row.observed_at // SECOND for row in page.items]
        values += [float(row.value) for row in page.items]
        cursor = page.next
        if cursor is None:
            return times, values


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_every_reading_of_a_real_home_is_found_again(home: Home) -> None:
    _history_is_the_files(home)
    _rooms_have_their_signals_with_the_last_value(home)
    _scenes_are_what_was_known_then(home)


def _history_is_the_files(home: Home) -> None:
    for record, series in zip(home.records, home.series, strict=True):
        times, values = history(home, record)
        assert times == series.rows["time"].tolist()
        assert values == series.rows["value"].tolist()
        ours = pd.Series(values, index=np.array(times) // 86_400).groupby(level=0).mean()
        theirs = series.rows.groupby(series.rows["time"] // 86_400)["value"].mean()
        assert ours.tolist() == theirs.tolist()


def _rooms_have_their_signals_with_the_last_value(home: Home) -> None:
    mine = {record.number: series for record, series in zip(home.records, home.series, strict=True)}
    found = 0
    for room, global_id in home.rooms.items():
        for state in home.store.states(StateQuery(place=f"flat/{global_id}")).items:
            series = mine.get(state.signal.number)
            if series is None:
                continue
            found += 1
            last = series.rows.iloc[-1]
            assert series.room == room
            assert (state.value, state.observed_at) == (last["value"], last["time"] * SECOND)
    assert found == len(home.records)


def _scenes_are_what_was_known_then(home: Home) -> None:
    first, last = (
        int(fold(series.rows["time"].iloc[place] for series in home.series))
        for fold, place in ((min, 0), (max, -1))
    )
    chance = random.Random(3)
    for at in [first - 1, first, last, *(chance.randint(first, last) for _ in range(20))]:
        scene = home.store.scene_at(at * SECOND)
        shown = dict(zip(scene.signals.tolist(), scene.values.tolist(), strict=True))
        for record, series in zip(home.records, home.series, strict=True):
            known = series.rows[series.rows["time"] <= at]
            expected = known["value"].iloc[-1] if len(known) else None
            assert shown.get(record.number) == expected
