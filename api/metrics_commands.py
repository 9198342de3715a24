"""Prometheus metrics of commands."""

from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from api.work import Work

_COUNTS = {
    "sent": "Commands that the broker has from this process",
    "again": "Commands sent again after a crash",
    "doubtful": "Commands of which nobody knows whether they were sent",
}


class CommandMetrics(Collector):
    """What this process has sent, and what devices have replied to it."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def describe(self) -> Iterator[Metric]:
        """Nothing is asked when the collector is registered."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """All families."""
        control = self._work.control
        for name, meaning in _COUNTS.items():
            family = CounterMetricFamily(f"twin_commands_{name}", meaning)
            family.add_metric([], getattr(control.counts, name))
            yield family
        failed = CounterMetricFamily(
            "twin_commands_not_sent", "Commands that could not be sent at all, by reason", labels=["reason"]
        )
        for reason, count in control.counts.failed.items():
            failed.add_metric([reason], count)
        yield failed
        replies = CounterMetricFamily(
            "twin_command_replies", "Replies of devices by what they did", labels=["source", "outcome"]
        )
        for source, counts in self._work.counts.items():
            for outcome, count in counts.replies.items():
                replies.add_metric([source, outcome], count)
        yield replies
        if self._work.calendars is not None:
            occurrences = CounterMetricFamily(
                "twin_calendar_occurrences",
                "Occurrences of calendars that this process has dealt with",
                labels=["outcome"],
            )
            for outcome, count in self._work.calendars.counts.items():
                occurrences.add_metric([outcome], count)
            yield occurrences
        connected = GaugeMetricFamily("twin_commands_connected", "Whether there is a way to devices")
        connected.add_metric([], int(control.connected))
        yield connected
