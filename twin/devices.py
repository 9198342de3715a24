"""Devices and gateways: what carries signals. Values and their checks; which messages are a device's is the business of `state_sync`. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from twin.errors import Conflict, NotFound, TwinError

MAX_LENGTH = 300
"""Characters of an id, an address or another text."""

_CREDENTIALS = re.compile(r"file:/[^\0\n]{1,290}|env:[A-Za-z_][A-Za-z0-9_]{0,126}")
_LOGIN = re.compile(r"//[^/@]*:[^/@]*@")
_HIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})


class InvalidDevice(TwinError):
    """A description of a device that cannot be used. Says what is wrong with a field and never what the field holds."""

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        self.reason = reason
        super().__init__(f"{field}: {reason}")


class Device(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A device or a gateway.

    `address`: what the topics of its messages begin with, for Sparkplug `GROUP/NODE` or `GROUP/NODE/DEVICE`; None: its id.
    `aliases`: addresses of devices in whose place it is: bindings that name those mean this one. `gateway`: id of the device
    through which it speaks. `status_topic`: where its last will is published, `offline` the payload that says it is gone;
    without a topic that is `ADDRESS/status`. `credentials`: where its secret is kept (`file:/…`, `env:NAME`), never the secret.
    `is_gateway`: what comes from under its address are devices
    of their own behind it, not signals of this one. `disabled`: its messages are refused, and those of devices behind it. `replaced_by`: id of the device that has taken its place.
    """

    id: str
    name: str | None = None
    address: str | None = None
    aliases: tuple[str, ...] = ()
    gateway: str | None = None
    status_topic: str | None = None
    offline: str = "offline"
    manufacturer: str | None = None
    type: str | None = None
    serial: str | None = None
    firmware: str | None = None
    credentials: str | None = None
    note: str | None = None
    is_gateway: bool = False
    disabled: bool = False
    replaced_by: str | None = None

    @property
    def place(self) -> str:
        """Its address, given or not."""
        return self.id if self.address is None else self.address


class DeviceRegistry(Struct, frozen=True, kw_only=True):
    """All registered devices by id, and a number that grows with each change of one."""

    version: int
    devices: tuple[Device, ...]

    def find(self, identifier: str) -> Device:
        """Raises NotFound."""
        for device in self.devices:
            if device.id == identifier:
                return device
        raise NotFound("device", identifier)


def checked_device(device: Device) -> Device:
    """The device, its texts in NFC. Raises InvalidDevice; no message repeats what the field holds."""
    texts = {
        name: value for name in device.__struct_fields__ if isinstance(value := getattr(device, name), str)
    }
    for name, value in texts.items():
        _check_text(name, value)
    for name in ("id", "address", "gateway", "status_topic"):
        if name in texts:
            _check_topic(name, texts[name])
    for alias in device.aliases:
        _check_text("aliases", alias)
        _check_topic("aliases", alias)
    if device.credentials is not None and _CREDENTIALS.fullmatch(device.credentials) is None:
        raise InvalidDevice(
            "credentials",
            "not a reference. Keep the secret outside and write where it is: file:/run/secrets/NAME or env:NAME",
        )
    if device.gateway == device.id:
        raise InvalidDevice("gateway", "a device is not behind itself. Leave it out")
    normal = {name: unicodedata.normalize("NFC", value) for name, value in texts.items()}
    return replace(device, **normal)


def _check_text(name: str, value: str) -> None:
    if not value or value != value.strip() or len(value) > MAX_LENGTH:
        raise InvalidDevice(name, f"empty, with spaces at an end, or longer than {MAX_LENGTH} characters")
    if any(unicodedata.category(letter) in _HIDDEN for letter in value):
        raise InvalidDevice(name, "it holds a control character. Type it anew")
    if _LOGIN.search(value):
        raise InvalidDevice(
            name, "it holds a user and a password. Leave them out, and refer to them with credentials"
        )


def _check_topic(name: str, value: str) -> None:
    if "+" in value or "#" in value:
        raise InvalidDevice(name, "`+` and `#` mean many devices. Name one")
    if value.startswith("/") or value.endswith("/") or "//" in value:
        raise InvalidDevice(name, "it has an empty level. Write it like site/1F/T-7")


def check_registry(devices: Iterable[Device]) -> None:
    """What must hold among devices: no address is that of two, and gateways form no ring. Raises Conflict."""
    by_id = {device.id: device for device in devices}
    owners: dict[str, str] = {}
    for device in by_id.values():
        for place in () if device.replaced_by else (device.place, *device.aliases):
            other = owners.setdefault(place, device.id)
            if other != device.id:
                raise Conflict(
                    f"The address {place!r} is that of the devices {other!r} and {device.id!r}; give one of them another, or replace one by the other."
                )
    for device in by_id.values():
        if device.id in {gateway.id for gateway in gateways(device, by_id)}:
            raise Conflict(f"The device {device.id!r} would be behind itself; change one of the gateways.")


def gateways(device: Device, by_id: Mapping[str, Device]) -> Sequence[Device]:
    """The registered gateways through which a device speaks, the nearest first; each once."""
    found: dict[str, Device] = {}
    here: Device | None = device
    while here is not None and here.gateway is not None and here.gateway not in found:
        here = by_id.get(here.gateway)
        if here is not None:
            found[here.id] = here
    return list(found.values())


def replaced(old: Device, new: Device) -> tuple[Device, Device]:
    """Both devices after `new` has taken the place of `old`: the old one is disabled, bindings that name it mean the new one.

    What `new` does not say of its gateway it takes over. Raises Conflict if the old one has been replaced already.
    """
    if old.replaced_by is not None:
        raise Conflict(f"The device {old.id!r} has been replaced by {old.replaced_by!r}; replace that one.")
    if new.id == old.id:
        raise InvalidDevice("id", "the new device has the id of the old one. Give it another")
    names = dict.fromkeys((*new.aliases, *old.aliases, old.place))
    taken = replace(
        new,
        aliases=tuple(name for name in names if name != new.place),
        gateway=new.gateway if new.gateway is not None else old.gateway,
        is_gateway=new.is_gateway or old.is_gateway,
        name=new.name if new.name is not None else old.name,
    )
    return replace(old, disabled=True, replaced_by=new.id, aliases=()), taken
