"""All ports in one."""

from typing import Protocol

from twin.ports.access import AccessKeeper, AuditKeeper, Watcher
from twin.ports.alarms import AlarmEvaluation, AlarmKeeper
from twin.ports.calendars import CalendarKeeper
from twin.ports.commands import CommandKeeper, CommandOutbox
from twin.ports.history import HistoryKeeper, RollUpReader
from twin.ports.live import JobKeeper, LiveStore
from twin.ports.models import Store


class TwinStore(
    Store,
    LiveStore,
    RollUpReader,
    HistoryKeeper,
    AlarmKeeper,
    AlarmEvaluation,
    CommandKeeper,
    CommandOutbox,
    CalendarKeeper,
    JobKeeper,
    AccessKeeper,
    Watcher,
    AuditKeeper,
    Protocol,
):
    """Models, live state, its history, alarms, commands, and who may do what: for the composition root."""
