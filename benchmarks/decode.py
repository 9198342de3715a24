"""Messages decoded to readings per second, on one core, by codec: `python benchmarks/decode.py [--signals 20000]`.

By the processor time of the thread; the median and the best of many short runs are told, because a machine that does other things, too,
slows the processor time itself (caches, shared cores). Each message goes to another signal, so that caches of the processor help no more than in a city.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import pysparkplug

from state_sync.bindings import Binding
from state_sync.pipeline import decode_message
from state_sync.routing import Router
from twin.ports import SignalRecord
from twin.state import Signal

NOW = 1_700_000_000_000_000
RUNS, MESSAGES = 100, 1000


def _sparkplug_data(_: int) -> bytes:
    metric = pysparkplug.Metric(
        timestamp=NOW // 1000, name="t", datatype=pysparkplug.DataType.DOUBLE, value=21.5
    )
    return bytes(
        pysparkplug.NData(timestamp=NOW // 1000, seq=0, metrics=(metric,)).encode(include_dtypes=True)
    )


KINDS: dict[str, tuple[dict[str, str], Callable[[int], bytes]]] = {
    "plain": ({"codec": "plain"}, lambda _: b"21.53"),
    "json, RFC 3339": (
        {"codec": "json", "path": "value", "time": "time"},
        lambda _: b'{"value":21.5,"time":"2023-11-14T22:13:20.123Z","unit":"Cel"}',
    ),
    "json, milliseconds": (
        {"codec": "json", "path": "value", "time": "time", "time_format": "ms"},
        lambda _: b'{"value":21.5,"time":1700000000123}',
    ),
    "json, deep, quality": (
        {
            "codec": "json",
            "path": "data.values[0].v",
            "time": "data.ts",
            "time_format": "ms",
            "quality": "data.q",
        },
        lambda _: b'{"data":{"values":[{"v":21.5}],"ts":1700000000123,"q":"good"}}',
    ),
    "senml": (
        {"codec": "senml", "path": "urn:dev:mac:0024befffe804ff1:t", "unit": "Cel"},
        lambda _: b'[{"bn":"urn:dev:mac:0024befffe804ff1:","bt":1700000000,"n":"t","u":"Cel","v":21.5}]',
    ),
    "sparkplug": ({"codec": "sparkplug", "path": "t"}, _sparkplug_data),
}


def _topics(kind: str, place: int) -> tuple[str, str]:
    """Of the binding, and of the message."""
    if kind == "sparkplug":
        return f"spBv1.0/G/+/N{place}", f"spBv1.0/G/NDATA/N{place}"
    topic = f"site/storey-{place % 30}/{place}/{kind}"
    return topic, topic


def _router(signals: int) -> Router:
    bindings: list[Binding] = []
    records: list[SignalRecord] = []
    for place in range(signals):
        about = Signal(model="m", global_id=f"g{place}", name="t", unit="Cel", minimum=-40, maximum=85)
        records.append(SignalRecord(number=place + 1, state_index=place, signal=about))
        for kind, (fields, _) in KINDS.items():
            topic, _ = _topics(kind, place)
            bindings.append(Binding(model="m", global_id=f"g{place}", name="t", topic=topic, **fields))  # type: ignore[arg-type]
    return Router(bindings, records)


def _be_born(router: Router, signals: int) -> None:
    birth = pysparkplug.NBirth(timestamp=NOW // 1000, seq=255, metrics=()).encode()
    for place in range(signals):
        decode_message(router, f"spBv1.0/G/NBIRTH/N{place}", birth, NOW)


def _seconds(router: Router, messages: list[tuple[str, bytes]]) -> float:
    start = time.thread_time()
    for topic, payload in messages:
        readings, _, _ = decode_message(router, topic, payload, NOW)
        if len(readings) != 1:
            raise SystemExit(f"{topic}: not one reading")
    return (time.thread_time() - start) / len(messages)


def main() -> None:
    """Build a router, decode, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--signals", type=int, default=20_000)
    signals = parser.parse_args().signals
    start = time.perf_counter()
    router = _router(signals)
    print(f"{signals * len(KINDS):,} bindings compiled in {time.perf_counter() - start:.1f} s")
    _be_born(router, signals)
    print(f"{'codec':24}{'median/s':>12}{'best/s':>12}")
    for kind, (_, payload) in KINDS.items():
        times = []
        for run in range(RUNS):
            places = [(run * 7919 + i * 31) % signals for i in range(MESSAGES)]
            times.append(_seconds(router, [(_topics(kind, place)[1], payload(place)) for place in places]))
        print(f"{kind:24}{1 / statistics.median(times):12,.0f}{1 / min(times):12,.0f}")


if __name__ == "__main__":
    main()
