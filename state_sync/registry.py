"""Registered devices against bindings: whose a message is, where it comes from by now, and whether it is refused. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
from msgspec import Struct

from state_sync.bindings.binding import Binding, CommandAddress
from state_sync.codecs.sparkplug import NAMESPACE, Source, command_topic, source_of_binding
from twin.devices import Device, gateways

_WILD = ("+", "#")


class Placed(Struct, frozen=True):
    """A binding as it holds now. `device`, `gateway`: ids, registered or as the topic tells. `refused`: why its messages are; None: they are not.

    `former`: the binding as it was written, where its device has been replaced by one with another address.
    """

    binding: Binding
    device: str
    gateway: str | None
    refused: str | None = None
    former: Binding | None = None


class Registry:
    """What is registered, ready for look-ups."""

    def __init__(self, devices: Iterable[Device] = ()) -> None:
        self.by_id = {device.id: device for device in devices}
        self._owners: dict[tuple[str, ...], Device] = {}
        self._gateways: dict[tuple[str, ...], Device] = {}
        for device in self.by_id.values():
            for address in () if device.replaced_by else (device.place, *device.aliases):
                (self._gateways if device.is_gateway else self._owners)[tuple(address.split("/"))] = device

    def place(self, binding: Binding) -> Placed:
        """Whose messages a binding reads. What took the place of another device or gateway is read at its own address."""
        levels = address_of(binding)
        device = _nearest(self._owners, levels) if binding.device is None else self._named(binding.device)
        carrier = _nearest(self._gateways, levels)
        now = binding
        for owner in (device, carrier):
            if owner is not None and now is binding:
                now = _moved(binding, owner)
        identifier = device_of(now) if device is None else device.id
        gateway = (device and device.gateway) or (carrier and carrier.id) or gateway_of(now)
        if gateway == identifier:
            gateway = None
        return Placed(
            now,
            identifier,
            gateway,
            refused=self._refusal(identifier, gateway),
            former=None if now is binding else binding,
        )

    def _named(self, identifier: str) -> Device | None:
        """The registered device that has this id, or that has taken its place."""
        seen: set[str] = set()
        device = self.by_id.get(identifier)
        while device is not None and device.replaced_by is not None and device.id not in seen:
            seen.add(device.id)
            device = self.by_id.get(device.replaced_by)
        return device

    def _refusal(self, device: str, gateway: str | None) -> str | None:
        for identifier in self._path(device, gateway):
            known = self.by_id.get(identifier)
            if known is not None and known.disabled:
                return f"the {'device' if identifier == device else 'gateway'} {identifier} is disabled"
        return None

    def _path(self, device: str, gateway: str | None) -> Iterator[str]:
        """Ids of all that a message comes through: its device, and the gateways before it."""
        yield device
        if gateway is not None:
            yield gateway
            for further in gateways(Device(id=device, gateway=gateway), self.by_id):
                if further.id not in {device, gateway}:
                    yield further.id

    def carriers(self, placed: Placed) -> Iterator[str]:
        """Ids of all that the messages of a binding come through: its device, and the gateways before it."""
        return self._path(placed.device, placed.gateway)


def _nearest(owners: Mapping[tuple[str, ...], Device], levels: Sequence[str]) -> Device | None:
    """Whose address begins these levels, the longest one."""
    for length in range(len(levels), 0, -1) if owners else ():
        if (device := owners.get(tuple(levels[:length]))) is not None:
            return device
    return None


def device_of(binding: Binding) -> str:
    """The device that a binding's messages come from, where none is registered.

    A topic that ends in the name of the signal is one of several of a device; another topic is the device's own.
    """
    if binding.device is not None:
        return binding.device
    if sparkplug_source(binding) is not None:
        return "/".join(address_of(binding))
    levels = address_of(binding)
    if len(levels) > 1 and levels[-1].lower() == binding.name.lower():
        levels = levels[:-1]
    return "/".join(levels) or binding.topic


def gateway_of(binding: Binding) -> str | None:
    """The edge node; or what all topics of the pattern begin with that the binding came from; None: nothing tells."""
    source = sparkplug_source(binding)
    if source is not None:
        return f"{source.group}/{source.node}"
    return "/".join(_literal(binding.subscribe)) or None if binding.subscribe else None


def address_of(binding: Binding) -> list[str]:
    """Levels that addresses of devices are compared with: group, node and device of Sparkplug; else those of the topic."""
    source = sparkplug_source(binding)
    if source is not None:
        return [part for part in (source.group, source.node, source.device) if part]
    return _literal(binding.topic)


def sparkplug_source(binding: Binding) -> Source | None:
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


def _moved(binding: Binding, device: Device) -> Binding:
    """The binding at the address of its device, where it was written for one that the device took the place of."""
    levels = address_of(binding)
    here = device.place.split("/")
    if levels[: len(here)] == here:
        return binding
    former = [alias for alias in device.aliases if levels[: len(parts := alias.split("/"))] == parts]
    if not former:
        return binding
    length = len(max(former, key=len).split("/"))
    if binding.codec == "sparkplug":
        path = [*here, *levels[length:]]
        if len(path) not in {2, 3}:
            return binding
        topic = "/".join([NAMESPACE, path[0], "+", *path[1:]])
        command = binding.command and msgspec.structs.replace(binding.command, topic=command_topic(topic))
        return msgspec.structs.replace(binding, topic=topic, command=command)
    rest = binding.topic.split("/")[length:]
    command = binding.command and _command_moved(binding.command, here, levels[:length])
    return msgspec.structs.replace(binding, topic="/".join([*here, *rest]), subscribe=None, command=command)


def _command_moved(command: CommandAddress, here: list[str], before: list[str]) -> CommandAddress:
    """The address at the new place, where commands and replies went to the former one."""

    def moved(topic: str) -> str:
        levels = topic.split("/")
        return "/".join([*here, *levels[len(before) :]]) if levels[: len(before)] == before else topic

    reply = None if command.reply is None else moved(command.reply)
    return msgspec.structs.replace(command, topic=moved(command.topic), reply=reply, reply_filter=None)


def statuses(
    registry: Registry, signals: Mapping[str, Iterable[int]], behind: Mapping[str, Iterable[int]]
) -> dict[str, tuple[str, tuple[int, ...]]]:
    """By status topic: the payload that says that a device or gateway is gone, and its signals. `signals`: numbers by id of the carrier,
    of which the registered ones count; `behind`: by gateways that nobody has registered, which speak as a device does of which nothing else is said.
    """
    known = ((registry.by_id.get(identifier), numbers) for identifier, numbers in signals.items())
    strangers = ((Device(id=identifier), numbers) for identifier, numbers in behind.items())
    found: dict[str, tuple[str, tuple[int, ...]]] = {}
    for device, numbers in (*known, *strangers):
        if device is not None:
            topic = device.status_topic or f"{device.place}/status"
            word, others = found.get(topic, (device.offline, ()))
            found[topic] = word, tuple(sorted({*others, *numbers}))
    return found
