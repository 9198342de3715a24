"""Bindings: which message on which topic is which signal of which object."""

from state_sync.bindings.binding import (
    Binding,
    Codec,
    CommandAddress,
    DamagedBinding,
    from_document,
    from_documents,
    to_document,
)
from state_sync.bindings.fields import Problem
from state_sync.bindings.file import BindingFile, InvalidBindings, from_entries, parse
from state_sync.bindings.finding import Finder, Found, StoreFinder
from state_sync.bindings.resolving import Doubt, Report, Resolution, orphans, resolve
from state_sync.bindings.rules import Rule

__all__ = [
    "Binding",
    "BindingFile",
    "Codec",
    "CommandAddress",
    "DamagedBinding",
    "Doubt",
    "Finder",
    "Found",
    "InvalidBindings",
    "Problem",
    "Report",
    "Resolution",
    "Rule",
    "StoreFinder",
    "from_document",
    "from_documents",
    "from_entries",
    "orphans",
    "parse",
    "resolve",
    "to_document",
]
