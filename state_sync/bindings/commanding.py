"""What an entry says of commands to its signal: how they are confirmed, and where they go. Pure."""

from collections.abc import Callable, Iterator
from typing import Any

from msgspec.structs import replace

from state_sync.bindings.binding import CommandAddress
from state_sync.bindings.patterns import as_filter, fill, pattern_problem
from state_sync.bindings.topics import has_wildcard, topic_problem
from state_sync.codecs import parse_path
from state_sync.codecs.sparkplug import command_topic
from twin.controls import Confirm, Control, InvalidControl, Priority, checked_control

Found = Iterator[tuple[str, str, str]]
Values = dict[str, Any]

CONTROL_FIELDS = (
    "confirm", "confirm_signal", "on_change", "ack_s", "confirm_s", "expires_s", "clock_s", "dangerous", "approval_s",
    "priority", "revert", "resend", "offline", "interlocks",
)  # fmt: skip
ADDRESS_FIELDS = ("command_topic", "command_codec", "command_path", "reply_topic")

_ADVICE = {
    "tolerance": "Make it at least the deadband.",
    "confirm": 'Write confirm = "both", "reading" or "ack", as the device does it.',
}


def checks(values: Values) -> Found:
    """What is wrong with the fields about commands."""
    if not values.get("settable"):
        for field in (*CONTROL_FIELDS, *ADDRESS_FIELDS):
            if field in values:
                yield field, "the signal is not settable", "Write settable = true, or leave it out."
        return
    if "topic" not in values:
        return  # told already
    codec = _codec(values)
    yield from _addresses(values, codec)
    yield from _semantics(values)
    seen: dict[Any, str] = {}
    for text, value in values.get("map", {}).items():
        first = seen.setdefault((type(value), value), text)
        if first != text:
            yield (
                "map",
                f"{first!r} and {text!r} both mean {value!r}: which one is to be sent?",
                "Bind the two in separate entries, one of them settable.",
            )


def _addresses(values: Values, codec: str) -> Found:
    if (codec == "sparkplug") != (values.get("codec") == "sparkplug"):
        yield "command_codec", "Sparkplug commands go where its data come from", "Leave it out."
        return
    if codec == "sparkplug":
        for field in ADDRESS_FIELDS:
            if field in values and field != "command_codec":
                yield field, "Sparkplug says itself where commands go", "Leave it out."
        return
    if "command_topic" not in values and has_wildcard(values["topic"]):
        yield "command_topic", "the topic has wildcards, so that nothing says where commands go", "Name it."
    for field in ("command_topic", "reply_topic"):
        if field in values and (wrong := _topic_problem(values[field], values["topic"])) is not None:
            yield field, f"no topic to send to: {wrong}", "Name one topic; placeholders are allowed."
    if "command_path" in values:
        if codec == "plain":
            yield (
                "command_path",
                "a plain value has no parts",
                'Leave it out, or write command_codec = "json".',
            )
        else:
            yield from _path(values["command_path"])


def _topic_problem(topic: str, of_readings: str) -> str | None:
    wrong = pattern_problem(topic) or topic_problem(as_filter(topic))
    if wrong is not None:
        return wrong
    if has_wildcard(topic):
        return "it has wildcards"
    return "it is the topic of the readings" if topic == of_readings else None


def _path(path: str) -> Found:
    try:
        parts = parse_path(path)
    except ValueError as error:
        yield "command_path", str(error), "Write it like drive.speed."
        return
    if not parts or not all(isinstance(part, str) for part in parts):
        yield "command_path", "the command is an object with names", "Write it like drive.speed."


def _semantics(values: Values) -> Found:
    replies = replies_to(values)
    control = control_of(values)
    if not replies and control.confirm is not Confirm.READING:
        yield (
            "confirm",
            "the device does not reply",
            'Write confirm = "reading", or name the topic of its replies with reply_topic.',
        )
        return
    try:
        checked_control(control, tolerance=None, deadband=None)
    except InvalidControl as error:
        yield error.field, error.reason, _ADVICE.get(error.field, "Correct it.")


def _codec(values: Values) -> str:
    usual = "sparkplug" if values.get("codec") == "sparkplug" else "json"
    return str(values.get("command_codec", usual))


def replies_to(values: Values) -> bool:
    """Whether the device replies: by JSON unless told otherwise; Sparkplug has no replies."""
    codec = _codec(values)
    return codec == "json" or (codec == "plain" and "reply_topic" in values)


def control_of(values: Values) -> Control:
    """How the signal is commanded."""
    told = {name: values[name] for name in CONTROL_FIELDS if name in values}
    if not replies_to(values):
        told.setdefault("confirm", Confirm.READING)
    if "confirm" in told:
        told["confirm"] = Confirm(told["confirm"])
    if "priority" in told:
        told["priority"] = Priority(told["priority"])
    return Control(**told)


def address_of(values: Values) -> CommandAddress:
    """Where commands go, with placeholders. By default to `TOPIC/set`, with replies from `TOPIC/set/reply`."""
    codec = _codec(values)
    if codec == "sparkplug":
        return CommandAddress(topic=values["topic"], codec="sparkplug", path=values["path"])
    topic = values.get("command_topic", f"{values['topic']}/set")
    reply = values.get("reply_topic", f"{topic}/reply" if codec == "json" else None)
    path = values.get("command_path", "value")
    return CommandAddress(topic=topic, codec="plain" if codec == "plain" else "json", path=path, reply=reply)


def filled(command: CommandAddress | None, value_of: Callable[[str], str | None]) -> CommandAddress | None:
    """The address of one object's device; None where there is none, or a placeholder has no value."""
    if command is None:
        return None
    topic = fill(command.topic, value_of, levels=True)
    reply = None if command.reply is None else fill(command.reply, value_of, levels=True)
    path = fill(command.path, value_of, levels=False)
    if topic is None or path is None or (reply is None) != (command.reply is None):
        return None
    if command.codec == "sparkplug":
        return replace(command, topic=command_topic(topic), path=path)
    wide = None if command.reply is None else as_filter(command.reply)
    return replace(command, topic=topic, path=path, reply=reply, reply_filter=None if wide == reply else wide)
