"""Devices that the store knows of: for the command line and for the API alike."""

from itertools import islice

from api import binding
from api.representations import Document
from api.representations_live import moment
from state_sync.devices import Device, devices
from twin.ports import TwinStore

_AT_ONCE = 10_000
"""States asked for in one question."""


def known_devices(store: TwinStore) -> list[Device]:
    """All devices that something is bound to, by id. Raises StoreError."""
    bound = binding.stored(store)
    wanted = {each.signal for each in bound}
    numbers = (record.number for record in store.signal_records() if record.signal.id in wanted)
    states = {}
    while piece := list(islice(numbers, _AT_ONCE)):
        states.update({state.signal.signal.id: state for state in store.states_by_number(piece)})
    return devices(bound, states)


def device_document(device: Device) -> Document:
    """A device for programs."""
    return {
        "id": device.id,
        "gateway": device.gateway,
        "codec": device.codec,
        "online": device.online,
        "last_seen": moment(device.last_seen),
        "signals": device.signals,
        "stale": device.stale,
        "silent": device.silent,
        "objects": device.objects,
    }
