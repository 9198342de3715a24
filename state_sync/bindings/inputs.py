"""What commands to a signal depend on: whether the signals that its `interlocks` and its `confirm_signal` name are there, and fit. Pure.

An interlock whose input is not there, or can never be compared, fails every command; a reading that can never equal a command confirms none.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from twin.controls import Interlock
from twin.state import Signal

Known = Callable[[Sequence[str]], dict[str, Signal]]
"""Of these ids of signals those that the twin has, as they are declared."""

_KINDS = {"number": "number", "integer": "number", "boolean": "boolean", "text": "text", "enum": "text"}
"""Types whose values can be equal."""


def input_ids(signal: Signal) -> Iterator[str]:
    """Ids of the signals that commands to this one depend on."""
    if (control := signal.control) is not None:
        yield from (_id(signal, lock.signal) for lock in control.interlocks)
        if control.confirm_signal is not None:
            yield _id(signal, control.confirm_signal)


def input_faults(signal: Signal, known: Mapping[str, Signal]) -> Iterator[str]:
    """What is wrong with them, with advice. `known`: signals by id, at least those of `input_ids` that there are."""
    if (control := signal.control) is None:
        return
    for lock in control.interlocks:
        why = _unfit_lock(lock, known.get(_id(signal, lock.signal)))
        if why is not None:
            yield f"interlocks: {lock}: {why}"
    if control.confirm_signal is not None:
        name = control.confirm_signal
        why = _unfit_confirming(signal, name, known.get(_id(signal, name)))
        if why is not None:
            yield f"confirm_signal: {why}"


def _id(signal: Signal, name: str) -> str:
    """A name alone is that of a signal of the same object."""
    return name if "/" in name else f"{signal.model}/{signal.global_id}/{name}"


def _missing(name: str) -> str:
    there = f"there is no signal {name}" if "/" in name else f"the object has no signal {name}"
    return f"{there}; bind it first, or in the same file"


def _unfit_lock(lock: Interlock, other: Signal | None) -> str | None:
    name, value = lock.signal, lock.value
    if other is None:
        return _missing(name)
    match _KINDS[other.type]:
        case "number" if isinstance(value, (bool, str)):
            unit = f", in {other.unit}" if other.unit else ""
            return f"{name} is a number{unit}: write the number alone, like {name} > 0.3"
        case "boolean" if not isinstance(value, bool):
            return f"{name} is a boolean: write {name} = true, or = false"
        case "text" if not isinstance(value, str):
            return f"{name} is a text: write the value in quotes"
    if other.type == "enum" and value not in other.choices:
        return f"{name} is one of {', '.join(other.choices)}: write one of them"
    return None


def _unfit_confirming(signal: Signal, name: str, other: Signal | None) -> str | None:
    if other is None:
        return _missing(name)
    if _KINDS[other.type] != _KINDS[signal.type]:
        return f"{name} is of the type {other.type}, the signal {signal.type}: name one of the same type"
    never = set(signal.choices) - set(other.choices) if other.type == "enum" else set()
    if never:
        return f"{name} is never {min(never)!r}: give both the same choices"
    if (other.unit or "1") != (signal.unit or "1"):
        own, its = signal.unit or "no unit", other.unit or "no unit"
        return f"{name} is in {its}, the signal in {own}: give both one unit; device_unit converts"
    return None
