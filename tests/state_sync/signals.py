"""Signals in a store: models whose objects carry them."""

from collections import defaultdict
from collections.abc import Sequence

from tests.twin.store.builders import imported, plain
from twin.ports import SignalRecord, TwinStore
from twin.state import Signal


def declared(store: TwinStore, signals: Sequence[Signal]) -> list[SignalRecord]:
    """Records of signals, in their order; models and signals that are not there yet are made."""
    known = {record.signal.id: record for record in store.signal_records()}
    if not all(each.id in known for each in signals):
        objects: defaultdict[str, set[str]] = defaultdict(set)
        for each in signals:
            objects[each.model].add(each.global_id)
        for model, global_ids in objects.items():
            imported(store, model, plain(sorted(global_ids)))
        return store.declare_signals(signals)
    return [known[each.id] for each in signals]
