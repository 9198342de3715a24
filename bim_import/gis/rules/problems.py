"""What is wrong with a rules file, and in which line."""

import re
import tomllib
from typing import Any

from msgspec import Struct

from twin.errors import InvalidRules, Problem

_HEADER = re.compile(r"^\s*\[\[?\s*([A-Za-z_.]+)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*["']?([^"'=\s]+)["']?\s*=""")
_TOML_LINE = re.compile(r"\(?at line (\d+)")


class Place(Struct, frozen=True):
    """Where the entries of a table stand: `line_of` a field, the table's own line for fields that it does not have."""

    line: int
    lines: dict[str, int]

    def line_of(self, field: str) -> int:
        """The line of a field."""
        return self.lines.get(field, self.line)


def parsed(content: bytes, name: str) -> dict[str, Any]:
    """TOML as values. Raises InvalidRules with the line."""
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problem = Problem(line=line, what="it is not UTF-8", advice="Save the file as UTF-8.")
        raise InvalidRules(name, [problem]) from error
    except tomllib.TOMLDecodeError as error:
        found = _TOML_LINE.search(str(error))
        line = int(found[1]) if found else 1
        advice = "Texts need quotes, and each rule begins with [[rule]]."
        raise InvalidRules(name, [Problem(line=line, what=f"no TOML: {error}", advice=advice)]) from error


def places(text: str) -> tuple[Place, list[Place]]:
    """Lines of the fields before the first table, and of each `[[rule]]` with its sub-tables (`roof.shape`)."""
    top: dict[str, int] = {}
    rules: list[Place] = []
    current, prefix = top, ""
    for number, line in enumerate(text.splitlines(), 1):
        header = _HEADER.match(line)
        if header and header[1] == "rule":
            rules.append(Place(number, {}))
            current, prefix = rules[-1].lines, ""
        elif header:
            if not header[1].startswith("rule."):
                current = top
            prefix = f"{header[1].removeprefix('rule.')}."
            current.setdefault(prefix[:-1], number)
        elif key := _KEY.match(line):
            current.setdefault(f"{prefix}{key[1]}", number)
    return Place(1, top), rules
