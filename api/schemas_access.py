"""Documents of rights on the wire."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

ActionName = Literal["read", "ingest", "command", "approve", "administer"]


class ScopeFields(BaseModel):
    """A part of the twin: all conditions hold, an empty one means any."""

    model_config = ConfigDict(extra="forbid")

    models: list[str] = Field(default=[], max_length=1000, description="Keys of models.")
    places: list[str] = Field(
        default=[], max_length=1000, description="Ids of objects: they and all below them in the tree."
    )
    classes: list[str] = Field(default=[], max_length=1000, description="Classes, by their exact names.")
    signals: list[str] = Field(
        default=[], max_length=1000, description="Names of signals, or ids of single ones."
    )


class GrantFields(ScopeFields):
    """Actions on a part of the twin."""

    actions: list[ActionName] = Field(min_length=1)


class RoleFields(BaseModel):
    """Grants under a name."""

    model_config = ConfigDict(extra="forbid")

    description: str = Field(default="", max_length=2000)
    grants: list[GrantFields] = Field(default=[], max_length=100)


class PolicyFields(BaseModel):
    """All roles beside those that are built in."""

    model_config = ConfigDict(extra="forbid")

    roles: dict[str, RoleFields] = Field(max_length=1000)


class PolicyDocument(BaseModel):
    """Roles by name."""

    roles: dict[str, RoleFields]
    built_in: dict[str, RoleFields]


class TokenFields(BaseModel):
    """A token to be made."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=100, description="What it is for, or whose it is.")
    roles: list[str] = Field(min_length=1, max_length=50)
    scope: ScopeFields = Field(default=ScopeFields(), description="Within what the roles hold.")
    days: float | None = Field(default=365, gt=0, le=3650, description="Until it expires; `null`: never.")


class Token(BaseModel):
    """A token, without its secret."""

    id: str
    name: str
    roles: list[str]
    scope: ScopeFields
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    valid: bool


class NewToken(Token):
    """The same once, with the token itself."""

    token: str


class TokenPage(BaseModel):
    """All tokens."""

    items: list[Token]
    next: None


class Permission(BaseModel):
    """Whether the caller may do something."""

    who: str
    roles: list[str]
    action: ActionName
    target: str | None = Field(description="Id of the model, object or signal; null: somewhere.")
    allowed: bool
    everywhere: bool = Field(description="Whether the action is allowed on the whole twin.")


class AuditEntry(BaseModel):
    """Something that somebody has done. `mac` binds it to all before it."""

    seq: int
    at: datetime
    who: str
    action: str
    target: str
    detail: str
    origin: str
    mac: str


class AuditFinding(BaseModel):
    """Something that is wrong with the chain."""

    seq: int
    what: str


class AuditVerdict(BaseModel):
    """Whether the chain is whole, as `twin audit verify` tells it."""

    entries: int
    heads: int = Field(description="Heads exported outside of the database that were compared.")
    findings: list[AuditFinding] = Field(description="What is wrong, at most 20; empty: nothing.")


class AuditPage(BaseModel):
    """The newest first."""

    items: list[AuditEntry]
    next: str | None
