"""`/api/v1/alarms`: what is wrong now and what was, who has seen it, and the rules by which it is told."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Path, Query, Response

from api import representations_alarms as representations
from api import schemas_alarms as schemas
from api.callers import Caller
from api.reader import Reader
from api.representations import page
from api.rights import refused
from api.routes.common import OF_A_BODY, Cursor, Limit, Running, Seen, Who, act, document, refusals
from twin.alarms import AlarmPattern, AlarmRule, Kind, Severity, Status, checked_rule
from twin.objects import checked_key
from twin.policy import Action
from twin.ports import AlarmQuery
from twin.times import to_microseconds

router = APIRouter(prefix="/api/v1/alarms", tags=["alarms"])

OPEN = (Status.RAISED, Status.ACKNOWLEDGED)

State = Literal["raised", "acknowledged", "cleared", "open"]
Number = Annotated[int, Path(ge=0, le=(1 << 63) - 1, description="Id of the alarm.")]
RuleId = Annotated[str, Path(description="A name for the rule, as for a model.")]


@router.get("", response_model=schemas.AlarmPage, responses=refusals(400, 404, 422))
def list_alarms(
    seen: Seen,
    state: Annotated[
        list[State], Query(description="`open` means raised or acknowledged; several: any of them.")
    ] = [],  # noqa: B006
    severity: Annotated[list[Severity], Query(description="Several: any of them.")] = [],  # noqa: B006
    kind: Annotated[list[Kind], Query(description="Several: any of them.")] = [],  # noqa: B006
    acknowledged: Annotated[bool | None, Query(description="Whether somebody has seen it.")] = None,
    model: Annotated[list[str], Query(description="Keys of models; several: any of them.")] = [],  # noqa: B006
    class_: Annotated[list[str], Query(alias="class", description="Classes of objects.")] = [],  # noqa: B006
    place: Annotated[
        str | None, Query(description="Id of an object: alarms of it and of all below it in the tree.")
    ] = None,
    signal: Annotated[list[str], Query(description="Ids of signals; several: any of them.")] = [],  # noqa: B006
    start: Annotated[
        datetime | None, Query(alias="from", description="Raised at this time or later.")
    ] = None,
    end: Annotated[datetime | None, Query(alias="to", description="Raised before this time.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """Alarms that pass all filters given, the newest first."""
    wanted = {one for word in state for one in (OPEN if word == "open" else (Status(word),))}
    query = AlarmQuery(
        statuses=tuple(sorted(wanted)),
        severities=tuple(severity),
        kinds=tuple(kind),
        acknowledged=acknowledged,
        models=tuple(model),
        classes=tuple(class_),
        place=place,
        signals=tuple(signal),
        start=_instant(start),
        end=_instant(end),
        limit=limit,
        cursor=cursor,
    )
    found = seen.alarms(query)
    return document(page([representations.view(one) for one in found.items], found.next))


@router.get("/rules", response_model=schemas.RulePage, responses=refusals())
def list_rules(running: Running) -> Response:
    """Rules for many signals. Those that a signal declares itself are shown with the signal."""
    return document(page([representations.pattern(one) for one in running.store.alarm_patterns()]))


@router.put(
    "/rules/{rule}",
    response_model=schemas.Rule,
    responses={201: {"model": schemas.Rule}, **refusals(*OF_A_BODY)},
)
def put_rule(running: Running, who: Who, rule: RuleId, fields: schemas.RuleFields) -> Response:
    """Make a rule, or change it. It holds for present states, too, a second later."""
    pattern = _pattern(rule, fields)
    with act(running, who, "alarm_rule.put", pattern.id, fields.model_dump_json(exclude_unset=True)):
        created = running.store.put_alarm_pattern(pattern)
    answer = msgspec.json.encode(representations.pattern(pattern))
    status = HTTPStatus.CREATED if created else HTTPStatus.OK
    return Response(answer, status, media_type="application/json")


@router.delete("/rules/{rule}", status_code=204, responses=refusals(404, 422))
def delete_rule(running: Running, who: Who, rule: RuleId) -> Response:
    """Take a rule away; what it has raised is cleared a second later."""
    with act(running, who, "alarm_rule.remove", rule):
        running.store.remove_alarm_pattern(rule)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.get("/{alarm}", response_model=schemas.AlarmSummary, responses=refusals(404, 422))
def read_alarm(seen: Seen, alarm: Number) -> Response:
    """One alarm."""
    return document(representations.view(seen.alarm(alarm)))


@router.post(
    "/{alarm}/acknowledge", response_model=schemas.AlarmSummary, responses=refusals(*OF_A_BODY, 404, 409)
)
def acknowledge_alarm(
    running: Running, who: Who, alarm: Number, remark: schemas.Remark | None = None
) -> Response:
    """Say that somebody has seen it. Once; the second one is told who was first."""
    said = remark or schemas.Remark()
    _check_command(running, who, alarm)
    with act(running, who, "alarm.acknowledge", str(alarm), said.note or ""):
        after = running.store.acknowledge_alarm(alarm, by=_by(who, said), note=said.note)
    return document(representations.view(after))


@router.post("/{alarm}/clear", response_model=schemas.AlarmSummary, responses=refusals(*OF_A_BODY, 404, 409))
def clear_alarm(running: Running, who: Who, alarm: Number, remark: schemas.Remark | None = None) -> Response:
    """Clear it by hand: a latched one that is over, or one whose signal is silent. Refused while what it is about is known to hold."""
    said = remark or schemas.Remark()
    _check_command(running, who, alarm)
    with act(running, who, "alarm.clear", str(alarm), said.note or ""):
        after = running.store.clear_alarm(alarm, by=_by(who, said), note=said.note)
    return document(representations.view(after))


def _by(who: Caller, said: schemas.Remark) -> str:
    return said.by if said.by is not None and who.principal.kind == "administrator" else who.name


def _check_command(running: Running, who: Caller, alarm: int) -> None:
    """Alarms are acknowledged by those who may command the signal. Raises NotFound, NotAllowed."""
    view = Reader(running.store, who).alarm(alarm)
    if not running.store.visible_signals(who.reach(Action.COMMAND), [view.signal.number]):
        raise refused(who, Action.COMMAND, " this signal")


def _instant(moment: datetime | None) -> int | None:
    """Microseconds; a time without a zone is taken as UTC, as all times of this interface are."""
    if moment is None:
        return None
    return to_microseconds(moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC))


def _pattern(identifier: str, fields: schemas.RuleFields) -> AlarmPattern:
    """Raises InvalidRule, InvalidKey."""
    rule = checked_rule(
        AlarmRule(
            kind=fields.kind,
            limit=fields.limit,
            states=tuple(fields.states),
            hysteresis=fields.hysteresis,
            delay_s=fields.delay_s,
            clear_delay_s=fields.clear_delay_s,
            severity=fields.severity,
            message=fields.message,
            latched=fields.latched,
            enabled=fields.enabled,
        )
    )
    match = fields.match
    return AlarmPattern(
        id=checked_key(identifier),
        rule=rule,
        models=tuple(match.model),
        classes=tuple(match.class_),
        names=tuple(match.name),
        kinds=tuple(match.kind),
        signals=tuple(match.signal),
    )
