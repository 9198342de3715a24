"""Binding files against the objects of a store: for the command line and for the API alike."""

import re
import zlib
from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec
from msgspec import Struct

from state_sync.bindings import (
    Binding,
    BindingFile,
    DamagedBinding,
    Doubt,
    Report,
    StoreFinder,
    from_document,
    orphans,
    resolve,
    to_document,
)
from twin.ports import TwinStore
from twin.state import Signal

MAX_SIGNALS = 10_000
"""Ids that a store is asked for at once."""

_ID = re.compile(r"[^/]+/.+/[^/]+")
"""Model, GlobalId and name; GlobalIds of GIS layers may hold a slash."""

KINDS = ("unmatched", "ambiguous", "unusable", "twice")
"""Doubts of a report, the worst first."""


class Outcome(Struct, frozen=True, kw_only=True):
    """What binding a file did, or would do. `signals`: declared by it, each once."""

    source: str
    dry_run: bool
    signals: int
    report: Report

    @property
    def doubts(self) -> list[tuple[str, Doubt]]:
        """(kind, doubt) of all, in the order of the file's lines."""
        found = [(kind, doubt) for kind in KINDS for doubt in getattr(self.report, kind)]
        return sorted(found, key=lambda each: each[1].line)


def bind(store: TwinStore, file: BindingFile, *, dry_run: bool) -> Outcome:
    """Find the objects that a file names; unless `dry_run`, declare the signals and replace what was bound from the same source.

    A server that runs on the same store takes it over by itself, within seconds. Raises StoreError, InvalidQuery.
    """
    resolution = resolve(file, StoreFinder(store), stored(store, file.name), partial(_declared, store))
    if not dry_run:
        store.declare_signals(resolution.signals)
        store.replace_bindings(resolution.source, _documents(resolution.bindings, resolution.signals))
    return Outcome(
        source=file.name, dry_run=dry_run, signals=len(resolution.signals), report=resolution.report
    )


def _declared(store: TwinStore, ids: Sequence[str]) -> dict[str, Signal]:
    """Of these ids, signals of objects that are there. What has not the form of an id is none."""
    asked = [each for each in ids if _ID.fullmatch(each)]
    found: dict[str, Signal] = {}
    for start in range(0, len(asked), MAX_SIGNALS):
        for state in store.states_of(asked[start : start + MAX_SIGNALS]):
            if not state.signal.orphan:
                found[state.signal.signal.id] = state.signal.signal
    return found


def stored(store: TwinStore, source: str | None = None) -> list[Binding]:
    """The bindings of a source, or all; those that cannot be read are left out: binding the file again mends them."""
    found: list[Binding] = []
    for name, document in store.bindings():
        if source in {None, name}:
            try:
                found.append(from_document(document))
            except DamagedBinding:
                continue
    return found


def orphaned(store: TwinStore) -> dict[str, list[str]]:
    """By source, the ids of bound signals whose object the current revision of its model does not have."""
    finder = StoreFinder(store)
    sources = dict.fromkeys(source for source, _ in store.bindings())
    gone = {source: orphans(stored(store, source), finder) for source in sources}
    return {source: signals for source, signals in gone.items() if signals}


def outcome_document(outcome: Outcome) -> dict[str, Any]:
    """The report for programs."""
    report = outcome.report
    return {
        "source": outcome.source,
        "dry_run": outcome.dry_run,
        "bindings": report.matched,
        "signals": outcome.signals,
        "objects": report.objects,
        "complete": report.clean,
        **{kind: [_doubt(doubt) for doubt in getattr(report, kind)] for kind in KINDS},
        "orphans": report.orphans,
    }


def _doubt(doubt: Doubt) -> dict[str, Any]:
    return {"line": doubt.line, "what": doubt.what, "detail": doubt.detail, "objects": doubt.objects}


def _documents(bindings: Sequence[Binding], signals: Sequence[Signal]) -> list[str]:
    digests = {signal.id: _digest(signal) for signal in signals}
    return [to_document(msgspec.structs.replace(each, declared=digests[each.signal])) for each in bindings]


def _digest(signal: Signal) -> str:
    return f"{zlib.crc32(msgspec.json.encode(signal)):08x}"
