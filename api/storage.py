"""Which database the settings mean: of the data folder, or on a server."""

from api.security import audit_key
from api.settings import Settings
from twin.store import CACHE_NAME, SqlStore, open_store, open_store_url


def open_database(settings: Settings) -> SqlStore:
    """Open the store at `TWIN_DATABASE`, or else that in the data folder; what is done in it is audited. Raises StoreError."""
    store = _opened(settings)
    store.keep_audit(audit_key(settings))
    return store


def _opened(settings: Settings) -> SqlStore:
    if settings.database is None:
        return open_store(settings.data, archive=settings.archive)
    url = settings.database.get_secret_value()
    return open_store_url(
        url,
        connections=settings.database_connections,
        archive=settings.archive,
        cache=settings.data / CACHE_NAME,
    )
