"""What a host has to remember of Sparkplug edge nodes: who is born, which alias is which metric, where the sequence stands.

A small state machine without a clock: (topic, payload, time of reception) in, values and events out.
"""

from msgspec import Struct

from state_sync.codecs.sparkplug.payload import Metric, Payload, decode, rebirth_request, typed
from state_sync.codecs.sparkplug.topics import Source, Topic, parse_topic
from state_sync.codecs.values import Decoded, Refused

SEQ_LIMIT = 256
"""Sequence numbers go 0…255 and wrap (Sparkplug 3.0.0, section 6.4.1)."""

REBIRTH_PAUSE_US = 10_000_000
"""Before a node is asked again: large nodes need seconds to announce thousands of metrics."""

MAX_DEVICES = 10_000
MAX_DEFINITIONS = 100_000
"""Of one edge node: what a host remembers of births must not grow with what somebody publishes. Ten times the largest we know of."""

BD_SEQ = "bdSeq"


class Definition(Struct, frozen=True):
    """What a birth said of a metric."""

    name: str
    datatype: int
    source: Source


class Outcome(Struct, frozen=True, kw_only=True):
    """What a message meant. `source`: whose metrics these are; None: nobody's (a command, a state of a host).

    `stale`: all signals of these sources are stale now; an edge node stands for its devices, too. `publish`: topic and payload to send,
    QoS 0, not retained.
    """

    source: Source | None = None
    values: tuple[Decoded | Refused, ...] = ()
    stale: tuple[Source, ...] = ()
    publish: tuple[str, bytes] | None = None


NOTHING = Outcome()


class _Node:
    __slots__ = ("aliases", "asked_at", "bd_seq", "born", "datatypes", "devices", "gap", "seq")

    def __init__(self) -> None:
        self.born = False
        self.gap = False
        self.seq: int | None = None
        self.bd_seq: int | None = None
        self.asked_at: int | None = None
        self.aliases: dict[int, Definition] = {}
        self.datatypes: dict[tuple[str | None, str], int] = {}
        self.devices: set[Source] = set()


class EdgeNodes:
    """All edge nodes that have been heard. The caller decides which nodes are worth remembering."""

    def __init__(self) -> None:
        self._nodes: dict[tuple[str, str], _Node] = {}

    def take(self, topic: str, payload: bytes, received_at: int) -> Outcome:
        """What a message means; `received_at` in microseconds since 1970 UTC. Never raises, whatever the bytes are.

        Values come under the names of metrics, those of DATA messages by alias too. A metric that is null has no value:
        in a birth it is passed over, later it is refused as `no_value`.
        """
        parsed = parse_topic(topic)
        if parsed is None:
            return NOTHING
        decoded = decode(payload)
        if isinstance(decoded, Refused):
            return Outcome(source=parsed.source, values=(decoded,))
        node = self._nodes.setdefault((parsed.source.group, parsed.source.node), _Node())
        match parsed.kind:
            case "NBIRTH":
                return self._node_birth(node, parsed, decoded)
            case "NDEATH":
                return self._node_death(node, parsed, decoded)
            case _:
                return self._later(node, parsed, decoded, received_at)

    def _node_birth(self, node: _Node, topic: Topic, payload: Payload) -> Outcome:
        bd_seq = _bd_seq(payload)
        stale = () if bd_seq == node.bd_seq else tuple(sorted(node.devices, key=str))
        node.__init__()  # type: ignore[misc]  # a birth starts a node anew, devices included
        node.born, node.seq, node.bd_seq = True, payload.seq, bd_seq
        return Outcome(source=topic.source, values=_born(node, topic, payload), stale=stale)

    def _node_death(self, node: _Node, topic: Topic, payload: Payload) -> Outcome:
        """A death of an earlier session is a will that came late, and means nothing (section 6.4.19).

        One of a later session than the birth we know of counts: a birth was missed, or the node is one of those that
        count up before they say good-bye (pysparkplug 0.6 does).
        """
        bd_seq = _bd_seq(payload)
        if node.born and node.bd_seq is not None and bd_seq is not None:
            ahead = (bd_seq - node.bd_seq) % SEQ_LIMIT
            if ahead >= SEQ_LIMIT // 2:
                return Outcome(source=topic.source)
        node.born = False
        node.devices.clear()
        return Outcome(source=topic.source, stale=(topic.source,))

    def _later(self, node: _Node, topic: Topic, payload: Payload, received_at: int) -> Outcome:
        if not node.born:
            refused = Refused("no_birth", "the edge node has not announced itself; a rebirth was requested")
            return Outcome(
                source=topic.source,
                values=(refused,),
                stale=(topic.source,) if topic.kind == "DDEATH" else (),
                publish=_ask(node, topic, received_at),
            )
        if not _in_order(node, payload):
            node.gap = True
        stale: tuple[Source, ...] = ()
        values: tuple[Decoded | Refused, ...] = ()
        match topic.kind:
            case "DDEATH":
                node.devices.discard(topic.source)
                stale = (topic.source,)
            case "DBIRTH":
                values = _device_birth(node, topic, payload)
            case _ if topic.source.device is not None and topic.source not in node.devices:
                node.gap = True
                values = (
                    Refused("no_birth", "the device has not announced itself; a rebirth was requested"),
                )
            case _:
                values = tuple(_reported(node, topic.source, metric) for metric in payload.metrics)
        publish = _ask(node, topic, received_at) if node.gap else None
        return Outcome(source=topic.source, values=values, stale=stale, publish=publish)


