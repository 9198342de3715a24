"""The decoder that a service uses: stored bindings, compiled, in front of the codecs."""

from collections.abc import Callable, Sequence
from typing import Protocol

from state_sync.bindings.binding import from_documents
from state_sync.codecs.sparkplug import EdgeNodes
from state_sync.messages import Decoded, Decoder, Message, Publication
from state_sync.pipeline import Event, Publish, Replied, SignalsStale, decode_message
from state_sync.registry import Registry
from state_sync.routing.router import Router
from twin.devices import DeviceRegistry
from twin.ports.live import SignalRecord


class BindingSource(Protocol):
    """What is read of a store to make a decoder."""

    def bindings(self) -> list[tuple[str, str]]:
        """(source, document) of all bindings."""
        ...

    def signal_records(self) -> list[SignalRecord]:
        """All signals by number."""
        ...

    def devices_version(self) -> int:
        """A number that grows with each change of a device."""
        ...

    def device_registry(self) -> DeviceRegistry:
        """All registered devices."""
        ...


class BoundDecoder:
    """Implements `Decoder` over a router. `documents`, and `devices`, the version of the registry, are those that it was made of."""

    def __init__(
        self, router: Router, documents: Sequence[tuple[str, str]] = (), *, devices: int = 0
    ) -> None:
        self.router = router
        self.documents = documents
        self.devices = devices
        self._filters = router.subscriptions()

    @property
    def filters(self) -> Sequence[str]:
        """MQTT topic filters to subscribe to."""
        return self._filters

    @property
    def muted(self) -> frozenset[int]:
        """As `Decoder.muted`."""
        return self.router.muted

    def decode(self, message: Message) -> Decoded:
        """As `Decoder.decode`."""
        readings, rejected, events = decode_message(
            self.router, message.topic, message.payload, message.received_at, message.correlation
        )
        if not events:
            return Decoded(readings=readings, rejected=rejected)
        return Decoded(
            readings=readings,
            rejected=rejected,
            silenced=_silenced(events),
            requests=[
                Publication(event.topic, event.payload) for event in events if isinstance(event, Publish)
            ],
            replies=[event.reply for event in events if isinstance(event, Replied)],
        )


def _silenced(events: Sequence[Event]) -> list[int]:
    return [number for event in events if isinstance(event, SignalsStale) for number in event.signals]


def from_store(store: BindingSource) -> Callable[[Decoder | None], Decoder]:
    """What `Ingest` wants as `load`: a new decoder when the stored bindings have changed, or could name new signals.

    What is known of Sparkplug nodes is kept, so that a change costs no rebirth. The function raises StoreError, DamagedBinding.
    """

    def load(before: Decoder | None) -> Decoder:
        documents = store.bindings()
        nodes: EdgeNodes | None = None
        if isinstance(before, BoundDecoder):
            same = documents == before.documents and store.devices_version() == before.devices
            if same and not before.router.unbound:
                return before
            nodes = before.router.nodes
        known = store.device_registry()
        router = Router(
            from_documents(documents),
            store.signal_records(),
            nodes=nodes,
            registry=Registry(known.devices),
        )
        return BoundDecoder(router, documents, devices=known.version)

    return load
