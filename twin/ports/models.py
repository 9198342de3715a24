"""What callers need from a store of models and objects.

Every method may raise StoreError (database locked, damaged, disk full) beside what its docstring names. Readers see one
consistent state per call; writers of one process wait for each other, those of other processes up to the busy timeout.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from twin.differences import DifferenceQuery, RevisionDifference
from twin.events import Change
from twin.frames import Diagnosis
from twin.objects import SourceObject
from twin.queries import (
    ClassTotal,
    ModelRecord,
    ObjectDetail,
    ObjectQuery,
    ObjectRecord,
    Page,
    RevisionRecord,
    StoreyRecord,
    Traced,
    TraceQuery,
)
from twin.shapes import Shapes
from twin.source import SourceReport
from twin.tables import ObjectTable

Boxes = NDArray[np.float64]
"""(n, 6): minima of three axes, then maxima; a row of NaN: no box. Row i belongs to the object with ordinal i."""


class ImportRequest(Struct, frozen=True, kw_only=True):
    """The wish to import a source under a key."""

    key: str
    explicit: bool
    """Whether a person chose the key (`--key`); a default key must not belong to another source path."""
    source: str
    """Where the source lies: an absolute path or URL, compared as text."""
    kind: str
    """`ifc`, or the kind of a GIS layer."""
    content_hash: str
    """Of the source's bytes and of the options that shape its result."""
    force: bool = False
    """Import even if the content is unchanged."""


class StagedRevision(Struct, frozen=True, kw_only=True):
    """A revision that is being filled; nobody sees it before it is published."""

    key: str
    number: int
    id: int
    """Unique over all models; means nothing outside the store."""


class Unchanged(Struct, frozen=True, kw_only=True):
    """The current revision has this content already."""

    key: str
    revision: int
    tileset: str | None


class TilesetFiles(Struct, frozen=True, kw_only=True):
    """A tileset as built: the name of its entry and of every file that it needs, relative to the model's tile folder."""

    tileset: str | None
    files: tuple[str, ...] = ()


class RevisionWriter(Protocol):
    """Imports: a revision is staged in short transactions, then published in one."""

    def begin_revision(self, request: ImportRequest) -> StagedRevision | Unchanged:
        """Open a revision of `request.key`.

        Raises InvalidKey, KeyTaken (a default key that another path owns), Conflict (an import of this key is under
        way in a living process). What dead processes left behind is discarded first.
        """
        ...

    def stage_objects(self, revision: StagedRevision, objects: Sequence[SourceObject]) -> NDArray[np.uint32]:
        """Stage a batch and return its state indexes, in the order of the batch.

        Batches come in the order of ordinals, without gaps, starting at 0; parents may come later. Objects that the
        model knows keep their index; new ones get the next ones in this order. Raises Conflict.
        """
        ...

    def stage_table(self, revision: StagedRevision, table: ObjectTable) -> NDArray[np.uint32]:
        """The same for objects as columns, ten times as fast; best some ten thousand at once.

        One revision is staged by objects or by tables, not by both. Raises Conflict.
        """
        ...

    def name_table(self, revision: StagedRevision, table: ObjectTable) -> NDArray[np.uint32]:
        """Give the objects of a table their state indexes, in its order, ahead of `stage_table`, which is to follow for the
        same tables in the same order: tiles need the indexes alone, and are made while the rest is staged. Raises Conflict.
        """
        ...

    def stage_bounds(self, revision: StagedRevision, local: Boxes, geographic: Boxes) -> None:
        """Stage the boxes of what is drawn, for all objects at once; NaN rows: not drawn.

        `local`: metres in the local frame (min x, y, z, max x, y, z). `geographic`: (west, south, min height, east,
        north, max height). Objects get the union of their own box and those below them in the tree. Raises
        ValueError for another shape, Conflict.
        """
        ...

    def stage_shapes(self, revision: StagedRevision, shapes: Shapes) -> None:
        """Stage what the bodies of all objects are like, for comparing revisions. Raises ValueError for another number of
        rows, Conflict.
        """
        ...

    def stage_relations(self, revision: StagedRevision, pairs: NDArray[np.integer]) -> None:
        """Stage (k, 2) ordinals: the first object feeds the second. Once for a revision. Raises Conflict."""
        ...

    def keep_alive(self, revision: StagedRevision) -> None:
        """Say that the import is still being worked on; to be called at least once a minute."""
        ...

    def publish(
        self, revision: StagedRevision, *, tiles: TilesetFiles, diagnosis: Diagnosis, report: SourceReport
    ) -> Change:
        """Make a staged revision the current one, in one transaction. Raises Conflict."""
        ...

    def discard(self, revision: StagedRevision) -> None:
        """Throw a staged revision away. The model stays as it was; state indexes at the tail are given back."""
        ...


