"""From a topic to the signals that its messages carry, and which topics to subscribe to."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from state_sync.bindings.binding import Binding
from state_sync.bindings.topics import has_wildcard
from state_sync.codecs.json_path import JsonShape, reader, readers
from state_sync.codecs.sparkplug import NAMESPACE, EdgeNodes, Source, source_of_binding
from state_sync.codecs.values import Decoded, Refused
from state_sync.registry import Registry, gateway_of, statuses
from state_sync.routing.targets import Target, compile_target, refusing
from state_sync.routing.trie import FilterTrie, minimal
from twin.ports import SignalRecord

ReadOne = Callable[[Any], Decoded | Refused]
ReadMany = Callable[[Any], Iterator[Decoded | Refused]]


class Route(Struct, frozen=True, kw_only=True, gc=False):
    """What messages of one topic carry, by codec. `senml`: by resolved name. One for each bound topic, so it is kept small."""

    plain: tuple[Target, ...] = ()
    json: tuple[tuple[ReadOne, Target], ...] = ()
    json_lists: tuple[tuple[ReadMany, Target], ...] = ()
    senml: dict[str, tuple[Target, ...]] | None = None


def _shape(binding: Binding) -> JsonShape:
    return JsonShape(
        path=binding.path,
        time=binding.time,
        time_format=binding.time_format,
        quality=binding.quality,
        each=binding.each,
    )


def _route(binding: Binding, target: Target) -> Route:
    """The route for one binding. Raises ValueError for a path that is none."""
    match binding.codec:
        case "senml":
            return Route(senml={binding.path or "": (target,)})
        case "json" if binding.each is None:
            return Route(json=((reader(_shape(binding)), target),))
        case "json":
            return Route(json_lists=((readers(_shape(binding)), target),))
        case _:
            return Route(plain=(target,))


def merged(routes: Sequence[Route]) -> Route:
    """One route for messages that all of these want."""
    if len(routes) == 1:
        return routes[0]
    by_name: dict[str, tuple[Target, ...]] = {}
    for route in routes:
        for name, targets in (route.senml or {}).items():
            by_name[name] = by_name.get(name, ()) + targets
    return Route(
        plain=tuple(target for route in routes for target in route.plain),
        json=tuple(pair for route in routes for pair in route.json),
        json_lists=tuple(pair for route in routes for pair in route.json_lists),
        senml=by_name or None,
    )


class Router:
    """Bindings by topic. `unbound`: bindings whose signal is not declared, or that were edited into nonsense.

    One bad binding stops nobody else's messages; its own are of unknown topics.

    `nodes`: the state of Sparkplug edge nodes; pass that of the router before, so that new bindings cost no rebirth.
    `replies`: signals whose commands are answered on a topic. `commanded`: topics of commands, which a wide subscription brings back to us.
    A topic costs one look-up in a dict, and a walk along its levels if it is only matched by wildcards.
    """

    def __init__(
        self,
        bindings: Iterable[Binding],
        records: Iterable[SignalRecord],
        *,
        nodes: EdgeNodes | None = None,
        registry: Registry | None = None,
    ) -> None:
        self.nodes = EdgeNodes() if nodes is None else nodes
        self.unbound: list[Binding] = []
        self._registry = registry or Registry()
        by_id = {record.signal.id: record for record in records}
        filters: set[str] = set()
        topics: dict[str, list[Route]] = defaultdict(list)
        self._metrics: dict[Source, dict[str, list[Target]]] = {}
        self._numbers: dict[Source, list[int]] = {}
        self._carried: dict[str, list[int]] = defaultdict(list)
        self._behind: dict[str, list[int]] = defaultdict(list)
        self._heard: set[int] = set()
        self._refused: set[int] = set()
        self.replies: dict[str, frozenset[int]] = {}
        self.commanded: set[str] = set()
        for binding in bindings:
            record = by_id.get(binding.signal)
            try:
                filters.add(self._add(binding, record, topics))
                filters.update(self._answers(binding, record))
            except ValueError:
                self.unbound.append(binding)
        self._build(topics)
        self._finish(filters)

    def _finish(self, filters: set[str]) -> None:
        """Subscriptions, and what the death of a carrier means."""
        self.muted = frozenset(self._refused - self._heard)
        self.statuses = statuses(self._registry, self._carried, self._behind)
        for identifier, numbers in self._carried.items():
            group, _, node = identifier.partition("/")
            if (source := Source(group, node)) in self._numbers:
                self._numbers[source] = sorted({*self._numbers[source], *numbers})
        self._filters = minimal({*filters, *self.statuses})

    def _add(self, binding: Binding, record: SignalRecord | None, topics: dict[str, list[Route]]) -> str:
        """Take a binding over; returns what to subscribe to. Raises ValueError for one that makes no sense."""
        if record is None:
            raise ValueError(f"the signal {binding.signal!r} is not declared")
        if not self._registry.by_id:
            self._note_gateway(gateway_of(binding), binding, record)
            return self._route(binding, record, compile_target(binding, record), topics)
        placed = self._registry.place(binding)
        self._note_gateway(placed.gateway, binding, record)
        (self._heard if placed.refused is None else self._refused).add(record.number)
        for carrier in self._registry.carriers(placed):
            self._carried[carrier].append(record.number)
        if placed.former is not None:
            why = f"the device at this address has been replaced by {placed.device}"
            self._route(placed.former, record, refusing(why), topics)
        target = (
            compile_target(placed.binding, record) if placed.refused is None else refusing(placed.refused)
        )
        return self._route(placed.binding, record, target, topics)

    def _note_gateway(self, gateway: str | None, binding: Binding, record: SignalRecord) -> None:
        """What is behind a gateway that nobody has registered; Sparkplug's say by themselves that they are gone."""
        if gateway is not None and gateway not in self._registry.by_id and binding.codec != "sparkplug":
            self._behind[gateway].append(record.number)

    def _answers(self, binding: Binding, record: SignalRecord | None) -> Iterator[str]:
        """Take over where a device answers commands; yields what to subscribe to. Only these signals' commands are believed from there."""
        if binding.command is None or record is None:
            return
        placed = self._registry.place(binding) if self._registry.by_id else None
        if placed is not None and placed.refused is not None:
            return
        command = binding.command if placed is None else placed.binding.command
        if command is None:
            return
        self.commanded.add(command.topic)
        if command.reply is not None:
            self.replies[command.reply] = self.replies.get(command.reply, frozenset()) | {record.number}
            yield command.reply_filter or command.reply

    def _route(
        self, binding: Binding, record: SignalRecord, target: Target, topics: dict[str, list[Route]]
    ) -> str:
        if binding.codec != "sparkplug":
            topics[binding.topic].append(_route(binding, target))
            return binding.subscribe or binding.topic
        source = source_of_binding(binding.topic)
        self._metrics.setdefault(source, {}).setdefault(binding.path or "", []).append(target)
        for owner in {source, source.edge_node}:
            self._numbers.setdefault(owner, []).append(record.number)
        return f"{NAMESPACE}/{source.group}/+/{source.node}/#"

    def _build(self, topics: dict[str, list[Route]]) -> None:
        self._wild: FilterTrie[Route] = FilterTrie()
        for filter_, routes in topics.items():
            if has_wildcard(filter_):
                self._wild[filter_] = merged(routes)
        self._exact = {
            topic: merged([*routes, *self._wild.matches(topic)])
            for topic, routes in topics.items()
            if not has_wildcard(topic)
        }
        self._combined: dict[tuple[int, ...], Route] = {}

    def route(self, topic: str) -> Route | None:
        """What messages of a topic carry; None: nobody wants them. Not for Sparkplug: see `targets_of`."""
        exact = self._exact.get(topic)
        if exact is not None:
            return exact
        if topic in self.commanded or topic in self.replies:
            return None  # a command that came back to us is no reading, and must confirm nothing
        routes = self._wild.matches(topic)
        if len(routes) < 2:
            return routes[0] if routes else None
        key = tuple(map(id, routes))
        route = self._combined.get(key)
        if route is None:
            route = self._combined[key] = merged(routes)
        return route

    def wants_node(self, source: Source) -> bool:
        """Whether a signal is bound to the Sparkplug edge node of this source, or to a device of it."""
        return source.edge_node in self._numbers

    def targets_of(self, source: Source) -> dict[str, list[Target]]:
        """Of a Sparkplug node or device, by name of the metric."""
        return self._metrics.get(source, {})

    def signals_of(self, source: Source) -> list[int]:
        """Numbers of the signals of a Sparkplug device, or of an edge node with all its devices."""
        return self._numbers.get(source, [])

    def subscriptions(self) -> list[str]:
        """The fewest MQTT topic filters that bring every bound message, sorted."""
        return list(self._filters)
