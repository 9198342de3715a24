"""CRS names as they occur in files: finding what was meant, and saying what could be meant.

Nothing here decides: a match that took any guessing carries a `doubt` in plain words.
"""

import re
from functools import lru_cache

import numpy as np
import pyproj
import pyproj.exceptions
from msgspec import Struct
from msgspec.structs import replace
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_crs_info
from pyproj.enums import PJType

from twin.errors import PlacementError
from twin.frames.crs import (
    axis_order,
    crs_from,
    crs_kind,
    horizontal_part,
    km_outside,
    operation_to_wgs84,
    unit_m,
    vertical_part,
)
from twin.frames.values import ELLIPSOIDAL

_MAX_NAME = 20_000
"""Longest text that is tried as a name or WKT, characters: real WKT2 of a compound CRS has about 4,000."""

_WKT = re.compile(r"^\s*(PROJ|GEOG|GEOD|COMPD|COMPOUND|BOUND|DERIVED)\w*\s*[\[(]", re.IGNORECASE)
_CODES = re.compile(r"epsg\W{0,4}(?:[\d.]*[:/])?(\d{4,6})\b", re.IGNORECASE)
"""EPSG codes in a text, behind a version or not: `EPSG::4549`, `EPSG/0/4549`."""

_CODE_ONLY = re.compile(
    r"\W*(?:urn:ogc:def:crs:|https?://(?:www\.)?opengis\.net/def/crs/)?epsg\W*(?:[\d.]*[:/])?\d+\W*"
    r"|urn:ogc:def:crs(?:,crs:epsg:[\d.]*:\d+){2}",
    re.IGNORECASE,
)
"""Names that are one code, or a compound of two, by themselves: nothing is guessed."""

_BARE_CODE = re.compile(r"^\s*(\d{4,6})\s*$")

_UTM = re.compile(r"UTM\W*(?:zone)?\W*(\d{1,2})\s*([NS])?(?![A-Z0-9])", re.IGNORECASE)
_UTM_DATUMS = {
    "wgs84": (32600, 32700),
    "etrs89": (25800, None),
    "nad83": (26900, None),
    "ed50": (23000, None),
}
"""Datum → EPSG code of zone 0 north and south: the registry numbers UTM zones in a row."""

_CGCS2000 = re.compile(
    r"CGCS\s*2000|(?:国家|国测)?\s*2000\s*(?:国家)?(?:大地)?坐标系|国家\s*2000", re.IGNORECASE
)
_MERIDIAN = re.compile(
    r"(?:CM|meridian|子午线)\D{0,6}(\d{2,3})(?!\d)|(?<!\d)(\d{2,3})\s*(?:E\b|°)", re.IGNORECASE
)
_ZONE = re.compile(r"(?:zone|带号|第)\D{0,3}(\d{2})(?!\d)|(?<!\d)(\d{2})\s*带", re.IGNORECASE)
_SIX_DEGREE = re.compile(r"(?:6|六)\s*-?\s*(?:degree|deg|度)", re.IGNORECASE)

_DHDN = re.compile(r"DHDN[\W_]*3?[\W_]*GK[\W_]*([2-5])(?!\d)", re.IGNORECASE)
"""`DE_DHDN_3GK3`: as the German surveys name their older maps."""

_VERTICAL_ALIASES = {
    "nn2000": 5941, "n2000": 3900, "nap": 5709, "ahd": 5711, "dhhn92": 5783, "dhhn2016": 7837, "nhn": 7837,
    "navd88": 5703, "odn": 5701, "ngf": 5720, "ignf69": 5720, "ln02": 5728, "lhn95": 5729, "egm96": 5773, "egm2008": 3855,
    "yellowsea1985": 5737, "1985国家高程基准": 5737, "国家85高程": 5737, "85高程": 5737, "yellowsea1956": 5736,
    "56黄海": 5736,
}  # fmt: skip
"""Short names of vertical CRSs in files → EPSG code, beside what PROJ's own names and aliases cover."""

