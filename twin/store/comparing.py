"""What has changed between two revisions, told object by object. Revisions never change, so what was compared is remembered."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, bindparam, select

from twin.differences import (
    DifferenceQuery,
    Differences,
    Measure,
    Moved,
    ObjectDifference,
    PropertyChange,
    Reshaped,
    RevisionDifference,
    Snapshot,
    TextChange,
    differences,
)
from twin.errors import Conflict, NotFound, TwinError
from twin.frames import Diagnosis, Frame
from twin.frames.frame import east_north_up, geographic_from_ecef
from twin.objects import Attributes, Property, object_id
from twin.store.attributes import attributes_of
from twin.store.codec import decode_cursor, encode_cursor
from twin.store.database import Database
from twin.store.ids import compose
from twin.store.lifecycle import model_id_of
from twin.store.objects import GLOBALLY_UNIQUE
from twin.store.schema import class_name, object_version, placement, revision, twin_object
from twin.store.snapshots import RevisionHere, snapshot

REMEMBERED = 2
"""Comparisons of a process: of a million objects each takes 300 MB, and pages follow each other."""

_diagnoses = msgspec.json.Decoder(Diagnosis)


class _Compared(NamedTuple):
    before: Snapshot
    after: Snapshot
    found: Differences
    frame: Frame | None


class Comparing:
    """Compares revisions of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: OrderedDict[tuple[int, int, int, int, float], _Compared] = OrderedDict()

    def differences(self, key: str, asked: DifferenceQuery) -> RevisionDifference:
        """See `twin.ports.RevisionComparer.differences`."""
        with self._database.read() as connection:
            model_id, _ = model_id_of(connection, key, current=False)
            older, newer = (_kept(connection, model_id, key, n) for n in (asked.before, asked.after))
            compared = self._compared(connection, older, newer, asked.tolerance_m)
            rows = _chosen(compared.found, asked)
            page = rows[: asked.limit].tolist()
            items = [_told(connection, key, compared, (older, newer), row) for row in page]
        last = None if len(rows) <= asked.limit else encode_cursor("d", page[-1])
        shapes = compared.before.shapes is not None and compared.after.shapes is not None
        return RevisionDifference(
            model=key,
            before=asked.before,
            after=asked.after,
            counts=compared.found.counts(),
            shapes=shapes,
            items=items,
            next=last,
        )

    def _compared(
        self, connection: Connection, older: Row[Any], newer: Row[Any], tolerance_m: float
    ) -> _Compared:
        name = (older.id, older.placement_id, newer.id, newer.placement_id, tolerance_m)
        if name not in self._known:
            self._known[name] = _compare(connection, older, newer, tolerance_m)
        self._known.move_to_end(name)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return self._known[name]


def _kept(connection: Connection, model_id: int, key: str, number: int) -> Row[Any]:
    """A revision with its placement. Raises NotFound, Conflict."""
    row = connection.execute(
        select(revision, placement.c.diagnosis)
        .join(placement, placement.c.id == revision.c.placement_id)
        .where(revision.c.model_id == model_id, revision.c.number == number)
    ).one_or_none()
    if row is None or row.status in {"staged", "discarded"}:
        raise NotFound("revision", f"{key}@{number}")
    if row.emptied or not row.kept:
        raise Conflict(
            f"Revision {number} of model {key!r} is no longer kept; compare newer ones (twin models)."
        )
    return row


def _compare(connection: Connection, older: Row[Any], newer: Row[Any], tolerance_m: float) -> _Compared:
    snapshots = [
        snapshot(connection, RevisionHere(row.id, row.placement_id, row.packed)) for row in (older, newer)
    ]
    frames = [_frame(row.diagnosis) for row in (older, newer)]
    alignments = _alignments(older, frames, snapshots[1])
    found = differences(snapshots[0], snapshots[1], alignments, tolerance_m)
    return _Compared(snapshots[0], snapshots[1], found, frames[0])


def _frame(diagnosis: str | None) -> Frame | None:
    """The frame of a placement; None where there is none any more (a geoid that is gone)."""
    if diagnosis is None:
        return None
    try:
        return Frame(_diagnoses.decode(diagnosis).placement)
    except TwinError:
        return None


def _alignments(
    older: Row[Any], frames: Sequence[Frame | None], after: Snapshot
) -> list[NDArray[np.float64]]:
    """Layers have no frame of their own in the file: their local origin follows the data, and where the two stand on Earth
    tells how one goes over into the other.
    """
    one, other = frames
    drawn = ~np.isnan(after.boxes[:, 0])
    if older.kind in GLOBALLY_UNIQUE or one is None or other is None or not drawn.any():
        return []
    if one.placement == other.placement:
        return []
    middle = np.nanmedian((after.boxes[drawn, :3] + after.boxes[drawn, 3:]) / 2, axis=0)
    from_new = other.affine_at(middle) @ _shifted(-middle)
    guess = np.zeros(3)
    for _ in range(
        3
    ):  # where the older frame has this place: its first-order map, followed until it stands still
        step = np.linalg.solve(one.affine_at(guess), np.append(other.affine_at(middle)[:3, 3], 1.0))
        guess = guess + step[:3]
    from_old = one.affine_at(guess) @ _shifted(-guess)
    return [np.linalg.inv(from_old) @ from_new]


def _shifted(by: NDArray[np.float64]) -> NDArray[np.float64]:
    matrix = np.eye(4)
    matrix[:3, 3] = by
    return matrix


def _chosen(found: Differences, asked: DifferenceQuery) -> NDArray[np.int64]:
    """Rows to be told, from after the cursor on."""
    rows = np.arange(len(found.kinds))
    if asked.changes:
        rows = np.flatnonzero(np.logical_or.reduce([found.has(kind) for kind in asked.changes]))
    if asked.cursor is not None:
        (_, last) = decode_cursor(asked.cursor, tuple[str, int])
        rows = rows[rows > last]
    return rows


