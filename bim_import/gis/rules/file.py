"""Rules files: parsed, and refused with lines and advice. Pure: bytes in, values out."""

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any

from msgspec import Struct

from bim_import.gis.rules import fields
from bim_import.gis.rules.problems import Place, parsed, places
from bim_import.gis.rules.values import GeometryKind, Kind, Roof, Text
from bim_import.gis.rules.where import Condition
from twin.errors import InvalidRules, Problem

Reader = Callable[[Any], Any]

_SELECTION: dict[str, Reader] = {
    "as": fields.one_of("extrude", "surface", "tube", "instance", "skip"),
    "layer": fields.patterns,
    "geometry": fields.one_of("point", "line", "polygon"),
    "where": fields.where,
}
_TOLD: dict[str, Reader] = {
    "class": fields.text,
    "discipline": fields.one_of(
        "building", "road", "rail", "water", "green", "area", "network", "furniture", "vegetation", "other"
    ),
    "id": fields.column_text,
    "name": fields.column_text,
    "properties": fields.properties,
}
_LOOK: dict[str, Reader] = {"color": fields.colour, "base": fields.measure}

_ROOF: dict[str, Reader] = {
    "shape": fields.text,
    "height": fields.measure,
    "levels": fields.measure,
    "angle": fields.measure,
    "direction": fields.text,
    "orientation": fields.text,
}


