"""From a topic to the signals that its messages carry, and which topics to subscribe to."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from state_sync.bindings.binding import Binding
from state_sync.bindings.topics import has_wildcard
from state_sync.codecs.json_path import JsonShape, parse_path, reader, readers
from state_sync.codecs.sparkplug import NAMESPACE, EdgeNodes, Source, source_of_binding
from state_sync.codecs.values import Decoded, Refused
from state_sync.routing.targets import Target, compile_target
from state_sync.routing.trie import FilterTrie, minimal
from twin.ports import SignalRecord

ReadOne = Callable[[Any], Decoded | Refused]
ReadMany = Callable[[Any], Iterator[Decoded | Refused]]


class Bound(Struct, frozen=True, kw_only=True):
    """A binding whose signal is known, compiled. Lives only while a router is built, but for wildcards."""

    binding: Binding
    number: int
    target: Target


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


def compile_route(bound: Sequence[Bound]) -> Route:
    """The route for messages that all these bindings want."""
    by_name: dict[str, list[Target]] = defaultdict(list)
    json = [item for item in bound if item.binding.codec == "json"]
    for item in bound:
        if item.binding.codec == "senml":
            by_name[item.binding.path or ""].append(item.target)
    return Route(
        plain=tuple(item.target for item in bound if item.binding.codec == "plain"),
        json=tuple((reader(_shape(i.binding)), i.target) for i in json if i.binding.each is None),
        json_lists=tuple((readers(_shape(i.binding)), i.target) for i in json if i.binding.each is not None),
        senml={name: tuple(targets) for name, targets in by_name.items()} or None,
    )


def _bound(binding: Binding, by_id: dict[str, SignalRecord]) -> Bound | None:
    record = by_id.get(binding.signal)
    if record is None:
        return None
    try:
        if binding.codec == "sparkplug":
            source_of_binding(binding.topic)
        if binding.codec == "json":
            parse_path(binding.each or "")
            reader(_shape(binding))
    except ValueError:
        return None
    return Bound(binding=binding, number=record.number, target=compile_target(binding, record))


class Router:
    """Bindings by topic. `unbound`: bindings whose signal is not declared, or that were edited into nonsense.

    One bad binding stops nobody else's messages; its own are of unknown topics.

    `nodes`: the state of Sparkplug edge nodes; pass that of the router before, so that new bindings cost no rebirth.
    A topic costs one look-up in a dict, and a walk along its levels if it is only matched by wildcards.
    """

    def __init__(
        self,
        bindings: Iterable[Binding],
        records: Iterable[SignalRecord],
        *,
        nodes: EdgeNodes | None = None,
    ) -> None:
        self.nodes = EdgeNodes() if nodes is None else nodes
        self.unbound: list[Binding] = []
        by_id = {record.signal.id: record for record in records}
        filters: set[str] = set()
        topics: dict[str, list[Bound]] = defaultdict(list)
        metrics: dict[Source, dict[str, list[Target]]] = defaultdict(lambda: defaultdict(list))
        numbers: dict[Source, list[int]] = defaultdict(list)
        for binding in bindings:
            bound = _bound(binding, by_id)
            if bound is None:
                self.unbound.append(binding)
            elif binding.codec == "sparkplug":
                source = source_of_binding(binding.topic)
                metrics[source][binding.path or ""].append(bound.target)
                for owner in {source, source.edge_node}:
                    numbers[owner].append(bound.number)
                filters.add(f"{NAMESPACE}/{source.group}/+/{source.node}/#")
            else:
                topics[binding.topic].append(bound)
                filters.add(binding.subscribe or binding.topic)
        self._filters = minimal(filters)
        self._metrics = {source: dict(names) for source, names in metrics.items()}
        self._numbers = dict(numbers)
        self._build(topics)

    def _build(self, topics: dict[str, list[Bound]]) -> None:
        self._wild: FilterTrie[tuple[Bound, ...]] = FilterTrie()
        for filter_, bound in topics.items():
            if has_wildcard(filter_):
                self._wild[filter_] = tuple(bound)
        self._exact: dict[str, Route] = {}
        for topic, bound in topics.items():
            if not has_wildcard(topic):
                wild = [item for group in self._wild.matches(topic) for item in group]
                self._exact[topic] = compile_route([*bound, *wild])
        self._combined: dict[tuple[int, ...], Route] = {}

    def route(self, topic: str) -> Route | None:
        """What messages of a topic carry; None: nobody wants them. Not for Sparkplug: see `targets_of`."""
        exact = self._exact.get(topic)
        if exact is not None:
            return exact
        groups = self._wild.matches(topic)
        if not groups:
            return None
        key = tuple(id(group) for group in groups)
        route = self._combined.get(key)
        if route is None:
            route = self._combined[key] = compile_route([item for group in groups for item in group])
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
