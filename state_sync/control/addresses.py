"""Where commands go: the bindings of settable signals, with devices that have moved or are disabled."""

import time
from collections.abc import Callable
from typing import Protocol

from state_sync.bindings.binding import Binding, DamagedBinding, from_document
from state_sync.registry import Placed, Registry
from twin.devices import DeviceRegistry

LOOK_EVERY_S = 5.0
"""How often changed bindings are looked for."""

LOOK_AGAIN_S = 0.5
"""A signal that is missing makes them be looked for at once, but no more often than this."""


class AddressSource(Protocol):
    """What is read of a store."""

    def command_bindings(self) -> list[tuple[str, str]]:
        """(source, document) of the bindings that say how a signal is commanded."""
        ...

    def devices_version(self) -> int:
        """A number that grows with each change of a device."""
        ...

    def device_registry(self) -> DeviceRegistry:
        """All registered devices."""
        ...


class Addresses:
    """Bindings by signal id, with the source that each came from. Used from one thread at a time."""

    def __init__(self, store: AddressSource, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._looked_at = float("-inf")
        self._version: object = None
        self._known: dict[str, tuple[str, Placed]] = {}

    def find(self, signal: str) -> tuple[str, Placed] | None:
        """The source and the binding of a signal; None: nothing says how it is commanded. Raises StoreError."""
        age = self._clock() - self._looked_at
        if age > LOOK_EVERY_S or (signal not in self._known and age > LOOK_AGAIN_S):
            self._look()
        return self._known.get(signal)

    def _look(self) -> None:
        self._looked_at = self._clock()
        documents = self._store.command_bindings()
        version = documents, self._store.devices_version()
        if version == self._version:
            return
        registry = Registry(self._store.device_registry().devices)
        known: dict[str, tuple[str, Placed]] = {}
        for source, document in documents:
            binding = _read(document)
            if binding is not None and binding.command is not None:
                known.setdefault(binding.signal, (source, registry.place(binding)))
        self._known, self._version = known, version


def _read(document: str) -> Binding | None:
    """A binding that cannot be read commands nothing; `twin bind` mends it."""
    try:
        return from_document(document)
    except DamagedBinding:
        return None