def _roof(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        value = {"shape": value}
    if not isinstance(value, dict):
        raise fields.FieldError("`roof` is a shape or a table", 'Write roof = "gabled".')
    found = {}
    for name, each in value.items():
        if name not in _ROOF:
            raise fields.FieldError(f"{name!r} is not known of roofs", f"Known are {', '.join(_ROOF)}.")
        found[name] = _ROOF[name](each)
    return found


_OF_KIND: dict[str, dict[str, Reader]] = {
    "extrude": {
        "height": fields.measure,
        "floors": fields.measure,
        "storey_height": fields.measure,
        "min_height": fields.measure,
        "min_floors": fields.measure,
        "default_height": fields.number,
        "roof": _roof,
        "roof_color": fields.colour,
    },
    "surface": {
        "width": fields.measure,
        "lanes": fields.measure,
        "default_width": fields.number,
        "offset": fields.number,
    },
    "tube": {
        "diameter": fields.measure,
        "default_diameter": fields.number,
        "depth": fields.measure,
        "end_depth": fields.measure,
        "default_depth": fields.number,
        "elevation": fields.measure,
        "end_elevation": fields.measure,
        "reference": fields.one_of("axis", "top", "invert"),
    },
    "instance": {
        "model": fields.text,
        "heading": fields.measure,
        "scale": fields.measure,
        "size": fields.measure,
        "offset": fields.number,
    },
    "skip": {},
}


GEOMETRIES: dict[Kind, tuple[GeometryKind, ...]] = {
    "extrude": ("polygon",),
    "surface": ("line", "polygon"),
    "tube": ("line",),
    "instance": ("point",),
    "skip": ("point", "line", "polygon"),
}
"""What can become each kind."""


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise fields.FieldError(f"{value!r} is neither true nor false", "Write it without quotes.")
    return value


_TOP: dict[str, Reader] = {
    "layers": fields.patterns,
    "defaults": _flag,
    "id": fields.column_text,
    "name": fields.column_text,
    "names": fields.labels,
    "class_names": fields.labels,
    "rule": lambda value: value,
}

_RENAMED = {"class": "class_", "as": "kind", "layer": "layers"}


class Spec(Struct, frozen=True, kw_only=True):
    """A rule as it is written: `fields` by their names in `Rule`; what it leaves out is taken as without rules."""

    title: str
    kind: Kind
    layers: tuple[str, ...] = ()
    geometry: GeometryKind | None = None
    where: Condition | None = None
    fields: dict[str, Any] = {}
    roof: dict[str, Any] = {}


class RuleFile(Struct, frozen=True, kw_only=True):
    """A file that is in order. `layers`: patterns of the layers to read, none: all; `id`, `name`: for rules without.

    `names`: of models, by the names of their files without ending; `class_names`: of classes. Both by language.
    """

    specs: tuple[Spec, ...] = ()
    layers: tuple[str, ...] = ()
    defaults: bool = True
    id: Text = Text()
    name: Text = Text()
    names: dict[str, dict[str, str]] = {}
    class_names: dict[str, dict[str, str]] = {}
    folder: str = ""


def read_rules(content: bytes, name: str, folder: str = "") -> RuleFile:
    """Read a rules file; `folder` is where the models that it names lie. Raises InvalidRules with all problems found."""
    tables = parsed(content, name)
    top, of_rules = places(content.decode("utf-8-sig"))
    problems: list[Problem] = []
    found = _fields(tables, _TOP, top, problems)
    rules = found.pop("rule", [])
    specs = []
    if not isinstance(rules, list) or not all(isinstance(each, dict) for each in rules):
        problems.append(
            Problem(line=top.line_of("rule"), what="`rule` is no list of tables", advice="Write [[rule]].")
        )
        rules = []
    for index, table in enumerate(rules):
        place = of_rules[index] if index < len(of_rules) else Place(top.line_of("rule"), {})
        spec = _spec(table, place, f"rule {index + 1}", problems)
        if spec is not None:
            specs.append(spec)
    if problems:
        raise InvalidRules(name, problems)
    return RuleFile(specs=tuple(specs), folder=folder, **found)


def _spec(table: dict[str, Any], place: Place, title: str, problems: list[Problem]) -> Spec | None:
    kind = table.get("as")
    if kind not in _OF_KIND:
        what = "`as` is missing" if kind is None else f"{kind!r} is nothing that features can become"
        advice = f"Say what they become: as = {' | '.join(map(repr, _OF_KIND))}."
        problems.append(Problem(line=place.line_of("as"), what=f"{title}: {what}", advice=advice))
        return None
    readers = {**_SELECTION, **_TOLD, **_LOOK, **_OF_KIND[kind]}
    found = _fields(table, readers, place, problems, title=f"{title}: ")
    named = {_RENAMED.get(field, field): value for field, value in found.items()}
    told, can = named.get("geometry"), GEOMETRIES[kind]
    if told is not None and told not in can:
        advice = f"Leave `geometry` out, or write {' or '.join(map(repr, can))}."
        what = f"{title}: geometry: a {told} cannot become this ({kind})"
        problems.append(Problem(line=place.line_of("geometry"), what=what, advice=advice))
    return Spec(
        title=title,
        kind=named.pop("kind", kind),
        layers=named.pop("layers", ()),
        geometry=named.pop("geometry", None),
        where=named.pop("where", None),
        roof=named.pop("roof", {}),
        fields=named,
    )


def _fields(
    table: dict[str, Any],
    readers: dict[str, Reader],
    place: Place,
    problems: list[Problem],
    *,
    title: str = "",
) -> dict[str, Any]:
    found = {}
    for field, value in table.items():
        reader = readers.get(field)
        if reader is None:
            problems.append(
                Problem(
                    line=place.line_of(field),
                    what=f"{title}{field!r} is not known{_elsewhere(field)}",
                    advice=_meant(field, list(readers)),
                )
            )
            continue
        try:
            found[field] = reader(value)
        except fields.FieldError as error:
            problems.append(
                Problem(line=place.line_of(field), what=f"{title}{field}: {error.what}", advice=error.advice)
            )
    return found


def _elsewhere(field: str) -> str:
    kinds = [kind for kind, known in _OF_KIND.items() if field in known]
    return f" here, only with as = {' or '.join(map(repr, kinds))}" if kinds else ""


def _meant(field: str, known: Sequence[str]) -> str:
    close = get_close_matches(field, known, n=1)
    return f"Is {close[0]!r} meant?" if close else f"Known are {', '.join(known)}."


def columns_named(spec: Spec) -> list[tuple[str, ...]]:
    """The columns that a rule names, alternatives together, for the warning about those that a layer has not."""
    values = [*spec.fields.values(), *spec.roof.values()]
    groups = [tuple(value.columns) for value in values if getattr(value, "columns", ())]
    groups += [(value.column,) for value in values if getattr(value, "column", "")]
    groups += [(kept.column,) for value in values if isinstance(value, tuple) for kept in value]
    groups += [(name,) for name in (spec.where.columns if spec.where is not None else ())]
    return list(dict.fromkeys(groups))


def roof_of(spec: Spec, instead: Roof) -> Roof:
    """The roof of a rule: what it says, the rest as `instead`."""
    told = {name: getattr(instead, name) for name in _ROOF} | spec.roof
    return Roof(**told)


def models_named(file: RuleFile) -> list[str]:
    """Files of models that rules name, each once, in order."""
    named = [spec.fields["model"].constant for spec in file.specs if "model" in spec.fields]
    return list(dict.fromkeys(name for name in named if name.lower().endswith((".glb", ".gltf"))))
