"""Routing: from the topic of a message to the signals that it carries."""

from state_sync.routing.router import Route, Router
from state_sync.routing.trie import FilterTrie, minimal

__all__ = ["FilterTrie", "Route", "Router", "minimal"]
