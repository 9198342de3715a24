"""Where a source stands, and how that was found out: the diagnosis.

Of all that a file says, the most exact that can be used decides: what a person states, then a map conversion, then a lone
CRS whose coordinates the model has, then the site's latitude and longitude, then a stated default. The rest is listed with
the reason why it was not used.
"""

from collections.abc import Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from bim_import.placement.draft import Draft, Extent, Verdict, check, extent_of, settled
from bim_import.placement.evidence import Evidence, MapEvidence, Values
from bim_import.placement.map import angular_draft, map_draft, resolved
from bim_import.placement.override import Known, PlacementOverrides, override_draft, same_metres
from bim_import.placement.point import default_draft, lone_crs_draft, site_draft, tangent, turned
from twin.errors import PlacementError
from twin.frames import Diagnosis, Found, Frame, Placement

_DISAGREE_M = 5_000.0
"""Sites are often told to a minute (1.8 km) or as the town's centre; what is farther off contradicts the map conversion."""

_M_PER_DEGREE = 111_200.0
"""Length of a degree of a great circle on a sphere of 6371 km."""

Reasons = dict[int, str]
"""id() of a piece of evidence → why it was not used."""


def decide(
    evidence: Evidence, *, overrides: PlacementOverrides, bounds: NDArray[np.float64] | None
) -> Diagnosis:
    """The diagnosis of what was found.

    `bounds`: (2, 3) box of all drawn geometry in local metres, None where nothing is drawn. Raises PlacementError only for
    overrides that cannot be used: a source alone always has a placement.
    """
    extent = extent_of(bounds, evidence.site_origin)
    reasons: Reasons = {}
    warnings = list(evidence.warnings)
    if overrides.crs is not None or overrides.origin is not None:
        draft = override_draft(overrides, _known(evidence, extent))
        placement = turned(settled(draft, overrides.height_offset_m), overrides.rotation_deg)
        check(placement, draft.verdict)
    else:
        draft, placement = _from_file(evidence, extent, overrides, reasons)
        warnings += [f"{reason}." for reason in reasons.values() if "--crs" in reason]
    warnings += draft.verdict.warnings + _contradictions(draft, placement, evidence)
    return Diagnosis(
        placement=placement,
        used=draft.used,
        confidence=draft.verdict.confidence,
        found=_found(evidence, draft, reasons, overrides),
        warnings=list(dict.fromkeys(warnings)),
    )


def moved(
    diagnosis: Diagnosis, *, overrides: PlacementOverrides, bounds: NDArray[np.float64] | None
) -> Diagnosis:
    """The diagnosis of a source that is placed anew without opening it. Raises PlacementError."""
    before = diagnosis.placement
    on_map = before.kind == "projected"
    known = Known(
        extent=extent_of(bounds, before.anchor),
        on_map=(lambda facts: same_metres(before, facts)) if on_map else None,
        at_site=None if on_map else before,
        map_turn_deg=before.rotation_deg if on_map else None,
        true_turn_deg=None if on_map else before.rotation_deg,
    )
    stated_anew = overrides.crs is not None or overrides.origin is not None
    draft = override_draft(overrides, known) if stated_anew else _as_before(diagnosis, overrides)
    placement = turned(settled(draft, overrides.height_offset_m), overrides.rotation_deg)
    check(placement, draft.verdict)
    found = [
        msgspec.structs.replace(item, used=False, reason=item.reason or "moved since")
        for item in diagnosis.found
    ]
    return Diagnosis(
        placement=placement,
        used="override" if overrides.given else draft.used,
        confidence=draft.verdict.confidence,
        found=[*found, _override_found(overrides)] if overrides.given else diagnosis.found,
        warnings=list(dict.fromkeys(draft.verdict.warnings)),
    )


def _as_before(diagnosis: Diagnosis, overrides: PlacementOverrides) -> Draft:
    """The placement of a diagnosis with its doubts, but those of heights where these are stated now."""
    settles_heights = overrides.height_offset_m is not None
    warnings = [text for text in diagnosis.warnings if not (settles_heights and "--height-offset" in text)]
    return Draft(
        used=diagnosis.used,
        placement=diagnosis.placement,
        verdict=Verdict(confidence=diagnosis.confidence, warnings=warnings),
        vertical=diagnosis.placement.vertical,
        height_is_settled=True,
    )


def _from_file(
    evidence: Evidence, extent: Extent, overrides: PlacementOverrides, reasons: Reasons
) -> tuple[Draft, Placement]:
    """The first draft of the file that leads to a place on Earth."""
    for draft in _drafts(evidence, extent, reasons):
        try:
            placement = turned(settled(draft, overrides.height_offset_m), overrides.rotation_deg)
            check(placement, draft.verdict)
        except PlacementError as error:
            reasons.update({id(item): str(error) for item in draft.rests_on[:1]})
            continue
        return draft, placement
    raise PlacementError("the default place cannot be used", "Give --origin LON,LAT,HEIGHT")


