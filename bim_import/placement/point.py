"""Placement from a single point (the site's latitude and longitude, a default), and from coordinates that need none.

Without a map, local axes are the tangent plane at the point, turned by true north.
"""

import msgspec
import numpy as np

from bim_import.placement.draft import FAR_M, Draft, Extent, Verdict
from bim_import.placement.evidence import CrsEvidence, Evidence, Point, SiteEvidence
from twin.frames import AREA_MARGIN_KM, CrsFacts, Placement, km_outside_area, suggest_crs

DEFAULT_PLACE = (121.5440, 29.8683, 0.0)
"""Where a model stands that says nothing: the centre of Ningbo, the first site of this software. Lon, lat, height."""

_TEMPLATE_PLACES = {
    "Boston": (-71.056740, 42.358662),
    "Waltham": (-71.258080, 42.414864),
    "London": (-0.126236, 51.500153),
    "Paris": (2.350987, 48.856667),
}
"""Lon, lat of the default places of design software, which its users forget to change: they recur to the last digit in
files of unrelated buildings."""

_TEMPLATE_WITHIN_DEG = 1e-4

_GRID_M = 10_000.0
"""Models of one project that are far from their origin keep their relative places if all are shifted by whole cells."""

_AGREE_M = 5_000.0
"""How near a point on a map must be to a site's latitude and longitude to suggest that map: sites are told to a minute."""


def site_draft(site: SiteEvidence, evidence: Evidence, extent: Extent) -> Draft:
    """Placement from the reference point of a site: where its placement has its origin (IFC 4.3, IfcSite)."""
    verdict = Verdict(confidence="low" if site.whole_seconds else "medium")
    for name, place in _TEMPLATE_PLACES.items():
        if np.hypot(site.lon - place[0], site.lat - place[1]) < _TEMPLATE_WITHIN_DEG:
            verdict.doubt(
                "low", f"The site's position is the default of design software ({name}): probably never set."
            )
    if site.elevation_m is None:
        verdict.warnings.append("The site has no elevation; 0 m is taken.")
    origin = site.origin
    if np.hypot(*np.subtract(extent.centre[:2], origin[:2])) > FAR_M:
        verdict.doubt(
            "low",
            _far_sentence(extent) + " Its middle is put at the site's position. " + _map_hint(site, extent),
        )
        origin = (extent.centre[0], extent.centre[1], 0.0)
    return Draft(
        used="IfcSite",
        placement=tangent((site.lon, site.lat, site.elevation_m or 0.0), origin, evidence, extent),
        verdict=verdict,
        rests_on=(site, evidence.north) if evidence.north else (site,),
        vertical="",
    )


def tangent(place: Point, origin: Point, evidence: Evidence, extent: Extent) -> Placement:
    """Local axes as a tangent plane: the local point `origin` stands at `place` (lon, lat, height)."""
    shift = None
    if any(origin):
        x, y, z = origin
        shift = (1.0, 0.0, 0.0, -x, 0.0, 1.0, 0.0, -y, 0.0, 0.0, 1.0, -z)
    return Placement(
        kind="geographic",
        crs="EPSG:4979",
        origin=place,
        rotation_deg=evidence.north.rotation_deg if evidence.north else 0.0,
        matrix=shift,
        anchor=extent.centre,
    )


def lone_crs_draft(crs: CrsEvidence, facts: CrsFacts, extent: Extent) -> Draft | None:
    """Placement from a CRS that nothing connects to the model: only where its coordinates can be of no other."""
    if not extent.is_far or not facts.projected:
        return None
    east, north = extent.centre[:2]
    outside = km_outside_area(facts.text, east / facts.unit_m, north / facts.unit_m)
    if outside is None or outside > AREA_MARGIN_KM:
        return None
    verdict = Verdict()
    verdict.doubt(
        "low",
        f"{crs.what} names {facts.title}, but no map conversion; the model's coordinates are read as its own.",
    )
    return Draft(
        used=crs.what,
        placement=Placement(kind="projected", crs=facts.text, origin=(0.0, 0.0, 0.0), anchor=extent.centre),
        verdict=verdict,
        rests_on=(crs,),
        vertical=crs.vertical_datum or facts.vertical or "",
    )


