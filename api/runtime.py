"""The composition root of the server: opens what a running twin needs and hands it to the routes."""

import contextlib
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from api.audit_heads import export, heads_file
from api.fragments import Fragments
from api.guard import Guard
from api.security import admin_token
from api.settings import Settings
from api.storage import open_database
from api.tickets import Tickets
from state_sync.board import Boards
from state_sync.feed import Feed
from twin.errors import StoreError, TwinError
from twin.ports import TwinStore

if TYPE_CHECKING:
    from api.bearers import ProviderBearers
    from state_sync.posted import SignalTable


class Runtime:
    """One open data folder. Use as a context manager."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.token = admin_token(settings.data)
        self.store: TwinStore = open_database(settings)
        self.feed = Feed(self.store)
        self.fragments = Fragments()
        self.boards = Boards(self.feed, self.store)
        self.tickets = Tickets()
        self.guard = Guard(
            self.token, self.store, anonymous=settings.anonymous_role, bearers=_bearers(settings)
        )
        self.guard.look(now=True)

    @cached_property
    def signals(self) -> "SignalTable":
        """What posted readings may name."""
        # Late: commands that take no readings need not wait for the codecs.
        from state_sync.posted import SignalTable  # noqa: PLC0415

        return SignalTable(self.store)

    @cached_property
    def viewer_folder(self) -> Path:
        """The page and its parts."""
        return Path(__file__).parent / "viewer"

    def tiles_folder(self, key: str) -> Path:
        """Where the tiles of a model lie."""
        return self.settings.tiles_folder / key

    def close(self) -> None:
        """Let go of the database; what was done is told outside of it."""
        try:
            with contextlib.suppress(TwinError):
                export(self.store, heads_file(self.settings))
        finally:
            self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _bearers(settings: Settings) -> "ProviderBearers | None":
    """Whoever recognises tokens of the site's own provider; None: it has none. Raises StoreError."""
    if settings.jwt_keys is None:
        return None
    # Late: cryptography takes 50 ms, and most deployments need none.
    from api.bearers import Provider, ProviderBearers, checked_address  # noqa: PLC0415

    if not settings.jwt_issuer or not settings.jwt_audience:
        raise StoreError(
            "TWIN_JWT_KEYS needs TWIN_JWT_ISSUER and TWIN_JWT_AUDIENCE: whose tokens count, and for whom."
        )
    return ProviderBearers(
        Provider(
            keys_url=checked_address(settings.jwt_keys),
            issuer=settings.jwt_issuer,
            audience=settings.jwt_audience,
            roles_claim=settings.jwt_roles_claim,
            role_names=settings.jwt_roles,
        )
    )
