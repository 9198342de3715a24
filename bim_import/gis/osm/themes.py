"""Which layer an element of OpenStreetMap belongs to, by its tags; and which tags are columns there.

What is on no layer is no feature of a city to be drawn: boundaries, routes, and nodes that only shape ways.
"""

from typing import Literal

Tags = dict[str, str]
Kind = Literal["area", "way", "node"]

_COMMON = (
    "name",
    "name:en",
    "name:zh",
    "ref",
    "operator",
    "description",
    "start_date",
    "wikidata",
    "layer",
    "level",
)
_BUILDING = (
    "building", "building:part", "height", "min_height", "building:levels", "building:min_level", "building:levels:underground",
    "building:height", "building:colour", "building:material", "roof:shape", "roof:height", "roof:levels", "roof:angle",
    "roof:direction", "roof:orientation", "roof:colour", "roof:material", "addr:street", "addr:housenumber", "addr:postcode",
    "addr:city", "amenity", "shop", "tourism", "office", "historic", "man_made",
)  # fmt: skip
_ROAD = (
    "highway", "width", "lanes", "surface", "oneway", "maxspeed", "bridge", "tunnel", "lit", "sidewalk", "cycleway",
    "service", "access", "area", "tracktype", "smoothness",
)  # fmt: skip
_AREA = (
    "natural",
    "landuse",
    "leisure",
    "water",
    "waterway",
    "amenity",
    "place",
    "surface",
    "sport",
    "area",
    "wetland",
)

COLUMNS: dict[str, tuple[str, ...]] = {
    "buildings": (*_COMMON, *_BUILDING),
    "building_parts": (*_COMMON, *_BUILDING),
    "water": (*_COMMON, *_AREA),
    "green": (*_COMMON, *_AREA),
    "areas": (*_COMMON, *_AREA, "parking", "man_made", "power", "railway", "aeroway"),
    "road_areas": (*_COMMON, *_ROAD),
    "roads": (*_COMMON, *_ROAD),
    "railways": (*_COMMON, "railway", "gauge", "electrified", "usage", "bridge", "tunnel", "service", "width"),
    "waterways": (*_COMMON, "waterway", "width", "intermittent", "tunnel", "bridge"),
    "trees": (
        *_COMMON, "natural", "height", "species", "genus", "leaf_type", "leaf_cycle", "diameter_crown", "circumference",
    ),
    "street_lamps": (
        *_COMMON, "highway", "height", "lamp_type", "lamp_mount", "light:count", "light:direction", "support", "direction",
    ),
    "points": (
        *_COMMON, "amenity", "shop", "tourism", "highway", "man_made", "emergency", "power", "barrier", "historic",
        "leisure", "office", "natural", "height", "railway", "traffic_sign", "direction",
    ),
}  # fmt: skip
"""Layers in the order in which they are read, with the tags that are columns; all others are kept in one, as JSON."""

AREA_KEYS = (
    "building", "building:part", "natural", "landuse", "leisure", "water", "waterway", "amenity", "place", "highway",
    "man_made", "power", "aeroway",
)  # fmt: skip
"""Keys that make a closed way or a multipolygon an area."""

_NO = frozenset({"no", "none", "entrance"})
_WATERS = frozenset({"water", "bay", "strait", "wetland"})
_WATER_USES = frozenset({"basin", "reservoir", "salt_pond"})
_GREEN_NATURE = frozenset({"wood", "scrub", "heath", "grassland", "tree_group", "shrubbery"})
_GREEN_USES = frozenset(
    {
        "forest", "grass", "meadow", "village_green", "recreation_ground", "cemetery", "orchard", "vineyard", "allotments",
        "farmland", "plant_nursery", "greenfield", "flowerbed",
    }
)  # fmt: skip
_GREEN_LEISURE = frozenset(
    {"park", "garden", "nature_reserve", "golf_course", "pitch", "playground", "common"}
)
_POINT_KEYS = (
    "amenity", "shop", "tourism", "man_made", "emergency", "power", "historic", "leisure", "office", "barrier", "natural",
)  # fmt: skip
_POINT_HIGHWAYS = frozenset({"traffic_signals", "bus_stop", "stop", "give_way", "speed_camera", "milestone"})
_NO_WAYS = frozenset({"proposed", "construction", "abandoned", "razed", "platform", "rest_area", "services"})


def theme_of(kind: Kind, tags: Tags) -> str | None:
    """The layer of an element; None: it is on none."""
    if kind == "area":
        return _area(tags)
    return _way(tags) if kind == "way" else _node(tags)


def _area(tags: Tags) -> str | None:
    if tags.get("building:part", "no") not in _NO:
        return "building_parts"
    if tags.get("building", "no") not in _NO:
        return "buildings"
    if (
        tags.get("natural") in _WATERS
        or tags.get("landuse") in _WATER_USES
        or tags.get("waterway") in ("riverbank", "dock")
        or tags.get("leisure") == "swimming_pool"
    ):
        return "water"
    if (
        tags.get("natural") in _GREEN_NATURE
        or tags.get("landuse") in _GREEN_USES
        or tags.get("leisure") in _GREEN_LEISURE
    ):
        return "green"
    if "highway" in tags:
        return "road_areas" if tags.get("area") == "yes" else None
    kept = ("landuse", "amenity", "leisure", "natural", "man_made", "power", "aeroway")
    return "areas" if any(key in tags for key in kept) or tags.get("place") == "square" else None


def _way(tags: Tags) -> str | None:
    if "highway" in tags:
        return None if tags["highway"] in _NO_WAYS or tags.get("area") == "yes" else "roads"
    if "railway" in tags:
        return None if tags["railway"] in _NO_WAYS else "railways"
    linear = tags.get("waterway", "riverbank") not in ("riverbank", "dock", "dam", "weir")
    return "waterways" if linear else None


def _node(tags: Tags) -> str | None:
    if tags.get("natural") == "tree":
        return "trees"
    if tags.get("highway") == "street_lamp":
        return "street_lamps"
    if tags.get("highway") in _POINT_HIGHWAYS or any(key in tags for key in _POINT_KEYS):
        return "points"
    return None
