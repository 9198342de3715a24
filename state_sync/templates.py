"""A binding file to start from: an entry for each signal that the objects of a model suggest. Pure but for the finder."""

import json
from collections import defaultdict
from collections.abc import Iterator

from state_sync.bindings import Finder, Found
from state_sync.suggestions import CLASSES, Suggestion, suggestions

_Groups = dict[tuple[str, str | None], list[Found]]

HEAD = """\
# Signals that objects of the model {model} suggest by their IFC class. Edit topics, codecs and units to what the devices
# send, take out what is not there, then: twin bind THIS-FILE --dry-run

[defaults]
model = {quoted}
codec = "plain"
period_s = 300
"""


def template(model: str, finder: Finder) -> tuple[str, int]:
    """TOML of a binding file, and how many signals it binds. Objects of a class that all suggest the same share an entry."""
    by_class: dict[str, _Groups] = defaultdict(lambda: defaultdict(list))
    for found in finder.search((model,), CLASSES, None):
        by_class[found.class_][found.class_, found.attributes.predefined_type].append(found)
    entries: list[str] = []
    count = 0
    for class_ in sorted(by_class):
        groups = {
            key: sorted(by_class[class_][key], key=lambda one: one.global_id) for key in by_class[class_]
        }
        wanted = {suggestions(*key) for key in groups}
        count += sum(len(objects) * len(suggestions(*key)) for key, objects in groups.items())
        made = _shared(class_, groups, wanted.pop()) if len(wanted) == 1 else _single(groups)
        entries.extend(made)
    return HEAD.format(model=model, quoted=_quoted(model)) + "".join(entries), count


def _shared(class_: str, groups: _Groups, wanted: tuple[Suggestion, ...]) -> Iterator[str]:
    number = sum(map(len, groups.values()))
    for one in wanted:
        yield f"\n# {number} objects\n[[binding]]\nclass = [{_quoted(class_)}]\n"
        yield _fields(one, "{global_id}")


def _single(groups: _Groups) -> Iterator[str]:
    for (class_, type_), objects in sorted(groups.items(), key=lambda item: item[0][1] or ""):
        for found in objects:
            for one in suggestions(class_, type_):
                where = f", {found.storey}" if found.storey else ""
                yield f"\n# {_comment(found.name)} ({class_} {type_}{_comment(where)})\n[[binding]]\n"
                yield f"object = {_quoted(found.id)}\n" + _fields(one, found.global_id)


def _fields(one: Suggestion, object_: str) -> str:
    values: dict[str, object] = {
        "signal": one.name,
        "kind": one.kind,
        "type": None if one.type == "number" else one.type,
        "unit": one.unit,
        "minimum": one.minimum,
        "maximum": one.maximum,
        "choices": list(one.choices) or None,
        "settable": True if one.settable else None,
        "topic": f"site/{object_}/{one.name}",
    }
    lines = [f"{name} = {_quoted(value)}" for name, value in values.items() if value is not None]
    return "\n".join(lines) + "\n"


def _quoted(value: object) -> str:
    """JSON of texts, numbers, truths and lists of them is TOML."""
    return json.dumps(value, ensure_ascii=False)


def _comment(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
