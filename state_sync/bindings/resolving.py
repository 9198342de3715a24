"""A binding file becomes signals and bindings of objects that exist, and a report of what did not match. Pure but for the finder."""

from collections import ChainMap, defaultdict
from collections.abc import Iterable, Iterator, Mapping

import msgspec
from msgspec import Struct

from state_sync.bindings import commanding
from state_sync.bindings.binding import Binding
from state_sync.bindings.file import BindingFile
from state_sync.bindings.finding import Finder, Found
from state_sync.bindings.inputs import Known, input_faults, input_ids
from state_sync.bindings.patterns import as_filter, fill
from state_sync.bindings.rules import Rule
from twin.state import Signal


class Doubt(Struct, frozen=True, kw_only=True):
    """An entry, or a part of it, that was not bound, or not as it may have been meant. `line` of the file; `objects` and signals are ids."""

    line: int
    what: str
    detail: str
    objects: tuple[str, ...] = ()

    def __str__(self) -> str:
        """One line for a person."""
        named = ", ".join(self.objects[:5]) + (" …" if len(self.objects) > 5 else "")
        return f"line {self.line}: {self.what}: {self.detail}{f' ({named})' if named else ''}"


class Report(Struct, frozen=True, kw_only=True):
    """What became of each entry.

    `matched`: bindings made. `ambiguous`: several objects, or several signals, for one message; none of them is bound.
    `unmatched`: no object. `unusable`: objects that lack what the topic asks for; signals whose interlocks or `confirm_signal` name what is not
    there, or does not fit. `twice`: a signal that another entry
    binds already; both stay if they agree on what the signal is, else the first. `orphans`: ids of signals that were bound from
    this file and whose object is gone.
    """

    matched: int = 0
    objects: int = 0
    ambiguous: tuple[Doubt, ...] = ()
    unmatched: tuple[Doubt, ...] = ()
    unusable: tuple[Doubt, ...] = ()
    twice: tuple[Doubt, ...] = ()
    orphans: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether every entry found exactly what it names."""
        return not (self.ambiguous or self.unmatched or self.unusable or self.twice or self.orphans)


class Resolution(Struct, frozen=True, kw_only=True):
    """Signals to declare, bindings to keep under `source`, and the report."""

    source: str
    signals: tuple[Signal, ...]
    bindings: tuple[Binding, ...]
    report: Report


class _Draft(Struct, frozen=True, kw_only=True):
    rule: Rule
    signal: Signal
    binding: Binding


def resolve(
    file: BindingFile, finder: Finder, existing: Iterable[Binding] = (), known: Known | None = None
) -> Resolution:
    """Find the objects that a file names. `existing`: what is bound from the same source now, to tell orphans.

    `known`: finds signals that the twin has already, which interlocks and `confirm_signal` may name; None: what they name is not looked at.
    May raise what the finders raise (StoreError).
    """
    doubts: dict[str, list[Doubt]] = defaultdict(list)
    drafts = [draft for rule in file.rules for draft in _drafts(rule, finder, doubts)]
    drafts = _one_signal_a_message(drafts, doubts)
    signals, drafts = _declared(drafts, doubts)
    if known is not None:
        signals, drafts = _with_inputs(signals, drafts, known, doubts)
    _tell_shared(drafts, doubts)
    bindings = tuple(draft.binding for draft in drafts)
    report = Report(
        matched=len(bindings),
        objects=len({(binding.model, binding.global_id) for binding in bindings}),
        orphans=tuple(orphans(existing, finder)),
        **{kind: tuple(doubts[kind]) for kind in ("ambiguous", "unmatched", "unusable", "twice")},
    )
    return Resolution(source=file.name, signals=tuple(signals.values()), bindings=bindings, report=report)


def orphans(bindings: Iterable[Binding], finder: Finder) -> list[str]:
    """Ids of the signals whose object the current revision of its model does not have, sorted."""
    places = {(binding.model, binding.global_id) for binding in bindings}
    gone = {place for place in places if finder.by_id(*place) is None}
    return sorted({binding.signal for binding in bindings if (binding.model, binding.global_id) in gone})


def _drafts(rule: Rule, finder: Finder, doubts: dict[str, list[Doubt]]) -> Iterator[_Draft]:
    candidates = list(_candidates(rule, finder))
    if not candidates:
        doubts["unmatched"].append(Doubt(line=rule.line, what=_wanted(rule), detail="no such object"))
        return
    if len(candidates) > 1 and not rule.several:
        doubts["ambiguous"].append(
            Doubt(
                line=rule.line,
                what=_wanted(rule),
                detail=f"{len(candidates)} objects; name the model, or the object by its id",
                objects=tuple(found.id for found in candidates),
            )
        )
        return
    lacking: list[str] = []
    for found in candidates:
        draft = _draft(rule, found)
        if draft is None:
            lacking.append(found.id)
        else:
            yield draft
    if lacking:
        detail = f"{len(lacking)} objects lack a value for a placeholder, or have one that no topic can hold"
        doubts["unusable"].append(
            Doubt(line=rule.line, what=rule.topic, detail=detail, objects=tuple(lacking))
        )


def _candidates(rule: Rule, finder: Finder) -> Iterator[Found]:
    models = () if rule.model is None else (rule.model,)
    if rule.object_id is not None:
        model, _, global_id = rule.object_id.partition("/")
        one = finder.by_id(model, global_id)
        found: Iterable[Found] = () if one is None else (one,)
    elif rule.global_id is not None:
        found = finder.by_global_id(rule.global_id, models)
    elif rule.tag is not None:
        found = finder.by_tag(rule.tag, models)
    else:
        found = finder.search(models, rule.classes, rule.condition)
    return (one for one in found if not rule.classes or one.class_ in rule.classes)


def _wanted(rule: Rule) -> str:
    named = rule.object_id or rule.global_id or rule.tag
    if named is None:
        condition = rule.condition
        named = "|".join(rule.classes) or (condition.name if condition else rule.topic)
    return f"{named} → {rule.signal.name}"


def _draft(rule: Rule, found: Found) -> _Draft | None:
    def value_of(name: str) -> str | None:
        return _value(found, name)

    topic = fill(rule.topic, value_of, levels=True)
    path, device = (
        None if text is None else fill(text, value_of, levels=False) for text in (rule.path, rule.device)
    )
    command = commanding.filled(rule.command, value_of)
    if (command is None) != (rule.command is None):
        return None
    if topic is None or (path is None) != (rule.path is None) or (device is None) != (rule.device is None):
        return None
    signal = msgspec.structs.replace(rule.signal, model=found.model, global_id=found.global_id)
    subscribe = as_filter(rule.topic)
    binding = Binding(
        model=found.model,
        global_id=found.global_id,
        name=signal.name,
        topic=topic,
        subscribe=None if subscribe == topic or rule.codec == "sparkplug" else subscribe,
        codec=rule.codec,
        path=path,
        time=rule.time,
        time_format=rule.time_format,
        quality=rule.quality,
        each=rule.each,
        unit=rule.device_unit,
        factor=rule.scale.factor,
        offset=rule.scale.offset,
        lenient=rule.lenient,
        map=rule.map,
        device=device,
        command=command,
    )
    return _Draft(rule=rule, signal=signal, binding=binding)


def _value(found: Found, name: str) -> str | None:
    match name:
        case "model":
            return found.model
        case "global_id":
            return found.global_id
        case "name":
            return found.name
        case "tag":
            return found.attributes.tag
        case "storey":
            return found.storey
        case "class":
            return found.class_
        case _:
            return _property(found, name)


def _property(found: Found, name: str) -> str | None:
    of_set, _, own = name.partition(".")
    prop = found.attributes.properties.get(of_set, {}).get(own)
    value = None if prop is None else prop.value
    return value if isinstance(value, str) else str(value) if type(value) is int else None


def _one_signal_a_message(drafts: list[_Draft], doubts: dict[str, list[Doubt]]) -> list[_Draft]:
    """Leave out bindings of one pattern that read the same value of the same message for different objects: which is meant?"""
    groups: dict[tuple[int, str, str | None], list[_Draft]] = defaultdict(list)
    for draft in drafts:
        groups[draft.rule.line, draft.binding.topic, draft.binding.path].append(draft)
    kept: list[_Draft] = []
    for (line, topic, _), group in groups.items():
        if len(group) == 1:
            kept.extend(group)
            continue
        objects = tuple(f"{one.binding.model}/{one.binding.global_id}" for one in group)
        detail = f"one message for {len(group)} objects; let the topic tell them apart"
        doubts["ambiguous"].append(Doubt(line=line, what=topic, detail=detail, objects=objects))
    return kept


def _declared(drafts: list[_Draft], doubts: dict[str, list[Doubt]]) -> tuple[dict[str, Signal], list[_Draft]]:
    """Signals by id, once each. A second binding of a signal stays only if it says the same of the signal and reads another message."""
    signals: dict[str, Signal] = {}
    bindings: dict[str, list[Binding]] = defaultdict(list)
    kept: list[_Draft] = []
    for draft in drafts:
        identifier = draft.signal.id
        known = signals.setdefault(identifier, draft.signal)
        before = bindings[identifier]
        if before:
            agree = known == draft.signal and draft.binding not in before
            detail = (
                "bound by two entries; both stay"
                if agree
                else "bound by another entry before; that one stays"
            )
            doubts["twice"].append(
                Doubt(line=draft.rule.line, what=draft.binding.topic, detail=detail, objects=(identifier,))
            )
            if not agree:
                continue
        before.append(draft.binding)
        kept.append(draft)
    return signals, kept


def _with_inputs(
    signals: dict[str, Signal], drafts: list[_Draft], known: Known, doubts: dict[str, list[Doubt]]
) -> tuple[dict[str, Signal], list[_Draft]]:
    """Leave out signals whose commands depend on what is not there, or can never be as it should: also because it was left out itself."""
    wanted = {each for signal in signals.values() for each in input_ids(signal)}
    there = known(sorted(wanted)) if wanted else {}
    faulty: dict[str, list[str]] = {}
    while found := _faulty(signals, ChainMap(signals, there)):
        faulty |= found
        signals = {identifier: signal for identifier, signal in signals.items() if identifier not in found}
    lines: dict[tuple[int, str, str], list[str]] = defaultdict(list)
    for draft in drafts:
        for fault in faulty.get(draft.signal.id, ()):
            lines[draft.rule.line, draft.rule.topic, fault].append(draft.signal.id)
    for (line, what, detail), objects in lines.items():
        doubts["unusable"].append(Doubt(line=line, what=what, detail=detail, objects=tuple(objects)))
    return signals, [draft for draft in drafts if draft.signal.id in signals]


def _faulty(signals: Mapping[str, Signal], known: Mapping[str, Signal]) -> dict[str, list[str]]:
    found = {identifier: list(input_faults(signal, known)) for identifier, signal in signals.items()}
    return {identifier: faults for identifier, faults in found.items() if faults}


def _tell_shared(drafts: list[_Draft], doubts: dict[str, list[Doubt]]) -> None:
    """Two entries that read one value for two signals: sometimes meant, and what a line looks like that was copied and not edited."""
    first: dict[tuple[str, str | None, str | None], Binding] = {}
    for draft in drafts:
        binding = draft.binding
        before = first.setdefault((binding.topic, binding.path, binding.each), binding)
        if before.signal != binding.signal:
            detail = "this message feeds a signal of another entry, too; both stay"
            signals = (before.signal, binding.signal)
            doubts["twice"].append(
                Doubt(line=draft.rule.line, what=binding.topic, detail=detail, objects=signals)
            )
