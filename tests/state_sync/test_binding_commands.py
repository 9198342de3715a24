"""How signals are commanded, in binding files."""

from typing import Any

import pytest

from state_sync.bindings import Binding, CommandAddress, InvalidBindings, parse, resolve
from state_sync.bindings.commanding import ADDRESS_FIELDS, CONTROL_FIELDS
from state_sync.registry import Registry
from tests.state_sync.bindings_builders import ListFinder, found
from twin.controls import Confirm, Control, Priority, parse_interlock
from twin.devices import Device
from twin.state import Signal

HEAD = '[[binding]]\ntag = "TI-1"\nsignal = "speed"\nsettable = true\n'


def bound(text: str, head: str = HEAD) -> tuple[Signal, Binding]:
    resolution = resolve(parse((head + text).encode(), "b.toml"), ListFinder(found(1), found(2)))
    assert resolution.report.clean
    return resolution.signals[0], resolution.bindings[0]


def address(text: str) -> CommandAddress | None:
    return bound(text)[1].command


def problem(text: str, head: str = HEAD) -> tuple[str, str]:
    with pytest.raises(InvalidBindings) as caught:
        parse((head + text).encode(), "b.toml")
    (one,) = caught.value.problems
    return one.field, one.message


def test_a_settable_signal_is_commanded_below_its_topic_unless_told_otherwise() -> None:
    assert address('topic = "pumps/{tag}"') == CommandAddress(
        topic="pumps/TI-1/set", reply="pumps/TI-1/set/reply", reply_filter="pumps/+/set/reply"
    )


def test_topics_path_and_codec_are_as_written() -> None:
    text = 'topic = "a/b"\ncommand_topic = "c/{tag}"\ncommand_path = "drive.speed"\nreply_topic = "r"'
    assert address(text) == CommandAddress(topic="c/TI-1", path="drive.speed", reply="r")


def test_a_plain_device_does_not_reply_and_is_confirmed_by_readings() -> None:
    signal, binding = bound('topic = "a/b"\ncommand_codec = "plain"')
    assert binding.command == CommandAddress(topic="a/b/set", codec="plain")
    assert signal.control == Control(confirm=Confirm.READING)


@pytest.mark.parametrize(
    ("topic", "command"),
    [
        ("spBv1.0/Plant/+/Gateway/Meter", "spBv1.0/Plant/DCMD/Gateway/Meter"),
        ("spBv1.0/Plant/+/Gateway", "spBv1.0/Plant/NCMD/Gateway"),
    ],
)
def test_sparkplug_is_commanded_where_its_data_come_from(topic: str, command: str) -> None:
    signal, binding = bound(f'codec = "sparkplug"\ntopic = "{topic}"\npath = "Speed"')
    assert binding.command == CommandAddress(topic=command, codec="sparkplug", path="Speed")
    assert signal.control == Control(confirm=Confirm.READING)


def test_a_signal_that_is_not_settable_has_no_address() -> None:
    signal, binding = bound('topic = "a/b"', '[[binding]]\ntag = "TI-1"\nsignal = "speed"\n')
    assert (signal.control, binding.command) == (None, None)


def test_all_that_is_said_of_confirmation_is_declared() -> None:
    signal, _ = bound(
        """topic = "a/b"
confirm = "both"
confirm_signal = "position"
on_change = true
ack_s = 1
confirm_s = 2
expires_s = 3
clock_s = 4
dangerous = true
approval_s = 5
priority = "automatic"
revert = true
resend = "always"
offline = "send"
interlocks = ["level > 0.3", "m/g/door = closed"]
"""
    )
    assert signal.control == Control(
        confirm=Confirm.BOTH, confirm_signal="position", on_change=True, ack_s=1, confirm_s=2, expires_s=3, clock_s=4,
        dangerous=True, approval_s=5, priority=Priority.AUTOMATIC, revert=True, resend="always", offline="send",
        interlocks=(parse_interlock("level > 0.3"), parse_interlock("m/g/door = closed")),
    )  # fmt: skip


