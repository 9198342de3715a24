"""What each route needs, in one table; a route that is not in it needs everything, so that a forgotten one is closed.

`some`: the action somewhere; the route answers with what the caller reaches. `model`: on the whole of the model in the path. `all`: on
the whole twin.
"""

from typing import Literal, NamedTuple

from fastapi import WebSocketException
from starlette.requests import HTTPConnection

from api.callers import Caller, caller_of
from twin.errors import NotAllowed, NotFound
from twin.policy import Action

Where = Literal["some", "model", "all"]


class Need(NamedTuple):
    """What a caller must be allowed; None: anybody who was let in."""

    action: Action | None
    where: Where = "some"


ANYBODY = Need(None)
READS = Need(Action.READ)
READS_MODEL = Need(Action.READ, "model")
READS_ALL = Need(Action.READ, "all")
ADMINISTERS = Need(Action.ADMINISTER, "all")
ADMINISTERS_MODEL = Need(Action.ADMINISTER, "model")
COMMANDS = Need(Action.COMMAND)
APPROVES = Need(Action.APPROVE)

API = "/api/v1"
_OBJECT = f"{API}/objects/{{model}}/{{global_id}}"
_SIGNAL = f"{API}/signals/{{model}}/{{global_id}}/{{name}}"
_CALENDAR = f"{API}/calendars/{{calendar}}"
_DEVICE = f"{API}/devices/{{device}}"

