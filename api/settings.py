"""Settings of one process, from options and `TWIN_*` environment variables."""

from pathlib import Path

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

    @property
    def tiles_folder(self) -> Path:
        """Where published tiles lie, one folder a model."""
        return self.data / "tiles"

    @property
    def spool_folder(self) -> Path:
        """Where imports keep what they have not tiled yet."""
        return self.data / "spool"
