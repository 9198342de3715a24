"""The twin as one caller sees it: every question of the routes goes through here, with what the caller reaches.

What is left out is as if it were not there: not found, not counted, not in a page. Lists are narrowed in the database, so that pages
are full.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from api.callers import Caller
from twin.differences import DifferenceQuery, RevisionDifference
from twin.errors import InvalidQuery, NotFound
from twin.objects import object_id
from twin.policy import Action, Reach
from twin.ports import AlarmQuery, AlarmView, SceneAt, SignalRecord, StateQuery, StateRecord, TwinStore
from twin.ports.totals import AGGREGATED_BY, StateTotal
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
    split_object_id,
)


class Reader:
    """What a caller may read. Errors as those of the store; NotFound, too, for what is there and not to be seen."""

    def __init__(self, store: TwinStore, caller: Caller) -> None:
        self._store = store
        self.reach: Reach = caller.reach(Action.READ)

    @property
    def sees_everything(self) -> bool:
        """Whether nothing is left out."""
        return self.reach.is_everything

    def models(self) -> list[ModelRecord]:
        """Models that are seen as a whole: what is told of one counts all of its objects."""
        return [record for record in self._store.models() if self.reach.takes_model(record.key)]

    def model(self, key: str) -> ModelRecord:
        """One of them."""
        return self._store.model(self._whole(key))

    def classes(self, key: str) -> list[ClassTotal]:
        """Counts of a model's classes."""
        return self._store.classes(self._whole(key))

    def storeys(self, key: str) -> list[StoreyRecord]:
        """Storeys of a model."""
        return self._store.storeys(self._whole(key))

    def revisions(self, key: str) -> list[RevisionRecord]:
        """Imports of a model."""
        return self._store.revisions(self._whole(key))

    def differences(self, key: str, asked: DifferenceQuery) -> RevisionDifference:
        """What has changed between two of them."""
        return self._store.differences(self._whole(key), asked)

    def _whole(self, key: str) -> str:
        if not self.reach.takes_model(key):
            raise NotFound("model", key)
        return key

    def objects(self, query: ObjectQuery) -> Page[ObjectRecord]:
        """Objects that pass."""
        found = replace(query, reach=self.reach)
        check_filter(self._store, found)
        return self._store.objects(found)

    def object(self, model: str, global_id: str) -> ObjectDetail:
        """One object; of its namesakes those that are seen."""
        self._check(model, global_id)
        found = self._store.object(model, global_id)
        if self.sees_everything or not found.same_as:
            return found
        named = {split_object_id(identifier) for identifier in found.same_as}
        seen = {object_id(*one) for one in self._store.visible_objects(self.reach, named)}
        return replace(found, same_as=[one for one in found.same_as if one in seen])

    def children(self, model: str, global_id: str, *, limit: int, cursor: str | None) -> Page[ObjectRecord]:
        """Children in the order of the tree."""
        if self.sees_everything:
            return self._store.children(model, global_id, limit=limit, cursor=cursor)
        self._check(model, global_id)
        return self.objects(ObjectQuery(parent=object_id(model, global_id), limit=limit, cursor=cursor))

    def trace(self, model: str, global_id: str, asked: TraceQuery) -> Traced:
        """What feeds an object or is fed by it, as far as it is seen."""
        self._check(model, global_id)
        return self._store.trace(model, global_id, replace(asked, reach=self.reach))

    def _check(self, model: str, global_id: str) -> None:
        if self.sees_everything:
            return
        if not self._store.visible_objects(self.reach, {(model, global_id)}):
            raise NotFound("object", object_id(model, global_id))

    def signal(self, model: str, global_id: str, name: str) -> SignalRecord:
        """One signal."""
        record = self._store.signal(model, global_id, name)
        if not self.sees_everything and not self._store.visible_signals(self.reach, [record.number]):
            raise NotFound("signal", f"{model}/{global_id}/{name}")
        return record

    def signals(self, records: Iterable[SignalRecord]) -> list[SignalRecord]:
        """Those of these that are seen."""
        given = list(records)
        if self.sees_everything:
            return given
        seen = self._store.visible_signals(self.reach, [record.number for record in given])
        return [record for record in given if record.number in seen]

    def signal_records(self) -> list[SignalRecord]:
        """All that are seen."""
        return self.signals(self._store.signal_records())

    def states(self, query: StateQuery) -> Page[StateRecord]:
        """Signals that pass, with their states. Where not everything is seen, a place that is not there holds nothing."""
        asked = self._checked(query)
        try:
            return self._store.states(asked)
        except NotFound:
            if self.sees_everything:
                raise
            return Page(items=[])

    def narrowed(self, query: StateQuery) -> StateQuery:
        """The query of what is seen."""
        return replace(query, reach=self.reach)

    def _checked(self, query: StateQuery) -> StateQuery:
        asked = self.narrowed(query)
        check_filter(self._store, asked)
        return asked

    def states_of(self, signals: Sequence[str]) -> list[StateRecord]:
        """States by id, in this order."""
        found = self._store.states_of(signals)
        seen = {record.number for record in self.signals(state.signal for state in found)}
        return [state for state in found if state.signal.number in seen]

    def state_of(self, number: int) -> StateRecord:
        """The state of a signal that was found by `signal`."""
        (state,) = self._store.states_by_number([number])
        return state

    def scene_at(self, at: int, query: StateQuery) -> SceneAt:
        """The scene at an instant: of signals that are seen now, and pass now. Raises InvalidQuery for conditions on what is reported."""
        if query.qualities or (query.filter is not None and query.filter.changes):
            raise InvalidQuery(
                "With `at`, quality= and filters on what signals say would mean the present: leave them out, and look at what is listed."
            )
        scene = self._store.scene_at(at, query.models)
        if query != StateQuery(models=query.models, limit=query.limit, cursor=query.cursor):
            return _kept(scene, self.scene_now(query).signals)
        if self.sees_everything:
            return scene
        seen = self._store.visible_signals(self.reach)
        return _kept(scene, np.fromiter(seen, np.int64, len(seen)))

    def scene_now(self, query: StateQuery) -> SceneAt:
        """Present states as columns."""
        return self._store.scene_now(self._checked(query))

    def other_units(self, kinds: Sequence[str], unit: str) -> dict[int, str]:
        """Units of signals of these kinds, of which callers see what they see by other ways."""
        return self._store.other_units(kinds, unit)

    def aggregate(self, query: StateQuery, by: AGGREGATED_BY) -> list[StateTotal]:
        """What signals say together."""
        asked = self._checked(query)
        try:
            return self._store.aggregate(asked, by)
        except NotFound:
            if self.sees_everything:
                raise
            return []

    def alarms(self, query: AlarmQuery) -> Page[AlarmView]:
        """Alarms that pass."""
        try:
            return self._store.alarms(replace(query, reach=self.reach))
        except NotFound:
            if self.sees_everything:
                raise
            return Page(items=[])

    def alarm(self, identifier: int) -> AlarmView:
        """One alarm."""
        view = self._store.alarm(identifier)
        if not self.signals([view.signal]):
            raise NotFound("alarm", str(identifier))
        return view

    def visible_ids(self) -> set[str] | None:
        """Ids of all signals that are seen; None: all are."""
        return None if self.sees_everything else {record.signal.id for record in self.signal_records()}


def check_filter(store: TwinStore, query: ObjectQuery | StateQuery) -> None:
    """Raises InvalidFilter for a filter with names that nothing has. Whoever does not see everything is not told which there are."""
    if query.filter is not None and query.reach.is_everything:
        store.check_filter(query.filter)


def _kept(scene: SceneAt, numbers: NDArray[np.integer[Any]]) -> SceneAt:
    """A scene of these signals only."""
    kept = np.isin(scene.signals, numbers)
    rows = np.cumsum(kept) - 1
    return SceneAt(
        at=scene.at,
        signals=scene.signals[kept],
        state_indexes=scene.state_indexes[kept],
        values=scene.values[kept],
        texts={int(rows[row]): text for row, text in scene.texts.items() if kept[row]},
        quality=scene.quality[kept],
        observed_at=scene.observed_at[kept],
    )
