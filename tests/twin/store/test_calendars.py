"""Calendars on both engines: kept, done once whatever crashes and however many servers look, and with the rights of who made them."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from api.calendar_job import CalendarJob
from api.calendar_owner import PROVIDER_US
from api.guard import Guard
from tests.twin.store.clock import Clock
from tests.twin.store.command_contract import order, settable
from tests.twin.store.places import Place
from twin.access import TokenRecord
from twin.commands import Status
from twin.errors import NotFound, StoreError
from twin.ports import CalendarRecord, CalendarRun, CommandQuery, RequestView, RunOutcome, TwinStore
from twin.store import SqlStore
from twin.times import to_microseconds

S = 1_000_000
ADMINISTRATOR = {"name": "administrator", "kind": "administrator"}
ENTRIES = [{"at": "18:00", "value": 80}, {"at": "06:00", "value": 0}]
EVENING = to_microseconds(datetime.fromisoformat("2026-03-01T18:00+00:00"))
MORNING = EVENING + 12 * 3600 * S


@pytest.fixture
def store(place: Place, clock: Clock) -> Iterator[SqlStore]:
    with place.opened(clock=clock) as opened:
        settable(opened)
        yield opened


def at(clock: Clock, moment: int) -> None:
    clock.advance(timedelta(microseconds=moment - to_microseconds(clock.now)))


def record(owner: dict[str, Any] = ADMINISTRATOR, next_at: int = EVENING, **fields: Any) -> CalendarRecord:
    document = {"targets": {"names": ["temperature"]}, "zone": "UTC", "entries": ENTRIES, **fields}
    return CalendarRecord(id="lamps", document=json.dumps(document), owner=json.dumps(owner), next_at=next_at)


def job(store: TwinStore, clock: Clock) -> CalendarJob:
    guard = Guard("secret", store, clock=clock.seconds)
    return CalendarJob(store, guard, lambda: None, clock=lambda: to_microseconds(clock.now))


def requests(store: TwinStore) -> list[RequestView]:
    return list(store.commands(CommandQuery()).items)


def runs(store: TwinStore) -> list[tuple[int, RunOutcome]]:
    return [(each.at, each.outcome) for each in store.calendar_runs("lamps", limit=100).items]


# ----------------------------------------------------------------------------------------------- keeping
def test_a_calendar_is_kept_changed_and_removed(store: SqlStore) -> None:
    assert store.put_calendar(record())
    assert not store.put_calendar(record(description="changed"))

    assert [each.id for each in store.calendars()] == ["lamps"]
    assert "changed" in store.calendar("lamps").document
    store.remove_calendar("lamps")
    with pytest.raises(NotFound):
        store.calendar("lamps")
    with pytest.raises(NotFound):
        store.remove_calendar("lamps")


def test_one_is_due_when_its_time_has_come(store: SqlStore, clock: Clock) -> None:
    store.put_calendar(record())

    at(clock, EVENING - 1)
    before = store.calendars_due()
    at(clock, EVENING)

    assert before == []
    assert [each.id for each in store.calendars_due()] == ["lamps"]


def test_a_new_calendar_does_nothing_about_the_past(store: SqlStore, clock: Clock) -> None:
    at(clock, EVENING + S)
    store.put_calendar(record(next_at=MORNING))

    job(store, clock).look()

    assert requests(store) == []


def test_what_has_come_up_is_not_lost_when_the_calendar_is_changed_before_it_is_done(
    store: SqlStore, clock: Clock
) -> None:
    store.put_calendar(record())
    at(clock, EVENING + S)

    store.put_calendar(record(next_at=MORNING, description="changed just now"))
    job(store, clock).look()

    assert len(requests(store)) == 1


# ------------------------------------------------------------------------------------------------- doing
def test_an_occurrence_commands_its_targets_as_its_owner(store: SqlStore, clock: Clock) -> None:
    store.put_calendar(record())
    at(clock, EVENING)

    job(store, clock).look()

    (request,) = requests(store)
    assert (request.by, request.priority, request.targets) == ("administrator", "schedule", 3)
    assert request.reason == "calendar lamps: 18:00"
    (run,) = store.calendar_runs("lamps", limit=10).items
    assert (run.at, run.entry, run.outcome, run.request) == (EVENING, 0, RunOutcome.PLACED, request.id)
    assert store.calendar("lamps").next_at == MORNING


def test_its_commands_wait_for_devices_until_the_next_occurrence(store: SqlStore, clock: Clock) -> None:
    store.put_calendar(record())
    at(clock, EVENING)

    job(store, clock).look()

    (request,) = requests(store)
    found = store.command_targets(request.id, limit=10).items
    assert {each.command.expires_at for each in found} == {MORNING}


def test_looking_again_does_nothing_again(store: SqlStore, clock: Clock) -> None:
    store.put_calendar(record())
    at(clock, EVENING)

    for _ in range(3):
        job(store, clock).look()

    assert len(requests(store)) == 1


def test_days_of_occurrences_are_each_dealt_with_once(store: SqlStore, clock: Clock) -> None:
    store.put_calendar(record(late_s=7_000))
    working = job(store, clock)

    for _ in range(20):
        clock.advance(timedelta(hours=3, minutes=59))
        working.look()

    found = runs(store)
    assert len(found) == len(set(found)) == 6
    assert [outcome for _, outcome in found].count(RunOutcome.PLACED) == len(requests(store)) == 5


class Dies(Exception):
    """The process is gone."""


@pytest.mark.parametrize("step", ["place_command", "calendar_done"])
@pytest.mark.parametrize("after", [False, True])
def test_a_crash_at_any_step_neither_doubles_nor_loses_it(
    store: SqlStore, clock: Clock, monkeypatch: pytest.MonkeyPatch, *, step: str, after: bool
) -> None:
    store.put_calendar(record())
    at(clock, EVENING)
    real = getattr(store, step)

    def dying(*args: Any, **kwargs: Any) -> None:
        if after:
            real(*args, **kwargs)
        raise Dies

    with monkeypatch.context() as broken:
        broken.setattr(store, step, dying)
        job(store, clock).look()
    clock.advance(timedelta(minutes=5))
    job(store, clock).look()

    assert len(requests(store)) == 1
    assert runs(store) == [(EVENING, RunOutcome.PLACED)]


def test_a_crash_and_a_change_of_owner_do_not_double_it(
    store: SqlStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put_calendar(record())
    at(clock, EVENING)
    with monkeypatch.context() as broken:
        broken.setattr(store, "calendar_done", lambda *_, **__: (_ for _ in ()).throw(StoreError("gone")))
        job(store, clock).look()

    store.put_calendar(record(owner={"name": "local ada", "kind": "administrator"}, next_at=MORNING))
    job(store, clock).look()

    assert [each.by for each in requests(store)] == ["administrator"]


def test_several_servers_do_it_once(place: Place, clock: Clock) -> None:
    with place.opened(clock=clock) as one, place.opened(clock=clock) as two:
        settable(one)
        one.put_calendar(record())
        at(clock, EVENING)

        with ThreadPoolExecutor(6) as pool:
            jobs = [
                job(store, clock) for store in (one, two) * 3
            ]  # of one process: the lease keeps none away
            list(pool.map(lambda each: each.look(), jobs))

        assert all(each.failing is None for each in jobs)
        assert len(requests(one)) == 1
        assert runs(one) == [(EVENING, RunOutcome.PLACED)]


def test_what_was_missed_by_too_much_is_skipped_counted_and_told(store: SqlStore, clock: Clock) -> None:
    store.put_calendar(record())
    at(clock, EVENING + 3600 * S)
    working = job(store, clock)

    working.look()

    assert requests(store) == []
    (run,) = store.calendar_runs("lamps", limit=10).items
    assert run.outcome is RunOutcome.SKIPPED
    assert "missed by 3600 s" in str(run.detail)
    assert working.counts == {RunOutcome.SKIPPED: 1}
    assert store.calendar("lamps").next_at == MORNING


def test_runs_are_told_in_pages_the_newest_first(store: SqlStore) -> None:
    store.put_calendar(record())
    seen = store.calendar("lamps")
    some = [CalendarRun(calendar="lamps", at=n, entry=0, outcome=RunOutcome.SKIPPED) for n in range(5)]
    store.calendar_done(seen, some, until=EVENING, next_at=MORNING)

    first = store.calendar_runs("lamps", limit=3)
    second = store.calendar_runs("lamps", limit=3, cursor=first.next)

    assert [each.at for each in (*first.items, *second.items)] == [4, 3, 2, 1, 0]
    assert second.next is None


def test_a_calendar_that_was_changed_meanwhile_is_looked_at_again(store: SqlStore, clock: Clock) -> None:
    store.put_calendar(record())
    seen = store.calendar("lamps")
    store.put_calendar(record(description="another"))

    assert not store.calendar_done(seen, [], until=MORNING, next_at=None)
    assert store.calendar("lamps").next_at == EVENING


# ------------------------------------------------------------------------------------------------ rights
def token(store: TwinStore, clock: Clock, *roles: str) -> dict[str, Any]:
    now = to_microseconds(clock.now)
    store.add_token(
        TokenRecord(id="abc", name="ada", roles=roles, created_at=now, created_by="test", digest=b"")
    )
    return {"name": "token ada (abc)", "kind": "token", "token_id": "abc", "roles": ["administrator"]}


def looked(store: SqlStore, clock: Clock) -> CalendarRun:
    at(clock, EVENING)
    job(store, clock).look()
    (run,) = store.calendar_runs("lamps", limit=10).items
    return run


def test_the_rights_of_the_token_count_when_it_is_done(store: SqlStore, clock: Clock) -> None:
    store.put_calendar(record(owner=token(store, clock, "reader")))

    run = looked(store, clock)

    assert run.outcome is RunOutcome.REFUSED
    assert "all 3 targets were refused; the first: forbidden" in str(run.detail)
    assert requests(store) == []


def test_a_token_that_was_revoked_commands_nothing_any_more(store: SqlStore, clock: Clock) -> None:
    store.put_calendar(record(owner=token(store, clock, "operator")))
    store.revoke_token("abc")

    run = looked(store, clock)

    assert (run.outcome, requests(store)) == (RunOutcome.REFUSED, [])
    assert "token ada (abc) is not valid any more" in str(run.detail)


def test_a_token_that_is_good_commands_under_its_name(store: SqlStore, clock: Clock) -> None:
    store.put_calendar(record(owner=token(store, clock, "operator")))

    run = looked(store, clock)

    assert run.outcome is RunOutcome.PLACED
    assert requests(store)[0].by == "token ada (abc)"


def test_somebody_of_the_sites_provider_has_to_save_it_again_after_a_while(
    store: SqlStore, clock: Clock
) -> None:
    until = EVENING - PROVIDER_US
    owner = {"name": "jwt ada", "kind": "jwt", "roles": ["operator"], "until": until + PROVIDER_US}
    store.put_calendar(record(owner=owner))

    run = looked(store, clock)

    assert run.outcome is RunOutcome.REFUSED
    assert "has to save the calendar again" in str(run.detail)


def test_targets_that_are_gone_are_a_refusal_with_the_reason(store: SqlStore, clock: Clock) -> None:
    store.put_calendar(record(targets={"names": ["gone"]}))

    run = looked(store, clock)

    assert run.outcome is RunOutcome.REFUSED
    assert run.detail == "no settable signal 'that passes the conditions'"


def test_one_calendar_that_is_damaged_keeps_no_other_from_being_done(store: SqlStore, clock: Clock) -> None:
    store.put_calendar(record())
    store.put_calendar(replace(record(), id="damaged", document="{"))
    at(clock, EVENING)
    working = job(store, clock)

    working.look()

    assert len(requests(store)) == 1
    assert working.failing is not None
    assert "damaged" in working.failing


def test_a_stronger_command_is_not_superseded_by_the_calendar(store: SqlStore, clock: Clock) -> None:
    store.put_calendar(record())
    at(clock, EVENING)
    store.place_command(order(50, "x"))

    job(store, clock).look()

    (request,) = (each for each in requests(store) if each.targets == 3)
    assert request.counts == {Status.QUEUED: 2, Status.FAILED: 1}
