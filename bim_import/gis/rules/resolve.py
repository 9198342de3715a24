"""Rules for one layer: those of a file that are for it, filled in with what its column names say, then the defaults."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

import msgspec

from bim_import.gis.rules.defaults import Named, building, default_rules, pipe, point, surface
from bim_import.gis.rules.file import GEOMETRIES, RuleFile, Spec, columns_named, roof_of
from bim_import.gis.rules.values import GeometryKind, Rule, Text


def rules_for(file: RuleFile, layer: str, columns: Sequence[str]) -> tuple[Rule, ...]:
    """The rules of a layer, the first that fits a feature wins."""
    named = Named(layer, columns)
    own = [_resolved(spec, named) for spec in file.specs if _is_for(spec, layer)]
    rules = [*own, *(default_rules(layer, columns) if file.defaults else ())]
    return tuple(_with_texts(rule, file) for rule in rules)


def missing_columns(file: RuleFile, layer: str, columns: Sequence[str]) -> list[str]:
    """Sentences on columns that rules for a layer name and it has not."""
    known = {name.casefold() for name in columns}
    sentences = []
    for spec in file.specs:
        groups = columns_named(spec)
        absent = [each[0] for each in groups if known.isdisjoint(name.casefold() for name in each)]
        if absent and _is_for(spec, layer):
            sentences.append(
                f"{spec.title} names {', '.join(map(repr, absent))}, which layer {layer!r} has not; it has "
                f"{', '.join(columns[:30])}."
            )
    return sentences


def _is_for(spec: Spec, layer: str) -> bool:
    return not spec.layers or any(fnmatchcase(layer, pattern) for pattern in spec.layers)


def _resolved(spec: Spec, named: Named) -> Rule:
    base = _base(spec, named)
    told = spec.fields
    return msgspec.structs.replace(
        base,
        title=spec.title,
        kind=spec.kind,
        geometry=_geometry(spec),
        where=spec.where,
        roof=roof_of(spec, base.roof),
        **told,
    )


def _base(spec: Spec, named: Named) -> Rule:
    """What the well-known columns say of features of that kind."""
    if spec.kind == "extrude":
        return building(named, None)
    if spec.kind == "tube":
        return pipe(named)
    if spec.kind == "instance":
        return point(named, "Point", "marker", None)
    if spec.kind == "surface":
        return surface(named, spec.geometry or "line")
    return Rule(title=spec.title, kind="skip")


def _geometry(spec: Spec) -> GeometryKind | None:
    """The geometry that a rule is for: as it says, else the only one that can become this."""
    can = GEOMETRIES[spec.kind]
    return spec.geometry or (can[0] if len(can) == 1 else None)


def _with_texts(rule: Rule, file: RuleFile) -> Rule:
    """Ids and names of the file for rules that have none of their own."""
    changes: dict[str, Text] = {}
    if file.id.columns and not rule.id.columns:
        changes["id"] = file.id
    if file.name.columns and (not rule.name.columns or rule.title.startswith("default")):
        changes["name"] = file.name
    return msgspec.structs.replace(rule, **changes) if changes else rule