_ZONE_OVERLAP_DEG = 1.0
"""How far beyond the edge of its area a projected CRS is commonly used, degrees of longitude."""


class CrsFacts(Struct, frozen=True, kw_only=True):
    """What others need to know of a CRS without pyproj.

    `text` names it for a Placement; `unit_m` is metres in one unit of its axes (1.0 for geographic ones); `vertical` names
    the vertical part of a compound one (`ellipsoidal` for one of three axes). `doubt` says what was guessed to find it; empty where nothing was.
    """

    text: str
    title: str
    projected: bool
    unit_m: float
    vertical: str | None = None
    doubt: str = ""


def crs_facts(text: str, doubt: str = "") -> CrsFacts:
    """Facts of a CRS named by code, name or WKT. Raises PlacementError where it is not known or of no use here."""
    crs = crs_from(text)
    flat, vertical = horizontal_part(crs), vertical_part(crs)
    projected = crs_kind(crs) == "projected"
    return CrsFacts(
        text=_code(flat, text if vertical is None else flat.to_wkt()),
        title=flat.name,
        projected=projected,
        unit_m=unit_m(flat) if projected else 1.0,
        vertical=_code(vertical, vertical.name) if vertical is not None else _ellipsoidal(crs),
        doubt=doubt,
    )


def _ellipsoidal(crs: pyproj.CRS) -> str | None:
    """A CRS of three axes that is no compound one has heights above its ellipsoid."""
    return ELLIPSOIDAL if len(crs.axis_info) == 3 and not crs.is_compound else None


def _code(crs: pyproj.CRS, otherwise: str) -> str:
    authority = crs.to_authority(min_confidence=100)
    return ":".join(authority) if authority else otherwise


@lru_cache(maxsize=256)
def find_crs(text: str) -> CrsFacts | None:
    """The projected or geographic CRS that a name in a file means, or None. Never raises."""
    text = text.strip()
    if not text or len(text) > _MAX_NAME:
        return None
    if _WKT.match(text) or text.startswith("{"):  # PROJJSON
        return _known(text)
    codes = _CODES.findall(text)
    if codes:
        return _from_codes(text, codes)
    if bare := _BARE_CODE.match(text):
        return _known(f"EPSG:{bare[1]}", f"the CRS is named {text!r} only; taken for EPSG:{bare[1]}")
    return _from_words(text)


def _known(text: str, doubt: str = "") -> CrsFacts | None:
    try:
        return crs_facts(text, doubt)
    except PlacementError:
        return None


def _from_codes(text: str, codes: list[str]) -> CrsFacts | None:
    """First horizontal CRS among EPSG codes in a text, and the vertical one beside it."""
    horizontal: CrsFacts | None = None
    vertical: str | None = None
    for code in codes:
        if horizontal is None and (facts := _known(f"EPSG:{code}")):
            horizontal = facts
        elif is_vertical(f"EPSG:{code}"):
            vertical = f"EPSG:{code}"
    if horizontal is None:
        return None
    doubt = (
        "" if _CODE_ONLY.fullmatch(text) else f"the CRS is named {text[:60]!r}; taken for {horizontal.text}"
    )
    return CrsFacts(
        text=horizontal.text,
        title=horizontal.title,
        projected=horizontal.projected,
        unit_m=horizontal.unit_m,
        vertical=horizontal.vertical or vertical,
        doubt=doubt,
    )


def _from_words(text: str) -> CrsFacts | None:
    text = re.sub(r"kr(?:ü|ue)ger", "Kruger", text, flags=re.IGNORECASE)
    dhdn = _DHDN.search(text)
    facts = _known(_utm(text) or _cgcs2000(text) or (f"EPSG:{31464 + int(dhdn[1])}" if dhdn else text))
    if facts is None or _plain(facts.title) == _plain(text):
        return facts
    doubt = f"the CRS is named {text[:60]!r}; taken for {facts.text} ({facts.title})"
    return replace(facts, doubt=doubt)


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def _utm(text: str) -> str | None:
    found = _UTM.search(text)
    zone = int(found[1]) if found else 0
    if found is None or not 1 <= zone <= 60:
        return None
    rest = _plain(text.replace("19", "", 1) if re.search(r"19(?:83|84|89)", text) else text)
    for datum, (north, south) in _UTM_DATUMS.items():
        if datum in rest:
            base = south if (found[2] or "N").upper() == "S" else north
            return f"EPSG:{base + zone}" if base is not None else None
    return None


