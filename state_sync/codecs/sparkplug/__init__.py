"""Codec `sparkplug`: Sparkplug B 3.0 (Eclipse). Births define metrics, deaths make them stale, gaps ask for a rebirth."""

from state_sync.codecs.sparkplug.nodes import EdgeNodes, Outcome
from state_sync.codecs.sparkplug.payload import command_payload, rebirth_request
from state_sync.codecs.sparkplug.topics import (
    NAMESPACE,
    Source,
    command_topic,
    parse_topic,
    source_of_binding,
)

__all__ = [
    "NAMESPACE",
    "EdgeNodes",
    "Outcome",
    "Source",
    "command_payload",
    "command_topic",
    "parse_topic",
    "rebirth_request",
    "source_of_binding",
]
