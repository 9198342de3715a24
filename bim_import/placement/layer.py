"""Placement of sources whose coordinates are those of a CRS: city models, map layers, georeferenced point clouds.

Such a source needs no map conversion, only its CRS: as a person states it (`--crs`, `--origin`), else as the source says,
else it is refused with a suggestion. Its local frame is a tangent plane near its middle, which loses nothing.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bim_import.placement.diagnosis import decide
from bim_import.placement.draft import Draft, Verdict, settled
from bim_import.placement.evidence import Evidence, Values
from bim_import.placement.override import PlacementOverrides
from bim_import.placement.point import plausible_maps
from twin.errors import PlacementError, UnsupportedSource
from twin.frames import (
    AREA_MARGIN_KM,
    CHINA_FRAMES,
    CrsFacts,
    Diagnosis,
    Found,
    Frame,
    LayerPoints,
    Placement,
    TangentPlane,
    authority_order,
    crs_facts,
    find_crs,
    km_outside_point,
)

Points = NDArray[np.float64]

_CIRCLE_DEG = 360.0

_SMALL = 10.0
"""Coordinates below this are as likely metres of a frame of their own: the Gulf of Guinea has few models."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerCrs:
    """The CRS that a source names. `what` is where it says so (`referenceSystem`, `srsName`).

    `authority_order`: coordinates are in the axis order of the registry (a GML srsName by URN), not east, north.
    `vertical`: name of the vertical datum, where the source says it apart.
    """

    what: str
    name: str
    authority_order: bool = False
    vertical: str = ""
    values: Values = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """A CRS that was settled on; `crs` is what a Placement calls it, `facts` None for frames that are no CRS."""

    used: str
    crs: str
    facts: CrsFacts | None
    verdict: Verdict
    declared: LayerCrs | None


class LayerFrame:
    """How the coordinates of one layer become local metres. Make it with `layer_frame`.

    `plane` is its local frame. `turned` tells that the layer's first two coordinates are north, east (or lat, lon).
    """

    def __init__(self, plane: TangentPlane, points: LayerPoints | Frame, *, turned: bool) -> None:
        self.plane = plane
        self.turned = turned
        self._points = points
        self._used: str = "default"
        self._verdict = Verdict()
        self._found: list[Found] = []

    def explained(self, used: str, verdict: Verdict, found: list[Found]) -> "LayerFrame":
        """Set what the diagnosis tells; returns itself."""
        self._used, self._verdict, self._found = used, verdict, found
        return self

    def to_geographic(self, native: Points) -> Points:
        """(n, 3) coordinates as the source has them → (n, 3) lon, lat in degrees (WGS 84), ellipsoidal height in metres.

        Rows that have no place on Earth, or are not finite, come back as NaN.
        """
        ordered = native[:, [1, 0, 2]] if self.turned else native
        return self._points.to_geographic(ordered)

    def of_east_north(self, points: Points) -> Points:
        """Like `to_geographic`, for coordinates that are east, north (or lon, lat) whatever the source's order."""
        return self._points.to_geographic(points)

    def from_geographic(self, lon_lat: Points) -> Points:
        """(n, 2) lon, lat in degrees (WGS 84) → (n, 2) east, north in the units of the CRS. Only for a layer in a CRS."""
        assert isinstance(self._points, LayerPoints)
        return self._points.from_geographic(lon_lat)

    def to_local(self, native: Points) -> Points:
        """(n, 3) coordinates as the source has them → (n, 3) local metres; NaN like `to_geographic`."""
        return self.plane.local(self.to_geographic(native))

    def axes_at(self, native: Points) -> Points:
        """(3, 3) whose columns are what a metre along the source's own east, north and up axes is, in local metres."""
        middle = self.to_geographic(native[None, :])
        up = self.plane.local_and_up(middle)[1][0]
        step = np.array([[0.0, 1.0, 0.0], [0.0, -1.0, 0.0]]) * self._step()
        if self.turned:
            step = step[:, [1, 0, 2]]
        there = self.to_local(native + step)
        north = there[0] - there[1]
        north -= up * (north @ up)
        north /= np.linalg.norm(north)
        return np.column_stack([np.cross(north, up), north, up])

    @property
    def angular(self) -> bool:
        """Whether the source's coordinates are degrees."""
        return isinstance(self._points, LayerPoints) and self._points.degrees

    def _step(self) -> float:
        """About a metre, in the units of the source."""
        return 1e-5 if self.angular else 1.0

    def diagnosis(self, bounds: NDArray[np.float64] | None) -> Diagnosis:
        """Where the layer stands. `bounds`: (2, 3) local box of what is drawn, None where nothing is."""
        anchor = (0.0, 0.0, 0.0)
        if bounds is not None and np.isfinite(bounds).all():
            x, y, z = bounds.mean(axis=0).tolist()
            anchor = (x, y, z)
        return Diagnosis(
            placement=self.plane.placement(anchor),
            used=self._used,
            confidence=self._verdict.confidence,
            found=self._found,
            warnings=list(dict.fromkeys(self._verdict.warnings)),
        )


