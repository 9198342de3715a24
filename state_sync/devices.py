"""Devices and gateways as far as bindings tell of them: whether they report, and what they carry. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from msgspec import Struct

from state_sync.bindings import Binding
from state_sync.codecs.sparkplug import Source, source_of_binding
from twin.ports import StateRecord
from twin.state import Quality

_WILD = ("+", "#")


class Device(Struct, frozen=True, kw_only=True):
    """What carries signals.

    `id`: for Sparkplug `GROUP/NODE` or `GROUP/NODE/DEVICE`, else what the topics of its messages begin with. `objects`: ids.
    `last_seen`: when it was last heard of, microseconds since 1970 UTC. `online`: at least one of its signals is not stale;
    None: it has never reported. `silent`: signals that have never reported.
    """

    id: str
    gateway: str | None
    codec: str
    objects: tuple[str, ...]
    signals: int
    stale: int
    silent: int
    last_seen: int | None
    online: bool | None


def device_of(binding: Binding) -> str:
    """The device that a binding's messages come from.

    A topic that ends in the name of the signal is one of several of a device; another topic is the device's own.
    """
    source = _sparkplug(binding)
    if source is not None:
        return "/".join(part for part in (source.group, source.node, source.device) if part)
    levels = _literal(binding.topic)
    if len(levels) > 1 and levels[-1].lower() == binding.name.lower():
        levels = levels[:-1]
    return "/".join(levels) or binding.topic


def gateway_of(binding: Binding) -> str | None:
    """The edge node; or what all topics of the pattern begin with that the binding came from; None: nothing tells."""
    source = _sparkplug(binding)
    if source is not None:
        return f"{source.group}/{source.node}"
    return "/".join(_literal(binding.subscribe)) or None if binding.subscribe else None


def _sparkplug(binding: Binding) -> Source | None:
    """The node or device; None for other codecs, and for a stored binding that was edited into nonsense."""
    if binding.codec != "sparkplug":
        return None
    try:
        return source_of_binding(binding.topic)
    except ValueError:
        return None


def _literal(topic: str) -> list[str]:
    """Levels before the first wildcard."""
    levels = topic.split("/")
    wild = [place for place, level in enumerate(levels) if level in _WILD]
    return levels[: wild[0]] if wild else levels


def devices(bindings: Iterable[Binding], states: Mapping[str, StateRecord]) -> list[Device]:
    """Devices by id. `states`: by signal id; a signal that has none counts as one that has never reported."""
    groups: dict[str, dict[str, Binding]] = defaultdict(dict)
    for binding in bindings:
        groups[device_of(binding)][binding.signal] = binding
    return [_device(identifier, groups[identifier], states) for identifier in sorted(groups)]


def _device(identifier: str, bound: Mapping[str, Binding], states: Mapping[str, StateRecord]) -> Device:
    known = [state for signal in bound if (state := states.get(signal)) and state.received_at is not None]
    stale = sum(state.quality is Quality.STALE for state in known)
    first = next(iter(bound.values()))
    return Device(
        id=identifier,
        gateway=gateway_of(first),
        codec=first.codec,
        objects=tuple(sorted({f"{each.model}/{each.global_id}" for each in bound.values()})),
        signals=len(bound),
        stale=stale,
        silent=len(bound) - len(known),
        last_seen=max((state.received_at or 0 for state in known), default=None),
        online=stale < len(known) if known else None,
    )