NEEDS: dict[tuple[str, str], Need] = {
    ("GET", "/healthz"): ANYBODY,
    ("GET", "/readyz"): ANYBODY,
    ("GET", "/"): ANYBODY,
    ("GET", "/metrics"): READS_ALL,
    ("GET", f"{API}/can-i"): ANYBODY,
    ("GET", f"{API}/models"): READS,
    ("GET", f"{API}/models/{{key}}"): READS_MODEL,
    ("GET", f"{API}/models/{{key}}/classes"): READS_MODEL,
    ("GET", f"{API}/models/{{key}}/storeys"): READS_MODEL,
    ("GET", f"{API}/models/{{key}}/revisions"): READS_MODEL,
    ("GET", f"{API}/models/{{key}}/diff"): READS_MODEL,
    ("DELETE", f"{API}/models/{{key}}"): ADMINISTERS_MODEL,
    ("PUT", f"{API}/models/{{key}}/placement"): ADMINISTERS_MODEL,
    ("POST", f"{API}/models/{{key}}/rollback"): ADMINISTERS_MODEL,
    ("GET", f"{API}/objects"): READS,
    ("GET", _OBJECT): READS,
    ("GET", f"{_OBJECT}/children"): READS,
    ("GET", f"{_OBJECT}/trace"): READS,
    ("GET", f"{API}/signals"): READS,
    ("GET", _SIGNAL): READS,
    ("GET", f"{_SIGNAL}/history"): READS,
    ("GET", f"{API}/state"): READS,
    ("GET", f"{API}/state/aggregate"): READS,
    ("POST", f"{API}/state/query"): READS,
    ("POST", f"{API}/readings"): Need(Action.INGEST),
    ("GET", f"{API}/bindings"): READS,
    ("POST", f"{API}/bindings"): ADMINISTERS,
    ("GET", f"{API}/devices"): READS,
    ("GET", _DEVICE): READS,
    ("POST", f"{API}/devices"): ADMINISTERS,
    ("PUT", _DEVICE): ADMINISTERS,
    ("PATCH", _DEVICE): ADMINISTERS,
    ("DELETE", _DEVICE): ADMINISTERS,
    ("POST", f"{_DEVICE}/disable"): ADMINISTERS,
    ("POST", f"{_DEVICE}/enable"): ADMINISTERS,
    ("POST", f"{_DEVICE}/replace"): ADMINISTERS,
    ("GET", f"{API}/alarms"): READS,
    ("GET", f"{API}/alarms/{{alarm}}"): READS,
    ("POST", f"{API}/alarms/{{alarm}}/acknowledge"): COMMANDS,
    ("POST", f"{API}/alarms/{{alarm}}/clear"): COMMANDS,
    ("GET", f"{API}/alarms/rules"): READS_ALL,
    ("PUT", f"{API}/alarms/rules/{{rule}}"): ADMINISTERS,
    ("DELETE", f"{API}/alarms/rules/{{rule}}"): ADMINISTERS,
    ("POST", f"{API}/commands"): COMMANDS,
    ("GET", f"{API}/commands"): READS,
    ("GET", f"{API}/commands/holds"): READS,
    ("GET", f"{API}/commands/{{command}}"): READS,
    ("GET", f"{API}/commands/{{command}}/targets"): READS,
    ("GET", f"{API}/commands/{{command}}/steps"): READS,
    ("POST", f"{API}/commands/{{command}}/approve"): APPROVES,
    ("POST", f"{API}/commands/{{command}}/cancel"): COMMANDS,
    ("POST", f"{API}/commands/{{command}}/hold"): COMMANDS,
    ("POST", f"{API}/commands/{{command}}/release"): COMMANDS,
    ("GET", f"{API}/calendars"): READS,
    ("PUT", _CALENDAR): COMMANDS,
    ("GET", _CALENDAR): READS,
    ("DELETE", _CALENDAR): COMMANDS,
    ("GET", f"{_CALENDAR}/occurrences"): READS,
    ("GET", f"{_CALENDAR}/runs"): READS,
    ("POST", f"{API}/live/tickets"): READS,
    ("GET", f"{API}/live/events"): READS,
    ("GET", f"{API}/live"): READS,
    ("GET", f"{API}/themes"): READS,
    ("GET", "/terrain/layer.json"): READS,
    ("GET", "/terrain/{name}"): READS,
    ("GET", "/tiles/tileset.json"): READS,
    ("GET", "/tiles/{key}/tileset.json"): READS_MODEL,
    ("GET", "/tiles/{key}/{name}"): READS_MODEL,
    ("GET", f"{API}/tokens"): ADMINISTERS,
    ("POST", f"{API}/tokens"): ADMINISTERS,
    ("DELETE", f"{API}/tokens/{{token}}"): ADMINISTERS,
    ("GET", f"{API}/policy"): ADMINISTERS,
    ("PUT", f"{API}/policy"): ADMINISTERS,
    ("GET", f"{API}/audit"): ADMINISTERS,
    ("GET", f"{API}/audit/verify"): ADMINISTERS,
    ("GET", f"{API}/ingest"): READS_ALL,
    # Bytes that anybody sent to a topic: passwords have been seen among them.
    ("GET", f"{API}/ingest/rejected"): ADMINISTERS,
}
"""By method and path as the OpenAPI page shows it; the WebSocket counts as GET."""


async def authorize(connection: HTTPConnection) -> None:
    """For each route, before it runs. Raises NotAllowed; NotFound for a model that the caller may not know of."""
    caller = caller_of(connection)
    path = connection.scope["route"].path_format
    method = connection.scope.get("method", "GET")
    try:
        check(caller, NEEDS.get((method, path), ADMINISTERS), connection.path_params.get("key"))
    except NotAllowed as error:
        if connection.scope["type"] == "websocket":
            raise WebSocketException(code=1008, reason="not allowed") from error
        raise


def check(caller: Caller, need: Need, model: str | None = None) -> None:
    """Raises NotAllowed, NotFound."""
    if need.action is None:
        return
    reach = caller.reach(need.action)
    if reach.is_everything or (need.where == "some" and not reach.is_nothing):
        return
    if need.where == "model" and model is not None:
        if reach.takes_model(model):
            return
        if not caller.reach(Action.READ).takes_model(model):
            raise NotFound("model", model)
    raise refused(caller, need.action, "" if need.where == "some" else " here")


def refused(caller: Caller, action: Action, where: str = "") -> NotAllowed:
    """The error for somebody who lacks a right."""
    roles = ", ".join(caller.principal.roles) or "no role"
    return NotAllowed(
        f"{caller.name} may not {action.value}{where} (roles: {roles}). Ask an administrator for a role that grants it."
    )
