"""Devices that take commands, as real ones do: they obey, refuse, lie, are slow, stammer, or are not there. Pure: a message in, messages out."""

from collections import deque
from collections.abc import Iterable
from typing import Any, Literal

import msgspec
from msgspec import Struct

from state_sync.bindings.binding import Binding, CommandAddress
from state_sync.codecs import parse_path
from state_sync.codecs.values import Refused
from state_sync.conversion import Scale, compile_conversion
from state_sync.messages import Message, Publication
from state_sync.simulation.signals import SimulatedSignal, publication
from twin.state import Signal, Value

Behaviour = Literal["obeys", "refuses", "lies", "stammers", "silent", "deaf", "offline"]

REMEMBERED = 1000
"""Ids of commands that a device remembers, so that it does nothing twice."""

_encoder = msgspec.json.Encoder()


class Manner(Struct, frozen=True, kw_only=True):
    """How a device takes commands.

    `obeys`: replies, does it, reports. `refuses`: replies that it does not. `lies`: replies that it has, and does nothing. `stammers`: obeys, and says
    everything twice. `silent`: does it and reports, without a reply. `deaf`: does it and replies, but reports nothing. `offline`: gets nothing. `after_s`: how
    long it takes from the reply to the deed. `remembers`: it knows commands by their id, and does none twice.
    """

    kind: Behaviour = "obeys"
    after_s: float = 0.0
    reply_after_s: float = 0.0
    remembers: bool = True


class Actuator(Struct, frozen=True, kw_only=True):
    """A signal that devices set: where commands come from, and how it reports."""

    signal: SimulatedSignal
    address: CommandAddress
    manner: Manner = Manner()


class Reaction(Struct, frozen=True, kw_only=True):
    """What a device does `after_s` seconds from a command: says something, or takes a value over and perhaps reports it."""

    after_s: float
    says: tuple[Publication, ...] = ()
    value: Value | None = None
    reports: int = 0


class Actuators:
    """All of them, by the topic of their commands. `held`: values that were commanded, by signal; `executed`: how often each command was carried out."""

    def __init__(self, actuators: Iterable[Actuator], held: dict[str, Value] | None = None) -> None:
        self.held = {} if held is None else held
        self.executed: dict[str, int] = {}
        self._by_topic = {each.address.topic: each for each in actuators}
        self._seen: deque[str] = deque(maxlen=REMEMBERED)

    @property
    def topics(self) -> list[str]:
        """What they subscribe to."""
        return [topic for topic, each in self._by_topic.items() if each.manner.kind != "offline"]

    def find(self, topic: str) -> Actuator | None:
        """Whose commands come on a topic."""
        return self._by_topic.get(topic)

    def take(self, message: Message) -> list[Reaction]:
        """What a device does when a message comes; a command that it cannot read is refused."""
        each = self._by_topic.get(message.topic)
        if each is None or each.manner.kind == "offline":
            return []
        identifier, raw = _read(each.address, message)
        value = _converted(each.signal.signal, raw)
        kind, manner = each.manner.kind, each.manner
        if value is None or kind == "refuses":
            return [self._reply(each, message, identifier, "rejected")]
        reply = self._reply(each, message, identifier, "accepted")
        if manner.remembers and identifier and identifier in self._seen:
            return [reply]
        self._seen.append(identifier)
        if kind == "lies":
            return [reply]
        self.executed[identifier] = self.executed.get(identifier, 0) + 1
        reports = {"deaf": 0, "stammers": 2}.get(kind, 1)
        deed = Reaction(after_s=manner.reply_after_s + manner.after_s, value=value, reports=reports)
        return [deed] if kind == "silent" else [reply, deed]

    def _reply(self, each: Actuator, message: Message, identifier: str, word: str) -> Reaction:
        topic = message.response_topic or each.address.reply
        if topic is None:
            return Reaction(after_s=0.0)
        detail = {"detail": "not by remote"} if word == "rejected" else {}
        said = Publication(
            topic,
            _encoder.encode({"id": identifier, "status": word, **detail}),
            correlation=message.correlation,
        )
        times = 2 if each.manner.kind == "stammers" else 1
        return Reaction(after_s=each.manner.reply_after_s, says=(said,) * times)

    def report(self, each: Actuator, value: Value, at: int) -> Publication:
        """Take a value over, and the message that says so; `at`: microseconds since 1970 UTC."""
        self.held[each.signal.signal.id] = value
        return publication(each.signal, at, value)


def actuators(
    bound: Iterable[Binding], signals: Iterable[SimulatedSignal], manner: Manner | None = None
) -> list[Actuator]:
    """Devices for those simulated signals that can be commanded by JSON or plain messages."""
    by_id = {each.signal.id: each for each in signals}
    return [
        Actuator(signal=by_id[each.signal], address=each.command, manner=manner or Manner())
        for each in bound
        if each.command is not None and each.command.codec != "sparkplug" and each.signal in by_id
    ]


def _read(address: CommandAddress, message: Message) -> tuple[str, Any]:
    """Id and value of a command; a value of None: it cannot be read."""
    correlation = message.correlation.decode(errors="replace")
    if address.codec == "plain":
        return correlation, message.payload.decode(errors="replace")
    try:
        document = msgspec.json.decode(message.payload)
        value = document
        for name in parse_path(address.path):
            value = value[name]
        return str(document.get("id", correlation)), value
    except (msgspec.DecodeError, LookupError, TypeError, AttributeError):
        return correlation, None


def _converted(signal: Signal, raw: Any) -> Value | None:
    if raw is None or not isinstance(raw, (bool, int, float, str)):
        return None
    value = compile_conversion(signal, Scale(), from_text=True, lenient=True, values={})(raw)
    return None if isinstance(value, Refused) else value
