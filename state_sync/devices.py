"""Devices and gateways: those that are registered and those that bindings tell of, whether they report, and what they carry. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from msgspec import Struct

from state_sync.bindings import Binding
from state_sync.registry import Placed, Registry
from twin.devices import Device
from twin.ports import StateRecord
from twin.state import Quality


class DeviceStatus(Struct, frozen=True, kw_only=True):
    """What is known of a device.

    `id`: as registered, for Sparkplug `GROUP/NODE` or `GROUP/NODE/DEVICE`, else what the topics of its messages begin with.
    `registered`: what is written down of it; None: nothing. `objects`, `signals`: ids. `carries`: ids of the devices behind it.
    `last_seen`: when it was last heard of, microseconds since 1970 UTC. `online`: at least one of its signals, or of those behind it, is not
    stale; None: it has never reported. `silent`: signals that have never reported. `refused`: why its messages are.
    """

    id: str
    registered: Device | None
    gateway: str | None
    codec: str | None
    objects: tuple[str, ...]
    signals: tuple[str, ...]
    carries: tuple[str, ...]
    stale: int
    silent: int
    last_seen: int | None
    online: bool | None
    refused: str | None = None


def devices(
    bindings: Iterable[Binding], states: Mapping[str, StateRecord], registered: Iterable[Device] = ()
) -> list[DeviceStatus]:
    """Devices by id. `states`: by signal id; a signal that has none counts as one that has never reported."""
    registry = Registry(registered)
    own: dict[str, dict[str, Placed]] = defaultdict(dict)
    behind: dict[str, dict[str, Placed]] = defaultdict(dict)
    for binding in bindings:
        placed = registry.place(binding)
        own[placed.device][binding.signal] = placed
        for carrier in registry.carriers(placed):
            if carrier != placed.device:
                behind[carrier][binding.signal] = placed
    identifiers = own.keys() | registry.by_id.keys()
    return [
        _status(identifier, registry, (own.get(identifier, {}), behind.get(identifier, {})), states)
        for identifier in sorted(identifiers)
    ]


def _status(
    identifier: str,
    registry: Registry,
    carried: tuple[Mapping[str, Placed], Mapping[str, Placed]],
    states: Mapping[str, StateRecord],
) -> DeviceStatus:
    own, behind = carried
    device = registry.by_id.get(identifier)
    placed = next(iter(own.values()), None)
    heard = [
        state
        for signal in {**own, **behind}
        if (state := states.get(signal)) and state.received_at is not None
    ]
    known = [state for state in heard if state.signal.signal.id in own]
    gateway = device.gateway if device is not None and device.gateway is not None else None
    if gateway is None and placed is not None:
        gateway = placed.gateway
    return DeviceStatus(
        id=identifier,
        registered=device,
        gateway=gateway,
        codec=None if placed is None else placed.binding.codec,
        objects=tuple(sorted({f"{one.binding.model}/{one.binding.global_id}" for one in own.values()})),
        signals=tuple(sorted(own)),
        carries=tuple(
            sorted({one.device for one in behind.values()} | _registered_behind(identifier, registry))
        ),
        stale=sum(state.quality is Quality.STALE for state in known),
        silent=len(own) - len(known),
        last_seen=max((state.received_at or 0 for state in heard), default=None),
        online=any(state.quality is not Quality.STALE for state in heard) if heard else None,
        refused=_refusal(device, placed),
    )


def _registered_behind(identifier: str, registry: Registry) -> set[str]:
    return {device.id for device in registry.by_id.values() if device.gateway == identifier}


def _refusal(device: Device | None, placed: Placed | None) -> str | None:
    if device is not None and device.replaced_by is not None:
        return f"replaced by {device.replaced_by}"
    if device is not None and device.disabled:
        return "disabled"
    return None if placed is None else placed.refused
