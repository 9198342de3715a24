"""What simulated devices would have said before they were started: a twin that is shown for the first time has a past to look at. Pure."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from state_sync.simulation.curves import DAY_US, HOUR_US, scatter
from state_sync.simulation.signals import SimulatedSignal, value_at
from twin.state import Reading

OFTEN_US = 3 * HOUR_US
"""So far back, each device reports as often as it has to: the scene is whole at any instant."""

SELDOM_US = DAY_US
"""So far back, it reports once an hour: the line of a day. As often all day long would be 1.4 million readings of the sample, half a minute of work."""

BATCH = 5_000


def past(
    devices: Sequence[SimulatedSignal], numbers: Mapping[str, int], *, until: int
) -> Iterator[list[Reading]]:
    """Batches of readings in order of time, all before `until` (microseconds since 1970 UTC). `numbers`: of the signals, by id."""
    times, places = _reports(devices, until)
    for start in range(0, len(times), BATCH):
        batch = zip(
            times[start : start + BATCH].tolist(), places[start : start + BATCH].tolist(), strict=True
        )
        yield [
            Reading(numbers[devices[place].signal.id], value_at(devices[place], at), at, at)
            for at, place in batch
        ]


def _reports(devices: Sequence[SimulatedSignal], until: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(n,) times in order, and (n,) places in the list of devices."""
    found: list[NDArray[np.int64]] = [np.empty((0, 2), np.int64)]
    for place, device in enumerate(devices):
        period = max(1, round((device.signal.period_s or device.period_s) * 1e6))
        often = _at_multiples(device, period, until - OFTEN_US, until)
        seldom = _at_multiples(device, HOUR_US, until - SELDOM_US, until - OFTEN_US)
        times = np.concatenate([seldom, often])
        found.append(np.column_stack([times, np.full(len(times), place)]))
    reports = np.concatenate(found)
    reports = reports[np.argsort(reports[:, 0], kind="stable")]
    return reports[:, 0], reports[:, 1]


def _at_multiples(device: SimulatedSignal, period: int, start: int, end: int) -> NDArray[np.int64]:
    """(n,) multiples of the period from `start` on and before `end`, moved by a part of it that is the device's own."""
    offset = int(scatter(device.seed, -1) * period)
    return np.arange(start + (offset - start) % period, end, period, dtype=np.int64)