def _drafts(evidence: Evidence, extent: Extent, reasons: Reasons) -> Iterator[Draft]:
    """Placements that the file may mean, the most exact first; why others are none goes to `reasons`."""
    for operation in _ordered(evidence.operations):
        try:
            yield _operation_draft(operation, evidence, extent)
        except PlacementError as error:
            reasons[id(operation)] = str(error)
    for crs in evidence.lone_crs:
        facts = resolved(crs, projected=True)
        draft = lone_crs_draft(crs, facts, extent) if facts is not None else None
        reasons[id(crs)] = "no map conversion connects it to the model"
        if draft is not None:
            reasons.pop(id(crs))
            yield draft
    for site in evidence.sites:
        if site.lon == 0.0 and site.lat == 0.0:
            reasons[id(site)] = "0°, 0° is what software writes where nothing was entered"
        else:
            yield site_draft(site, evidence, extent)
    yield default_draft(evidence, extent)


def _ordered(operations: list[MapEvidence]) -> list[MapEvidence]:
    return sorted(operations, key=lambda operation: not operation.for_model)


def _operation_draft(operation: MapEvidence, evidence: Evidence, extent: Extent) -> Draft:
    facts = resolved(operation.crs, projected=not operation.angular)
    if facts is None:
        named = operation.crs.name or operation.crs.description if operation.crs else ""
        shown = f"names {named[:60]!r}, which is no known CRS" if named else "names no CRS"
        raise PlacementError(f"{operation.what} {shown}", "Name it with --crs to use the conversion")
    if operation.angular:
        return angular_draft(operation, facts, evidence, extent)
    draft = map_draft(operation, facts, evidence, extent)
    others = [
        other for other in evidence.operations if other is not operation and not other.same_as(operation)
    ]
    if others:
        draft.verdict.doubt(
            "medium", f"The file has {len(others) + 1} map conversions that differ; the first is used."
        )
    return draft


def _known(evidence: Evidence, extent: Extent) -> Known:
    """What the file adds to overrides: its map conversion in whatever CRS, its site, its true north."""
    operation = next((o for o in _ordered(evidence.operations) if not o.angular), None)
    site = next((s for s in evidence.sites if (s.lon, s.lat) != (0.0, 0.0)), None)
    at_site = None
    if site is not None:
        at_site = tangent((site.lon, site.lat, site.elevation_m or 0.0), site.origin, evidence, extent)
    return Known(
        extent=extent,
        on_map=None if operation is None else lambda facts: map_draft(operation, facts, evidence, extent),
        at_site=at_site,
        map_turn_deg=operation.rotation_deg if operation is not None else None,
        true_turn_deg=evidence.north.rotation_deg if evidence.north is not None else None,
    )


def _contradictions(draft: Draft, placement: Placement, evidence: Evidence) -> list[str]:
    """What else the file says, where that is far from what was used."""
    if draft.used in ("override", "default", "IfcSite"):
        return []
    warnings = []
    frame = Frame(placement)
    for site in evidence.sites[:1]:
        lon, lat, _ = frame.to_geographic(np.array([placement.anchor]))[0]
        east = (site.lon - lon) * np.cos(np.radians(lat))
        distance = float(np.hypot(east, site.lat - lat)) * _M_PER_DEGREE
        if distance > _DISAGREE_M and (site.lon, site.lat) != (0.0, 0.0):
            warnings.append(
                f"{draft.used} puts the model {distance / 1000.0:,.0f} km from the latitude and longitude of its site "
                f"({site.lat:.4f}°, {site.lon:.4f}°)."
            )
    return warnings


def _found(evidence: Evidence, draft: Draft, reasons: Reasons, overrides: PlacementOverrides) -> list[Found]:
    """Everything that was found, in the order of exactness, with what became of it."""
    found = [_override_found(overrides)] if overrides.given else []
    won = (
        "the person who imported it has stated the place"
        if draft.used == "override"
        else f"{draft.used} is more exact"
    )

    def item(what: str, values: Values, piece: object) -> None:
        used = any(piece is other for other in draft.rests_on)
        reason = "" if used else reasons.get(id(piece), won)
        found.append(Found(what=what, values=values, used=used, reason=reason))

    for operation in evidence.operations:
        item(operation.what, operation.values, operation)
    for crs in evidence.lone_crs:
        item(crs.what, crs.values, crs)
    for site in evidence.sites:
        item("IfcSite", site.values, site)
    if evidence.north is not None:
        item("TrueNorth", evidence.north.values, evidence.north)
    if evidence.world is not None:
        place: list[float] = [float(value) for value in evidence.world[:3].ravel()]
        used = draft.placement.matrix is not None and not overrides.given
        found.append(Found(what="WorldCoordinateSystem", values={"matrix": place}, used=used))
    why = "an address is no coordinate"
    found += [
        Found(what="IfcPostalAddress", values=values, used=False, reason=why) for values in evidence.addresses
    ]
    return found


def _override_found(overrides: PlacementOverrides) -> Found:
    values: Values = {
        "crs": overrides.crs,
        "origin": list(overrides.origin) if overrides.origin is not None else None,
        "rotation_deg": overrides.rotation_deg,
        "height_offset_m": overrides.height_offset_m,
    }
    return Found(
        what="override",
        values={name: value for name, value in values.items() if value is not None},
        used=True,
    )
