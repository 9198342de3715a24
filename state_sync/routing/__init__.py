"""Routing: from the topic of a message to the signals that it carries."""

from state_sync.routing.router import Bound, Route, Router
from state_sync.routing.trie import FilterTrie, minimal

__all__ = ["Bound", "FilterTrie", "Route", "Router", "minimal"]