def layer_frame(
    source: str, declared: LayerCrs | None, *, overrides: PlacementOverrides, box: NDArray[np.float64]
) -> LayerFrame:
    """The frame of a layer whose coordinates fill `box` ((2, 3): minima, maxima, in the source's order and units).

    Raises UnsupportedSource where nothing says which CRS it is, PlacementError for a CRS that cannot be used.
    """
    middle = np.where(np.isfinite(box), box, 0.0).mean(axis=0)
    if overrides.origin is not None:
        return _at_origin(declared, overrides, box)
    chosen = _chosen(source, declared, overrides, middle)
    turned = _turned(chosen, middle)
    if turned:
        middle = middle[[1, 0, 2]]
    _need_degrees(source, chosen, middle)
    placement = _settled(chosen, middle, overrides)
    points = LayerPoints(placement)
    _judge(chosen.verdict, points)
    place = points.to_geographic(middle[None, :])[0]
    if not np.isfinite(place).all():
        raise PlacementError(
            f"{middle[0]:g}, {middle[1]:g} is no place in {chosen.crs[:60]}", "Name the right CRS with --crs"
        )
    plane = TangentPlane.near(float(place[0]), float(place[1]))
    frame = LayerFrame(plane, points, turned=turned)
    return frame.explained(chosen.used, chosen.verdict, _found(chosen, placement, overrides))


def _at_origin(
    declared: LayerCrs | None, overrides: PlacementOverrides, box: NDArray[np.float64]
) -> LayerFrame:
    """A person says where the source's own origin stands: its coordinates are metres in a frame of its own."""
    stated = decide(Evidence(), overrides=overrides, bounds=box)
    frame = Frame(stated.placement)
    place = frame.to_geographic(np.array([stated.placement.anchor]))[0]
    found = list(stated.found)
    if declared is not None:
        why = "the person who imported it has stated the place"
        found.append(Found(what=declared.what, values={"crs": declared.name}, used=False, reason=why))
    verdict = Verdict(confidence=stated.confidence, warnings=list(stated.warnings))
    plane = TangentPlane.near(float(place[0]), float(place[1]))
    return LayerFrame(plane, frame, turned=False).explained(stated.used, verdict, found)


def _chosen(source: str, declared: LayerCrs | None, overrides: PlacementOverrides, middle: Points) -> _Chosen:
    verdict = Verdict()
    if overrides.rotation_deg:
        verdict.warnings.append("--rotation turns sources with axes of their own; a layer in a CRS has none.")
    if overrides.crs is not None:
        name = overrides.crs.strip().casefold().replace("-", "").replace("_", "")
        facts = None if name in CHINA_FRAMES else crs_facts(overrides.crs)
        crs = name if facts is None else facts.text
        return _Chosen(used="override", crs=crs, facts=facts, verdict=verdict, declared=declared)
    facts = find_crs(declared.name) if declared is not None else None
    if declared is None or facts is None:
        raise UnsupportedSource(source, _nameless(declared), suggestion(middle))
    if facts.doubt:
        verdict.doubt("medium", f"{facts.doubt[0].upper()}{facts.doubt[1:]}.")
    return _Chosen(used=declared.what, crs=facts.text, facts=facts, verdict=verdict, declared=declared)


def _need_degrees(source: str, chosen: _Chosen, middle: Points) -> None:
    """Refuse metres that are said to be degrees: GeoJSON has no word for its CRS, and people write maps into it."""
    geographic = chosen.facts is None or not chosen.facts.projected
    if geographic and (abs(middle[0]) > _CIRCLE_DEG or abs(middle[1]) > _CIRCLE_DEG / 4.0):
        shown = f"{middle[0]:.15g}, {middle[1]:.15g}"
        name = "WGS 84" if chosen.facts is None else chosen.facts.title
        raise UnsupportedSource(
            source, f"its coordinates ({shown}) are no degrees of {name}", suggestion(middle)
        )


