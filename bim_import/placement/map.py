"""Placement from a map conversion or rigid operation: units, scale, axes, and whether it was applied already.

IFC says: map = offset + R · Scale · Factor · local, in project units on the right and map units on the left. Files disagree
with it and with each other about units and Scale; each such reading is recognised by where and how large the model lands,
and said in a warning.
"""

import math
from dataclasses import dataclass, replace

import msgspec
import numpy as np

from bim_import.placement.draft import FAR_M, Draft, Extent, Verdict
from bim_import.placement.evidence import CrsEvidence, Evidence, MapEvidence, Point
from twin.errors import PlacementError
from twin.frames import AREA_MARGIN_KM, CrsFacts, Placement, find_crs, find_zone, km_outside_area, zone_hint

_NEAR_ONE = 0.02
"""Combined scale factors of surveyors lie within 0.5 % of one; what is farther off is a unit, not a scale."""

_SAME_UNIT = 1e-5
"""Foot and US survey foot differ by 2e-6: no one means the other on purpose."""

_EXACTLY_SAME_UNIT = 1e-7

_CODES_BETWEEN_TWINS = 21
"""CGCS2000 / 3-degree Gauss-Kruger zone n is EPSG:4488+n, the same meridian without zone number EPSG:4509+n."""

_TWICE_WITHIN_M = 10_000.0
"""A model whose centre is this near to its own (far) map offset has been put there already."""

_SAME_ANGLE_DEG = 0.01

_HEIGHT_MATCH_M = 1.0


