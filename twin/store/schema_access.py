"""The tables of rights: tokens, roles, and the audit."""

from sqlalchemy import Column, LargeBinary, Table, Text

from twin.store.schema import Id, Ordered, metadata

token = Table(
    "token",
    metadata,
    Column("id", Ordered, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("name", Text, nullable=False),
    Column("roles", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("created_at", Id, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("expires_at", Id),
    Column("revoked_at", Id),
    Column("last_used_at", Id),
)
"""`digest`: SHA-256 of the whole token (`twin.access`). `roles` and `scope` are JSON."""

role = Table(
    "role",
    metadata,
    Column("name", Ordered, primary_key=True),
    Column("document", Text, nullable=False),
)
"""`twin.policy.Role` as JSON; those that are built in are not here."""

audit = Table(
    "audit",
    metadata,
    Column("seq", Id, primary_key=True, autoincrement=False),
    Column("at", Id, nullable=False),
    Column("who", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("mac", LargeBinary, nullable=False),
)
"""Who has done what. `seq` counts from 1; `mac` binds a row to all before it (`twin.auditing`)."""
