"""The packet parser against the packets that gmqtt itself makes, and against rubbish."""

from types import SimpleNamespace

import gmqtt
import pytest
from gmqtt.mqtt.package import PublishPacket
from gmqtt.mqtt.utils import IdGenerator
from hypothesis import given
from hypothesis import strategies as st

from state_sync.messages import Message
from state_sync.mqtt_packets import Arrival, MalformedPacket, acknowledgements, split_packets

ARRIVAL = Arrival(1_700_000_000_000_000, 3)

topics = st.text(st.characters(codec="utf-8", exclude_characters="\0+#"), min_size=1, max_size=200)
published = st.tuples(topics, st.binary(max_size=400), st.sampled_from([0, 1]), st.booleans())


def packet(topic: str, payload: bytes, qos: int, *, retain: bool, version: int) -> bytes:
    protocol = SimpleNamespace(proto_ver=version, id_generator=IdGenerator())
    properties = {"user_property": [("k" * 100, "v" * 90)]} if len(payload) % 2 else {}
    message = gmqtt.Message(topic, payload, qos=qos, retain=retain, **properties)
    return bytes(PublishPacket.build_package(message, protocol)[1])


@given(st.lists(published, max_size=5), st.sampled_from([4, 5]), st.integers(0, 3000))
def test_packets_come_out_as_they_were_put_in_however_they_are_cut(
    wanted: list[tuple[str, bytes, int, bool]], version: int, cut: int
) -> None:
    data = b"".join(
        packet(topic, payload, qos, retain=retain, version=version) for topic, payload, qos, retain in wanted
    )
    first = split_packets(data[:cut], ARRIVAL, properties=version == 5)
    rest = split_packets(data[first.consumed :], ARRIVAL, properties=version == 5)
    assert first.consumed + rest.consumed == len(data)
    got = first.messages + rest.messages
    assert [(each.topic, each.payload, min(each.receipt, 1), each.retained) for each in got] == wanted
    assert all(each.receipt in {0, 3 << 16 | 1} for each in got)
    assert all(each.received_at == ARRIVAL.received_at for each in got)


@given(data=st.binary(max_size=200), properties=st.booleans())
def test_rubbish_is_malformed_or_other_packets_and_never_anything_else(
    *, data: bytes, properties: bool
) -> None:
    try:
        split = split_packets(data, ARRIVAL, properties=properties)
    except MalformedPacket:
        return
    assert 0 <= split.consumed <= len(data)


def test_other_packets_are_handed_on_whole() -> None:
    split = split_packets(b"\xd0\x00\x20\x02\x00\x00", ARRIVAL, properties=True)
    assert split.others == [(0xD0, b""), (0x20, b"\x00\x00")]


@pytest.mark.parametrize(
    "data", [b"\x30\xff\xff\xff\xff\x01", b"\x30\x01\x00", b"\x32\x04\x00\x02ab", b"\x30\x03\x00\x00\x05"]
)
def test_a_packet_that_contradicts_itself_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedPacket):
        split_packets(data, ARRIVAL, properties=True)


def test_acknowledgements_are_for_messages_of_the_connection_only_and_in_order() -> None:
    receipts = [3 << 16 | 7, 2 << 16 | 8, 0, 3 << 16 | 1, 3 << 16 | 65535]
    messages = [Message("t", b"", 0, receipt=receipt) for receipt in receipts]
    assert acknowledgements(messages, 3) == bytes.fromhex("40020007 40020001 4002ffff".replace(" ", ""))


@given(
    correlation=st.binary(max_size=300),
    response=st.text(st.characters(codec="utf-8", exclude_characters="\0+#"), max_size=100),
    others=st.booleans(),
)
def test_correlation_data_and_response_topic_are_found_among_all_properties(
    *, correlation: bytes, response: str, others: bool
) -> None:
    properties: dict[str, object] = {}
    if correlation:
        properties["correlation_data"] = correlation
    if response:
        properties["response_topic"] = response
    if others:
        properties |= {
            "message_expiry_interval": 5,
            "content_type": "x",
            "payload_format_id": 1,
            "user_property": [("k", "v")],
        }
    protocol = SimpleNamespace(proto_ver=5, id_generator=IdGenerator())
    data = bytes(PublishPacket.build_package(gmqtt.Message("t", b"p", qos=1, **properties), protocol)[1])
    (message,) = split_packets(data, ARRIVAL, properties=True).messages
    assert (message.correlation, message.response_topic, message.payload) == (correlation, response, b"p")
