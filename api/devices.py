"""Devices of a store: for the command line and for the API alike."""

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from itertools import islice
from typing import Any

import msgspec

from api import binding
from api.moments import moment
from api.representations import Document
from state_sync.bindings import Binding
from state_sync.devices import DeviceStatus, devices
from state_sync.registry import Registry
from twin.devices import (
    Device,
    DeviceRegistry,
    InvalidDevice,
    check_registry,
    checked_device,
    replaced,
)
from twin.errors import Conflict, NotFound
from twin.ports import StateRecord, TwinStore

_AT_ONCE = 10_000
"""States asked for in one question."""

_TRIES = 5
"""Times that a change is decided anew when another process has changed a device meanwhile."""

Change = Callable[[DeviceRegistry], tuple[Sequence[Device], Sequence[str]]]
"""From what is registered to (devices to put, ids to forget)."""

CHANGEABLE = frozenset(Device.__struct_fields__) - {"id", "aliases", "replaced_by"}
"""Fields that people write; the others follow from what they do."""


def known_devices(store: TwinStore, seen: AbstractSet[str] | None = None) -> list[DeviceStatus]:
    """All devices that are registered or that something is bound to, by id. Raises StoreError.

    `seen`: ids of the signals that a caller sees; then only devices that carry some of them, and of those only what these tell.
    """
    bound = binding.stored(store)
    if seen is not None:
        bound = [each for each in bound if each.signal in seen]
    found = devices(bound, _states(store, bound), store.device_registry().devices)
    if seen is None:
        return found
    shown = {device.id for device in found if device.signals}
    carried = [msgspec.structs.replace(one, carries=_among(one.carries, shown)) for one in found]
    return [device for device in carried if device.signals or device.carries]


def _among(identifiers: tuple[str, ...], shown: AbstractSet[str]) -> tuple[str, ...]:
    return tuple(one for one in identifiers if one in shown)


def known_device(store: TwinStore, identifier: str, seen: AbstractSet[str] | None = None) -> DeviceStatus:
    """One of them. Raises NotFound."""
    for device in known_devices(store, seen):
        if device.id == identifier:
            return device
    raise NotFound("device", identifier)


def _states(store: TwinStore, bound: Iterable[Binding]) -> dict[str, StateRecord]:
    wanted = {each.signal for each in bound}
    numbers = (record.number for record in store.signal_records() if record.signal.id in wanted)
    states: dict[str, StateRecord] = {}
    while piece := list(islice(numbers, _AT_ONCE)):
        states.update({state.signal.signal.id: state for state in store.states_by_number(piece)})
    return states


def described(identifier: str, fields: dict[str, Any], *, base: Device | None = None) -> Device:
    """A device with these fields, the others as in `base`. Raises InvalidDevice, which never repeats a value."""
    for name in fields:
        if name not in CHANGEABLE:
            raise InvalidDevice(
                name, f"no field that can be written; known are {', '.join(sorted(CHANGEABLE))}"
            )
    known = {} if base is None else msgspec.to_builtins(base)
    try:
        return checked_device(msgspec.convert({**known, **fields, "id": identifier}, Device))
    except msgspec.ValidationError as error:
        # "Expected `str`, got `int` - at `$.name`": types and places, no values.
        raise InvalidDevice("device", str(error)) from None


def register(store: TwinStore, device: Device, *, new: bool = False) -> bool:
    """Write a device down; returns whether it was not there before. Raises Conflict: `new` and it was; two of one address."""
    created = False

    def change(known: DeviceRegistry) -> tuple[Sequence[Device], Sequence[str]]:
        nonlocal created
        before = next((each for each in known.devices if each.id == device.id), None)
        created = before is None
        if before is None:
            return [device], []
        if new:
            raise Conflict(f"The device {device.id!r} is registered already; change it with PUT or PATCH.")
        kept = msgspec.structs.replace(device, aliases=before.aliases, replaced_by=before.replaced_by)
        return [kept], []

    _change(store, change)
    if device.disabled:
        silence(store)
    return created


def patch(store: TwinStore, identifier: str, fields: dict[str, Any]) -> Device:
    """Change some fields of a device; one that only bindings tell of is registered by that. Raises NotFound, InvalidDevice, Conflict."""
    changed: list[Device] = []

    def change(known: DeviceRegistry) -> tuple[Sequence[Device], Sequence[str]]:
        base = _registered_or_bound(store, known, identifier)
        changed[:] = [described(identifier, fields, base=base)]
        return changed, []

    _change(store, change)
    if changed[0].disabled:
        silence(store)
    return changed[0]


