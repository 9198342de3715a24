"""One message becomes readings. Pure: no clock, no I/O; what ingest calls for every message."""

from collections.abc import Callable, Iterable

from msgspec import Struct

from state_sync.codecs import json_path, plain, senml
from state_sync.codecs.replies import read_reply
from state_sync.codecs.sparkplug import NAMESPACE, Outcome, parse_topic
from state_sync.codecs.values import Decoded, Refused
from state_sync.routing.router import Route, Router
from state_sync.routing.targets import Target
from twin.commands import Reply
from twin.ports import Rejected
from twin.state import Reading

KEPT_BYTES = 4096
"""Of a payload, in a dead letter."""


class SignalsStale(Struct, frozen=True, kw_only=True):
    """A gateway or device said, or its broker said for it, that it is gone: for `ReadingWriter.mark_stale`, before the readings."""

    signals: tuple[int, ...]


class Publish(Struct, frozen=True, kw_only=True):
    """A message to send, QoS 0, not retained: the request that an edge node announces itself anew."""

    topic: str
    payload: bytes


class Replied(Struct, frozen=True):
    """A device answers a command."""

    reply: Reply


Event = SignalsStale | Publish | Replied
Message = tuple[list[Reading], list[Rejected], list[Event]]

_SPARKPLUG = NAMESPACE + "/"


def decode_message(
    router: Router, topic: str, payload: bytes, received_at: int, correlation: bytes = b""
) -> Message:
    """Readings, dead letters and events of one message; `received_at` in microseconds since 1970 UTC. `correlation`: of MQTT 5.

    Never raises for any topic or payload. A message that several bindings read gives up to one dead letter for each reason,
    however many of its parts failed for it.
    """
    if topic.startswith(_SPARKPLUG):
        return _sparkplug(router, topic, payload, received_at)
    route = router.route(topic)
    events: list[Event] = []
    readings: list[Reading] = []
    refused: list[Refused] = []
    told = topic in router.statuses or topic in router.replies
    if told:
        _say_beside(router, topic, (payload, correlation, received_at), (events, refused))
    if route is None:
        # Our own commands come back by subscriptions that are wider than readings.
        refused += [] if told or topic in router.commanded else [_UNKNOWN]
        return [], _dead_letters(refused, topic, payload, received_at), events
    if route.json or route.json_lists:
        _json(route, payload, received_at, readings, refused)
    if route.plain:
        decoded = plain.decode(payload)
        for target in route.plain:
            _take(target, decoded, received_at, readings, refused)
    if route.senml:
        _senml(route.senml, payload, received_at, readings, refused)
    return readings, _dead_letters(refused, topic, payload, received_at) if refused else [], events


def _says(payload: bytes, offline: str) -> bool:
    """Whether a last will says that its device is gone: the word alone, or as `state` or `status` of a JSON object."""
    word = payload.strip().decode("utf-8", "replace")
    if word.startswith("{"):
        document = json_path.parse(payload)
        if isinstance(document, dict):
            return offline.lower() in {str(document.get(name)).lower() for name in ("state", "status")}
    return word.lower() == offline.lower()


_UNKNOWN = Refused("unknown_topic", "no binding has this topic")


def _say_beside(
    router: Router, topic: str, said: tuple[bytes, bytes, int], out: tuple[list[Event], list[Refused]]
) -> None:
    """What a message says that is no reading: a last will, an answer to a command."""
    payload, correlation, received_at = said
    status = router.statuses.get(topic)
    if status is not None and _says(payload, status[0]):
        out[0].append(SignalsStale(signals=status[1]))
    answering = router.replies.get(topic)
    if answering is not None:
        reply = read_reply(payload, correlation, received_at, answering)
        if isinstance(reply, Refused):
            out[1].append(reply)
        else:
            out[0].append(Replied(reply))