def _nameless(declared: LayerCrs | None) -> str:
    if declared is None or not declared.name.strip():
        return "it does not say in which coordinate reference system its coordinates are"
    return f"its {declared.what} {declared.name[:80]!r} is no coordinate reference system that is known"


def suggestion(middle: Points) -> str:
    """What a person could give, judged by the coordinates' range. `middle`: (2,) or (3,) in the source's order."""
    first, second = float(middle[0]), float(middle[1])
    if abs(first) <= 180.0 and abs(second) <= 90.0 and (first, second) != (0.0, 0.0):
        service = " (or gcj02, bd09 for data of a Chinese map service)" if 72 < first < 138 else ""
        own = " or, if they are metres, --origin LON,LAT,HEIGHT for where their own origin stands"
        near = own if max(abs(first), abs(second)) < _SMALL else ""
        return f"Its coordinates look like longitude, latitude: give --crs EPSG:4326{service}{near}."
    if abs(first) <= 90.0 and abs(second) <= 180.0 and abs(second) > 90.0:
        return "Its coordinates look like latitude, longitude: give --crs EPSG:4326."
    hints = plausible_maps(first, second)
    if not hints and abs(first) > 90.0 and max(abs(first), abs(second)) <= 20_037_509.0:
        hints = ["Its coordinates could be of Web Mercator (--crs EPSG:3857)."]
    advice = "Name it with --crs, or say where its own origin stands with --origin LON,LAT,HEIGHT."
    return " ".join([*hints, advice])


def _turned(chosen: _Chosen, middle: Points) -> bool:
    """Whether the first two coordinates are north, east: as the registry has it, unless only the other order fits."""
    if chosen.facts is None:
        return False
    expected = (
        chosen.declared is not None
        and chosen.declared.authority_order
        and authority_order(chosen.crs).order == (1, 0)
    )
    outside = {turned: _outside_km(chosen.crs, middle, turned=turned) for turned in (False, True)}
    if outside[expected] <= AREA_MARGIN_KM or outside[not expected] > AREA_MARGIN_KM:
        return expected
    order = "east, north" if expected else "north, east"
    chosen.verdict.doubt(
        "medium",
        f"Its coordinates fit {chosen.facts.title} in the order {order} only; they are read so.",
    )
    return not expected


def _outside_km(crs: str, middle: Points, *, turned: bool) -> float:
    east, north = (middle[1], middle[0]) if turned else (middle[0], middle[1])
    return km_outside_point(crs, float(east), float(north))


def _settled(chosen: _Chosen, middle: Points, overrides: PlacementOverrides) -> Placement:
    """CRS, heights, and the point where the datum operation is chosen, as a placement."""
    projected = chosen.facts is not None and chosen.facts.projected
    x, y, z = middle.tolist()
    placement = Placement(kind="projected" if projected else "geographic", crs=chosen.crs, origin=(x, y, z))
    own = chosen.facts.vertical if chosen.facts is not None else None
    declared = chosen.declared.vertical if chosen.declared is not None else ""
    draft = Draft(
        used=chosen.used,
        placement=placement,
        verdict=chosen.verdict,
        vertical=own or declared,
        strict=chosen.used == "override" and own is not None,
    )
    return settled(draft, overrides.height_offset_m)


def _judge(verdict: Verdict, points: LayerPoints) -> None:
    for warning in points.warnings:
        verdict.doubt("medium", warning)
    if points.outside_km > AREA_MARGIN_KM:
        verdict.confidence = "low"


def _found(chosen: _Chosen, placement: Placement, overrides: PlacementOverrides) -> list[Found]:
    found: list[Found] = []
    if chosen.used == "override":
        values: Values = {"crs": chosen.crs}
        if overrides.height_offset_m is not None:
            values["height_offset_m"] = overrides.height_offset_m
        found.append(Found(what="override", values=values | _heights(placement), used=True))
    if chosen.declared is not None:
        declared = chosen.declared
        used = chosen.used != "override"
        values = declared.values | {"name": declared.name}
        if used:
            values |= {"crs": chosen.crs} | _heights(placement)
        reason = "" if used else "the person who imported it has stated the CRS"
        found.append(Found(what=declared.what, values=values, used=used, reason=reason))
    return found


def _heights(placement: Placement) -> Values:
    values: Values = {"vertical": placement.vertical}
    if placement.undulation_m is not None:
        values["undulation_m"] = placement.undulation_m
    return values
