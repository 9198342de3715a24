"""Simulated devices: believable, repeatable, and faulty on request."""

import asyncio
import itertools
import time
from collections.abc import Sequence
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state_sync.bus import Bus
from state_sync.decoding import BoundDecoder
from state_sync.ingest import Ingest, IngestOptions
from state_sync.messages import Message, Publication, Publisher
from state_sync.mqtt import MqttSource
from state_sync.mqtt_publisher import MqttPublisher
from state_sync.mqtt_settings import MqttSettings, Will
from state_sync.routing.router import Router
from state_sync.simulation.curves import CURVES, DAY_US, HOUR_US
from state_sync.simulation.faults import RUBBISH, Disturbance, Fault, FaultKind
from state_sync.simulation.past import OFTEN_US, SELDOM_US, past
from state_sync.simulation.schedule import Schedule
from state_sync.simulation.signals import SimulatedSignal, bindings, publication, simulated, value_at
from state_sync.simulator import Simulator
from tests.state_sync.broker import Broker
from tests.state_sync.fakes import MemoryStore, until
from twin.ports.live import SignalRecord
from twin.state import Signal, SignalType

MIDNIGHT = 1_795_392_000_000_000 - 8 * HOUR_US
"""Monday 2026-11-23, 00:00 in China."""


def signal(kind: str, name: str = "v", **more: object) -> Signal:
    curve = CURVES.get(kind)
    unit = curve.unit if curve is not None else None
    return Signal(model="楼/1", global_id=kind, name=name, kind=kind, unit=unit, **more)  # type: ignore[arg-type]


def one_of_each() -> list[SimulatedSignal]:
    return simulated([signal(kind) for kind in CURVES])


def decoder(signals: Sequence[SimulatedSignal]) -> BoundDecoder:
    records = [
        SignalRecord(number=number, state_index=number, signal=each.signal)
        for number, each in enumerate(signals)
    ]
    return BoundDecoder(Router(bindings(signals), records))


