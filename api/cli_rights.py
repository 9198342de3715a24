"""`twin token`, `twin policy`, `twin audit`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import typer

from api import rights_work
from api.cli_tables import print_rows
from api.local import act_locally, local_user
from api.moments import moment
from api.rights_work import NewToken
from api.runtime import Runtime
from api.settings import Settings
from twin.access import AuditRecord
from twin.policy import read_policy


def create_token(settings: Settings, new: NewToken, *, as_json: bool) -> None:
    """Make a token and print it; nothing else goes to standard output, so that a script can take it."""
    with (
        Runtime(settings) as runtime,
        act_locally(runtime.store, "token.create", new.name, ", ".join(new.roles)),
    ):
        record, secret = rights_work.create_token(runtime.store, new, by=local_user())
    if as_json:
        typer.echo(msgspec.json.encode({**rights_work.token_document(record), "token": secret.text}))
        return
    typer.echo(secret.text)
    until = moment(record.expires_at)
    typer.echo(
        f"Token {record.id}, good {f'until {until}' if until else 'for ever'}. Keep it: it is not shown again.",
        err=True,
    )


def list_tokens(settings: Settings, *, as_json: bool) -> None:
    """All tokens."""
    with Runtime(settings) as runtime:
        listed = rights_work.tokens_document(runtime.store)
    if as_json:
        typer.echo(msgspec.json.encode(listed))
        return
    rows = [
        (
            one["id"],
            one["name"],
            ", ".join(one["roles"]),
            _scope(one["scope"]),
            "valid" if one["valid"] else "revoked" if one["revoked_at"] else "expired",
            str(one["expires_at"] or "never"),
            str(one["last_used_at"] or "never"),
        )
        for one in listed["items"]
    ]
    print_rows(
        ("id", "name", "roles", "within", "", "expires", "last used"),
        rows,
        "No tokens: twin token create NAME --role ROLE",
    )


def _scope(scope: Mapping[str, Any]) -> str:
    return (
        "; ".join(f"{name} {', '.join(values)}" for name, values in scope.items() if values) or "everything"
    )


def revoke_token(settings: Settings, identifier: str) -> None:
    """Let a token in no more."""
    with Runtime(settings) as runtime, act_locally(runtime.store, "token.revoke", identifier):
        record = runtime.store.revoke_token(identifier)
    typer.echo(f"token {record.id} ({record.name}) is revoked")


def show_policy(settings: Settings) -> None:
    """All roles."""
    with Runtime(settings) as runtime:
        known = rights_work.policy_document(rights_work.current_policy(runtime.store))
    typer.echo(msgspec.json.format(msgspec.json.encode(known)).decode())


def apply_policy(settings: Settings, file: Path) -> None:
    """Replace all roles. Raises InvalidPolicy, which names the file."""
    policy = read_policy(file.read_text(encoding="utf-8"), name=str(file))
    with (
        Runtime(settings) as runtime,
        act_locally(runtime.store, "policy.replace", detail=", ".join(policy.roles)),
    ):
        rights_work.replace_policy(runtime.store, policy)
    typer.echo(f"{len(policy.roles)} roles: {', '.join(policy.roles) or 'none'}")


def list_audit(settings: Settings, *, limit: int, as_json: bool) -> None:
    """The newest entries."""
    with Runtime(settings) as runtime:
        found = runtime.store.audit(limit=limit).items
    if as_json:
        typer.echo(msgspec.json.encode({"items": [_entry(record) for record in found]}))
        return
    rows = [
        (str(one.seq), moment(one.at) or "", *(getattr(one.entry, name) for name in _SHOWN)) for one in found
    ]
    print_rows(("entry", "at", *_SHOWN), rows, "Nothing has been done yet")


_SHOWN = ("who", "action", "target", "detail", "origin")


def _entry(record: AuditRecord) -> dict[str, Any]:
    return {"seq": record.seq, "at": moment(record.at), **msgspec.to_builtins(record.entry)}


def verify_audit(settings: Settings, files: list[Path], *, as_json: bool) -> int:
    """Check the chain; returns the exit status. Raises StoreError."""
    with Runtime(settings) as runtime:
        verdict = rights_work.audit_verdict(runtime, files)
    if as_json:
        typer.echo(msgspec.json.encode(verdict))
    elif verdict.findings:
        for finding in verdict.findings:
            typer.echo(f"entry {finding.seq} {finding.what}", err=True)
    else:
        typer.echo(f"{verdict.entries} entries are whole, and hold all of {verdict.heads} exported heads")
    return 1 if verdict.findings else 0