def _device_birth(node: _Node, topic: Topic, payload: Payload) -> tuple[Decoded | Refused, ...]:
    if topic.source not in node.devices and len(node.devices) >= MAX_DEVICES:
        return (Refused("too_large", f"an edge node with more than {MAX_DEVICES} devices"),)
    node.devices.add(topic.source)
    return _born(node, topic, payload)


def _bd_seq(payload: Payload) -> int | None:
    for metric in payload.metrics:
        if metric.name == BD_SEQ and type(metric.raw) is int:
            return metric.raw
    return None


def _in_order(node: _Node, payload: Payload) -> bool:
    """Whether no message is missing before this one; the same number again is the same message again."""
    if payload.seq is None:
        return False
    before, node.seq = node.seq, payload.seq
    return before is not None and payload.seq in {before, (before + 1) % SEQ_LIMIT}


def _ask(node: _Node, topic: Topic, received_at: int) -> tuple[str, bytes] | None:
    if node.asked_at is not None and 0 <= received_at - node.asked_at < REBIRTH_PAUSE_US:
        return None
    node.asked_at = received_at
    return rebirth_request(topic.source, received_at)


def _born(node: _Node, topic: Topic, payload: Payload) -> tuple[Decoded | Refused, ...]:
    values: list[Decoded | Refused] = []
    for metric in payload.metrics:
        if metric.name is None:
            values.append(Refused("malformed", "a metric without a name in a birth"))
            continue
        if max(len(node.datatypes), len(node.aliases)) >= MAX_DEFINITIONS:
            values.append(Refused("too_large", f"an edge node with more than {MAX_DEFINITIONS} metrics"))
            break
        node.datatypes[topic.source.device, metric.name] = metric.datatype
        if metric.alias is not None:
            node.aliases[metric.alias] = Definition(metric.name, metric.datatype, topic.source)
        if not metric.null and metric.raw is not None:
            values.append(_value(metric, metric.name, metric.datatype))
    return tuple(values)


def _reported(node: _Node, source: Source, metric: Metric) -> Decoded | Refused:
    """A metric of a DATA message. After a gap aliases are not trusted: the birth that defines them may be what was lost."""
    name, datatype = metric.name, metric.datatype
    if name is None:
        known = None if metric.alias is None or node.gap else node.aliases.get(metric.alias)
        if known is None or known.source != source:
            node.gap = True
            return Refused("unknown_alias", f"alias {metric.alias} is not known; a rebirth was requested")
        name, datatype = known.name, datatype or known.datatype
    elif not datatype:
        datatype = node.datatypes.get((source.device, name), 0)
    if metric.null or metric.raw is None:
        return Refused("no_value", "null", name)
    return _value(metric, name, datatype)


def _value(metric: Metric, name: str, datatype: int) -> Decoded | Refused:
    value = typed(metric.raw, datatype)
    if isinstance(value, Refused):
        return Refused(value.reason, value.detail, name)
    return Decoded(name, value, metric.observed_at, metric.quality)
