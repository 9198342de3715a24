"""One LAS or LAZ file → a spool: points in local millimetres, an object for the cloud or for each class of points."""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import laspy
import msgspec
import numpy as np
from numpy.typing import NDArray

from bim_import.citymodel.attributes import ATTRIBUTES, property_of
from bim_import.citymodel.result import empty_result
from bim_import.placement.layer import LayerCrs, LayerFrame, layer_frame
from bim_import.placement.outcome import result_of
from bim_import.pointcloud.colors import CLASS_NAMES, class_colors, has_colors, intensity_colors, own_colors
from bim_import.values import ImportOptions, ImportResult, Progress
from twin.errors import DamagedSource
from twin.objects import Attributes, SourceObject
from twin.source import ClassCount, SourceReport
from twin.spool import ObjectWriter
from twin.spool.points import POINT_ROW, STEP_M, PointFacts, PointWriter

_CHUNK = 1_000_000
"""Points read at a time: 60 MB with their coordinates."""
_LAS_12_BYTES, _LAS_14_BYTES = 227, 375
_RECORD_BYTES, _LONG_RECORD_BYTES = 54, 60
"""Of headers of files and of (extended) variable length records (LAS 1.4, 2.4 to 2.6)."""
_CLOUD = "cloud"
_REACH_M = 2_000_000.0
"""Half of what 32 bits of millimetres span."""


def import_points(
    source: Path, folder: Path, *, options: ImportOptions, progress: Callable[[Progress], None]
) -> ImportResult:
    """Read a point cloud into the spool `folder`.

    Raises UnsupportedSource (no LAS, missing CRS), DamagedSource, PlacementError.
    """
    _check_records(source)
    try:
        with laspy.open(source) as reader:
            return _import(reader, (source, folder), options, progress)
    except (
        laspy.errors.LaspyException, ValueError, EOFError, OSError, RuntimeError, MemoryError, OverflowError,
    ) as error:  # fmt: skip
        raise DamagedSource(
            str(source),
            f"it cannot be read ({type(error).__name__}: {str(error)[:120]})",
            "It may be cut off: download or export it again.",
        ) from error


def _check_records(source: Path) -> None:
    """Records beside the points have to fit into the file: laspy makes as many as the header tells of. Raises DamagedSource."""
    with source.open("rb") as file:
        head = file.read(_LAS_14_BYTES)
    if len(head) < _LAS_12_BYTES:
        return  # laspy says what is wrong
    least = _RECORD_BYTES * struct.unpack_from("<I", head, 100)[0]
    if len(head) >= _LAS_14_BYTES and head[25] >= 4:
        least = max(least, _LONG_RECORD_BYTES * struct.unpack_from("<I", head, 243)[0])
    if least > source.stat().st_size:
        raise DamagedSource(
            str(source),
            "its header tells of more records than fit into the file",
            "It may be cut off: download or export it again.",
        )


def _import(
    reader: Any, places: tuple[Path, Path], options: ImportOptions, progress: Callable[[Progress], None]
) -> ImportResult:
    source, folder = places
    header = reader.header
    schema = f"LA{'Z' if header.are_points_compressed else 'S'} {header.version}"
    total = int(header.point_count)
    if not total:
        return empty_result(source, folder, schema, options)
    box = np.array([header.mins, header.maxs], dtype=np.float64)
    frame = layer_frame(str(source), _declared(header), overrides=options.placement, box=box)
    cloud = _Cloud(frame)
    with PointWriter(folder) as writer:
        for chunk in reader.chunk_iterator(_CHUNK):
            if not len(chunk):
                break  # the header tells of more: laspy would go on for as many
            writer.write(cloud.rows(chunk))
            progress(Progress(phase="reading", done=cloud.read, total=total))
        if cloud.read != total:
            raise DamagedSource(
                str(source),
                f"its header tells of {total:,} points, {cloud.read:,} are there",
                "It is cut off: download or export it again.",
            )
        objects, ordinals = _objects(cloud, header)
        writer.finish(cloud.facts(ordinals))
    with ObjectWriter(folder) as held:
        held.write(objects)
    report = _report(cloud, objects, schema, str(source))
    progress(Progress(phase="reading", done=total, total=total, objects_written=True))
    return result_of(report, frame.diagnosis(cloud.box))


def _declared(header: Any) -> LayerCrs | None:
    """The CRS in the header's records (WKT, or GeoTIFF keys)."""
    try:
        crs = header.parse_crs()
    except Exception:  # noqa: BLE001 - laspy passes on whatever pyproj raises over a broken record
        return LayerCrs(what="LAS header", name="a record that cannot be read")
    if crs is None:
        return None
    code = crs.to_epsg()
    return LayerCrs(what="LAS header", name=f"EPSG:{code}" if code else crs.to_wkt())


