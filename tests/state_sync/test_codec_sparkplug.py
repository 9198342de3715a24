"""Sparkplug B: payloads of a real edge node library, and what a host must remember."""

from collections.abc import Callable
from typing import Any

import pysparkplug as psp
import pytest
from pysparkplug._protobuf import Payload as TheirPayload

from state_sync.codecs import Decoded, Refused
from state_sync.codecs.sparkplug import EdgeNodes, Outcome, Source
from state_sync.codecs.sparkplug.nodes import REBIRTH_PAUSE_US
from tests.state_sync.bindings_builders import NOW
from twin.state import Quality

T = NOW // 1000
"""Milliseconds, as Sparkplug has it."""

NODE = Source("Plant", "Gateway")
METER = Source("Plant", "Gateway", "Meter")


def metric(name: str | None, datatype: Any, value: Any, **fields: Any) -> psp.Metric:
    return psp.Metric(
        timestamp=fields.pop("timestamp", T), name=name, datatype=datatype, value=value, **fields
    )


def bd_seq(number: int) -> psp.Metric:
    return metric("bdSeq", psp.DataType.INT64, number)


class Host:
    """An edge node's messages, one after the other, as a host takes them."""

    def __init__(self) -> None:
        self.nodes = EdgeNodes()
        self.now = NOW

    def take(self, kind: str, payload: bytes, *, device: bool = False) -> Outcome:
        topic = f"spBv1.0/Plant/{kind}/Gateway" + ("/Meter" if device else "")
        return self.nodes.take(topic, payload, self.now)

    def node_birth(self, *metrics: psp.Metric, seq: int = 0, session: int = 1) -> Outcome:
        payload = psp.NBirth(timestamp=T, seq=seq, metrics=(*metrics, bd_seq(session)))
        return self.take("NBIRTH", payload.encode())

    def node_data(self, *metrics: psp.Metric, seq: int) -> Outcome:
        return self.take("NDATA", psp.NData(timestamp=T, seq=seq, metrics=metrics).encode())

    def device_birth(self, *metrics: psp.Metric, seq: int) -> Outcome:
        return self.take("DBIRTH", psp.DBirth(timestamp=T, seq=seq, metrics=metrics).encode(), device=True)

    def device_data(self, *metrics: psp.Metric, seq: int) -> Outcome:
        return self.take("DDATA", psp.DData(timestamp=T, seq=seq, metrics=metrics).encode(), device=True)

    def device_death(self, *, seq: int) -> Outcome:
        return self.take("DDEATH", psp.DDeath(timestamp=T, seq=seq).encode(), device=True)

    def node_death(self, session: int = 1) -> Outcome:
        return self.take("NDEATH", psp.NDeath(timestamp=T, bd_seq_metric=bd_seq(session)).encode())


def temperature(value: float | None = 21.5, **fields: Any) -> psp.Metric:
    return metric(
        fields.pop("name", "temperature"), psp.DataType.DOUBLE, value, alias=fields.pop("alias", 5), **fields
    )


def by_alias(value: float, alias: int = 5) -> psp.Metric:
    return metric(None, psp.DataType.DOUBLE, value, alias=alias)


def reasons(outcome: Outcome) -> list[str]:
    return [one.reason for one in outcome.values if isinstance(one, Refused)]


@pytest.mark.parametrize(
    ("datatype", "value"),
    [
        (psp.DataType.INT8, -5),
        (psp.DataType.INT16, -30_000),
        (psp.DataType.INT32, -(2**31)),
        (psp.DataType.INT64, -(2**63)),
        (psp.DataType.INT64, 2**63 - 1),
        (psp.DataType.UINT8, 255),
        (psp.DataType.UINT16, 65_535),
        (psp.DataType.UINT32, 2**32 - 1),
        (psp.DataType.UINT64, 2**64 - 1),
        (psp.DataType.FLOAT, 1.5),
        (psp.DataType.DOUBLE, -21.123456789),
        (psp.DataType.BOOLEAN, True),
        (psp.DataType.STRING, "开"),
        (psp.DataType.TEXT, "long"),
        (psp.DataType.UUID, "a-b"),
    ],
)
def test_each_scalar_type_of_the_library_is_decoded_to_its_value(datatype: Any, value: Any) -> None:
    outcome = Host().node_birth(metric("x", datatype, value))

    assert outcome.values[0] == Decoded("x", value, NOW)


@pytest.mark.parametrize("datatype", [psp.DataType.BYTES, psp.DataType.INT32_ARRAY])
def test_types_that_no_signal_has_are_refused_by_name(datatype: Any) -> None:
    value = b"abc" if datatype is psp.DataType.BYTES else (1, 2)
    refused = Host().node_birth(metric("x", datatype, value)).values[0]

    assert isinstance(refused, Refused)
    assert (refused.reason, refused.key) == ("wrong_type", "x")


