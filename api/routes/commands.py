"""`/api/v1/commands`: asking for commands, following them, approving, taking back, holding."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response
from msgspec.structs import replace

from api import representations_commands as representations
from api import schemas_commands as schemas
from api.acting import may
from api.callers import Caller, tell_denied
from api.commanding import checked_subject, denied, matching, named, status_of, targets
from api.problems import problem
from api.reader import Reader
from api.representations import page
from api.rights import refused
from api.routes.common import OF_A_BODY, Cursor, Limit, Running, Seen, Who, act, document, refusals
from api.routes.live_filters import asked_of
from api.runtime import Runtime
from api.schemas_live import StateQuestion
from api.work import Work
from twin.commands import OPEN, Refusal, Status
from twin.errors import InvalidQuery, NotFound
from twin.policy import Action
from twin.ports import CommandQuery, Order, Placed, SignalRecord
from twin.queries import MAX_LIMIT
from twin.times import to_microseconds

router = APIRouter(prefix="/api/v1/commands", tags=["commands"])

TOLD = 100
"""Refusals that are told with an answer; all are counted."""

CommandId = Annotated[str, Path(max_length=64, description="Id of the request.")]
States = Annotated[list[str], Query(alias="state", description="States, or `open`; several: any of them.")]
Remark = schemas.CommandRemark


@router.post(
    "",
    status_code=202,
    response_model=schemas.CommandRequest,
    responses={
        200: {"model": schemas.DryRun, "description": "What would happen (`dry_run`)."},
        **refusals(*OF_A_BODY, 404, 409),
    },
)
def place_command(
    request: Request, running: Running, seen: Seen, who: Who, body: schemas.CommandBody
) -> Response:
    """Ask for a command: 202 says that it is recorded, not that it is done. Follow it at `Location`, or on the live channel."""
    checked_subject(body.signal, body.targets)
    found = _found(seen, body)
    order = Order(
        by=who.name,
        reason=body.reason,
        targets=targets(found, body.value, body.unit, lambda records: may(request, "command", records)),
        priority=body.priority,
        start_at=_instant(body.start_at),
        expires_at=_instant(body.expires_at),
        rate=body.rate,
        key=body.idempotency_key,
        bulk=body.targets is not None,
    )
    if body.dry_run:
        placed = running.store.place_command(order, dry_run=True)
        return document(_told(placed if seen.sees_everything else _veiled(placed)))
    with act(running, who, "command.place", body.signal or f"{len(order.targets)} signals", body.reason):
        known = [record for _, record in found if record is not None]
        placed = running.store.place_command(order, known=known)
    if placed.id is None:
        told = _told(placed)
        first = next(each for outcome in placed.outcomes for each in outcome.refusals)
        said = f"{first.code}: {first.detail}."
        if (why := denied(placed, sees_everything=seen.sees_everything)) is not None:
            tell_denied(request, why)
        return problem(status_of(placed), said, errors=told["outcomes"])
    work: Work = request.app.state.work
    work.control.wake()
    view = running.store.command(placed.id) if placed.view is None else placed.view
    answer = msgspec.json.encode(representations.request(view))
    headers = {"location": f"/api/v1/commands/{placed.id}"}
    return Response(answer, HTTPStatus.ACCEPTED, headers=headers, media_type="application/json")


def _found(seen: Reader, body: schemas.CommandBody) -> list[tuple[str, SignalRecord | None]]:
    wanted = body.targets
    if wanted is None:
        assert body.signal is not None
        return named(seen, [body.signal])
    if wanted.signals is not None:
        return named(seen, list(dict.fromkeys(wanted.signals)))
    conditions = wanted.model_dump(exclude={"signals"}, exclude_defaults=True)
    if not conditions:
        raise InvalidQuery("`targets` says nothing: name signals, or a condition.")
    found = matching(seen, asked_of(StateQuestion(**conditions)))
    if not found:
        raise NotFound("settable signal", "that passes the conditions")
    return found


def _veiled(placed: Placed) -> Placed:
    """Interlocks name signals and say what they are: who does not read everything is told only that one does not hold."""
    hidden = Refusal(code="interlock", detail="an interlock does not hold")
    outcomes = [replace(each, failing=(hidden,) if each.failing else ()) for each in placed.outcomes]
    return replace(placed, outcomes=outcomes)


def _told(placed: Placed) -> dict[str, object]:
    refused = sum(bool(each.refusals) for each in placed.outcomes)
    first = sorted(placed.outcomes, key=lambda each: not each.refusals)[:TOLD]
    outcomes = [representations.outcome(each) for each in first]
    return {"targets": len(placed.outcomes), "refused": refused, "outcomes": outcomes}


@router.get("", response_model=schemas.CommandRequestPage, responses=refusals(400, 422))
def list_commands(
    running: Running,
    seen: Seen,
    state: States = [],  # noqa: B006
    signal: Annotated[list[str], Query(description="Ids of signals; several: any of them.")] = [],  # noqa: B006
    model: Annotated[list[str], Query(description="Keys of models; several: any of them.")] = [],  # noqa: B006
    by: Annotated[str | None, Query(description="Who asked.")] = None,
    start: Annotated[
        datetime | None, Query(alias="from", description="Asked for at this time or later.")
    ] = None,
    end: Annotated[datetime | None, Query(alias="to", description="Asked for before this time.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """Requests that pass all filters given, the newest first."""
    query = CommandQuery(
        statuses=_statuses(state),
        signals=tuple(signal),
        models=tuple(model),
        by=by,
        start=_instant(start),
        end=_instant(end),
        reach=seen.reach,
        limit=limit,
        cursor=cursor,
    )
    found = running.store.commands(query)
    return document(page([representations.request(each) for each in found.items], found.next))


def _statuses(words: list[str]) -> tuple[Status, ...]:
    """Raises InvalidQuery."""
    wanted: set[Status] = set()
    for word in words:
        if word == "open":
            wanted.update(OPEN)
        elif word in set(Status):
            wanted.add(Status(word))
        else:
            raise InvalidQuery(f"{word[:60]!r} is no state; known are open, {', '.join(Status)}.")
    return tuple(sorted(wanted))


@router.get("/holds", response_model=schemas.CommandHolds, responses=refusals())
def list_holds(running: Running, seen: Seen) -> Response:
    """Priorities that are held now."""
    found = running.store.command_holds()
    visible = {record.number for record in seen.signals(record for record, _ in found)}
    return document(page([representations.hold(*each) for each in found if each[0].number in visible]))


@router.get("/{command}", response_model=schemas.CommandRequest, responses=refusals(404, 422))
def read_command(running: Running, who: Who, command: CommandId) -> Response:
    """One request as it stands."""
    _check_right(running, who, command, Action.READ)
    return document(representations.request(running.store.command(command)))


@router.get("/{command}/targets", response_model=schemas.CommandPage, responses=refusals(400, 404, 422))
def list_targets(
    running: Running,
    who: Who,
    command: CommandId,
    state: States = [],  # noqa: B006
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """The commands of a request, each with its outcome."""
    _check_right(running, who, command, Action.READ)
    found = running.store.command_targets(command, statuses=_statuses(state), limit=limit, cursor=cursor)
    return document(page([representations.command(each) for each in found.items], found.next))


@router.get("/{command}/steps", response_model=schemas.CommandSteps, responses=refusals(404, 422))
def list_steps(running: Running, who: Who, command: CommandId) -> Response:
    """The log of one command: that of a request for one signal, or one of `targets` by its id."""
    _check_right(running, who, command.partition("-")[0], Action.READ)
    return document(page([representations.logged(each) for each in running.store.command_steps(command)]))


@router.post(
    "/{command}/approve", response_model=schemas.CommandRequest, responses=refusals(*OF_A_BODY, 404, 409)
)
def approve_command(request: Request, running: Running, who: Who, command: CommandId) -> Response:
    """Let a command go to a signal that is marked dangerous: not the person who asked for it."""
    _check_right(running, who, command, Action.APPROVE)
    with act(running, who, "command.approve", command):
        view = running.store.approve_command(command, by=who.name)
    work: Work = request.app.state.work
    work.control.wake()
    return document(representations.request(view))


@router.post(
    "/{command}/cancel", response_model=schemas.CommandRequest, responses=refusals(*OF_A_BODY, 404, 409)
)
def cancel_command(running: Running, who: Who, command: CommandId, remark: Remark | None = None) -> Response:
    """Take back what has not been sent."""
    _check_right(running, who, command, Action.COMMAND)
    note = None if remark is None else remark.note
    with act(running, who, "command.cancel", command, note or ""):
        view = running.store.cancel_command(command, by=who.name, note=note)
    return document(representations.request(view))


@router.post("/{command}/hold", response_model=schemas.CommandHolds, responses=refusals(*OF_A_BODY, 404, 409))
def hold_command(
    running: Running, seen: Seen, who: Who, command: CommandId, remark: Remark | None = None
) -> Response:
    """Hold the command's priority on its signals, also when it is over: lower ones are refused until it is released."""
    _check_right(running, who, command, Action.COMMAND)
    said = remark or Remark()
    with act(running, who, "command.hold", command, said.note or ""):
        running.store.hold_command(command, by=who.name, until=_instant(said.until), reason=said.note)
    return list_holds(running, seen)


