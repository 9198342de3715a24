"""Rules for a layer that has none: from its name and the names of its columns."""

from collections.abc import Iterable, Sequence

from bim_import.gis.rules import names
from bim_import.gis.rules.values import Colour, GeometryKind, Measure, Rgba, Roof, Rule, Text
from bim_import.gis.rules.where import Condition, condition

COLOURS: dict[str, Rgba] = {
    "Building": (0.87, 0.85, 0.81, 1.0),
    "Road": (0.35, 0.36, 0.38, 1.0),
    "Path": (0.72, 0.68, 0.6, 1.0),
    "Railway": (0.42, 0.36, 0.33, 1.0),
    "Water": (0.36, 0.56, 0.74, 1.0),
    "Green": (0.52, 0.68, 0.44, 1.0),
    "Area": (0.78, 0.76, 0.7, 1.0),
    "Line": (0.6, 0.45, 0.3, 1.0),
    "Pipe": (0.25, 0.5, 0.7, 1.0),
    "Cable": (0.8, 0.45, 0.2, 1.0),
    "Point": (0.8, 0.3, 0.25, 1.0),
}
"""sRGB. Muted, so that states stand out over them."""

_ROADS = {
    12.0: ("motorway", "trunk", "primary"),
    9.0: ("motorway_link", "trunk_link", "primary_link", "secondary", "tertiary"),
    6.0: ("secondary_link", "tertiary_link", "residential", "unclassified", "living_street", "road"),
    4.0: ("service", "track", "pedestrian"),
}
"""Width in metres of carriageways by OpenStreetMap's classes: what its renderers draw at street level."""

_PATHS = ("footway", "path", "cycleway", "steps", "bridleway", "corridor")

_WATERS = ("water", "river", "lake", "pond", "basin", "reservoir", "riverbank", "ocean", "dock", "wetland")
_GREENS = (
    "park", "grass", "forest", "wood", "garden", "meadow", "scrub", "village_green", "recreation_ground", "pitch",
    "golf_course", "cemetery", "farmland", "orchard", "nature_reserve", "heath", "allotments",
)  # fmt: skip
_TAGS = ("natural", "landuse", "leisure", "water", "waterway", "kind", "type", "fclass", "class")


class Named:
    """Which of the well-known columns a layer has, by whatever case."""

    def __init__(self, layer: str, columns: Sequence[str]) -> None:
        self.layer = layer
        self._by_name = {name.casefold(): name for name in reversed(columns)}

    def have(self, known: Iterable[str]) -> tuple[str, ...]:
        """Those of the `known` names that are columns here, in the order known."""
        return tuple(self._by_name[name] for name in known if name in self._by_name)

    def measure(self, known: Iterable[str]) -> Measure:
        """A measure from the first of these columns that has a number."""
        return Measure(columns=self.have(known))

    def text(self, known: Iterable[str], constant: str = "") -> Text:
        """A text from the first of these columns that has one."""
        return Text(columns=self.have(known), constant=constant)


def default_rules(layer: str, columns: Sequence[str]) -> tuple[Rule, ...]:
    """Rules for every kind of geometry; each layer's last ones have no condition, so that nothing is left over."""
    named = Named(layer, columns)
    return (*_polygons(named), *_lines(named), *_points(named))


def _rule(named: Named, geometry: GeometryKind, class_: str, **fields: object) -> Rule:
    settings: dict[str, object] = {
        "title": f"default for {class_}",
        "geometry": geometry,
        "class_": Text(constant=class_),
        "name": named.text(names.NAME),
        "color": Colour(constant=COLOURS.get(class_, COLOURS["Point"])),
        **fields,
    }
    return Rule(**settings)  # type: ignore[arg-type]  # the fields of Rule, checked by its tests


def _where(terms: Iterable[str]) -> Condition | None:
    text = " or ".join(terms)
    return condition(text) if text else None