def test_a_null_is_nothing_in_a_birth_and_refused_later() -> None:
    host = Host()

    assert [one.key for one in host.node_birth(temperature(None)).values] == ["bdSeq"]
    assert reasons(host.node_data(temperature(None, is_null=True), seq=1)) == ["no_value"]


def test_data_comes_by_alias_without_name_and_type() -> None:
    host = Host()
    host.node_birth(temperature())

    outcome = host.node_data(by_alias(22.0), seq=1)

    assert outcome == Outcome(source=NODE, values=(Decoded("temperature", 22.0, NOW),))


def test_data_comes_by_name_without_type() -> None:
    host = Host()
    host.node_birth(metric("count", psp.DataType.INT16, 1))

    assert host.node_data(metric("count", psp.DataType.INT16, -7), seq=1).values == (
        Decoded("count", -7, NOW),
    )


def test_a_metric_without_a_time_has_that_of_its_payload() -> None:
    outcome = Host().node_birth(temperature(timestamp=None))

    assert outcome.values[0] == Decoded("temperature", 21.5, NOW)


def test_a_device_has_metrics_of_its_own() -> None:
    host = Host()
    host.node_birth(temperature(1.0))
    host.device_birth(temperature(2.0, alias=6), seq=1)

    outcome = host.device_data(by_alias(3.0, alias=6), seq=2)

    assert (outcome.source, outcome.values, outcome.publish) == (
        METER,
        (Decoded("temperature", 3.0, NOW),),
        None,
    )


def test_an_alias_of_the_node_is_not_believed_from_a_device() -> None:
    host = Host()
    host.node_birth(temperature(alias=5))
    host.device_birth(seq=1)

    outcome = host.device_data(by_alias(3.0, alias=5), seq=2)

    assert reasons(outcome) == ["unknown_alias"]
    assert outcome.publish is not None


def test_sequence_numbers_wrap_after_255() -> None:
    host = Host()
    host.node_birth(temperature(), seq=254)

    assert host.node_data(by_alias(1.0), seq=255).publish is None
    assert host.node_data(by_alias(2.0), seq=0).publish is None


def test_a_gap_asks_once_for_a_rebirth_and_again_after_a_pause() -> None:
    host = Host()
    host.node_birth(temperature())

    first = host.node_data(temperature(), seq=2)
    second = host.node_data(temperature(), seq=3)
    host.now += REBIRTH_PAUSE_US
    third = host.node_data(temperature(), seq=4)

    assert (first.publish is None, second.publish is None, third.publish is None) == (False, True, False)


def test_after_a_gap_names_are_believed_and_aliases_are_not_until_the_birth() -> None:
    host = Host()
    host.node_birth(temperature())

    outcome = host.node_data(temperature(30.0), by_alias(40.0), seq=7)
    host.node_birth(temperature())
    healed = host.node_data(by_alias(50.0), seq=1)

    assert outcome.values[0] == Decoded("temperature", 30.0, NOW)
    assert reasons(outcome) == ["unknown_alias"]
    assert (healed.values, healed.publish) == ((Decoded("temperature", 50.0, NOW),), None)


def test_the_same_message_again_is_no_gap() -> None:
    host = Host()
    host.node_birth(temperature())
    host.node_data(by_alias(1.0), seq=1)

    again = host.node_data(by_alias(1.0), seq=1)

    assert (again.publish, again.values) == (None, (Decoded("temperature", 1.0, NOW),))


def test_data_before_any_birth_asks_for_it_and_is_refused() -> None:
    outcome = Host().node_data(temperature(), seq=9)

    assert reasons(outcome) == ["no_birth"]
    assert outcome.publish is not None


def test_data_of_a_device_before_its_birth_asks_for_it() -> None:
    host = Host()
    host.node_birth()

    outcome = host.device_data(temperature(), seq=1)

    assert reasons(outcome) == ["no_birth"]
    assert outcome.publish is not None


def test_the_request_is_the_command_that_the_library_reads_as_rebirth() -> None:
    published = Host().node_data(temperature(), seq=9).publish
    assert published is not None
    topic, payload = published

    command = psp.NCmd.decode(payload)

    assert topic == "spBv1.0/Plant/NCMD/Gateway"
    assert [(one.name, one.datatype, one.value) for one in command.metrics] == [
        ("Node Control/Rebirth", psp.DataType.BOOLEAN, True)
    ]