_one = (
    select(
        object_version.c.name,
        object_version.c.parent_id,
        twin_object.c.global_id,
        class_name.c.name.label("class_name"),
    )
    .join(twin_object, twin_object.c.state_index == object_version.c.state_index)
    .join(class_name, class_name.c.id == object_version.c.class_id)
    .where(object_version.c.id == bindparam("version_id"))
)


def _told(
    connection: Connection, key: str, compared: _Compared, revisions: tuple[Row[Any], Row[Any]], row: int
) -> ObjectDifference:
    found = compared.found
    old, new = int(found.before[row]), int(found.after[row])
    ids = [
        compose(each.id, ordinal) for each, ordinal in zip(revisions, (old, new), strict=True) if ordinal >= 0
    ]
    known = [connection.execute(_one, {"version_id": identifier}).one() for identifier in ids]
    shown, kinds = known[-1], found.kinds_of(row)
    about: dict[str, Any] = {}
    if "moved" in kinds:
        about["moved"] = _moved(compared, old, found.shifts[row])
    if "reshaped" in kinds:
        about["reshaped"] = _reshaped(compared, old, new)
    if "renamed" in kinds:
        about["renamed"] = TextChange(before=known[0].name, after=shown.name)
    if "reclassified" in kinds:
        about["reclassified"] = TextChange(before=known[0].class_name, after=shown.class_name)
    if "regrouped" in kinds:
        parents = [_parent(connection, key, each.parent_id) for each in known]
        about["regrouped"] = TextChange(before=parents[0], after=parents[1])
    if "properties" in kinds:
        about["properties"] = _properties(*(attributes_of(connection, identifier) for identifier in ids))
    return ObjectDifference(
        id=object_id(key, shown.global_id), name=shown.name, class_=shown.class_name, changes=kinds, **about
    )


def _parent(connection: Connection, key: str, parent_id: int) -> str | None:
    row = connection.execute(_one, {"version_id": parent_id}).one_or_none()
    return None if row is None else object_id(key, row.global_id)


def _moved(compared: _Compared, old: int, shift: NDArray[np.float64]) -> Moved:
    """Along the compass where the model stands; along the axes of its frame where that is not known."""
    east, north, up = _along_compass(compared.frame, compared.before.boxes[old], shift).tolist()
    flat = float(np.hypot(east, north))
    bearing = float(np.degrees(np.arctan2(east, north)) % 360) if flat > 1e-6 else None
    return Moved(
        distance_m=round(float(np.linalg.norm(shift)), 4),
        east_m=round(east, 4),
        north_m=round(north, 4),
        up_m=round(up, 4),
        bearing_deg=None if bearing is None else round(bearing, 1),
    )


def _along_compass(
    frame: Frame | None, box: NDArray[np.float64], shift: NDArray[np.float64]
) -> NDArray[np.float64]:
    if frame is None:
        return shift
    affine = frame.affine_at((box[:3] + box[3:]) / 2)
    lon, lat, _ = geographic_from_ecef(affine[None, :3, 3])[0]
    return np.asarray(east_north_up(lon, lat).T @ affine[:3, :3] @ shift)


def _reshaped(compared: _Compared, old: int, new: int) -> Reshaped:
    sizes = [_sizes(compared.before, old), _sizes(compared.after, new)]
    return Reshaped(**{name: _measure(sizes[0][name], sizes[1][name]) for name in sizes[0]})


def _sizes(one: Snapshot, row: int) -> dict[str, float | None]:
    box = one.boxes[row]
    length, width, height = (box[3:] - box[:3]).tolist()
    shape = None if one.shapes is None else one.shapes[row]
    return {
        "height_m": _number(height, 3),
        "length_m": _number(length, 3),
        "width_m": _number(width, 3),
        "area_m2": None if shape is None else _number(float(shape["area"]), 2),
        "volume_m3": None if shape is None else _number(float(shape["volume"]), 2),
    }


def _number(value: float, digits: int) -> float | None:
    return None if np.isnan(value) else round(value, digits)


def _measure(before: float | None, after: float | None) -> Measure:
    known = before is not None and after is not None
    difference = round(after - before, 3) if known and after is not None and before is not None else None
    return Measure(before=before, after=after, difference=difference)


def _properties(before: Attributes, after: Attributes) -> list[PropertyChange]:
    one, other = _flat(before), _flat(after)
    changed = [name for name in dict.fromkeys([*one, *other]) if _differ(one.get(name), other.get(name))]
    found = []
    for set_name, name in changed:
        old, new = one.get((set_name, name)), other.get((set_name, name))
        with_unit = old is not None and new is not None and old.unit != new.unit
        values = [
            None if p is None else f"{p.value} {p.unit or ''}" if with_unit else p.value for p in (old, new)
        ]
        found.append(PropertyChange(set=set_name, name=name, before=values[0], after=values[1]))
    return found


def _differ(one: Property | None, other: Property | None) -> bool:
    """In value or unit; another name of the type alone (a column that has become one of decimals) is no change."""
    if one is None or other is None:
        return one is not other
    return one.value != other.value or one.unit != other.unit


def _flat(about: Attributes) -> Mapping[tuple[str, str], Property]:
    """Properties by set and name; what an object has beside them under an empty set."""
    plain: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(about, properties={}))
    flat = {("", name): Property(value=_text(value), type="text") for name, value in plain.items()}
    for set_name, properties in about.properties.items():
        flat.update({(set_name, name): stated for name, stated in properties.items()})
    return flat


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