class ModelEditor(Protocol):
    """Changes to what is published."""

    def local_bounds(self, key: str) -> Boxes:
        """Boxes of what is drawn, in the local frame, as they were staged; NaN rows: not drawn. Raises NotFound."""
        ...

    def place(self, key: str, *, tiles: TilesetFiles, diagnosis: Diagnosis, geographic: Boxes) -> Change:
        """Move the current revision: new tileset, diagnosis and boxes, the same objects. Raises NotFound, Conflict."""
        ...

    def rollback(self, key: str, number: int) -> Change:
        """Make a superseded revision the current one again. Raises NotFound; Conflict where it is not kept."""
        ...

    def remove(self, key: str) -> Change:
        """Hide a model and let go of its tiles; an import under the same key gets the same state indexes again.

        Raises NotFound; Conflict while an import of it is under way.
        """
        ...


class ModelReader(Protocol):
    """Models and their revisions."""

    def models(self) -> list[ModelRecord]:
        """All models that have a current revision, by key."""
        ...

    def model(self, key: str) -> ModelRecord:
        """One of them. Raises NotFound."""
        ...

    def revisions(self, key: str) -> list[RevisionRecord]:
        """All revisions of a model, the oldest first. Raises NotFound."""
        ...


class RevisionComparer(Protocol):
    """What has changed between revisions of a model."""

    def differences(self, key: str, asked: DifferenceQuery) -> RevisionDifference:
        """A page of changes. Raises NotFound; Conflict where a revision's objects are no longer kept; InvalidQuery."""
        ...


class ObjectReader(Protocol):
    """Objects of the current revisions."""

    def object(self, model: str, global_id: str) -> ObjectDetail:
        """One object with its attributes. Raises NotFound."""
        ...

    def children(
        self, model: str, global_id: str, *, limit: int, cursor: str | None = None
    ) -> Page[ObjectRecord]:
        """Children in the order for people: spatial parts first, storeys from below, then by name (2 before 10).

        Raises NotFound, InvalidQuery.
        """
        ...

    def objects(self, query: ObjectQuery) -> Page[ObjectRecord]:
        """Objects that pass all filters. Raises InvalidQuery for a cursor that is none."""
        ...

    def trace(self, model: str, global_id: str, asked: TraceQuery) -> Traced:
        """Objects that feed this one, or that it feeds, at any distance. Raises NotFound."""
        ...

    def classes(self, key: str) -> list[ClassTotal]:
        """Counts by class, by name of the class. Raises NotFound."""
        ...

    def storeys(self, key: str) -> list[StoreyRecord]:
        """Storeys of a model. Raises NotFound."""
        ...


class ChangeReader(Protocol):
    """The change log."""

    def changes(self, after: int, *, limit: int) -> list[Change]:
        """Changes with `seq > after` in order. `after=0`: from the first that is kept."""
        ...

    def last_change(self) -> int:
        """Number of the newest change; 0 if there is none."""
        ...


class FileKeeper(Protocol):
    """Which tile files are needed, for whoever cleans the tile folders."""

    def known_files(self, key: str) -> set[str]:
        """Every file that the store knows of a model, needed or not yet collected. Empty for an unknown key."""
        ...

    def collectable_files(self, now: datetime) -> dict[str, list[str]]:
        """By model key: files that nothing has needed for a day. None of a model whose import is under way."""
        ...

    def collect_files(self, now: datetime, delete: Callable[[str, Sequence[str]], None]) -> int:
        """Call `delete(key, names)` for those files and forget them; returns how many.

        No import can begin while `delete` runs, so that no file is deleted that a new import counts on; it must be
        quick and must not call the store.
        """
        ...


class Store(
    RevisionWriter,
    ModelEditor,
    ModelReader,
    RevisionComparer,
    ObjectReader,
    ChangeReader,
    FileKeeper,
    Protocol,
):
    """All of it, with a life: for the composition root."""

    def close(self) -> None:
        """Let go of the database; calls after it raise StoreError."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
