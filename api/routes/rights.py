"""`/api/v1/tokens`, `policy`, `can-i`, `audit`: who may do what, and who has done what."""

from http import HTTPStatus
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Query, Response

from api import rights_work
from api import schemas_access as schemas
from api.moments import moment
from api.representations import Document, page
from api.rights_work import NewToken, token_document
from api.routes.common import OF_A_BODY, Cursor, Limit, Running, Who, act, document, refusals
from twin.access import AuditRecord
from twin.errors import InvalidQuery
from twin.policy import Action, Reach, Scope, policy_from
from twin.ports import TwinStore
from twin.queries import split_object_id

router = APIRouter(prefix="/api/v1", tags=["rights"])

TokenId = Annotated[str, Path(max_length=100, description="Its id: what follows `twin_` in it.")]
_NEVER_STORED = {"cache-control": "no-store"}


@router.get("/tokens", response_model=schemas.TokenPage, responses=refusals())
def list_tokens(running: Running) -> Response:
    """Tokens in the order in which they were made, those that are not valid any more, too. Their secrets are not kept."""
    return document(rights_work.tokens_document(running.store))


@router.post("/tokens", response_model=schemas.NewToken, status_code=201, responses=refusals(*OF_A_BODY))
def create_token(running: Running, who: Who, fields: schemas.TokenFields) -> Response:
    """Make a token. The answer is the only place where it is ever told."""
    scope = Scope(**{name: tuple(getattr(fields.scope, name)) for name in Scope.__struct_fields__})
    new = NewToken(name=fields.name, roles=tuple(fields.roles), scope=scope, days=fields.days)
    with act(running, who, "token.create", fields.name, ", ".join(fields.roles)):
        record, secret = rights_work.create_token(running.store, new, by=who.name)
    running.guard.look(now=True)
    body = msgspec.json.encode({**token_document(record), "token": secret.text})
    return Response(body, HTTPStatus.CREATED, headers=_NEVER_STORED, media_type="application/json")


@router.delete("/tokens/{token}", status_code=204, responses=refusals(404, 422))
def revoke_token(running: Running, who: Who, token: TokenId) -> Response:
    """Let a token in no more. Its open streams end within two seconds, at every server of the database."""
    with act(running, who, "token.revoke", token):
        running.store.revoke_token(token)
    running.guard.look(now=True)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.get("/policy", response_model=schemas.PolicyDocument, responses=refusals())
def read_policy(running: Running) -> Response:
    """Roles and what they grant."""
    return document(rights_work.policy_document(rights_work.current_policy(running.store)))


@router.put("/policy", response_model=schemas.PolicyDocument, responses=refusals(*OF_A_BODY))
def put_policy(running: Running, who: Who, fields: schemas.PolicyFields) -> Response:
    """Write all roles anew; it counts for every server of the database within a second."""
    policy = policy_from(fields.model_dump())
    with act(running, who, "policy.replace", detail=", ".join(policy.roles)):
        rights_work.replace_policy(running.store, policy)
    running.guard.look(now=True)
    return document(rights_work.policy_document(policy))


@router.get("/can-i", response_model=schemas.Permission, responses=refusals(400, 422))
def can_i(
    running: Running,
    who: Who,
    action: Annotated[schemas.ActionName, Query(description="What is to be done.")],
    model: Annotated[str | None, Query(description="Key of a model: on the whole of it.")] = None,
    object_: Annotated[str | None, Query(alias="object", description="Id of an object.")] = None,
    signal: Annotated[str | None, Query(description="Id of a signal.")] = None,
) -> Response:
    """Whether the caller may do something, on a model, an object or a signal; without any of these: somewhere at all."""
    targets = [target for target in (model, object_, signal) if target is not None]
    if len(targets) > 1:
        raise InvalidQuery("Ask for one of `model`, `object` and `signal` at a time.")
    reach = who.reach(Action(action))
    answer = {
        "who": who.name,
        "roles": who.principal.roles,
        "action": action,
        "target": targets[0] if targets else None,
        "allowed": _allowed(running.store, reach, model, object_, signal),
        "everywhere": reach.is_everything,
    }
    return document(answer, headers=_NEVER_STORED)


def _allowed(
    store: TwinStore, reach: Reach, model: str | None, object_: str | None, signal: str | None
) -> bool:
    """Raises InvalidQuery for an id that is none. What is not there is not allowed, except to those who may do it everywhere."""
    if model is not None:
        return reach.takes_model(model)
    if object_ is not None:
        asked = split_object_id(object_)
        return reach.is_everything or bool(store.visible_objects(reach, {asked}))
    if signal is not None:
        numbers = [state.signal.number for state in store.states_of([signal])]
        return reach.is_everything or bool(store.visible_signals(reach, numbers))
    return not reach.is_nothing


@router.get("/audit", response_model=schemas.AuditPage, responses=refusals(400, 422))
def list_audit(running: Running, limit: Limit = 100, cursor: Cursor = None) -> Response:
    """Who has done what, when, and from where; the newest first."""
    found = running.store.audit(limit=limit, cursor=cursor)
    return document(page([_entry(record) for record in found.items], found.next))


@router.get("/audit/verify", response_model=schemas.AuditVerdict, responses=refusals())
def verify_audit(running: Running) -> Response:
    """Check the whole chain against its key and the heads exported by this server. Reads every entry."""
    return document(rights_work.audit_verdict(running), headers=_NEVER_STORED)


def _entry(record: AuditRecord) -> Document:
    return {
        "seq": record.seq,
        "at": moment(record.at),
        **msgspec.to_builtins(record.entry),
        "mac": record.mac.hex(),
    }
