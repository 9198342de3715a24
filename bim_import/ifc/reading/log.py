"""What the parser wrote into its log, in words for people."""

import mmap
import re
from collections import Counter

import ifcopenshell
from ifcopenshell import ifcopenshell_wrapper

_UNKNOWN_CLASS = re.compile(r"Entity with name '(\w+)' not found in schema")
_OTHER_COUNT = re.compile(r"Expected \d+ attribute values, found \d+ for instance #(\d+)")
_CLASS_NAME = re.compile(rb"=\s*([A-Za-z]\w*)\s*\(", re.ASCII)
_MAX_NAMED = 8
"""Classes named in one warning."""


def syntax_reason(logger: ifcopenshell_wrapper.logger) -> str:
    """The parser's last word, without control characters: it quotes the text that it stumbled over."""
    messages = [str(message.message) for message in logger.log_messages()]
    last = (
        "".join(character if character.isprintable() else "·" for character in messages[-1][:120])
        if messages
        else ""
    )
    return f"its text is not valid IFC ({last})" if last else "its text is not valid IFC"


def read_log(
    logger: ifcopenshell_wrapper.logger, file: ifcopenshell.file, content: mmap.mmap
) -> tuple[int, list[str]]:
    """How many entities were left out because the schema has no such class, and the warnings about that and about
    entities with more or fewer attributes than their class (known only where the file was parsed in full). `content` is
    the text that was parsed.
    """
    names: set[str] = set()
    misfits: Counter[str] = Counter()
    for message in logger.log_messages():
        words = str(message.message)
        if found := _UNKNOWN_CLASS.search(words):
            names.add(found.group(1).upper())
        elif found := _OTHER_COUNT.search(words):
            misfits[file.by_id(int(found.group(1))).is_a()] += 1
    unknown = _count_statements(content, names) if names else Counter()
    schema = file.schema_identifier
    warnings = []
    if unknown:
        warnings.append(f"{_counted(unknown)} left out, of classes that {schema} lacks: {_named(unknown)}")
    if misfits:
        warnings.append(f"{_counted(misfits)} with other attributes than {schema} has: {_named(misfits)}")
    return unknown.total(), warnings


def _count_statements(content: mmap.mmap, names: set[str]) -> Counter[str]:
    """Statements of each class; at least one, as the parser met one (a lazy one tells of each class once)."""
    found = (match.group(1).decode("ascii").upper() for match in _CLASS_NAME.finditer(content))
    counts = Counter(name for name in found if name in names)
    return Counter({name: max(1, counts[name]) for name in sorted(names)})


def _counted(counts: Counter[str]) -> str:
    return "1 entity" if counts.total() == 1 else f"{counts.total()} entities"


def _named(counts: Counter[str]) -> str:
    named = ", ".join(f"{name} ({count})" for name, count in counts.most_common(_MAX_NAMED))
    return f"{named} and {len(counts) - _MAX_NAMED} more classes" if len(counts) > _MAX_NAMED else named
