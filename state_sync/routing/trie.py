"""A trie of MQTT topic filters: which filters match a topic, and which filters cover which (MQTT 5.0, section 4.7)."""

from collections.abc import Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class _Node(Generic[T]):
    __slots__ = ("children", "item")

    def __init__(self) -> None:
        self.children: dict[str, _Node[T]] = {}
        self.item: T | None = None


class FilterTrie(Generic[T]):
    """Items by topic filter. A look-up costs a walk along the levels of the topic, however many filters there are."""

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()

    def __setitem__(self, filter_: str, item: T) -> None:
        """Put an item at a filter, in place of one that is there."""
        node = self._root
        for level in filter_.split("/"):
            node = node.children.setdefault(level, _Node())
        node.item = item

    def matches(self, topic: str) -> list[T]:
        """Items of all filters that match a topic, or, for a filter, that match every topic which it matches.

        Topics that start with `$` match no leading wildcard (4.7.2).
        """
        found: list[T] = []
        nodes = [self._root]
        wild = not topic.startswith("$")
        for level in topic.split("/"):
            if not nodes:
                return found
            nodes = _step(nodes, level, found, wild=wild)
            wild = True
        for node in nodes:
            _keep(node, found)
            _keep(node.children.get("#"), found)
        return found


def _keep(node: _Node[T] | None, found: list[T]) -> None:
    if node is not None and node.item is not None:
        found.append(node.item)


def _step(nodes: list[_Node[T]], level: str, found: list[T], *, wild: bool) -> list[_Node[T]]:
    """The nodes one level below; what ends in `#` here is found. A level `+` or `#` is one of a filter."""
    below: list[_Node[T]] = []
    for node in nodes:
        children = node.children
        if wild:
            _keep(children.get("#"), found)
        if level == "#":
            continue
        if (child := children.get(level)) is not None:
            below.append(child)
        if wild and level != "+" and (child := children.get("+")) is not None:
            below.append(child)
    return below


def minimal(filters: Iterable[str]) -> list[str]:
    """The filters without those that another one covers, sorted: what to subscribe to."""
    unique = sorted(set(filters))
    trie: FilterTrie[str] = FilterTrie()
    for filter_ in unique:
        trie[filter_] = filter_
    return [filter_ for filter_ in unique if trie.matches(filter_) == [filter_]]
