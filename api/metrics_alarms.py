"""Prometheus metrics of alarms."""

from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from api.alarm_job import AlarmJob
from twin.alarms import Severity, Status
from twin.errors import TwinError
from twin.ports import TwinStore

_COUNTS = {
    "states": "States that rules were evaluated for by this process",
    "raised": "Alarms raised by this process",
    "cleared": "Alarms cleared by this process",
    "reloads": "Changes of rules taken over",
    "lost": "Times that the change log was cut before it was evaluated",
}


class AlarmMetrics(Collector):
    """Open alarms come from the database: they are those of all processes."""

    def __init__(self, store: TwinStore, job: AlarmJob) -> None:
        self._store = store
        self._job = job

    def describe(self) -> Iterator[Metric]:
        """Nothing is asked of the database when the collector is registered."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """All families; open alarms are left out while the database does not answer."""
        counts = self._job.counts
        for name, meaning in _COUNTS.items():
            family = CounterMetricFamily(f"twin_alarms_{name}", meaning)
            family.add_metric([], getattr(counts, name))
            yield family
        try:
            totals = self._store.alarm_totals()
        except TwinError:
            return
        gauge = GaugeMetricFamily(
            "twin_alarms_open", "Alarms that are not cleared", labels=["severity", "state"]
        )
        for severity in Severity:
            for status in (Status.RAISED, Status.ACKNOWLEDGED):
                gauge.add_metric([severity, status], totals.get((severity, status), 0))
        yield gauge