def values(each: SimulatedSignal, *, days: float = 1, step: int = HOUR_US // 12) -> list[float]:
    return [float(value_at(each, at)) for at in range(MIDNIGHT, MIDNIGHT + round(days * DAY_US), step)]


@given(st.sampled_from(sorted(CURVES)), st.integers(0, 2**32), st.integers(0, 4 * 10**15))
def test_the_same_seed_and_time_give_the_same_value(kind: str, seed: int, at: int) -> None:
    first, second = (simulated([signal(kind)], seed=seed)[0] for _ in range(2))
    assert value_at(first, at) == value_at(second, at)


def test_two_sensors_of_a_kind_differ() -> None:
    first, second = simulated([signal("temperature", "a"), signal("temperature", "b")])
    assert values(first) != values(second)


@given(
    st.sampled_from([*CURVES, "unheard of"]),
    st.sampled_from(get_args(SignalType)),
    st.integers(0, 4 * 10**15),
    st.floats(-50, 50),
)
def test_values_are_of_the_signal_s_type_and_in_its_range(
    kind: str, type_: SignalType, at: int, lowest: float
) -> None:
    each = simulated(
        [signal(kind, type=type_, minimum=lowest, maximum=lowest + 20, choices=("open", "shut"))]
    )[0]
    value = value_at(each, at)
    if type_ == "boolean":
        assert isinstance(value, bool)
    elif type_ in {"enum", "text"}:
        assert value in {"open", "shut"}
    else:
        assert not isinstance(value, str)
        assert lowest - 1 <= value <= lowest + 21


def test_days_look_like_days() -> None:
    signals = {each.signal.global_id: each for each in one_of_each()}
    temperature = values(signals["temperature"])
    assert 17 < min(temperature) < max(temperature) < 27
    assert sum(temperature[14 * 12 : 17 * 12]) > sum(temperature[3 * 12 : 6 * 12])
    light = values(signals["light"])
    assert max(light[: 4 * 12]) < 150
    assert light[12 * 12] > 3_000
    assert set(values(signals["occupancy"])) == {0.0, 1.0}
    smoke = values(signals["smoke"], days=5)
    assert 0 <= min(smoke) < max(smoke) < 60


@pytest.mark.parametrize("kind", ["energy"])
def test_a_meter_never_runs_backwards(kind: str) -> None:
    readings = values(simulated([signal(kind)])[0], days=3)
    assert all(before <= after for before, after in itertools.pairwise(readings))


@given(st.lists(st.integers(1, 200), min_size=1, max_size=8))
def test_reports_do_not_depend_on_how_often_one_looks(steps: list[int]) -> None:
    signals = one_of_each()
    start = MIDNIGHT + 12_345
    whole, parts = Schedule(signals, start=start), Schedule(signals, start=start)
    end, seen = start, []
    for step in steps:
        end += step * 1_000_000
        seen += parts.due(end)
    assert seen == whole.due(end)
    assert all(start <= at < end for at, _ in seen)


def test_a_signal_reports_twice_in_its_period() -> None:
    each = simulated([signal("temperature", period_s=60.0)])
    assert len(Schedule(each, start=MIDNIGHT).due(MIDNIGHT + 600_000_000)) == 20


def decoded(
    publications: Sequence[Publication], signals: Sequence[SimulatedSignal], now: int
) -> tuple[int, int]:
    """Readings and rejections that a service makes of messages."""
    read = decoder(signals)
    results = [read.decode(Message(each.topic, each.payload, now)) for each in publications]
    return sum(len(each.readings) for each in results), sum(len(each.rejected) for each in results)


def test_the_bindings_of_simulated_devices_read_what_they_send() -> None:
    signals = one_of_each()
    sent = [publication(each, MIDNIGHT, value_at(each, MIDNIGHT)) for each in signals]
    assert decoded(sent, signals, MIDNIGHT) == (len(signals), 0)
    read = decoder(signals).decode(Message(sent[0].topic, sent[0].payload, MIDNIGHT + 5))
    assert read.readings[0].observed_at == MIDNIGHT
    assert read.readings[0].value == value_at(signals[0], MIDNIGHT)


def test_no_rubbish_is_taken_for_a_reading() -> None:
    signals = one_of_each()[:1]
    sent = [Publication(signals[0].topic, payload) for payload in RUBBISH]
    assert decoded(sent, signals, MIDNIGHT) == (0, len(RUBBISH))


def disturbed(kind: FaultKind, *, share: float = 1.0) -> tuple[list[Publication], list[Publication]]:
    """Messages of ten signals in an hour, without and with a fault in its second quarter; looked at every minute."""
    signals = simulated([signal("temperature", str(number)) for number in range(10)])
    quarter = HOUR_US // 4
    fault = Fault(kind=kind, start=MIDNIGHT + quarter, end=MIDNIGHT + 2 * quarter, share=share)
    runs = []
    for faults in ([], [fault]):
        schedule, disturbance = Schedule(signals, start=MIDNIGHT), Disturbance(signals, faults)
        sent: list[Publication] = []
        for now in range(MIDNIGHT, MIDNIGHT + HOUR_US + 1, 60_000_000):
            sent += [message for _, message in disturbance.messages(schedule.due(now), now)]
        runs.append(sent)
    return runs[0], runs[1]


def test_silent_devices_report_nothing_for_a_while() -> None:
    usual, faulty = disturbed("silence")
    assert len(faulty) == len(usual) * 3 // 4
    assert set(faulty) < set(usual)


def test_a_fault_can_touch_a_share_of_the_devices() -> None:
    usual, faulty = disturbed("silence", share=0.5)
    assert len(usual) * 3 // 4 < len(faulty) < len(usual)


def test_late_reports_come_in_one_burst_the_newest_first_and_none_is_lost() -> None:
    usual, faulty = disturbed("late")
    assert sorted(each.payload for each in usual) == sorted(each.payload for each in faulty)
    assert usual != faulty


def test_duplicates_come_twice() -> None:
    usual, faulty = disturbed("duplicates")
    assert len(faulty) == len(usual) * 5 // 4
    assert set(faulty) == set(usual)


def test_a_drifting_sensor_looks_healthy_and_is_wrong() -> None:
    usual, faulty = disturbed("drift")
    assert len(faulty) == len(usual)
    assert len(set(faulty) - set(usual)) > len(usual) // 5


def test_bad_payloads_are_rubbish() -> None:
    usual, faulty = disturbed("bad")
    assert len(faulty) == len(usual)
    assert {each.payload for each in faulty} - {each.payload for each in usual} <= set(RUBBISH)


def test_a_simulator_fills_a_store_over_the_bus() -> None:
    async def work() -> None:
        signals = one_of_each()
        bus, store = Bus(), MemoryStore()

        async def connect(_gateway: str) -> Publisher:
            return bus.publisher()

        options = IngestOptions(sweep_every_s=0, reload_every_s=0)
        async with Ingest(
            store, bus.source(), load=lambda _before: decoder(signals), options=options
        ) as ingest:
            simulator = Simulator(signals, connect, start=MIDNIGHT, speed=600)
            await simulator.run(until=MIDNIGHT + 120_000_000)
            await bus.acknowledged()
        expected = Schedule(signals, start=MIDNIGHT).due(MIDNIGHT + 120_000_000)
        assert sorted((each.observed_at, each.signal) for each in store.readings) == expected
        assert simulator.counts.sent == len(expected)
        assert not ingest.counts.rejected

    asyncio.run(work())


def test_a_dying_gateway_leaves_its_will_at_a_real_broker_and_comes_back(broker: Broker) -> None:
    async def work() -> None:
        now = time.time_ns() // 1000
        signals = simulated([signal("temperature", period_s=0.2)], root="sim")
        fault = Fault(kind="death", start=now + 500_000, end=now + 1_000_000)
        connected: list[str] = []

        async def connect(gateway: str) -> Publisher:
            connected.append(gateway)
            settings = MqttSettings(
                client_id="gateway",
                port=broker.port,
                session_expiry_s=0,
                will=Will(topic="gone", payload=gateway.encode()),
            )
            return await MqttPublisher(settings).__aenter__()

        source = MqttSource(MqttSettings(client_id="twin", port=broker.port))
        listening = asyncio.create_task(source.run())
        source.subscribe(["gone", "sim/#"])
        await until(lambda: source.link.connected)
        simulator = Simulator(signals, connect, faults=[fault], start=now)
        await simulator.run(until=now + 2_000_000)
        await asyncio.sleep(0.2)
        heard = await source.take(1000, linger_s=0)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        assert simulator.counts.deaths == 1
        assert connected == ["楼/1", "楼/1"]
        topics = [each.topic for each in heard]
        assert topics.count("gone") == 1
        assert "sim/" in topics[0]
        assert "sim/" in topics[-1]
        assert 12 <= len(topics) - 1 <= 16

    asyncio.run(work())


def test_the_past_of_a_device_has_no_silence_in_the_last_hours_and_a_reading_an_hour_before() -> None:
    devices = simulated([signal("temperature", period_s=300.0), signal("power", period_s=240.0)])
    numbers = {each.signal.id: number for number, each in enumerate(devices)}
    until = MIDNIGHT + DAY_US
    readings = [reading for batch in past(devices, numbers, until=until) for reading in batch]
    assert [reading.observed_at for reading in readings] == sorted(each.observed_at for each in readings)
    for device in devices:
        mine = [each for each in readings if each.signal == numbers[device.signal.id]]
        times = [each.observed_at for each in mine]
        gaps = [later - earlier for earlier, later in itertools.pairwise([*times, until])]
        assert device.signal.period_s is not None
        period = round(device.signal.period_s * 1e6)
        often = [gap for at, gap in zip(times, gaps, strict=True) if at >= until - OFTEN_US]
        assert max(often) <= period
        assert max(gaps) <= HOUR_US + period
        assert times[0] < until - SELDOM_US + HOUR_US
        assert [each.value for each in mine] == [value_at(device, at) for at in times]