def resolved(crs: CrsEvidence | None, *, projected: bool) -> CrsFacts | None:
    """The CRS that a file's names mean, of the kind that is wanted."""
    if crs is None:
        return None
    # "WKT" as a name only points to the text beside it; PROJ would search for it for a second
    for name in (crs.name if crs.name.casefold() != "wkt" else "", crs.wkt, crs.description):
        facts = find_crs(name)
        if facts is not None and facts.projected == projected:
            return facts
    return find_zone(crs.datum, crs.projection, crs.zone) if projected else find_crs(crs.datum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """One operation with what is needed to read it. `to_m`: metres in the unit of its offset, once that is known."""

    operation: MapEvidence
    crs: CrsFacts
    evidence: Evidence
    extent: Extent
    verdict: Verdict
    to_m: float = 1.0

    @property
    def offset_m(self) -> tuple[float, float]:
        """Easting and northing of the offset in metres."""
        return self.operation.first * self.to_m, self.operation.second * self.to_m

    @property
    def height_m(self) -> float:
        """Height of the offset in metres."""
        return self.operation.height * self.to_m

    def outside_km(self, easting_m: float, northing_m: float) -> float:
        """How far a point of the map (metres) is outside the area of the CRS; inf: nowhere on Earth."""
        outside = km_outside_area(self.crs.text, easting_m / self.crs.unit_m, northing_m / self.crs.unit_m)
        return math.inf if outside is None else outside

    @property
    def lands_inside(self) -> bool:
        """Whether the model lands in the area of the CRS; a far offset alone tells, for a model may be there already."""
        far = math.hypot(*self.offset_m) > FAR_M
        return (
            self.outside_km(*(self.offset_m if far else self.carried(self.extent.centre))) <= AREA_MARGIN_KM
        )

    def carried(self, point: Point) -> tuple[float, float]:
        """A local point on the map, metres, at scale one."""
        turn = math.radians(self.operation.rotation_deg)
        x, y = point[:2]
        east, north = self.offset_m
        return east + x * math.cos(turn) - y * math.sin(turn), north + x * math.sin(turn) + y * math.cos(turn)


def map_draft(operation: MapEvidence, crs: CrsFacts, evidence: Evidence, extent: Extent) -> Draft:
    """Placement from an operation with lengths towards a projected CRS. Raises PlacementError where it leads nowhere."""
    verdict = Verdict()
    if crs.doubt:
        verdict.doubt("medium", f"{crs.doubt[0].upper()}{crs.doubt[1:]}.")
    mapping = Mapping(operation=operation, crs=crs, evidence=evidence, extent=extent, verdict=verdict)
    mapping = _with_unit(mapping)
    placement = _once(mapping) if _is_twice(mapping) else _as_stated(mapping)
    vertical = (operation.crs.vertical_datum if operation.crs else "") or crs.vertical or ""
    return Draft(
        used=operation.what,
        placement=msgspec.structs.replace(placement, anchor=extent.centre),
        verdict=verdict,
        rests_on=(operation,),
        vertical=vertical,
    )


def _with_unit(mapping: Mapping) -> Mapping:
    """The unit of the offset: as stated (MapUnit, else the project's), unless only another one makes sense."""
    stated = _stated_unit(mapping)
    for unit in dict.fromkeys((stated, mapping.crs.unit_m, 1.0, mapping.evidence.length_unit_m)):
        candidate = replace(mapping, to_m=unit)
        candidate = _with_zone_twin(candidate) or candidate
        if candidate.lands_inside:
            if unit != stated:
                told = mapping.operation.unit is not None
                mapping.verdict.doubt("medium", _other_unit(unit, stated, told=told))
            return candidate
    return replace(mapping, to_m=stated)


def _stated_unit(mapping: Mapping) -> float:
    """Metres in the map unit, else in the project's; where that is a hair from the CRS's own, the latter."""
    stated, own = mapping.operation.unit or mapping.evidence.length_unit_m, mapping.crs.unit_m
    relative = abs(stated / own - 1.0)
    if _EXACTLY_SAME_UNIT < relative < _SAME_UNIT:
        mapping.verdict.doubt(
            "medium",
            f"The file's map unit ({stated:.9g} m) is nearly that of {mapping.crs.title} ({own:.9g} m); the latter is used.",
        )
    return own if relative < _SAME_UNIT else stated


def _other_unit(unit: float, stated: float, *, told: bool) -> str:
    source = "states" if told else "implies by its project unit"
    return (
        f"Eastings and northings make sense in units of {unit:g} m only, not in the {stated:g} m that the file {source}; "
        "they are read so."
    )


def _with_zone_twin(mapping: Mapping) -> Mapping | None:
    """The same map with (or without) its zone number in eastings, where only that fits; CGCS2000 has all in both forms."""
    east = mapping.offset_m[0]
    hint = zone_hint(mapping.crs.text, east)
    twin = find_crs(hint) if hint else None
    if twin is None or mapping.lands_inside:
        return None
    moved = replace(mapping, crs=twin)
    if not moved.lands_inside or not _same_meridian(mapping.crs.text, twin.text):
        return None
    mapping.verdict.doubt(
        "medium",
        f"An easting of {east:,.0f} m is not of {mapping.crs.text}, but of {twin.text}, the same map in its other form "
        "(with or without the zone number); that is used.",
    )
    return moved


def _same_meridian(first: str, second: str) -> bool:
    return abs(int(first.split(":")[1]) - int(second.split(":")[1])) == _CODES_BETWEEN_TWINS


def _scale(mapping: Mapping) -> float:
    """Factor from local metres to map metres.

    IFC's Scale takes project units to map units, so that 0.001 from millimetres to metres means one. Many files leave it
    out or write a pure factor instead.
    """
    scale = mapping.operation.scale
    if scale is None or mapping.operation.rigid:
        return 1.0
    by_the_standard = scale * mapping.to_m / mapping.evidence.length_unit_m
    if abs(by_the_standard - 1.0) <= _NEAR_ONE or math.isclose(by_the_standard, scale):
        return by_the_standard
    if abs(scale - 1.0) <= _NEAR_ONE:
        mapping.verdict.warnings.append(
            f"Scale {scale:g} of the map conversion leaves out the change of units from {mapping.evidence.length_unit_m:g} m "
            f"to {mapping.to_m:g} m; it is read as a factor of lengths only."
        )
        return scale
    return by_the_standard


def _as_stated(mapping: Mapping) -> Placement:
    operation, scale = mapping.operation, _scale(mapping)
    east, north = mapping.offset_m
    hint = None if mapping.lands_inside else zone_hint(mapping.crs.text, east)
    if hint:
        raise PlacementError(
            f"An easting of {east:,.0f} m is not of {mapping.crs.text}, but of {hint}", f"Try --crs {hint}"
        )
    return Placement(
        kind="projected",
        crs=mapping.crs.text,
        origin=(east / mapping.crs.unit_m, north / mapping.crs.unit_m, mapping.height_m),
        rotation_deg=operation.rotation_deg,
        scale=(scale * operation.factors[0], scale * operation.factors[1], scale * operation.factors[2]),
        matrix=_out_of_world(mapping),
    )


def _out_of_world(mapping: Mapping) -> tuple[float, ...] | None:
    """The inverse of the world coordinate system: the map conversion is of its origin, which the kernel leaves out."""
    world = mapping.evidence.world
    if world is None:
        return None
    mapping.verdict.doubt(
        "medium",
        "The file moves its world coordinate system away from the origin; as IFC says, the map conversion is read as that "
        "of the moved origin. Not all software does so.",
    )
    return tuple(float(value) for value in np.linalg.inv(world)[:3].ravel())


def _is_twice(mapping: Mapping) -> bool:
    """Whether the model stands at its place on the map already, so that the operation would move it a second time."""
    offset, centre = mapping.offset_m, mapping.extent.centre[:2]
    if math.hypot(*offset) <= FAR_M or math.hypot(*centre) <= FAR_M:
        return False
    if math.dist(offset, centre) <= _TWICE_WITHIN_M:
        return True
    carried = mapping.outside_km(*mapping.carried(mapping.extent.centre))
    return carried > AREA_MARGIN_KM >= mapping.outside_km(*centre)


def _once(mapping: Mapping) -> Placement:
    """Coordinates that are on the map already: taken as they are, unless true north says that the turn is yet to come."""
    verdict, operation = mapping.verdict, mapping.operation
    verdict.doubt(
        "medium",
        f"The file is georeferenced twice: its geometry is in map coordinates already, and {operation.what} would move it "
        "again. The offset is used once.",
    )
    east, north = mapping.offset_m
    height = 0.0 if _height_is_in(mapping) else mapping.height_m
    turn = _turn_yet_to_come(mapping)
    if turn:
        origin = (east / mapping.crs.unit_m, north / mapping.crs.unit_m, height)
        back = (1.0, 0.0, 0.0, -east, 0.0, 1.0, 0.0, -north, 0.0, 0.0, 1.0, 0.0)
        return Placement(
            kind="projected", crs=mapping.crs.text, origin=origin, rotation_deg=turn, matrix=back
        )
    return Placement(kind="projected", crs=mapping.crs.text, origin=(0.0, 0.0, height))


def _height_is_in(mapping: Mapping) -> bool:
    """Whether the height of the offset is in the geometry already, too."""
    height, site = mapping.height_m, mapping.evidence.site_origin[2]
    if abs(height) <= _HEIGHT_MATCH_M or abs(site - height) <= _HEIGHT_MATCH_M:
        return True
    box = mapping.extent.box
    return box is not None and height > 0.0 and float(box[0, 2]) > height / 2.0


def _turn_yet_to_come(mapping: Mapping) -> float:
    """The rotation of the operation where the geometry was shifted but not turned; 0 where it was turned, too.

    True north, where it is stated, tells: on the map it is up the page.
    """
    rotation, stated = mapping.operation.rotation_deg, mapping.evidence.north
    if abs(rotation) <= _SAME_ANGLE_DEG:
        return 0.0
    if stated is None:
        mapping.verdict.doubt(
            "low", f"Its rotation of {rotation:.2f}° is taken as applied already; nothing in the file tells."
        )
        return 0.0
    return rotation if _apart(stated.rotation_deg, rotation) < _apart(stated.rotation_deg, 0.0) else 0.0


def _apart(first_deg: float, second_deg: float) -> float:
    """Angle between two directions, 0 … 180 degrees."""
    return abs((first_deg - second_deg + 180.0) % 360.0 - 180.0)


def angular_draft(operation: MapEvidence, crs: CrsFacts, evidence: Evidence, extent: Extent) -> Draft:
    """Placement from an IfcRigidOperation with angles towards a geographic CRS.

    IFC 4.3 names the two "lambda, phi", that is longitude first, while EPSG has latitude first: the order is the one that
    fits the area of the CRS and the site, else IFC's.
    """
    verdict = Verdict()
    first, second = math.degrees(operation.first), math.degrees(operation.second)
    orders = [
        (lon, lat)
        for lon, lat in ((first, second), (second, first))
        if abs(lat) <= 90.0 and abs(lon) <= 360.0
    ]
    if not orders:
        raise PlacementError(
            f"{first:.6f}°, {second:.6f}° is no place on Earth", "Give the position with --origin"
        )
    if evidence.sites:
        site = evidence.sites[0]
        orders.sort(key=lambda place: math.dist(place, (site.lon, site.lat)))
    elif len(orders) == 2 and first != second:
        verdict.doubt(
            "low",
            f"{first:.6f}°, {second:.6f}° is read as longitude, latitude; the file does not tell the order.",
        )
    (lon, lat), height = orders[0], operation.height * (operation.unit or evidence.length_unit_m)
    return Draft(
        used=operation.what,
        placement=Placement(
            kind="geographic",
            crs=crs.text,
            origin=(lon, lat, height),
            rotation_deg=evidence.north.rotation_deg if evidence.north else 0.0,
            matrix=_shift_out(evidence),
            anchor=extent.centre,
        ),
        verdict=verdict,
        rests_on=(operation, evidence.north) if evidence.north else (operation,),
        # IFC 4.3, IfcRigidOperation.Height: towards a geographic CRS it is relative to the ellipsoid
        height_is_settled=True,
    )


def _shift_out(evidence: Evidence) -> tuple[float, ...] | None:
    """Without the turn of the world coordinate system: true north is told in local axes already."""
    if evidence.world is None:
        return None
    x, y, z = (float(value) for value in evidence.world[:3, 3])
    return (1.0, 0.0, 0.0, -x, 0.0, 1.0, 0.0, -y, 0.0, 0.0, 1.0, -z)
