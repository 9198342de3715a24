"""One message becomes readings, dead letters and events; and no bytes break it."""

import json
import math
import time
from typing import Any

import pysparkplug as psp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from state_sync.codecs import REASONS
from state_sync.pipeline import KEPT_BYTES, Message, Publish, SignalsStale, decode_message
from state_sync.routing import Router
from tests.state_sync.bindings_builders import NOW, binding, record, router, signal
from twin.ports import Rejected
from twin.state import FUTURE_ALLOWANCE_US, Quality, Reading

S = 1_000_000


def reasons(message: Message) -> list[str]:
    return [one.reason for one in message[1]]


def test_a_plain_payload_becomes_a_reading_of_the_time_of_reception() -> None:
    assert decode_message(router(binding("a/b")), "a/b", b"21.5", NOW) == (
        [Reading(1, 21.5, NOW, NOW)],
        [],
        [],
    )


def test_one_json_message_feeds_all_signals_that_are_bound_to_parts_of_it() -> None:
    routes = router(
        binding("d", "temperature", codec="json", path="t", time="at", time_format="s"),
        binding("d", "humidity", codec="json", path="h", quality="q"),
        binding("d", "power", codec="json", path="p"),
    )

    readings, rejected, _ = decode_message(routes, "d", b'{"t": 20, "at": 1.7e9, "h": 55, "q": "bad"}', NOW)

    assert readings == [Reading(1, 20.0, 1_700_000_000 * S, NOW), Reading(2, 55.0, NOW, NOW, Quality.BAD)]
    assert [one.reason for one in rejected] == ["missing"]


def test_a_binding_of_samples_gives_a_reading_each() -> None:
    routes = router(binding("d", codec="json", each="s", path="v", time="t", time_format="s"))

    readings, _, _ = decode_message(routes, "d", b'{"s": [{"v": 1, "t": 10}, {"v": 2, "t": 11}]}', NOW)

    assert readings == [Reading(1, 1.0, 10 * S, NOW), Reading(1, 2.0, 11 * S, NOW)]


def test_a_value_is_in_the_unit_of_the_signal() -> None:
    routes = router(binding("d", factor=1000.0, unit="kW"), unit="W")

    assert decode_message(routes, "d", b"1.5", NOW)[0] == [Reading(1, 1500.0, NOW, NOW)]


@pytest.mark.parametrize(
    ("raw", "said", "expected"),
    [
        (50, "good", Quality.GOOD),
        (51, "good", Quality.UNCERTAIN),
        (-41, "good", Quality.UNCERTAIN),
        (51, "bad", Quality.BAD),
        (51, "stale", Quality.STALE),
        (-40, "good", Quality.GOOD),
    ],
)
def test_a_value_out_of_range_is_kept_as_it_is_and_uncertain_at_best(
    raw: int, said: str, expected: Quality
) -> None:
    routes = router(binding("d", codec="json", path="v", quality="q"), minimum=-40.0, maximum=50.0)

    readings, rejected, _ = decode_message(routes, "d", json.dumps({"v": raw, "q": said}).encode(), NOW)

    assert (readings, rejected) == ([Reading(1, float(raw), NOW, NOW, expected)], [])


def test_the_range_is_in_the_unit_of_the_signal() -> None:
    routes = router(binding("d", factor=0.1), maximum=10.0)

    assert [decode_message(routes, "d", raw, NOW)[0][0].quality for raw in (b"100", b"101")] == [
        Quality.GOOD,
        Quality.UNCERTAIN,
    ]


@pytest.mark.parametrize(
    ("ahead_us", "expected"), [(FUTURE_ALLOWANCE_US, []), (FUTURE_ALLOWANCE_US + 1, ["future"])]
)
def test_a_reading_may_be_60_seconds_ahead_and_no_more(ahead_us: int, expected: list[str]) -> None:
    routes = router(binding("d", codec="json", path="v", time="t", time_format="us"))

    assert reasons(decode_message(routes, "d", b'{"v": 1, "t": %d}' % (NOW + ahead_us), NOW)) == expected