def _any_tag(named: Named, values: Sequence[str], tags: Iterable[str] = _TAGS) -> list[str]:
    listed = ", ".join(f"'{value}'" for value in values)
    return [f"`{column}` in ({listed})" for column in named.have(tags)]


def _polygons(named: Named) -> list[Rule]:
    rules = []
    if named.have(("building:part",)):
        rules.append(building(named, _where(["`building:part` is not null and `building:part` <> 'no'"])))
    if named.have(("building",)):
        rules.append(building(named, _where(["building is not null and building <> 'no'"])))
    kinds = [f"`{column}` like 'building%'" for column in named.have(names.KIND)]
    sized = [f"`{column}` > 0" for column in named.have((*names.HEIGHT, *names.FLOORS))]
    if names.BUILDING_LAYER.search(named.layer):
        rules.append(building(named, None))
        return rules
    if kinds or sized:
        denied = "(building is null or building <> 'no') and " if named.have(("building",)) else ""
        rules.append(building(named, condition(f"{denied}({' or '.join([*kinds, *sized])})")))
    rules += _areas(named)
    return rules


def building(named: Named, where: Condition | None) -> Rule:
    """Footprints pulled up, with the roofs and colours that their tags say."""
    colour = named.have(names.COLOUR)
    roof_colour = named.have(names.ROOF_COLOUR)
    plain = COLOURS["Building"]
    return _rule(
        named,
        "polygon",
        "Building",
        kind="extrude",
        where=where,
        discipline="building",
        color=Colour(constant=plain, column=colour[0] if colour else ""),
        roof_color=Colour(constant=plain, column=roof_colour[0]) if roof_colour else None,
        height=named.measure(names.HEIGHT),
        floors=named.measure(names.FLOORS),
        storey_height=Measure(columns=named.have(names.STOREY_HEIGHT), constant=3.0),
        min_height=named.measure(names.MIN_HEIGHT),
        min_floors=named.measure(names.MIN_FLOORS),
        base=named.measure(names.BASE),
        roof=Roof(
            shape=named.text(names.ROOF_SHAPE, "flat"),
            height=named.measure(names.ROOF_HEIGHT),
            levels=named.measure(names.ROOF_LEVELS),
            angle=named.measure(names.ROOF_ANGLE),
            direction=named.text(names.ROOF_DIRECTION),
            orientation=named.text(names.ROOF_ORIENTATION),
        ),
    )


def _areas(named: Named) -> list[Rule]:
    def area(
        class_: str, where: Condition | None, offset: float, discipline: str, height: Measure | None = None
    ) -> Rule:
        return _rule(
            named,
            "polygon",
            class_,
            kind="surface",
            where=where,
            offset=offset,
            discipline=discipline,
            height=height or Measure(),
        )

    rules = []
    if water := _any_tag(named, _WATERS):
        rules.append(area("Water", _where(water), 0.1, "water"))
    if green := _any_tag(named, _GREENS):
        rules.append(area("Green", _where(green), 0.05, "green"))
    if names.WATER_LAYER.search(named.layer):
        return [area("Water", None, 0.1, "water")]
    if names.GREEN_LAYER.search(named.layer):
        return [*rules, area("Green", None, 0.05, "green")]
    if names.ROAD_LAYER.search(named.layer):
        return [*rules, area("Road", None, 0.15, "road")]
    # Heights of what is drawn flat are only looked at to tell of those that are none; maps that tag buildings mean it so.
    height = None if named.have(("building",)) else named.measure(names.HEIGHT)
    return [*rules, area("Area", None, 0.02, "area", height)]


