"""Which objects a rule means: questions to the twin, as small as resolving needs them."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from msgspec import Struct

from twin.errors import NotFound
from twin.objects import Attributes
from twin.ports import ObjectReader
from twin.queries import MAX_LIMIT, MAX_TEXT, ObjectQuery, ObjectRecord, PropertyCondition


class Found(Struct, frozen=True, kw_only=True):
    """An object with what topics can say of it. `storey`: its name."""

    model: str
    global_id: str
    class_: str
    name: str
    storey: str | None = None
    attributes: Attributes = Attributes()

    @property
    def id(self) -> str:
        """`"{model}/{global_id}"`."""
        return f"{self.model}/{self.global_id}"


class Finder(Protocol):
    """Objects of the current revisions. Empty `models` and `classes` mean any."""

    def by_id(self, model: str, global_id: str) -> Found | None:
        """The object, or None."""
        ...

    def by_global_id(self, global_id: str, models: Sequence[str]) -> list[Found]:
        """Objects with this GlobalId: several where disciplines of a building share it."""
        ...

    def by_tag(self, tag: str, models: Sequence[str]) -> list[Found]:
        """Objects with exactly this tag."""
        ...

    def search(
        self, models: Sequence[str], classes: Sequence[str], condition: PropertyCondition | None
    ) -> Iterator[Found]:
        """Objects that pass."""
        ...


class StoreFinder:
    """A Finder over the queries of a store. May raise StoreError."""

    def __init__(self, reader: ObjectReader) -> None:
        self._reader = reader

    def by_id(self, model: str, global_id: str) -> Found | None:
        """See Finder."""
        try:
            detail = self._reader.object(model, global_id)
        except NotFound:
            return None
        return _found(detail.record, detail.attributes)

    def by_global_id(self, global_id: str, models: Sequence[str]) -> list[Found]:
        """See Finder."""
        if len(global_id) > MAX_TEXT:
            return []
        records = self._records(ObjectQuery(models=tuple(models), text=global_id, limit=MAX_LIMIT))
        return [self._detailed(record) for record in records if record.global_id == global_id]

    def by_tag(self, tag: str, models: Sequence[str]) -> list[Found]:
        """See Finder. The index of words proposes, the object's own tag decides."""
        if len(tag) > MAX_TEXT:
            return []
        records = self._records(ObjectQuery(models=tuple(models), text=tag, limit=MAX_LIMIT))
        return [found for found in map(self._detailed, records) if found.attributes.tag == tag]

    def search(
        self, models: Sequence[str], classes: Sequence[str], condition: PropertyCondition | None
    ) -> Iterator[Found]:
        """See Finder."""
        query = ObjectQuery(
            models=tuple(models),
            classes=tuple(classes),
            properties=() if condition is None else (condition,),
            limit=MAX_LIMIT,
        )
        return map(self._detailed, self._records(query))

    def _records(self, query: ObjectQuery) -> Iterator[ObjectRecord]:
        cursor: str | None = None
        while True:
            page = self._reader.objects(_at(query, cursor))
            yield from page.items
            cursor = page.next
            if cursor is None:
                return

    def _detailed(self, record: ObjectRecord) -> Found:
        return _found(record, self._reader.object(record.model, record.global_id).attributes)


def _at(query: ObjectQuery, cursor: str | None) -> ObjectQuery:
    return ObjectQuery(
        models=query.models,
        classes=query.classes,
        text=query.text,
        properties=query.properties,
        limit=query.limit,
        cursor=cursor,
    )


def _found(record: ObjectRecord, attributes: Attributes) -> Found:
    return Found(
        model=record.model,
        global_id=record.global_id,
        class_=record.class_,
        name=record.name,
        storey=record.storey_name,
        attributes=attributes,
    )
