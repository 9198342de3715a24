"""Placeholders in topics and paths: `site/{storey}/{tag}/temperature`. Pure."""

import re
from collections.abc import Callable

PLACEHOLDERS = ("model", "global_id", "name", "tag", "storey", "class")
"""Beside these, `{Set.Name}` is a property."""

IDENTIFYING = frozenset({"global_id", "name", "tag"})
"""Placeholders that can tell objects apart; so can a property."""

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_FORBIDDEN = re.compile(r"[/+#\x00]")


def placeholders(pattern: str | None) -> list[str]:
    """Names between braces, in order."""
    return _PLACEHOLDER.findall(pattern or "")


def pattern_problem(pattern: str | None) -> str | None:
    """What is wrong with the placeholders of a pattern, as a phrase; None: nothing."""
    rest = _PLACEHOLDER.sub("", pattern or "")
    if "{" in rest or "}" in rest:
        return "a brace without its partner"
    for name in placeholders(pattern):
        if name not in PLACEHOLDERS and not all(name.partition(".")):
            return f"{{{name}}} is no placeholder; known are {', '.join(PLACEHOLDERS)} and Set.Name of a property"
    return None


def fill(pattern: str, value_of: Callable[[str], str | None], *, levels: bool) -> str | None:
    """The pattern with its placeholders filled; None where one has no value, or, with `levels`, one that no topic level can hold."""
    failed = False

    def replace(match: re.Match[str]) -> str:
        nonlocal failed
        value = value_of(match[1])
        if not value or (levels and _FORBIDDEN.search(value)):
            failed = True
            return ""
        return value

    filled = _PLACEHOLDER.sub(replace, pattern)
    return None if failed else filled


def as_filter(pattern: str) -> str:
    """The MQTT filter that every topic of the pattern matches: `+` for each level with a placeholder."""
    return "/".join("+" if _PLACEHOLDER.search(level) else level for level in pattern.split("/"))