@dataclass(slots=True)
class _Cloud:
    """A cloud being read: counts by class, and what its first points tell of the rest."""

    frame: LayerFrame
    read: int = 0
    nowhere: int = 0
    withheld: int = 0
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(256, dtype=np.int64))
    box: NDArray[np.float64] | None = None
    origin: NDArray[np.float64] | None = None
    wide: bool = True
    brightest: float = 0.0

    def rows(self, chunk: Any) -> NDArray[Any]:
        """POINT_ROW of the points of a chunk that have a place and are not withheld."""
        native = np.column_stack([chunk.x, chunk.y, chunk.z]).astype(np.float64)
        self.read += len(native)
        local = self.frame.to_local(native)
        finite = np.array(np.isfinite(local).all(axis=1))
        if self.origin is None and finite.any():
            self._begin(chunk, local[finite])
        if self.origin is not None:
            finite[finite] = np.abs(local[finite] - self.origin).max(axis=1) < _REACH_M
        withheld = np.asarray(chunk.withheld, dtype=bool)
        self.nowhere += int((~finite & ~withheld).sum())
        self.withheld += int(withheld.sum())
        kept = finite & ~withheld
        result = np.zeros(int(kept.sum()), dtype=POINT_ROW)
        if len(result):
            self._fill(result, chunk, kept, local[kept])
        return result

    def _begin(self, chunk: Any, local: NDArray[np.float64]) -> None:
        self.origin = np.rint(local.mean(axis=0))
        self.brightest = float(np.percentile(np.asarray(chunk.intensity), 98))
        if has_colors(chunk):
            self.wide = bool(max(np.max(chunk.red), np.max(chunk.green), np.max(chunk.blue)) > 255)

    def _fill(
        self, into: NDArray[Any], chunk: Any, kept: NDArray[np.bool_], local: NDArray[np.float64]
    ) -> None:
        classes = np.asarray(chunk.classification, dtype=np.uint8)[kept]
        intensity = np.asarray(chunk.intensity, dtype=np.uint16)[kept]
        assert self.origin is not None
        into["cell"] = np.rint((local - self.origin) / STEP_M).astype(np.int32)
        into["intensity"] = intensity
        into["classification"] = classes
        if has_colors(chunk):
            into["color"] = own_colors(chunk, wide=self.wide)[kept]
        elif np.ptp(classes) > 0 or self.brightest == 0.0:
            into["color"] = class_colors(classes)
        else:
            into["color"] = intensity_colors(intensity, self.brightest)
        self.counts += np.bincount(classes, minlength=256)
        here = np.array([local.min(axis=0), local.max(axis=0)])
        before = self.box if self.box is not None else here
        self.box = np.array([np.minimum(before[0], here[0]), np.maximum(before[1], here[1])])

    @property
    def classes(self) -> list[int]:
        """Classifications that occur."""
        return [int(code) for code in np.flatnonzero(self.counts)]

    def facts(self, ordinals: list[int]) -> PointFacts:
        """What holds for the whole cloud."""
        x, y, z = (self.origin if self.origin is not None else np.zeros(3)).tolist()
        return PointFacts(
            origin=(x, y, z),
            ordinals=ordinals,
            has_intensity=self.brightest > 0.0,
            has_classes=len(self.classes) > 1,
        )


def _objects(cloud: _Cloud, header: Any) -> tuple[list[SourceObject], list[int]]:
    """The objects, and the ordinal for each classification: one object a class where there are several, below the cloud's."""
    ordinals = [-1] * 256
    facts = {
        "points": int(cloud.counts.sum()),
        "point format": int(header.point_format.id),
        "system": str(header.system_identifier or "").strip("\0 ") or None,
        "software": str(header.generating_software or "").strip("\0 ") or None,
        "created": str(header.creation_date) if header.creation_date else None,
    }
    several = len(cloud.classes) > 1
    whole = _object(_CLOUD, "PointCloud", "", facts)
    if not several:
        ordinals = [0] * 256
        return [whole], ordinals
    ids = sorted((f"class-{code:03d}", code) for code in cloud.classes)
    objects = []
    for place, (id_, code) in enumerate(ids):
        ordinals[code] = place
        told = {"points": int(cloud.counts[code]), "classification": code}
        name = CLASS_NAMES.get(code, f"Class {code}")
        part = _object(id_, "PointClass", name, told)
        objects.append(msgspec.structs.replace(part, ordinal=place, parent=len(ids)))
    whole = msgspec.structs.replace(whole, ordinal=len(ids), product=False)
    return [*objects, whole], ordinals  # `class-…` comes before `cloud`


def _object(id_: str, class_: str, name: str, facts: dict[str, Any]) -> SourceObject:
    properties = {key: property_of(value) for key, value in facts.items() if value is not None}
    return SourceObject(
        ordinal=0,
        global_id=id_,
        class_=class_,
        name=name,
        discipline="site",
        attributes=Attributes(properties={ATTRIBUTES: properties}),
    )


def _report(cloud: _Cloud, objects: list[SourceObject], schema: str, source: str) -> SourceReport:
    report = SourceReport(source=source, schema=schema)
    drawn = bool(cloud.counts.any())
    for item in objects:
        if item.product:
            count = report.by_class.setdefault(item.class_, ClassCount())
            count.read += 1
            count.drawn += drawn
            count.not_drawn += not drawn
    report.products = sum(count.read for count in report.by_class.values())
    report.drawn = sum(count.drawn for count in report.by_class.values())
    if not drawn:
        report.not_drawn = {"no place on Earth" if cloud.nowhere else "empty geometry": report.products}
    if cloud.nowhere:
        report.warnings.append(
            f"{cloud.nowhere:,} points have no place on Earth in this CRS and are left out."
        )
    if cloud.withheld:
        report.warnings.append(f"{cloud.withheld:,} points are marked as withheld and are left out.")
    return report