def test_a_death_makes_the_node_stale_and_needs_a_new_birth() -> None:
    host = Host()
    host.node_birth(temperature())

    assert host.node_death().stale == (NODE,)
    assert reasons(host.node_data(by_alias(1.0), seq=1)) == ["no_birth"]


def test_the_death_of_an_earlier_session_means_nothing() -> None:
    host = Host()
    host.node_birth(temperature(), session=2)

    assert host.node_death(session=1).stale == ()
    assert host.node_data(by_alias(1.0), seq=1).publish is None


def test_the_death_of_a_later_session_counts_because_its_birth_was_missed() -> None:
    host = Host()
    host.node_birth(temperature(), session=255)

    assert host.node_death(session=0).stale == (NODE,)


def test_the_death_of_a_node_that_was_never_born_here_makes_it_stale() -> None:
    assert Host().node_death().stale == (NODE,)


def test_the_death_of_a_device_makes_it_alone_stale() -> None:
    host = Host()
    host.node_birth()
    host.device_birth(temperature(), seq=1)

    assert host.device_death(seq=2) == Outcome(source=METER, stale=(METER,))
    assert reasons(host.device_data(temperature(), seq=3)) == ["no_birth"]


def test_a_new_session_makes_devices_stale_until_they_are_born_again() -> None:
    host = Host()
    host.node_birth(session=1)
    host.device_birth(temperature(), seq=1)

    assert host.node_birth(session=1).stale == ()
    host.device_birth(temperature(), seq=1)
    assert host.node_birth(session=2).stale == (METER,)


@pytest.mark.parametrize(
    ("number", "expected"), [(192, Quality.GOOD), (0, Quality.BAD), (500, Quality.STALE), (7, Quality.BAD)]
)
def test_the_quality_of_a_metric_is_its_property(number: int, expected: Quality) -> None:
    payload = TheirPayload()
    payload.timestamp, payload.seq = T, 0
    theirs = payload.metrics.add(name="x", datatype=9, float_value=1.0)
    theirs.properties.keys.append("Quality")
    theirs.properties.values.add(type=3, int_value=number)

    value = Host().take("NBIRTH", payload.SerializeToString()).values[0]

    assert isinstance(value, Decoded)
    assert value.quality is expected


def test_bytes_that_are_no_payload_are_malformed_and_change_nothing() -> None:
    host = Host()
    host.node_birth(temperature())

    assert reasons(host.take("NDATA", b"\xff\xff\xff")) == ["malformed"]
    assert host.node_data(by_alias(1.0), seq=1).publish is None


def test_what_is_remembered_of_births_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("state_sync.codecs.sparkplug.nodes.MAX_DEFINITIONS", 2)
    monkeypatch.setattr("state_sync.codecs.sparkplug.nodes.MAX_DEVICES", 0)
    host = Host()

    assert reasons(host.node_birth(*(temperature(name=str(n), alias=n) for n in range(5)))) == ["too_large"]
    assert reasons(host.device_birth(seq=1)) == ["too_large"]


class RecordingClient:
    """Stands for the library's connection; keeps what its edge node publishes."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes]] = []

    def set_will(self, message: Any) -> None:
        pass

    def subscribe(self, *arguments: Any, **named: Any) -> None:
        pass

    def publish(self, message: Any, *, include_dtypes: bool = False) -> None:
        self.sent.append((str(message.topic), message.payload.encode(include_dtypes=include_dtypes)))

    def connect(self, host: str, *, callback: Callable[[Any], None], **named: Any) -> None:
        callback(self)

    def disconnect(self) -> None:
        pass


def test_a_whole_life_of_an_edge_node_of_the_library_is_understood() -> None:
    client: Any = RecordingClient()
    node = psp.EdgeNode("Plant", "Gateway", [temperature(20.0)], client=client)
    node.register(psp.Device("Meter", [metric("energy", psp.DataType.INT64, 100, alias=9)]))
    node.connect("localhost")
    node.update([temperature(21.0)])
    node.update_device("Meter", [metric("energy", psp.DataType.INT64, 101, alias=9)])
    node.disconnect()
    nodes = EdgeNodes()

    outcomes = [nodes.take(topic, payload, NOW) for topic, payload in client.sent]

    values = [(one.source, one_value.key, one_value.value) for one in outcomes for one_value in one.values
              if isinstance(one_value, Decoded) and one_value.key != "bdSeq"]  # fmt: skip
    assert values == [
        (NODE, "temperature", 20.0),
        (METER, "energy", 100),
        (NODE, "temperature", 21.0),
        (METER, "energy", 101),
    ]
    assert [one.publish for one in outcomes] == [None] * len(outcomes)
    assert outcomes[-1].stale == (NODE,)