def _take(
    target: Target,
    decoded: Decoded | Refused,
    received_at: int,
    readings: list[Reading],
    refused: list[Refused],
) -> None:
    result = decoded if isinstance(decoded, Refused) else target(decoded, received_at)
    if isinstance(result, Refused):
        refused.append(result)
    else:
        readings.append(result)


def _json(
    route: Route, payload: bytes, received_at: int, readings: list[Reading], refused: list[Refused]
) -> None:
    document = json_path.parse(payload)
    if type(document) is Refused:
        refused.append(document)
        return
    for read, target in route.json:
        _take(target, read(document), received_at, readings, refused)
    for read_all, target in route.json_lists:
        for decoded in read_all(document):
            _take(target, decoded, received_at, readings, refused)


def _senml(
    bound: dict[str, tuple[Target, ...]],
    payload: bytes,
    received_at: int,
    readings: list[Reading],
    refused: list[Refused],
) -> None:
    """Records of one name may differ in unit (RFC 8428, section 5.1.3: humidity and place): that of the binding is taken."""
    values = senml.decode(payload, received_at)
    wrong: list[Refused] = []
    taken = _by_key(values, lambda key: bound.get(key, ()), received_at, (readings, wrong))
    if not (taken or wrong):
        refused.append(Refused("unknown_signal", "no binding has a name of this pack"))
    refused.extend(one for one in wrong if one.reason != "wrong_unit" or one.key not in taken)


def _by_key(
    values: Iterable[Decoded | Refused],
    targets_of: Callable[[str], Iterable[Target]],
    received_at: int,
    out: tuple[list[Reading], list[Refused]],
) -> set[str]:
    """Take the values whose keys are bound, and refusals of whole messages; the others are nobody's. Returns keys that were read."""
    readings, refused = out
    read: set[str] = set()
    for value in values:
        if type(value) is Refused and not value.key:
            refused.append(value)
        for target in targets_of(value.key):
            result = value if isinstance(value, Refused) else target(value, received_at)
            if isinstance(result, Refused):
                refused.append(Refused(result.reason, result.detail, value.key))
            else:
                readings.append(result)
                read.add(value.key)
    return read


def _sparkplug(router: Router, topic: str, payload: bytes, received_at: int) -> Message:
    parsed = parse_topic(topic)
    if parsed is None:
        return [], [], []
    if not router.wants_node(parsed.source):
        return [], [_dead(_UNKNOWN, topic, payload, received_at)], []
    outcome = router.nodes.take(topic, payload, received_at)
    bound = router.targets_of(parsed.source)
    readings: list[Reading] = []
    refused: list[Refused] = []
    _by_key(
        outcome.values,
        lambda key: bound.get(key, ()) if key else (),
        received_at,
        (readings, refused),
    )
    dead = _dead_letters(refused, topic, payload, received_at) if refused else []
    return readings, dead, _events(router, outcome)


def _events(router: Router, outcome: Outcome) -> list[Event]:
    events: list[Event] = []
    numbers = {number for source in outcome.stale for number in router.signals_of(source)}
    if numbers:
        events.append(SignalsStale(signals=tuple(sorted(numbers))))
    if outcome.publish is not None:
        events.append(Publish(topic=outcome.publish[0], payload=outcome.publish[1]))
    return events


def _dead_letters(refused: list[Refused], topic: str, payload: bytes, received_at: int) -> list[Rejected]:
    first: dict[str, Refused] = {}
    for refusal in refused:
        first.setdefault(refusal.reason, refusal)
    return [_dead(refusal, topic, payload, received_at) for refusal in first.values()]


def _dead(refusal: Refused, topic: str, payload: bytes, received_at: int) -> Rejected:
    detail = f"{refusal.key}: {refusal.detail}" if refusal.key else refusal.detail
    return Rejected(
        reason=refusal.reason,
        detail=detail,
        topic=topic,
        payload=bytes(payload[:KEPT_BYTES]),
        received_at=received_at,
    )
