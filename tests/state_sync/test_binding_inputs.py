"""What commands depend on is looked at when it is bound: interlocks and `confirm_signal`."""

from collections.abc import Sequence

import pytest

from state_sync.bindings import Resolution, parse, resolve
from tests.state_sync.bindings_builders import ListFinder, found
from twin.state import Signal

DOOR = Signal(model="m", global_id="g2", name="door", type="enum", choices=("open", "closed"))
LEVEL = Signal(model="m", global_id="g2", name="level", unit="m")
TEXT = Signal(model="m", global_id="g2", name="words", type="text")
ON = Signal(model="m", global_id="g1", name="on", type="boolean")
SPEED = '[[binding]]\ntag = "TI-1"\nsignal = "speed"\nunit = "%"\ntopic = "a/b"\nsettable = true\n'


def known(ids: Sequence[str]) -> dict[str, Signal]:
    return {one.id: one for one in (DOOR, LEVEL, TEXT, ON) if one.id in ids}


def resolved(text: str) -> Resolution:
    return resolve(parse(text.encode(), "b.toml"), ListFinder(found(1), found(2)), (), known)


def faults(text: str) -> list[str]:
    resolution = resolved(text)
    assert (
        len(resolution.signals)
        == len(resolution.bindings)
        == text.count("[[binding]]") - len({one.line for one in resolution.report.unusable})
    )
    return [one.detail for one in resolution.report.unusable]


@pytest.mark.parametrize(
    "condition",
    ["m/g2/level > 0.3", "m/g2/level = 3", "m/g2/door = closed", "on = true", "m/g2/words != '3'"],
)
def test_an_interlock_on_a_signal_that_the_twin_has_is_bound(condition: str) -> None:
    assert faults(f'{SPEED}interlocks = ["{condition}"]') == []


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        ("m/g2/nothing > 1", "there is no signal m/g2/nothing; bind it first, or in the same file"),
        ("m/g2 > 1", "there is no signal m/g2; bind it first, or in the same file"),
        ("level > 1", "the object has no signal level; bind it first, or in the same file"),
        ("m/g2/level = true", "m/g2/level is a number, in m: write the number alone, like m/g2/level > 0.3"),
        ("m/g2/level = 3 m", "m/g2/level is a number, in m: write the number alone, like m/g2/level > 0.3"),
        ("on = 1", "on is a boolean: write on = true, or = false"),
        ("on = yes", "on is a boolean: write on = true, or = false"),
        ("m/g2/door = shut", "m/g2/door is one of open, closed: write one of them"),
        ("m/g2/words = 3", "m/g2/words is a text: write the value in quotes"),
    ],
)
def test_an_interlock_that_could_never_hold_is_told_with_advice_and_its_signal_not_bound(
    condition: str, why: str
) -> None:
    (told,) = faults(f'{SPEED}interlocks = ["{condition}"]')
    assert told.startswith("interlocks: ")
    assert told.endswith(f": {why}")


POSITION = '[[binding]]\ntag = "TI-1"\nsignal = "position"\ntopic = "a/c"\n'


@pytest.mark.parametrize(
    ("declared", "why"),
    [
        ('unit = "%"', None),
        ('unit = "%"\ntype = "integer"', None),
        ('unit = "m"', "position is in m, the signal in %: give both one unit; device_unit converts"),
        ("", "position is in no unit, the signal in %: give both one unit; device_unit converts"),
        ('type = "text"', "position is of the type text, the signal number: name one of the same type"),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_the_confirming_signal_has_to_be_comparable(declared: str, why: str | None, *, first: bool) -> None:
    speed = f'{SPEED}confirm_signal = "position"\n'
    position = f"{POSITION}{declared}\n"
    told = faults(position + speed if first else speed + position)
    assert told == ([] if why is None else [f"confirm_signal: {why}"])


def test_a_confirming_signal_that_lacks_choices_never_shows_them() -> None:
    mode = '[[binding]]\ntag = "TI-2"\nsignal = "{}"\ntopic = "a/{}"\ntype = "enum"\nchoices = [{}]\n'
    text = mode.format("asked", "asked", '"on", "off"') + 'settable = true\nconfirm_signal = "shown"\n'
    (told,) = faults(text + mode.format("shown", "shown", '"on"'))
    assert told == "confirm_signal: shown is never 'off': give both the same choices"


def test_what_depends_on_a_signal_that_is_not_bound_is_not_bound_either() -> None:
    second = '[[binding]]\ntag = "TI-2"\nsignal = "valve"\ntopic = "v"\nsettable = true\ninterlocks = ["m/g1/speed > 1"]'
    told = faults(f'{SPEED}interlocks = ["gone > 1"]\n{second}')
    assert ["gone" in each for each in told] == [True, False]


def test_signals_of_a_pattern_with_one_fault_are_told_together() -> None:
    pattern = '[[binding]]\nclass = "IfcSensor"\nsignal = "lamp"\ntopic = "l/{tag}"\nsettable = true\ninterlocks = ["dark > 1"]'
    resolution = resolved(pattern)
    (told,) = resolution.report.unusable
    assert (told.line, told.objects) == (3, ("m/g1/lamp", "m/g2/lamp"))
    assert resolution.bindings == ()