def _cgcs2000(text: str) -> str | None:
    """EPSG code of a CGCS2000 Gauss-Kruger system told in words, Chinese or English.

    The registry numbers them in a row: 4491 + zone - 13 and 4502 + (meridian - 75) / 6 for six degrees, 4513 + zone - 25
    and 4534 + (meridian - 75) / 3 for three.
    """
    if not _CGCS2000.search(text):
        return None
    rest = _CGCS2000.sub(" ", text)
    six = _SIX_DEGREE.search(rest) is not None
    meridian = _number(_MERIDIAN, rest)
    if meridian is not None and 75 <= meridian <= 135 and (meridian - 75) % (6 if six else 3) == 0:
        return f"EPSG:{4502 + (meridian - 75) // 6}" if six else f"EPSG:{4534 + (meridian - 75) // 3}"
    zone = _number(_ZONE, rest)
    if zone is None:
        return None
    if 25 <= zone <= 45 and not six:
        return f"EPSG:{4513 + zone - 25}"
    return f"EPSG:{4491 + zone - 13}" if 13 <= zone <= 23 else None


def _number(pattern: re.Pattern[str], text: str) -> int | None:
    found = pattern.search(text)
    return int(found[1] or found[2]) if found else None


@lru_cache(maxsize=256)
def find_zone(datum: str, projection: str, zone: str) -> CrsFacts | None:
    """The projected CRS that datum, projection and zone mean together, where no name does; None unless it is just one.

    `datum` may be a code of a geographic CRS (`EPSG:7844`, `UTM`, `56` → `EPSG:7856`).
    """
    number = re.search(r"\d{1,3}", zone)
    if not datum.strip() or number is None:
        return None
    words = find_crs(f"{datum} {projection} zone {zone}")
    if words is not None and words.projected:
        return words
    base = find_crs(datum)
    if base is None or base.projected:
        return None
    wanted = re.compile(rf"{re.escape(base.title)} / .*\b0*{number[0]}[NSEW]?", re.IGNORECASE)
    infos = query_crs_info(auth_name="EPSG", pj_types=[PJType.PROJECTED_CRS])
    fits = [
        info
        for info in infos
        if wanted.fullmatch(info.name) and "Mercator" in (info.projection_method_name or "")
    ]
    if len(fits) != 1:
        return None
    told = ", ".join(text for text in (datum, projection, zone) if text)
    return _known(
        f"EPSG:{fits[0].code}",
        f"the CRS is told as {told[:60]!r}; taken for EPSG:{fits[0].code} ({fits[0].name})",
    )


def is_vertical(text: str) -> bool:
    """Whether a text names a vertical CRS that PROJ knows."""
    try:
        return crs_from(text).is_vertical
    except PlacementError:
        return False


@lru_cache(maxsize=256)
def find_vertical(text: str) -> str | None:
    """The vertical CRS that a name in a file means (`EPSG:5709`), `ellipsoidal`, or None where it is not known."""
    plain = _plain(text)
    if not plain or len(text) > _MAX_NAME:
        return None
    if "ellipsoid" in plain or plain in ("wgs84", "epsg4979", "grs80", "cgcs2000", "椭球高", "大地高"):
        return ELLIPSOIDAL
    if codes := _CODES.findall(text):
        return next((f"EPSG:{code}" for code in codes if is_vertical(f"EPSG:{code}")), None)
    for alias, code in _VERTICAL_ALIASES.items():
        if alias in plain:
            return f"EPSG:{code}"
    for name in (f"{text.strip()} height", text.strip()):
        if is_vertical(name):
            return _code(crs_from(name), name)
    return None