def test_a_topic_without_a_binding_is_a_dead_letter_with_its_first_bytes() -> None:
    payload = b"x" * (KEPT_BYTES + 1)

    assert decode_message(router(binding("a")), "b", payload, NOW) == (
        [],
        [Rejected(reason="unknown_topic", detail="no binding has this topic", topic="b", payload=payload[:-1], received_at=NOW)],
        [],
    )  # fmt: skip


def test_a_message_gives_one_dead_letter_for_each_reason() -> None:
    routes = router(*(binding("d", name, codec="json", path=name) for name in "abcd"))

    assert reasons(decode_message(routes, "d", b'{"a": null, "b": null, "c": "x", "d": 1}', NOW)) == [
        "no_value",
        "wrong_type",
    ]


def test_records_of_a_pack_that_nobody_binds_are_passed_over() -> None:
    routes = router(binding("d", codec="senml", path="dev:t"))
    pack = b'[{"bn": "dev:", "n": "t", "v": 1}, {"n": "other", "v": 2}]'

    assert decode_message(routes, "d", pack, NOW) == ([Reading(1, 1.0, NOW, NOW)], [], [])
    assert reasons(decode_message(routes, "d", b'[{"n": "other", "v": 2}]', NOW)) == ["unknown_signal"]


def test_a_record_in_another_unit_than_the_binding_expects_is_refused() -> None:
    routes = router(binding("d", codec="senml", path="t", unit="Cel"))

    assert reasons(decode_message(routes, "d", b'[{"n": "t", "u": "K", "v": 290}]', NOW)) == ["wrong_unit"]
    assert decode_message(routes, "d", '[{"n": "t", "u": "°C", "v": 20}]'.encode(), NOW)[0][0].value == 20.0


def test_units_under_one_name_are_told_apart() -> None:
    routes = router(
        binding("d", "humidity", codec="senml", path="x", unit="%"),
        binding("d", "place", codec="senml", path="x", unit="lon"),
    )
    pack = b'[{"bn": "x", "u": "%RH", "v": 20}, {"u": "lon", "v": 24.3}, {"u": "lat", "v": 60.1}]'

    assert decode_message(routes, "d", pack, NOW) == (
        [Reading(1, 20.0, NOW, NOW), Reading(2, 24.3, NOW, NOW)],
        [],
        [],
    )


def sparkplug() -> Router:
    return router(
        binding("spBv1.0/G/+/N", "mode", codec="sparkplug", path="mode"),
        binding("spBv1.0/G/+/N/D", "temperature", codec="sparkplug", path="temperature"),
    )


