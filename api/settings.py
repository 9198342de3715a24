"""Settings of one process, from options and `TWIN_*` environment variables."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

DEFAULT_PORT = 8500


class Settings(BaseSettings):
    """What a deployment may choose. Command-line options win over the environment (`TWIN_DATA=/srv/twin`)."""

    model_config = SettingsConfigDict(env_prefix="TWIN_", extra="ignore")

    data: Path = Field(
        default=Path("twin-data"), description="Folder of the database, the tiles and the admin token."
    )
    database: SecretStr | None = Field(
        default=None,
        description="postgresql://ROLE:PASSWORD@HOST:PORT/DATABASE; without it, an SQLite file in the data folder.",
    )
    database_connections: int = Field(
        default=16,
        ge=1,
        le=1000,
        description="Readers that a process may have on that server at once; two more write.",
    )
    host: str = Field(
        default="127.0.0.1", description="Address to listen on; loopback unless you say otherwise."
    )
    port: int = Field(
        default=DEFAULT_PORT, ge=0, le=65535, description="Port to listen on; 0 takes a free one."
    )
    workers: int = Field(default=2, ge=1, le=64, description="Processes that an import uses.")
    element_seconds: float = Field(
        default=60.0,
        gt=0,
        description="Time limit for the geometry of one element; what takes longer is not drawn.",
    )
    cors_origins: list[str] = Field(
        default_factory=list,
        description="Origins of other pages that may read tiles and the API; pages on loopback always may.",
    )
    hosts: list[str] = Field(
        default_factory=list,
        description="Names under which the server is reached, beside loopback ones (guards against DNS rebinding).",
    )
    keep_days: float | None = Field(
        default=None,
        ge=1,
        description="Days that readings are kept, where a signal's binding does not say it; default: for ever.",
    )
    keep_rollup_days: float | None = Field(
        default=None,
        ge=1,
        description="Days that roll-ups by minute, quarter and hour are kept, likewise; default: for ever.",
    )
    keep_alarm_days: float | None = Field(
        default=None,
        ge=1,
        description="Days that alarms are kept after they were cleared; default: for ever.",
    )
    archive: str | None = Field(
        default=None,
        pattern="^[a-z0-9]+://",
        description="Where old readings go, as Parquet files: file:///FOLDER, s3://BUCKET/PATH …; default: a folder in the data folder (PostgreSQL: none).",
    )
    archive_after_days: float | None = Field(
        default=30,
        ge=0,
        description="Days after which readings are moved there, by whole periods of seven days.",
    )
    rate: float = Field(
        default=500,
        ge=0,
        description="Requests a second of one token, on average over 20 seconds; 0: any number.",
    )
    anonymous_role: str = Field(
        default="reader",
        max_length=100,
        description="Role of callers on this machine without a token; empty: they may nothing.",
    )
    jwt_keys: str | None = Field(
        default=None,
        description="Address of the JWKS with which the site's own provider signs bearer tokens (https); default: none counts.",
    )
    jwt_issuer: str = Field(default="", description="`iss` of its tokens.")
    jwt_audience: str = Field(default="", description="`aud` of tokens that are for this server.")
    jwt_roles_claim: str = Field(
        default="roles", description="Claim that names roles; `realm_access.roles` goes into an object."
    )
    jwt_roles: dict[str, str] = Field(
        default_factory=dict,
        description='Roles by what the provider calls them, as JSON: {"twin-admins": "administrator"}; default: the same names.',
    )
    audit_key: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="Secret with which the audit is chained, the same for all servers of a database; default: one made at first start, in the data folder.",
    )
    audit_heads: Path | None = Field(
        default=None,
        description="File to which heads of the audit are exported, best on another machine; default: audit.heads in the data folder.",
    )
    mqtt: SecretStr | None = Field(
        default=None,
        description="mqtt://USER:PASSWORD@HOST:PORT, or mqtts:// for TLS: the broker that devices report to.",
    )
    mqtt_version: Literal["5", "3.1.1"] = Field(default="5", description="Of the protocol.")
    mqtt_client_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="Name of the session at the broker, of this process alone; default: one made at first start, kept in the data folder.",
    )
    mqtt_share: str | None = Field(
        default=None,
        pattern="^[^/+#]+$",
        description="Name of a group of servers that divide the messages among themselves (shared subscriptions).",
    )
    mqtt_authority: Path | None = Field(
        default=None, description="PEM file of the broker's authority; default: those that the system trusts."
    )
    mqtt_certificate: Path | None = Field(
        default=None, description="PEM file of the certificate with which this server shows who it is."
    )
    mqtt_key: Path | None = Field(
        default=None, description="PEM file of its key, where the certificate's file does not hold it."
    )

    @property
    def tiles_folder(self) -> Path:
        """Where published tiles lie, one folder a model."""
        return self.data / "tiles"

    @property
    def terrain_folder(self) -> Path:
        """Where the ground lies that `--terrain` published."""
        return self.data / "terrain"

    @property
    def spool_folder(self) -> Path:
        """Where imports keep what they have not tiled yet."""
        return self.data / "spool"