def test_interlocks_in_a_cell_of_csv() -> None:
    (rule,) = parse(
        b"tag,signal,settable,topic,interlocks\nT,t,true,a/b,level > 0.3|door = closed\n", "b.csv"
    ).rules
    assert rule.signal.control is not None
    assert list(map(str, rule.signal.control.interlocks)) == ["level > 0.3", "door = closed"]


@pytest.mark.parametrize(
    ("text", "field", "words"),
    [
        ('topic = "a/+"', "command_topic", "wildcards"),
        ('topic = "a/b"\ncommand_topic = "a/b"', "command_topic", "topic of the readings"),
        ('topic = "a/b"\ncommand_topic = "a/#"', "command_topic", "wildcards"),
        ('topic = "a/b"\nreply_topic = "a/{"', "reply_topic", "brace"),
        ('topic = "a/b"\ncommand_path = "a..b["', "command_path", "path"),
        ('topic = "a/b"\ncommand_path = "a[0]"', "command_path", "names"),
        ('topic = "a/b"\ncommand_codec = "plain"\ncommand_path = "x"', "command_path", "no parts"),
        ('topic = "a/b"\ncommand_codec = "plain"\nconfirm = "ack"', "confirm", "does not reply"),
        ('topic = "a/b"\ncommand_codec = "sparkplug"', "command_codec", "Sparkplug"),
        ('topic = "a/b"\non_change = true\nconfirm = "reading"', "confirm", "changes only"),
        ('topic = "a/b"\nconfirm = "ack"\nrevert = true', "confirm", "no revert"),
        ('topic = "a/b"\nack_s = 0', "ack_s", "more than 0"),
        ('topic = "a/b"\nconfirm_s = 1e9', "confirm_s", "at most"),
        ('topic = "a/b"\ntolerance = 0.1\ndeadband = 0.2', "tolerance", "deadband"),
        ('topic = "a/b"\nconfirm = "maybe"', "confirm", "not known"),
        ('topic = "a/b"\npriority = "urgent"', "priority", "not known"),
        ('topic = "a/b"\ninterlocks = ["level"]', "interlocks", "no condition"),
        ('topic = "a/b"\nmap = { "0" = 5, "off" = 5 }', "map", "both mean"),
        (
            'codec = "sparkplug"\ntopic = "spBv1.0/G/+/N"\npath = "x"\nconfirm = "both"',
            "confirm",
            "does not reply",
        ),
        (
            'codec = "sparkplug"\ntopic = "spBv1.0/G/+/N"\npath = "x"\ncommand_topic = "y"',
            "command_topic",
            "Sparkplug says",
        ),
    ],
)
def test_a_mistake_is_told_by_its_field_when_it_is_bound(text: str, field: str, words: str) -> None:
    told_field, told = problem(text)
    assert (told_field, words in told) == (field, True), told


VALUES: dict[str, Any] = {
    "interlocks": '["a > 1"]', "on_change": "true", "dangerous": "true", "revert": "true", "confirm": '"reading"',
    "priority": '"manual"', "resend": '"always"', "offline": '"send"', "command_codec": '"json"',
    "command_topic": '"x"', "reply_topic": '"x"', "command_path": '"x"', "confirm_signal": '"x"',
}  # fmt: skip


@pytest.mark.parametrize("field", [*CONTROL_FIELDS, *ADDRESS_FIELDS])
def test_what_is_said_of_commands_to_a_signal_that_is_not_settable_is_refused(field: str) -> None:
    head = '[[binding]]\ntag = "T"\nsignal = "t"\ntopic = "a/b"\n'
    assert problem(f"{field} = {VALUES.get(field, 1)}", head) == (field, "the signal is not settable")


def test_commands_and_replies_move_with_a_device_that_was_replaced() -> None:
    _, binding = bound('topic = "old/speed"')
    new = Device(id="new", address="fresh/7", aliases=("old",))
    placed = Registry([new]).place(binding)
    assert placed.binding.command == CommandAddress(
        topic="fresh/7/speed/set", reply="fresh/7/speed/set/reply"
    )