def metric(name: str, value: float) -> psp.Metric:
    return psp.Metric(timestamp=NOW // 1000, name=name, datatype=psp.DataType.DOUBLE, value=value)


def birth(*metrics: psp.Metric) -> bytes:
    return psp.NBirth(timestamp=NOW // 1000, seq=0, metrics=metrics).encode()


def test_metrics_of_a_sparkplug_device_become_readings_and_its_death_makes_them_stale() -> None:
    routes = sparkplug()
    decode_message(routes, "spBv1.0/G/NBIRTH/N", birth(metric("mode", 1)), NOW)
    born = psp.DBirth(timestamp=NOW // 1000, seq=1, metrics=(metric("temperature", 20), metric("unbound", 1)))
    died = psp.DDeath(timestamp=NOW // 1000, seq=2)

    assert decode_message(routes, "spBv1.0/G/DBIRTH/N/D", born.encode(), NOW) == (
        [Reading(2, 20.0, NOW, NOW)],
        [],
        [],
    )
    assert decode_message(routes, "spBv1.0/G/DDEATH/N/D", died.encode(), NOW) == (
        [],
        [],
        [SignalsStale(signals=(2,))],
    )


def test_the_death_of_a_sparkplug_node_makes_all_signals_behind_it_stale() -> None:
    payload = psp.NDeath(timestamp=None, bd_seq_metric=metric("bdSeq", 0)).encode()

    assert decode_message(sparkplug(), "spBv1.0/G/NDEATH/N", payload, NOW) == (
        [],
        [],
        [SignalsStale(signals=(1, 2))],
    )


def test_an_unknown_node_is_a_dead_letter_and_a_bound_one_is_asked_for_its_birth() -> None:
    payload = psp.NData(timestamp=NOW // 1000, seq=3, metrics=(metric("mode", 1),)).encode()

    assert reasons(decode_message(sparkplug(), "spBv1.0/G/NDATA/Other", payload, NOW)) == ["unknown_topic"]
    _, rejected, events = decode_message(sparkplug(), "spBv1.0/G/NDATA/N", payload, NOW)

    assert [one.reason for one in rejected] == ["no_birth"]
    assert [one.topic for one in events if isinstance(one, Publish)] == ["spBv1.0/G/NCMD/N"]


def test_births_are_remembered_by_the_router_that_follows() -> None:
    before = sparkplug()
    decode_message(before, "spBv1.0/G/NBIRTH/N", birth(metric("mode", 1)), NOW)
    after = Router(
        [binding("spBv1.0/G/+/N", "mode", codec="sparkplug", path="mode")],
        [record(signal("mode"))],
        nodes=before.nodes,
    )
    payload = psp.NData(timestamp=NOW // 1000, seq=1, metrics=(metric("mode", 2),)).encode()

    assert decode_message(after, "spBv1.0/G/NDATA/N", payload, NOW) == ([Reading(7, 2.0, NOW, NOW)], [], [])


# ------------------------------------------------------------------------------------------------ fuzz
TOPICS = ["plain", "json", "list", "senml", "spBv1.0/G/NBIRTH/N", "spBv1.0/G/NDATA/N", "spBv1.0/G/DBIRTH/N/D",
          "spBv1.0/G/DDATA/N/D", "spBv1.0/G/NDEATH/N", "spBv1.0/G/DDEATH/N/D", "wild/x", "nobody"]  # fmt: skip
VALID = [
    b"21.5",
    b'{"v": 21.5, "t": "2023-11-14T22:13:20Z", "q": "good"}',
    b'{"s": [{"v": 1, "t": 1700000000}, {"v": 2}]}',
    b'[{"bn": "dev:", "bt": 1.7e9, "bv": 1, "n": "t", "u": "Cel", "v": 23.1, "s": 1}, {"n": "l", "vs": "x", "t": -5}]',
    birth(metric("mode", 1), metric("temperature", 2), psp.Metric(timestamp=1, name="bdSeq", datatype=psp.DataType.INT64, value=1)),
    psp.DData(timestamp=1, seq=1, metrics=(psp.Metric(timestamp=1, name=None, datatype=psp.DataType.DOUBLE, value=1.0, alias=3),)).encode(),
]  # fmt: skip

documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["v", "t", "q", "s", "n", "bn", "bt", "u", "vs", "vb", "bv"]), inner, max_size=5),
    max_leaves=20,
)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    payload = bytearray(draw(st.sampled_from(VALID)))
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, len(payload)))
        match draw(st.sampled_from(["put", "drop", "change", "double"])):
            case "put":
                payload[place:place] = draw(st.binary(min_size=1, max_size=4))
            case "drop":
                del payload[place : place + draw(st.integers(1, 4))]
            case "change" if place < len(payload):
                payload[place] = draw(st.integers(0, 255))
            case _:
                payload[place:place] = payload[place : place + 16]
    return bytes(payload)


HABITS = {"plain": VALID[0], "json": VALID[1], "list": VALID[2], "senml": VALID[3], "wild/x": VALID[0],
          "spBv1.0/G/NBIRTH/N": VALID[4], "spBv1.0/G/DBIRTH/N/D": VALID[4], "spBv1.0/G/DDATA/N/D": VALID[5]}  # fmt: skip
"""What each topic usually carries, so that decoding gets as far as it can."""


@st.composite
def nearly_right(draw: st.DrawFn) -> tuple[str, bytes]:
    topic = draw(st.sampled_from(sorted(HABITS)))
    payload = bytearray(HABITS[topic])
    for _ in range(draw(st.integers(0, 2))):
        payload[draw(st.integers(0, len(payload) - 1))] = draw(
            st.sampled_from(b'0159-e."tv{}[],:n\x00\x01\x12\xff')
        )
    return topic, bytes(payload)


payloads = mutated() | st.binary(max_size=200) | documents.map(lambda value: json.dumps(value).encode())


def fuzzed_router(**declared: Any) -> Router:
    return router(
        binding("plain", "a", lenient=True),
        binding("json", "b", codec="json", path="v", time="t", quality="q", map={"x": "y"}),
        binding("json", "b2", codec="json", path="/s/0/v", time="t", time_format="ms", lenient=True),
        binding("list", "c", codec="json", each="s", path="v", time="t", time_format="s", factor=1e300),
        binding("senml", "d", codec="senml", path="dev:t", unit="Cel"),
        binding("senml", "d2", codec="senml", path="dev:t#sum"),
        binding("spBv1.0/G/+/N", "e", codec="sparkplug", path="mode"),
        binding("spBv1.0/G/+/N/D", "f", codec="sparkplug", path="temperature"),
        binding("wild/#", "g", codec="json"),
        **declared,
    )


ROUTERS = {
    type_: fuzzed_router(type=type_, choices=("x", "1") if type_ == "enum" else (), **limits)
    for type_, limits in {
        "number": {"minimum": 0.0, "maximum": 10.0},
        "integer": {"minimum": 0.0},
        "boolean": {},
        "text": {},
        "enum": {},
    }.items()
}
PYTHON_TYPE = {"number": float, "integer": int, "boolean": bool, "text": str, "enum": str}


@settings(deadline=None)
@given(
    st.sampled_from(sorted(ROUTERS)),
    st.lists(nearly_right() | st.tuples(st.sampled_from(TOPICS), payloads), max_size=4),
)
def test_no_payload_breaks_decoding_and_what_comes_out_is_sound(
    type_: str, messages: list[tuple[str, bytes]]
) -> None:
    for topic, payload in messages:
        readings, rejected, _ = decode_message(ROUTERS[type_], topic, payload, NOW)
        for reading in readings:
            assert type(reading.value) is PYTHON_TYPE[type_]
            assert not isinstance(reading.value, float) or math.isfinite(reading.value)
            assert 0 <= reading.observed_at <= NOW + FUTURE_ALLOWANCE_US
        assert {one.reason for one in rejected} <= set(REASONS)
        assert all(len(one.payload) <= KEPT_BYTES and len(one.detail) < 1000 for one in rejected)


@settings(deadline=None)
@given(st.text(max_size=30), st.binary(max_size=8))
def test_no_topic_breaks_decoding(topic: str, payload: bytes) -> None:
    decode_message(ROUTERS["number"], topic, payload, NOW)


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize(
    "payload",
    [b"[" * 100_000, b'{"v":' * 50_000, b'[{"n":' * 50_000, b"9" * 200_000, b"1e" + b"9" * 1000, b"\x12\x80\x80\x80\x01",
     b'[{"n":"dev:t","v":' + b"9" * 100_000 + b"}]", b"\x12\x00" * 100_000, b'{"v":1,"t":1' + b"0" * 4000 + b"}"],
    ids=["arrays", "objects", "packs", "digits", "exponent", "length", "pack digits", "metrics", "time"],
)  # fmt: skip
def test_bombs_are_refused_quickly(topic: str, payload: bytes) -> None:
    start = time.process_time()

    for built in ROUTERS.values():
        readings, _, _ = decode_message(built, topic, payload, NOW)
        assert [one.value for one in readings if not isinstance(one.value, str)] == []

    assert time.process_time() - start < 2
