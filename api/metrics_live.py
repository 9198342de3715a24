"""Prometheus metrics of what comes in from devices."""

from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from api.work import Work
from state_sync.recording import IngestCounts

_PLAIN = {
    "messages": "Messages taken from the bus",
    "acknowledged": "Messages acknowledged, after their commit",
    "batches": "Transactions",
    "retries": "Transactions that were tried again",
    "silenced": "Signals marked as stale because their gateway died",
    "reloads": "Changes of bindings taken over",
}
"""Counts of `IngestCounts` that are one number."""


class LiveMetrics(Collector):
    """Reads the counts when it is asked; labels are sources, outcomes and reasons, never topics or signals."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def collect(self) -> Iterator[Metric]:
        """All families."""
        counts = self._work.counts
        for name, meaning in _PLAIN.items():
            family = CounterMetricFamily(f"twin_ingest_{name}", meaning, labels=["source"])
            for source, of_source in counts.items():
                family.add_metric([source], getattr(of_source, name))
            yield family
        yield _by("readings", "outcome", "Readings recorded, by what they did", counts)
        yield _by("rejected", "reason", "What became no reading, by its reason", counts)
        yield from self._links()
        stale = CounterMetricFamily("twin_signals_gone_stale", "Signals found silent by this process")
        stale.add_metric([], self._work.swept)
        yield stale
        yield from self._history()

    def _history(self) -> Iterator[Metric]:
        upkeep = self._work.upkeep
        made = CounterMetricFamily("twin_history_rolled_up", "Signal-days rolled up by this process")
        made.add_metric([], upkeep.rolled_up)
        yield made
        again = CounterMetricFamily(
            "twin_history_corrected", "Signal-days rolled up again: readings came late"
        )
        again.add_metric([], upkeep.corrected)
        yield again
        dropped = CounterMetricFamily(
            "twin_history_dropped", "Dropped by this process because of its age", labels=["what"]
        )
        for what, count in dict(upkeep.dropped).items():
            dropped.add_metric([what], count)
        yield dropped
        archived = CounterMetricFamily(
            "twin_history_archived",
            "Archived by this process; `moved`: readings taken out of the database",
            labels=["what"],
        )
        for what, count in dict(upkeep.archived).items():
            archived.add_metric([what], count)
        yield archived

    def _links(self) -> Iterator[Metric]:
        ok = GaugeMetricFamily(
            "twin_ingest_ok", "Connected, subscribed, and the store writes", labels=["source"]
        )
        waiting = GaugeMetricFamily(
            "twin_ingest_waiting", "Messages that wait for a commit", labels=["source"]
        )
        for source, health in self._work.health.items():
            ok.add_metric([source], float(health.ok))
            waiting.add_metric([source], health.link.waiting)
        yield ok
        yield waiting


def _by(name: str, label: str, meaning: str, counts: dict[str, IngestCounts]) -> CounterMetricFamily:
    family = CounterMetricFamily(f"twin_ingest_{name}", meaning, labels=["source", label])
    for source, of_source in counts.items():
        # A copy: the ingest adds to it in another thread.
        for key, number in dict(getattr(of_source, name)).items():
            family.add_metric([source, key], number)
    return family
