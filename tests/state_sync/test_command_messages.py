"""Commands as messages, and what devices answer: pure parts."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from state_sync.bindings import Binding, CommandAddress
from state_sync.codecs import Refused
from state_sync.codecs.replies import read_reply
from state_sync.codecs.sparkplug.payload import Payload, decode, typed
from state_sync.control import publication
from state_sync.conversion import Scale, compile_conversion
from state_sync.messages import Message
from state_sync.pipeline import Replied, decode_message
from state_sync.routing import Router
from state_sync.simulation.actuators import Actuator, Actuators, Manner
from state_sync.simulation.signals import SimulatedSignal
from tests.state_sync.bindings_builders import NOW, binding, record, signal
from twin.commands import Command, Reply, ReplyKind
from twin.controls import USUAL, Confirm, Control, Priority
from twin.state import Value

S = 1_000_000
ANY = frozenset({7})


def command(value: Value) -> Command:
    return Command(
        number=1, id="c1", request=1, position=0, signal=7, confirm_signal=7, value=value, priority=Priority.MANUAL,
        by="ada", reason="test", created_at=NOW, start_at=NOW, expires_at=NOW + 9 * S, sent_at=NOW,
    )  # fmt: skip


def bound(**fields: Any) -> Binding:
    address = {"topic": "d/set", "reply": "d/set/reply", **fields.pop("command", {})}
    return binding("d", command=CommandAddress(**address), **fields)


def test_a_json_command_has_id_value_and_the_time_until_which_it_may_be_done() -> None:
    sent = publication(command(21.5), bound(), USUAL)
    assert json.loads(sent.payload) == {"id": "c1", "value": 21.5, "expires_at": "2023-11-14T22:13:30.000Z"}
    assert (sent.topic, sent.response_topic, sent.correlation, sent.expiry_s, sent.retain) == (
        "d/set", "d/set/reply", b"c1", 10, False,
    )  # fmt: skip


def test_the_value_stands_where_the_path_says() -> None:
    sent = publication(command(True), bound(command={"path": "drive.on"}), USUAL)
    assert json.loads(sent.payload)["drive"] == {"on": True}


@pytest.mark.parametrize(
    ("value", "payload"), [(True, b"true"), (21.5, b"21.5"), (3, b"3"), ("offen", b"offen"), (2.0, b"2")]
)
def test_a_plain_command_is_the_value_alone(value: Value, payload: bytes) -> None:
    assert publication(command(value), bound(command={"codec": "plain"}), USUAL).payload == payload


def test_a_device_that_does_not_reply_is_waited_for_as_long_as_its_reading() -> None:
    control = Control(confirm=Confirm.READING, confirm_s=7.2)
    assert publication(command(1.0), bound(), control).expiry_s == 8


@given(st.floats(-1e9, 1e9), st.floats(0.001, 1000), st.floats(-1000, 1000))
def test_what_is_sent_is_read_back_as_the_value_that_was_commanded(
    value: float, factor: float, offset: float
) -> None:
    sent = publication(command(value), bound(factor=factor, offset=offset), USUAL)
    raw = json.loads(sent.payload)["value"]
    read = compile_conversion(signal(), Scale(factor, offset))(raw)
    assert read == pytest.approx(value, rel=1e-9, abs=1e-9 * (abs(offset) + 1))


def test_a_map_is_read_backwards() -> None:
    door = bound(map={"0": "closed", "1": "open"})
    assert json.loads(publication(command("open"), door, USUAL).payload)["value"] == "1"


@pytest.mark.parametrize("value", [True, False, 7.25, -3, 2**53, "auto"])
def test_a_sparkplug_command_is_a_metric_of_the_value(value: Value) -> None:
    sent = publication(command(value), bound(command={"codec": "sparkplug", "path": "Speed"}), USUAL)
    read = decode(sent.payload)
    assert isinstance(read, Payload)
    (metric,) = read.metrics
    assert (metric.name, typed(metric.raw, metric.datatype)) == ("Speed", value)
    assert sent.response_topic is None


def test_an_address_that_is_missing_is_an_error_with_words() -> None:
    with pytest.raises(ValueError, match="nothing of commands"):
        publication(command(1.0), binding("d"), USUAL)


# --------------------------------------------------------------------------------------------- replies
@pytest.mark.parametrize(
    ("payload", "correlation", "kind", "detail"),
    [
        (b'{"id": "c1"}', b"", ReplyKind.ACCEPTED, None),
        (b'{"id": "c1", "status": "OK"}', b"", ReplyKind.ACCEPTED, None),
        (b'{"id": "c1", "status": "rejected", "detail": "locked"}', b"", ReplyKind.REJECTED, "locked"),
        (b'{"status": "failed", "error": "jam"}', b"c1", ReplyKind.FAILED, "jam"),
        (b'{"result": true}', b"c1", ReplyKind.ACCEPTED, None),
        (b"", b"c1", ReplyKind.ACCEPTED, None),
        (b"refused", b"c1", ReplyKind.REJECTED, None),
    ],
)
def test_a_reply_is_understood(
    payload: bytes, correlation: bytes, kind: ReplyKind, detail: str | None
) -> None:
    assert read_reply(payload, correlation, NOW, ANY) == Reply(
        id="c1", kind=kind, received_at=NOW, detail=detail, signals=ANY
    )


@pytest.mark.parametrize(
    "payload", [b"ok", b"{", b'{"status": "ok"}', b'{"id": 7}', b'{"id": "c1", "status": "maybe"}']
)
def test_a_reply_that_names_no_command_or_says_nothing_is_refused(payload: bytes) -> None:
    assert isinstance(read_reply(payload, b"", NOW, ANY), Refused)


@given(st.binary(max_size=200), st.binary(max_size=100))
def test_no_bytes_make_a_reply_fail(payload: bytes, correlation: bytes) -> None:
    read_reply(payload, correlation, NOW, ANY)


def routes(*bindings: Binding) -> Router:
    names = list(dict.fromkeys(each.name for each in bindings))
    return Router(bindings, [record(signal(name), number) for number, name in enumerate(names, 7)])


def test_a_reply_speaks_for_the_signals_that_are_bound_to_its_topic_alone() -> None:
    other = binding("e", name="u", command=CommandAddress(topic="e/set", reply="e/set/reply"))
    router = routes(bound(), other)
    readings, rejected, events = decode_message(router, "e/set/reply", b'{"id": "c1"}', NOW)
    (event,) = events
    assert isinstance(event, Replied)
    assert (readings, rejected, event.reply.signals) == ([], [], frozenset({8}))


def test_replies_are_subscribed_to() -> None:
    assert routes(bound()).subscriptions() == ["d", "d/set/reply"]
    wide = bound(command={"reply_filter": "+/set/reply"})
    assert routes(wide).subscriptions() == ["+/set/reply", "d"]


def test_our_own_command_is_no_reading_and_no_dead_letter() -> None:
    wide = binding("d/#", command=CommandAddress(topic="d/set", reply="d/set/reply"))
    assert decode_message(routes(wide), "d/set", b"21.5", NOW) == ([], [], [])
    assert len(decode_message(routes(wide), "d/other", b"21.5", NOW)[0]) == 1


def test_a_reply_is_no_reading_of_a_wide_binding() -> None:
    wide = binding("d/#", command=CommandAddress(topic="d/set", reply="d/set/reply"))
    readings, rejected, _ = decode_message(routes(wide), "d/set/reply", b"21.5", NOW)
    assert (readings, [each.reason for each in rejected]) == ([], ["no_command"])


# ------------------------------------------------------------------------------------ simulated devices
def lamp(manner: Manner, codec: str = "json") -> Actuators:
    of = SimulatedSignal(signal=signal(settable=True), gateway="m", topic="d", period_s=1, seed=1)
    address = msgspec.convert({"topic": "d/set", "codec": codec, "reply": "d/set/reply"}, CommandAddress)
    return Actuators([Actuator(signal=of, address=address, manner=manner)])


def told(value: Value, identifier: str = "c1") -> Message:
    return Message("d/set", json.dumps({"id": identifier, "value": value}).encode(), NOW)


def said(lamps: Actuators, message: Message) -> list[tuple[str, Value | None, int]]:
    return [
        (
            ",".join(json.loads(each.payload)["status"] for each in reaction.says),
            reaction.value,
            reaction.reports,
        )
        for reaction in lamps.take(message)
    ]


@pytest.mark.parametrize(
    ("kind", "reactions"),
    [
        ("obeys", [("accepted", None, 0), ("", 5.0, 1)]),
        ("refuses", [("rejected", None, 0)]),
        ("lies", [("accepted", None, 0)]),
        ("stammers", [("accepted,accepted", None, 0), ("", 5.0, 2)]),
        ("silent", [("", 5.0, 1)]),
        ("deaf", [("accepted", None, 0), ("", 5.0, 0)]),
        ("offline", []),
    ],
)
def test_each_manner_of_a_device(kind: Any, reactions: list[tuple[str, Value | None, int]]) -> None:
    assert said(lamp(Manner(kind=kind)), told(5)) == reactions


def test_a_device_that_remembers_ids_does_nothing_twice_and_one_that_does_not_does() -> None:
    for remembers, times in ((True, 1), (False, 2)):
        lamps = lamp(Manner(remembers=remembers))
        lamps.take(told(5))
        lamps.take(told(5))
        assert lamps.executed == {"c1": times}


def test_a_command_that_a_device_cannot_read_is_rejected() -> None:
    assert said(lamp(Manner()), told("warm")) == [("rejected", None, 0)]
    assert said(lamp(Manner()), Message("d/set", b"rubbish", NOW)) == [("rejected", None, 0)]


def test_a_device_answers_where_mqtt_5_says_and_with_its_correlation_data() -> None:
    asked = Message("d/set", b"5", NOW, correlation=b"c9", response_topic="elsewhere")
    reply, _ = lamp(Manner(), codec="plain").take(asked)
    (answer,) = reply.says
    assert (answer.topic, answer.correlation) == ("elsewhere", b"c9")
