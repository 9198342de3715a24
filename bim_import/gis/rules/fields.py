"""Fields of rules files: from what TOML has to measures, texts, colours and properties."""

from collections.abc import Callable
from typing import Any

from bim_import.gis.columns import UNITS_M
from bim_import.gis.rules.measures import rgba
from bim_import.gis.rules.values import Colour, Kept, Measure, Rgba, Text
from bim_import.gis.rules.where import Condition, WhereError, condition


class FieldError(ValueError):
    """A value that a field cannot have: `what` is wrong, and `advice`."""

    def __init__(self, what: str, advice: str) -> None:
        self.what, self.advice = what, advice
        super().__init__(what)


LANGUAGES = ("zh", "en")
"""Those of the page."""

_TYPES = ("number", "integer", "text", "boolean")


def number(value: Any) -> float:
    """A plain number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FieldError(f"{value!r} is no number", "Write it without quotes, for example 3.0.")
    return float(value)


def measure(value: Any) -> Measure:
    """A number, a column, columns in order of preference, or `{ column, unit, default }`."""
    if isinstance(value, dict):
        _only(value, {"column", "unit", "default"})
        unit = value.get("unit", "m")
        if unit not in UNITS_M:
            raise FieldError(f"{unit!r} is no unit of length", f"Known are {', '.join(UNITS_M)}.")
        return Measure(
            columns=_columns(value.get("column", [])),
            constant=number(value["default"]) if "default" in value else None,
            unit_m=UNITS_M[unit],
        )
    if isinstance(value, str | list):
        return Measure(columns=_columns(value))
    return Measure(constant=number(value))


def text(value: Any) -> Text:
    """A fixed text, or `{ column, default }`."""
    if isinstance(value, dict):
        _only(value, {"column", "default"})
        return Text(columns=_columns(value.get("column", [])), constant=_string(value.get("default", "")))
    return Text(constant=_string(value))


def column_text(value: Any) -> Text:
    """A column, or columns in order of preference: for names and ids, which are no fixed texts."""
    if isinstance(value, dict):
        return text(value)
    return Text(columns=_columns(value))


def colour(value: Any) -> Colour:
    """A colour, or `{ column, values = { TEXT = COLOUR }, default }`."""
    if isinstance(value, dict):
        _only(value, {"column", "values", "default"})
        if "column" not in value:
            raise FieldError("a table for a colour needs `column`", 'Write color = "#rrggbb" for one colour.')
        values = value.get("values", {})
        if not isinstance(values, dict):
            raise FieldError("`values` is no table", 'Write values = { shop = "#cc8844" }.')
        return Colour(
            constant=_rgba(value.get("default", "#cccccc")),
            column=_string(value["column"]),
            of_text={str(name): _rgba(each) for name, each in values.items()},
        )
    return Colour(constant=_rgba(value))


def labels(value: Any) -> dict[str, dict[str, str]]:
    """A table of names: a text for every language, or `{ zh, en }`."""
    if not isinstance(value, dict):
        raise FieldError("it is no table of names", 'Write roads = { zh = "道路", en = "Roads" } below it.')
    return {str(name): _label(name, each) for name, each in value.items()}


def _label(name: str, value: Any) -> dict[str, str]:
    if isinstance(value, dict) and value:
        _only(value, set(LANGUAGES))
        return {language: _string(value[language]) for language in LANGUAGES if language in value}
    if isinstance(value, str) and value:
        return dict.fromkeys(LANGUAGES, value)
    raise FieldError(f"{value!r} is no name for {name!r}", 'Write a text, or { zh = "…", en = "…" }.')


def properties(value: Any) -> tuple[Kept, ...]:
    """A list of columns, or a table of names to be shown with columns or `{ column, type, unit }`."""
    if isinstance(value, list):
        return tuple(Kept(name=name, column=name) for name in _columns(value))
    if not isinstance(value, dict):
        raise FieldError(
            "`properties` is a list of columns or a table", 'Write properties = ["height", "use"].'
        )
    return tuple(_kept(str(name), each) for name, each in value.items())


def _kept(name: str, value: Any) -> Kept:
    if isinstance(value, str):
        return Kept(name=name, column=value)
    if not isinstance(value, dict):
        raise FieldError(f"property {name!r} names no column", f'Write "{name}" = "column".')
    _only(value, {"column", "type", "unit"})
    kind = value.get("type")
    if kind is not None and kind not in _TYPES:
        raise FieldError(f"{kind!r} is no type of a property", f"Known are {', '.join(_TYPES)}.")
    unit = _string(value["unit"]) if "unit" in value else None
    return Kept(name=name, column=_string(value.get("column", name)), type=kind, unit=unit)


def where(value: Any) -> Condition:
    """A condition."""
    try:
        return condition(_string(value))
    except WhereError as error:
        advice = "Write, for example, where = \"height > 3 and `building:use` = 'office'\"."
        raise FieldError(f"this condition cannot be read: {error}", advice) from error


def patterns(value: Any) -> tuple[str, ...]:
    """A name with `*` and `?`, or a list of such."""
    return _columns(value)


def one_of(*choices: str) -> Callable[[Any], str]:
    """A reader of one of some words."""

    def read(value: Any) -> str:
        if value not in choices:
            raise FieldError(f"{value!r} is not possible here", f"Possible are {', '.join(choices)}.")
        return str(value)

    return read


def _columns(value: Any) -> tuple[str, ...]:
    several = value if isinstance(value, list) else [value]
    if not all(isinstance(each, str) and each for each in several):
        raise FieldError(f"{value!r} is no column name", 'Write "name", or ["first choice", "second"].')
    return tuple(several)


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise FieldError(f"{value!r} is no text", "Put it in quotes.")
    return value


def _rgba(value: Any) -> Rgba:
    found = rgba(value) if isinstance(value, str) else None
    if found is None:
        raise FieldError(f"{value!r} is no colour", 'Write "#rrggbb", "#rrggbbaa" or a name such as "green".')
    return found


def _only(value: dict[str, Any], known: set[str]) -> None:
    for name in value:
        if name not in known:
            raise FieldError(f"{name!r} is not known here", f"Known are {', '.join(sorted(known))}.")