def _registered_or_bound(store: TwinStore, known: DeviceRegistry, identifier: str) -> Device:
    try:
        return known.find(identifier)
    except NotFound:
        status = known_device(store, identifier)
        return Device(id=status.id)


def set_disabled(store: TwinStore, identifier: str, *, disabled: bool) -> Device:
    """Refuse the messages of a device and of what is behind it, and mark its signals as stale; or take them again.

    Servers take it over within five seconds. Raises NotFound, Conflict.
    """
    before = known_device(store, identifier)
    if not disabled and before.registered is not None and before.registered.replaced_by is not None:
        raise Conflict(
            f"The device {identifier!r} has been replaced by {before.registered.replaced_by!r}; enable that one."
        )
    return patch(store, identifier, {"disabled": disabled})


def silence(store: TwinStore) -> int:
    """Mark the signals as stale that only disabled devices carry."""
    registry = Registry(store.device_registry().devices)
    placed = [registry.place(each) for each in binding.stored(store)]
    heard = {one.binding.signal for one in placed if one.refused is None}
    refused = {one.binding.signal for one in placed} - heard
    return store.mark_stale(
        [record.number for record in store.signal_records() if record.signal.id in refused]
    )


def replace(store: TwinStore, old: str, new: Device) -> Device:
    """Let a device take the place of another: bindings, signals and their history stay, messages are read at its address.

    Raises NotFound, Conflict, InvalidDevice.
    """
    taken: list[Device] = []

    def change(known: DeviceRegistry) -> tuple[Sequence[Device], Sequence[str]]:
        if new.id in {each.id for each in known.devices}:
            raise Conflict(f"The device {new.id!r} is registered already; give the new one another id.")
        former, successor = replaced(_registered_or_bound(store, known, old), new)
        taken[:] = [successor]
        behind = [
            msgspec.structs.replace(each, gateway=new.id) for each in known.devices if each.gateway == old
        ]
        return [former, successor, *behind], []

    _change(store, change)
    return taken[0]


def forget(store: TwinStore, identifier: str) -> None:
    """Take a device out of the registry. Raises NotFound; Conflict where bindings or other devices depend on it."""

    def change(known: DeviceRegistry) -> tuple[Sequence[Device], Sequence[str]]:
        device = known.find(identifier)
        behind = [each.id for each in known.devices if identifier in {each.gateway, each.replaced_by}]
        if behind:
            raise Conflict(
                f"The device {identifier!r} is named by {behind[0]!r}; change or remove that one first."
            )
        if device.aliases and known_device(store, identifier).signals:
            raise Conflict(
                f"The device {identifier!r} has taken the place of {device.aliases[0]!r}, which bindings still name; bind its signals anew first."
            )
        return [], [identifier]

    _change(store, change)


def _change(store: TwinStore, change: Change) -> None:
    """Decide and write; anew where another process was quicker."""
    for attempt in range(_TRIES):
        known = store.device_registry()
        put, remove = change(known)
        after = {device.id: device for device in known.devices}
        after.update({device.id: device for device in put})
        check_registry(device for device in after.values() if device.id not in remove)
        try:
            store.change_devices(put, remove, known=known.version)
        except Conflict:
            if attempt + 1 == _TRIES:
                raise
        else:
            return


def device_document(device: DeviceStatus, *, full: bool = False) -> Document:
    """A device for programs; `full`: with the ids of its signals and of the devices behind it."""
    written = device.registered or Device(id=device.id)
    document: Document = {
        "id": device.id,
        "registered": device.registered is not None,
        "name": written.name,
        "is_gateway": written.is_gateway or bool(device.carries),
        "gateway": device.gateway,
        "address": written.place,
        "codec": device.codec,
        "firmware": written.firmware,
        "disabled": written.disabled,
        "refused": device.refused,
        "replaced_by": written.replaced_by,
        "online": False if device.refused and device.online else device.online,
        "last_seen": moment(device.last_seen),
        "signals": len(device.signals),
        "stale": device.stale,
        "silent": device.silent,
        "devices": len(device.carries),
        "objects": device.objects,
    }
    if full:
        shown = (
            "manufacturer",
            "type",
            "serial",
            "status_topic",
            "offline",
            "credentials",
            "note",
            "aliases",
        )
        document |= {name: getattr(written, name) for name in shown}
        document |= {"signal_ids": device.signals, "carries": device.carries}
    return document
