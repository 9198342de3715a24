"""All ports in one."""

from typing import Protocol

from twin.ports.alarms import AlarmEvaluation, AlarmKeeper
from twin.ports.history import HistoryKeeper, RollUpReader
from twin.ports.live import JobKeeper, LiveStore
from twin.ports.models import Store


class TwinStore(
    Store, LiveStore, RollUpReader, HistoryKeeper, AlarmKeeper, AlarmEvaluation, JobKeeper, Protocol
):
    """Models, live state, its history, and alarms: for the composition root."""