def _lines(named: Named) -> list[Rule]:
    buried = named.have((*names.DIAMETER, *names.DEPTH, *names.START_DEPTH))
    if buried or names.PIPE_LAYER.search(named.layer):
        return [pipe(named)]
    rules = _roads(named)
    if rail := named.have(("railway",)):
        rules.append(_line(named, "Railway", _where([f"{rail[0]} is not null"]), 3.0, 0.2))
    if water := named.have(("waterway",)):
        rules.append(_line(named, "Water", _where([f"{water[0]} is not null"]), 5.0, 0.1))
    if names.RAIL_LAYER.search(named.layer):
        return [*rules, _line(named, "Railway", None, 3.0, 0.2)]
    if names.WATER_LAYER.search(named.layer):
        return [*rules, _line(named, "Water", None, 5.0, 0.1)]
    if names.ROAD_LAYER.search(named.layer) or named.have((*names.LANES, *names.WIDTH)):
        return [*rules, _line(named, "Road", None, 6.0, 0.15)]
    return [*rules, _line(named, "Line", None, 1.0, 0.25)]


def _line(named: Named, class_: str, where: Condition | None, width_m: float, offset_m: float) -> Rule:
    return _rule(
        named,
        "line",
        class_,
        kind="surface",
        where=where,
        discipline={"Railway": "rail", "Water": "water", "Line": "other"}.get(class_, "road"),
        width=named.measure(names.WIDTH),
        lanes=named.measure(names.LANES),
        default_width=width_m,
        offset=offset_m,
    )


def surface(named: Named, geometry: GeometryKind) -> Rule:
    """Something flat: of lines with the width that the columns say."""
    if geometry == "line":
        return _line(named, "Line", None, 1.0, 0.25)
    return _rule(named, geometry, "Area", kind="surface", offset=0.02, discipline="area")


def _roads(named: Named) -> list[Rule]:
    columns = named.have(("highway", "fclass"))[:1]
    rules = [
        _line(named, "Road", _where(_any_tag(named, values, columns)), width_m, 0.15)
        for width_m, values in _ROADS.items()
        if columns
    ]
    if columns:
        rules.append(_line(named, "Path", _where(_any_tag(named, _PATHS, columns)), 2.0, 0.12))
    if named.have(("highway",)):
        rules.append(_line(named, "Road", _where(["highway is not null"]), 4.0, 0.15))
    return rules


def pipe(named: Named) -> Rule:
    """Pipes and cables below ground, as deep as the columns say."""
    depth, elevation = named.have((*names.START_DEPTH, *names.DEPTH)), named.have(names.ELEVATION)
    class_ = "Cable" if names.CABLE_LAYER.search(named.layer) else "Pipe"
    return _rule(
        named,
        "line",
        class_,
        kind="tube",
        discipline="network",
        diameter=Measure(columns=named.have(names.DIAMETER), mixed_mm=True),
        default_diameter=0.1 if class_ == "Cable" else 0.3,
        depth=Measure(columns=depth),
        end_depth=named.measure(names.END_DEPTH),
        elevation=Measure(columns=elevation),
        end_elevation=named.measure(names.END_ELEVATION),
    )


_POINT_KINDS = (
    ("Tree", "tree", names.TREE_LAYER, "natural = 'tree'", "natural"),
    ("Lamp", "lamp_pole", names.LAMP_LAYER, "highway = 'street_lamp'", "highway"),
    ("Manhole", "manhole", names.MANHOLE_LAYER, "man_made = 'manhole'", "man_made"),
    ("Sensor", "sensor", names.SENSOR_LAYER, "man_made = 'monitoring_station'", "man_made"),
)


def _points(named: Named) -> list[Rule]:
    rules = [
        point(named, class_, model, condition(where))
        for class_, model, _, where, column in _POINT_KINDS
        if named.have((column,))
    ]
    for class_, model, pattern, _, _ in _POINT_KINDS:
        if pattern.search(named.layer):
            return [*rules, point(named, class_, model, None)]
    return [*rules, point(named, "Point", "marker", None)]


def point(named: Named, class_: str, model: str, where: Condition | None) -> Rule:
    """A model at each point, turned and sized as the columns say."""
    return _rule(
        named,
        "point",
        class_,
        kind="instance",
        where=where,
        discipline="vegetation" if class_ == "Tree" else "furniture",
        model=Text(constant=model),
        heading=named.measure(names.HEADING),
        size=named.measure(names.SIZE),
    )
