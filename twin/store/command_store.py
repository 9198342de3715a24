# ruff: noqa: D102  # what the methods do is said once, in twin.ports
"""The part of the store that keeps commands."""

from collections.abc import Sequence

from twin.commands import Hold, Reply, Status
from twin.ports import (
    Answered,
    CalendarRecord,
    CalendarRun,
    CommandQuery,
    CommandView,
    Order,
    Outgoing,
    Placed,
    RequestView,
    SignalRecord,
    StepView,
)
from twin.queries import Page
from twin.store import bindings, calendars, command_orders, command_outcomes, command_views, command_work
from twin.store.database import Database


class CommandStore:
    """`twin.ports.CommandKeeper`, `twin.ports.CommandOutbox` and `twin.ports.CalendarKeeper` over one database."""

    _database: Database

    def place_command(
        self, order: Order, *, dry_run: bool = False, known: Sequence[SignalRecord] = ()
    ) -> Placed:
        return command_orders.place(self._database, order, dry_run=dry_run, known=known)

    def commands(self, query: CommandQuery) -> Page[RequestView]:
        return command_views.requests(self._database, query)

    def command(self, identifier: str) -> RequestView:
        return command_views.request(self._database, identifier)

    def command_targets(
        self, identifier: str, *, statuses: Sequence[Status] = (), limit: int, cursor: str | None = None
    ) -> Page[CommandView]:
        return command_views.targets(self._database, identifier, statuses, limit=limit, cursor=cursor)

    def command_steps(self, identifier: str) -> list[StepView]:
        return command_views.steps(self._database, identifier)

    def approve_command(self, identifier: str, *, by: str) -> RequestView:
        return command_views.approve(self._database, identifier, by=by)

    def cancel_command(self, identifier: str, *, by: str, note: str | None = None) -> RequestView:
        return command_views.cancel(self._database, identifier, by=by, note=note)

    def hold_command(
        self, identifier: str, *, by: str, until: int | None = None, reason: str | None = None
    ) -> list[Hold]:
        return command_views.hold(self._database, identifier, by=by, until=until, reason=reason)

    def release_command(self, identifier: str, *, by: str) -> int:
        return command_views.release(self._database, identifier, by=by)

    def command_holds(self) -> list[tuple[SignalRecord, Hold]]:
        return command_views.holds(self._database)

    def command_bindings(self) -> list[tuple[str, str]]:
        return bindings.command_bindings(self._database)

    def commands_due(self, *, sending: bool = True) -> bool:
        return command_work.due(self._database, sending=sending)

    def work_commands(self, worker: str, *, sending: bool = True, limit: int = 500) -> list[Outgoing]:
        return command_work.work(self._database, worker, sending=sending, limit=limit)

    def recover_commands(self, worker: str) -> list[Outgoing]:
        return command_work.recover(self._database, worker)

    def commands_published(self, numbers: Sequence[int]) -> None:
        command_work.published(self._database, numbers)

    def commands_doubtful(self, numbers: Sequence[int]) -> None:
        command_work.doubtful(self._database, numbers)

    def commands_failed(self, numbers: Sequence[int], *, why: str) -> None:
        command_work.failed(self._database, numbers, why=why)

    def still_sent(self, numbers: Sequence[int]) -> set[int]:
        return command_work.still_sent(self._database, numbers)

    def record_replies(self, replies: Sequence[Reply]) -> Answered:
        return command_outcomes.reply(self._database, replies)

    def calendars(self) -> list[CalendarRecord]:
        return calendars.records(self._database)

    def calendar(self, identifier: str) -> CalendarRecord:
        return calendars.record(self._database, identifier)

    def put_calendar(self, record: CalendarRecord) -> bool:
        return calendars.put(self._database, record)

    def remove_calendar(self, identifier: str) -> None:
        calendars.remove(self._database, identifier)

    def calendars_due(self) -> list[CalendarRecord]:
        return calendars.due(self._database)

    def calendar_done(
        self, record: CalendarRecord, runs: Sequence[CalendarRun], *, until: int, next_at: int | None
    ) -> bool:
        return calendars.done(self._database, record, runs, until=until, next_at=next_at)

    def calendar_runs(self, identifier: str, *, limit: int, cursor: str | None = None) -> Page[CalendarRun]:
        return calendars.runs(self._database, identifier, limit=limit, cursor=cursor)
