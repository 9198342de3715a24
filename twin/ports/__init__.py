"""What callers need from a store: the smallest Protocols. Adapters do not inherit them.

`models`: models, revisions, objects, the change log, tile files. `live`: signals, readings, state, history, bindings.
"""

from twin.ports.live import (
    QUALITIES,
    BindingKeeper,
    HistoryRow,
    LiveStore,
    ReadingWriter,
    Recorded,
    Rejected,
    SceneAt,
    SignalKeeper,
    SignalRecord,
    StateQuery,
    StateReader,
    StateRecord,
)
from twin.ports.models import (
    Boxes,
    ChangeReader,
    FileKeeper,
    ImportRequest,
    ModelEditor,
    ModelReader,
    ObjectReader,
    RevisionWriter,
    StagedRevision,
    Store,
    TilesetFiles,
    Unchanged,
)

__all__ = [
    "QUALITIES",
    "BindingKeeper",
    "Boxes",
    "ChangeReader",
    "FileKeeper",
    "HistoryRow",
    "ImportRequest",
    "LiveStore",
    "ModelEditor",
    "ModelReader",
    "ObjectReader",
    "ReadingWriter",
    "Recorded",
    "Rejected",
    "RevisionWriter",
    "SceneAt",
    "SignalKeeper",
    "SignalRecord",
    "StagedRevision",
    "StateQuery",
    "StateReader",
    "StateRecord",
    "Store",
    "TilesetFiles",
    "Unchanged",
]
