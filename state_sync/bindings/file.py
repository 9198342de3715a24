"""Binding files, TOML and CSV: parsed, and refused with lines and advice. Pure: bytes in, values out."""

import csv
import io
import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePath
from typing import Any

from msgspec import Struct

from state_sync.bindings.checks import JSON_ONLY, NUMERIC_ONLY
from state_sync.bindings.fields import Problem, read_fields
from state_sync.bindings.rules import Rule, checked_rule
from twin.errors import TwinError

MAX_PROBLEMS = 50
"""Problems that are told at once."""

_HEADER = re.compile(r"^\s*\[\[?\s*([A-Za-z_]+)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"^\s*\"?([A-Za-z_]+)\"?\s*=")
_TOML_LINE = re.compile(r"at line (\d+)")


class BindingFile(Struct, frozen=True, kw_only=True):
    """A file that is in order, its rules as they stand in it. `name` is the source that its bindings are kept under."""

    name: str
    rules: tuple[Rule, ...]


class InvalidBindings(TwinError):
    """A binding file that cannot be used; nothing of it is. `problems` are at most fifty, in the order of lines."""

    def __init__(self, name: str, problems: list[Problem]) -> None:
        self.name = name
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line)[:MAX_PROBLEMS])
        more = "" if len(problems) == 1 else f" ({len(problems)} problems; the first is told)"
        super().__init__(f"{name}, {self.problems[0]}{more}")


class _Row(Struct, frozen=True):
    """One entry as written. `line_of`: field → line, the entry's own line for fields that it does not have."""

    values: dict[str, Any]
    line_of: Callable[[str], int]


def parse(content: bytes, name: str) -> BindingFile:
    """Read a binding file; `name` is its file name, whose ending says what it is. Raises InvalidBindings with all problems found."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _invalid(
            name, line, "not UTF-8", "Save the file as UTF-8 (in a spreadsheet: CSV UTF-8)."
        ) from error
    match PurePath(name).suffix.lower():
        case ".toml":
            rows = list(_toml_rows(text, name))
        case ".csv":
            rows = list(_csv_rows(text, name))
        case other:
            raise _invalid(name, 1, f"{other or 'no ending'!r} is no binding file", "Name it .toml or .csv.")
    if not rows:
        raise _invalid(name, 1, "no bindings", "Write at least one [[binding]], or one row.")
    return BindingFile(name=name, rules=_rules(rows, name))


def from_entries(entries: Sequence[dict[str, Any]], name: str) -> BindingFile:
    """The same for entries that came another way, with the fields of a TOML file; `line` is the place in the list, from 1.

    Raises InvalidBindings.
    """
    rows = [_Row(entry, _finder(place, {})) for place, entry in enumerate(entries, 1)]
    return BindingFile(name=name, rules=_rules(rows, name))


def _rules(rows: list[_Row], name: str) -> tuple[Rule, ...]:
    rules: list[Rule] = []
    problems: list[Problem] = []
    for row in rows:
        values, found = read_fields(row.values, row.line_of)
        if not found:
            rule, found = checked_rule(values, row.line_of)
            rules.append(rule) if rule is not None else None
        problems.extend(found)
    if problems:
        raise InvalidBindings(name, problems)
    return tuple(rules)


def _invalid(name: str, line: int, message: str, advice: str) -> InvalidBindings:
    return InvalidBindings(name, [Problem(line=line, field="", message=message, advice=advice)])


def _toml_rows(text: str, name: str) -> Iterator[_Row]:
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found = _TOML_LINE.search(str(error))
        last = text.count("\n") + 1
        raise _invalid(
            name, int(found[1]) if found else last, f"no TOML: {error}", "Mend it and try again."
        ) from error
    lines = _entry_lines(text)
    defaults = document.pop("defaults", {})
    entries = document.pop("binding", [])
    if document:
        key = next(iter(document))
        raise _invalid(
            name,
            _line_of_key(text, key),
            f"{key!r} means nothing here",
            "Known are [defaults] and [[binding]].",
        )
    if (
        not isinstance(defaults, dict)
        or not isinstance(entries, list)
        or not all(isinstance(e, dict) for e in entries)
    ):
        raise _invalid(
            name, 1, "`defaults` is a table, `binding` a list of tables", "Write [defaults] and [[binding]]."
        )
    for place, entry in enumerate(entries):
        start, keys = lines[place] if place < len(lines) else (1, {})
        yield _Row({**_fitting(defaults, entry), **entry}, _finder(start, keys))


def _fitting(defaults: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    """The defaults without those that mean nothing for the codec and the type of an entry: files mix codecs."""
    usual, codec = (each.get("codec", "plain") for each in (defaults, defaults | entry))
    unfit = set[str]()
    if codec != "json":
        unfit.update(JSON_ONLY)
    if codec != usual:
        unfit.add("path")
    if (defaults | entry).get("type", "number") not in {"number", "integer"}:
        unfit.update(NUMERIC_ONLY)
    return {field: value for field, value in defaults.items() if field not in unfit}


def _finder(start: int, keys: dict[str, int]) -> Callable[[str], int]:
    return lambda field: keys.get(field, start)


def _entry_lines(text: str) -> list[tuple[int, dict[str, int]]]:
    """Per `[[binding]]` its line and those of its keys. tomllib tells no lines; this looks at the shape of the text alone."""
    entries: list[tuple[int, dict[str, int]]] = []
    keys: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            keys = {}
            if header[1] == "binding":
                entries.append((number, keys))
        elif key := _KEY.match(line):
            keys.setdefault(key[1], number)
    return entries


def _line_of_key(text: str, key: str) -> int:
    for number, line in enumerate(text.splitlines(), 1):
        if key in line:
            return number
    return 1


def _csv_rows(text: str, name: str) -> Iterator[_Row]:
    """Rows under a header of field names; `;` separates where the header has more of it than of commas. `#` starts a comment row."""
    first = text.split("\n", 1)[0]
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=";" if first.count(";") > first.count(",") else ","
    )
    try:
        header = [cell.strip() for cell in next(reader, [])]
        if len(set(header)) != len(header):
            raise _invalid(name, 1, "a column twice", "Name each column once.")
        for cells in reader:
            line = reader.line_num
            if not any(cell.strip() for cell in cells) or cells[0].lstrip().startswith("#"):
                continue
            if len(cells) > len(header):
                raise _invalid(
                    name, line, "more cells than columns", "Put cells that hold the separator in quotes."
                )
            values = dict(zip(header, (cell.strip() for cell in cells), strict=False))
            yield _Row(values, _finder(line, {}))
    except csv.Error as error:
        raise _invalid(name, reader.line_num, f"no CSV: {error}", "Mend it and try again.") from error