@router.post(
    "/{command}/release", response_model=schemas.CommandHolds, responses=refusals(*OF_A_BODY, 404, 409)
)
def release_command(running: Running, seen: Seen, who: Who, command: CommandId) -> Response:
    """Let go of what `hold` took."""
    _check_right(running, who, command, Action.COMMAND)
    with act(running, who, "command.release", command):
        running.store.release_command(command, by=who.name)
    return list_holds(running, seen)


def _check_right(running: Runtime, who: Caller, command: str, action: Action) -> None:
    """Whether the caller may do this to all signals of a request. Raises NotFound where it may not even know of it, NotAllowed."""
    if not who.reach(action).is_everything:
        _check_signals(running, who, command, Action.READ)
        if action is not Action.READ:
            _check_signals(running, who, command, action)


def _check_signals(running: Runtime, who: Caller, command: str, action: Action) -> None:
    reach = who.reach(action)
    cursor: str | None = None
    while True:
        found = running.store.command_targets(command, limit=MAX_LIMIT, cursor=cursor)
        numbers = [each.signal.number for each in found.items]
        if set(numbers) - running.store.visible_signals(reach, numbers):
            if action is Action.READ:
                raise NotFound("command", command)
            raise refused(who, action, " all of these signals")
        if found.next is None:
            return
        cursor = found.next


def _instant(moment: datetime | None) -> int | None:
    """Microseconds; a time without a zone is taken as UTC, as all times of this interface are."""
    if moment is None:
        return None
    return to_microseconds(moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC))
