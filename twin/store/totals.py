"""What many signals say together: counts, means, sums, by a column of their objects. The database adds up."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Float, FromClause, case, cast, func, literal, null, select

from twin.ports import QUALITIES, StateQuery
from twin.ports.totals import AGGREGATED_BY, StateTotal
from twin.state import Quality
from twin.store.database import Database
from twin.store.schema import class_name, model, object_version, twin_object
from twin.store.schema_live import signal, signal_state
from twin.store.signals import declared
from twin.store.state_search import Selection, selection
from twin.store.states import shown_code
from twin.store.values import TEXT

_COUNTED = (QUALITIES.index(Quality.GOOD), QUALITIES.index(Quality.UNCERTAIN))
"""Qualities whose values are added up."""

_storey = object_version.alias("storey")
_storey_object = twin_object.alias("storey_object")


def aggregate(database: Database, query: StateQuery, by: AGGREGATED_BY) -> list[StateTotal]:
    """See `twin.ports.StateReader.aggregate`."""
    with database.read() as connection:
        chosen = selection(database, connection, query, objects=True)
        start, key, label = _grouping(chosen.start, by)
        shown = shown_code(signal_state, chosen.values["now"])
        is_text = case((signal_state.c.code >= TEXT, 1), else_=0)
        value = cast(signal_state.c.value, Float(53))
        groups = (key, label, signal.c.kind, signal.c.declaration, shown, is_text)
        columns = [column.label(f"g{place}") for place, column in enumerate(groups)]
        each = (
            Selection(start, chosen.where, chosen.values, chosen.narrow)
            .of(*columns, value.label("value"))
            .where(object_version.c.id.is_not(None))
            .subquery()  # so that parameters of a column are those of its group
        )
        keys = [each.c[column.name] for column in columns]
        said = each.c.value
        totals = (func.count(), func.sum(said), func.min(said), func.max(said))
        statement = select(*keys, *totals).group_by(*keys)
        rows = connection.execute(statement, chosen.values).all()
    return _merged(rows)


def _grouping(
    start: FromClause, by: AGGREGATED_BY
) -> tuple[FromClause, ColumnElement[Any], ColumnElement[Any]]:
    """What to select from, and the key and label of a group."""
    nothing: ColumnElement[Any] = null()
    match by:
        case "class":
            joined = start.join(class_name, class_name.c.id == object_version.c.class_id, isouter=True)
            return joined, class_name.c.name, nothing
        case "storey":
            joined = start.join(_storey, _storey.c.id == object_version.c.storey_id, isouter=True)
            joined = joined.join(
                _storey_object, _storey_object.c.state_index == _storey.c.state_index, isouter=True
            )
            return joined, model.c.key + "/" + _storey_object.c.global_id, _storey.c.name
        case "model":
            return start, model.c.key, nothing
        case "name":
            return start, signal.c.name, nothing
        case "kind":
            return start, signal.c.kind, nothing
        case "all":
            return start, literal("all"), nothing


class _Sum:
    """One group as it is added up."""

    def __init__(self) -> None:
        self.qualities = dict.fromkeys(("good", "uncertain", "stale", "bad", "none"), 0)
        self.count, self.sum, self.texts = 0, 0.0, 0
        self.minimum: float | None = None
        self.maximum: float | None = None

    def add(self, row: Sequence[Any]) -> None:
        """Take over a row: quality, whether they are texts, how many, sum, smallest, largest."""
        shown, is_text, count, total, least, most = row[4:]
        self.qualities["none" if shown < 0 else QUALITIES[shown].value] += count
        if shown not in _COUNTED:
            return
        if is_text:
            self.texts += count
            return
        self.count += count
        self.sum += total
        self.minimum = least if self.minimum is None else min(self.minimum, least)
        self.maximum = most if self.maximum is None else max(self.maximum, most)


def _merged(rows: Iterable[Sequence[Any]]) -> list[StateTotal]:
    """Rows of one key, kind and unit are one group: signals of a kind may be declared in several ways."""
    sums: dict[tuple[str | None, str | None, str | None, str | None], _Sum] = {}
    for row in rows:
        key, label, kind, declaration = row[:4]
        sums.setdefault((key, label, kind, declared(declaration).unit), _Sum()).add(row)
    ordered = sorted(sums.items(), key=lambda item: tuple((part is None, part or "") for part in item[0]))
    return [
        StateTotal(
            key=key,
            label=label,
            kind=kind,
            unit=unit,
            signals=sum(one.qualities.values()),
            count=one.count,
            sum=one.sum if one.count else None,
            mean=one.sum / one.count if one.count else None,
            minimum=one.minimum,
            maximum=one.maximum,
            texts=one.texts,
            qualities=one.qualities,
        )
        for (key, label, kind, unit), one in ordered
    ]
