"""A store that stages objects as tables, so that every contract is tried with both ways."""

from collections.abc import Sequence
from typing import Any, cast

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from twin.objects import Attributes, Property, SourceObject
from twin.ports import StagedRevision, Store
from twin.store import SqlStore
from twin.tables import NO_ORDINAL, Coded, ObjectTable, PropertyColumn, TextArray, Values

_Key = tuple[str, str, str, str | None, type]


class TabledStore:
    """Everything as the store below, but for the way in."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def stage_objects(self, revision: StagedRevision, objects: Sequence[SourceObject]) -> NDArray[np.uint32]:
        return self._store.stage_table(revision, as_table(objects))


def tabled(store: SqlStore) -> Store:
    return cast("Store", TabledStore(store))


def as_table(objects: Sequence[SourceObject]) -> ObjectTable:
    """The same objects as columns; skips the test where tables cannot say what it is about."""
    if any(msgspec.structs.replace(o.attributes, properties={}) != Attributes() for o in objects):
        pytest.skip("a table has no attributes beside properties")

    def ordinals(values: list[int | None]) -> NDArray[np.int64]:
        return np.array([NO_ORDINAL if v is None else v for v in values], dtype=np.int64)

    return ObjectTable(
        first=objects[0].ordinal if objects else 0,
        global_ids=TextArray.of(o.global_id for o in objects),
        names=TextArray.of(o.name for o in objects),
        classes=Coded.of([o.class_ for o in objects]),
        disciplines=Coded.of([o.discipline for o in objects]),
        parents=ordinals([o.parent for o in objects]),
        storeys=ordinals([o.storey for o in objects]),
        hidden=np.array([o.hidden for o in objects], dtype=np.bool_),
        products=np.array([o.product for o in objects], dtype=np.bool_),
        properties=tuple(_columns(objects)),
    )


def _columns(objects: Sequence[SourceObject]) -> list[PropertyColumn]:
    found: dict[_Key, dict[int, Any]] = {}
    for row, item in enumerate(objects):
        for set_name, properties in item.attributes.properties.items():
            for name, stated in properties.items():
                key = set_name, name, stated.type, stated.unit, type(stated.value)
                found.setdefault(key, {})[row] = stated
    return [_column(key, values, len(objects)) for key, values in found.items()]


def _column(key: _Key, stated: dict[int, Property], count: int) -> PropertyColumn:
    set_name, name, type_name, unit, kind = key
    valid = np.zeros(count, np.bool_)
    valid[list(stated)] = True
    given = [stated[row].value if row in stated else kind() for row in range(count)]
    values: Values
    if kind is str:
        texts = [str(value) for value in given]
        values = TextArray.of(texts) if len(set(texts)) > 2 else Coded.of(texts)
    elif kind is bool:
        values = np.array(given, np.bool_)
    elif kind is int and all(abs(cast("int", value)) < 2**63 for value in given):
        values = np.array(given, np.int64)
    elif kind is float and np.isfinite(np.array(given, np.float64)).all():
        values = np.array(given, np.float64)
    else:
        pytest.skip("a table has no such values")
    return PropertyColumn(
        set_name=set_name,
        name=name,
        type=type_name,
        unit=unit,
        values=values,
        valid=None if valid.all() else valid,
    )