def default_draft(evidence: Evidence, extent: Extent) -> Draft:
    """Placement of a model that says nothing: the stated default."""
    verdict = Verdict(confidence="none")
    lon, lat, _ = DEFAULT_PLACE
    verdict.warnings.append(
        f"Nothing usable in the file says where it is: it is put at the default place ({lon}° E, {lat}° N, height 0 m). "
        "Give --origin LON,LAT,HEIGHT, or --crs where its coordinates are of a map."
    )
    origin = (0.0, 0.0, 0.0)
    if extent.is_far:
        east, north, _ = extent.centre
        origin = (round(east / _GRID_M) * _GRID_M, round(north / _GRID_M) * _GRID_M, 0.0)
        hint = " ".join(plausible_maps(east, north))
        verdict.warnings.append(
            f"{_far_sentence(extent)} It is moved by {-origin[0]:,.0f} m, {-origin[1]:,.0f} m to the default place. {hint}".strip()
        )
    placement = tangent(DEFAULT_PLACE, origin, evidence, extent)
    rests_on = (evidence.north,) if evidence.north else ()
    return Draft(
        used="default", placement=placement, verdict=verdict, rests_on=rests_on, height_is_settled=True
    )


def _far_sentence(extent: Extent) -> str:
    east, north, _ = extent.centre
    distance = float(np.hypot(east, north)) / 1000.0
    return f"The model lies {distance:,.0f} km from its own origin (about {east:,.0f}, {north:,.0f} m)."


def _map_hint(site: SiteEvidence, extent: Extent) -> str:
    fits = suggest_crs((site.lon, site.lat), extent.centre[:2], _AGREE_M)[:4]
    if not fits:
        return "Give --crs if its coordinates are of a map."
    return (
        f"Its coordinates agree with the site's position in {', '.join(fits)}: if that is right, give --crs."
    )


def plausible_maps(east: float, north: float) -> list[str]:
    """Sentences on the map systems that coordinates (metres) look like; hints for a person, no decision."""
    zone = int(east // 1_000_000)
    hints = []
    if 25 <= zone <= 45 and 1.5e6 < north < 6.5e6:
        hints.append(f"CGCS2000 / 3-degree Gauss-Kruger zone {zone} (--crs EPSG:{4513 + zone - 25})")
    elif 13 <= zone <= 23 and 1.5e6 < north < 6.5e6:
        hints.append(f"CGCS2000 / Gauss-Kruger zone {zone} (--crs EPSG:{4491 + zone - 13})")
    elif 2 <= zone <= 5 and 0.2e6 < east - 1e6 * zone < 0.8e6 and 5.2e6 < north < 6.2e6:
        hints.append(f"DHDN / 3-degree Gauss-Kruger zone {zone} (--crs EPSG:{31464 + zone})")
    elif 2.4e6 < east < 2.9e6 and 1.0e6 < north < 1.4e6:
        hints.append("the Swiss CH1903+ / LV95 (--crs EPSG:2056)")
    elif 0.1e6 < east < 0.9e6 and 0.0 < north < 10.0e6:
        hints.append(
            "a transverse Mercator zone such as UTM (--crs EPSG:326…) or CGCS2000 (--crs EPSG:4534 … 4554)"
        )
    if 0.0 < east < 0.3e6 and 0.3e6 < north < 0.65e6:
        hints.append("the Dutch RD New (--crs EPSG:28992)")
    return [f"Its coordinates look like {' or '.join(hints)}."] if hints else []


def turned(placement: Placement, rotation_deg: float | None) -> Placement:
    """The placement with another rotation about its origin, where one is asked for."""
    return (
        placement if rotation_deg is None else msgspec.structs.replace(placement, rotation_deg=rotation_deg)
    )