def project(crs_text: str, lon: float, lat: float) -> tuple[float, float]:
    """WGS 84 lon, lat in degrees → easting, northing in the units of a projected CRS (east, north order and sense).

    Raises PlacementError where the point cannot be projected.
    """
    crs = horizontal_part(crs_from(crs_text))
    first, second = pyproj.Transformer.from_crs("EPSG:4326", crs).transform(lat, lon)
    if not np.isfinite([first, second]).all():
        raise PlacementError(
            f"{lon:.6f}°, {lat:.6f}° has no place in {crs.name}", "Name a fitting CRS with --crs"
        )
    axes = axis_order(crs)
    east_north = [0.0, 0.0]
    for value, index, sign in zip((first, second), axes.order, axes.signs, strict=True):
        east_north[index] = float(value) * sign
    return east_north[0], east_north[1]


def true_north_on_map(crs_text: str, lon: float, lat: float) -> float:
    """Angle in degrees from the north axis of a map to true north at a point of WGS 84, counter-clockwise."""
    step = 1e-4 if lat < 89.0 else -1e-4
    here, there = project(crs_text, lon, lat), project(crs_text, lon, lat + step)
    east, north = (there[0] - here[0]) / step, (there[1] - here[1]) / step
    return float(np.degrees(np.arctan2(-east, north)))


def km_outside_area(crs_text: str, easting: float, northing: float) -> float | None:
    """Distance (km) from a point of a projected CRS (its own units) to its area of use; None: no place on Earth at all."""
    crs = horizontal_part(crs_from(crs_text))
    axes = axis_order(crs)
    native = np.array([easting, northing])[list(axes.order)] * np.array(axes.signs)
    lat, lon, _ = operation_to_wgs84(crs, native).transformer.transform(native[0], native[1], 0.0)
    return km_outside(crs, float(lon), float(lat)) if np.isfinite([lon, lat]).all() else None


def suggest_crs(place: tuple[float, float], point: tuple[float, float], within_m: float) -> list[str]:
    """Projected CRSs (`EPSG:4549 (CGCS2000 / …)`, nearest first) in which a point is about where it should be.

    `point` is easting, northing in metres, `place` lon, lat in degrees; about: `within_m`, which must allow for the
    datum shift (some hundred metres) that is left out here for speed.
    """
    lon, lat = place
    area = AreaOfInterest(lon - _ZONE_OVERLAP_DEG, lat - 0.01, lon + _ZONE_OVERLAP_DEG, lat + 0.01)
    ranked: list[tuple[float, str]] = []
    for info in query_crs_info(auth_name="EPSG", pj_types=[PJType.PROJECTED_CRS], area_of_interest=area):
        try:
            east, north = pyproj.Proj(f"EPSG:{info.code}", preserve_units=False)(lon, lat)
        except (pyproj.exceptions.CRSError, pyproj.exceptions.ProjError):
            continue
        distance = float(np.hypot(east - point[0], north - point[1]))
        if distance <= within_m:
            ranked.append((distance, f"EPSG:{info.code} ({info.name})"))
    return [text for _, text in sorted(ranked)]


def zone_hint(crs_text: str, easting: float) -> str | None:
    """The CGCS2000 system that fits an easting with (or without) a zone number, where `crs_text` is its twin without (with).

    Mistaking them moves a model by thousands of kilometres. None where that is not the matter.
    """
    found = re.fullmatch(r"EPSG:(\d+)", crs_text)
    code = int(found[1]) if found else 0
    zone = int(easting // 1_000_000)
    if 4534 <= code <= 4554 and 25 <= zone <= 45:
        return f"EPSG:{4513 + zone - 25}"
    if 4513 <= code <= 4533 and zone == 0:
        return f"EPSG:{code + 21}"
    return None
