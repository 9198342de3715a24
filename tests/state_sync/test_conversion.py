"""What devices send becomes values of a signal's type and unit."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from state_sync.codecs import Refused
from state_sync.conversion import MAX_INTEGER, Scale, compile_conversion
from state_sync.symbols import SPELLINGS, canonical
from state_sync.units import NoConversion, UnknownUnit, checked_unit, conversion
from tests.state_sync.bindings_builders import signal
from twin.errors import TwinError

FAHRENHEIT = conversion("[degF]", "Cel")
KILO = conversion("kW", "W")


def converted(raw: Any, type_: str, *, scale: Scale = Scale(), **how: Any) -> Any:  # noqa: B008 - a frozen value
    choices = ("open", "closed", "3") if type_ == "enum" else ()
    result = compile_conversion(signal(type=type_, choices=choices), scale, **how)(raw)
    return result.reason if isinstance(result, Refused) else result


@pytest.mark.parametrize("raw", [21, 21.0])
def test_a_number_is_a_float_however_it_was_written(raw: Any) -> None:
    result = converted(raw, "number")

    assert (type(result), result) == (float, 21.0)


@pytest.mark.parametrize("raw", [math.nan, math.inf, -math.inf, 10**400])
@pytest.mark.parametrize("type_", ["number", "integer"])
def test_what_is_not_finite_is_refused(raw: Any, type_: str) -> None:
    assert converted(raw, type_) in (
        {"not_finite"} if type_ == "number" or isinstance(raw, float) else {"wrong_type"}
    )


def test_what_overflows_by_its_unit_is_not_finite() -> None:
    assert converted(1e308, "number", scale=KILO) == "not_finite"


@pytest.mark.parametrize("raw", [True, "21", "x"])
def test_booleans_and_texts_are_no_numbers(raw: Any) -> None:
    assert converted(raw, "number") == "wrong_type"
    assert converted(raw, "integer") == "wrong_type"


@pytest.mark.parametrize(("raw", "expected"), [("21.5", 21.5), ("-1e3", -1000.0), ("+.5", 0.5), ("7", 7.0)])
def test_texts_are_numbers_where_there_is_nothing_but_text(raw: str, expected: float) -> None:
    assert converted(raw, "number", from_text=True) == expected
    assert converted(raw, "number", lenient=True) == expected


@pytest.mark.parametrize("raw", ["1_000", "２１", "0x10", "21,5", "", "1" * 65, "21 C"])
def test_what_only_python_would_read_as_a_number_is_none(raw: str) -> None:
    assert converted(raw, "number", from_text=True) == "wrong_type"
    assert converted(raw, "integer", from_text=True) == "wrong_type"


@pytest.mark.parametrize("raw", ["nan", "NaN", "Infinity", "-inf", "1e999"])
def test_texts_for_what_is_not_finite_are_refused_as_such(raw: str) -> None:
    assert converted(raw, "number", from_text=True) == "not_finite"


@pytest.mark.parametrize(
    ("raw", "expected"), [(21, 21), (21.0, 21), (-MAX_INTEGER, -MAX_INTEGER), (1e3, 1000)]
)
def test_a_whole_number_is_an_integer(raw: Any, expected: int) -> None:
    result = converted(raw, "integer")

    assert (type(result), result) == (int, expected)


@pytest.mark.parametrize("raw", [21.5, MAX_INTEGER + 1, -MAX_INTEGER - 1, 1e17])
def test_fractions_and_integers_beyond_two_to_the_53_are_refused(raw: Any) -> None:
    assert converted(raw, "integer") == "wrong_type"


def test_an_integer_is_read_from_a_text_without_going_over_a_float() -> None:
    assert converted("9007199254740991", "integer", from_text=True) == 9007199254740991
    assert converted("9007199254740993", "integer", from_text=True) == "wrong_type"


def test_a_fraction_that_the_unit_makes_is_rounded() -> None:
    assert converted(1.2346, "integer", scale=KILO) == 1235
    assert converted("1.2346", "integer", scale=KILO, from_text=True) == 1235


@pytest.mark.parametrize(("raw", "expected"), [("true", True), ("False", False), (True, True)])
def test_true_and_false_are_booleans_in_plain_text(raw: Any, expected: Any) -> None:
    assert converted(raw, "boolean", from_text=True) is expected


@pytest.mark.parametrize("raw", ["on", "1", 1, 0, "open"])
def test_the_usual_words_are_booleans_only_where_declared(raw: Any) -> None:
    assert converted(raw, "boolean", from_text=True) == "wrong_type"
    assert converted(raw, "boolean", lenient=True) is (raw != 0)


@pytest.mark.parametrize("raw", [2, 0.5, "maybe", ""])
def test_other_words_and_numbers_are_no_booleans_at_all(raw: Any) -> None:
    assert converted(raw, "boolean", lenient=True, from_text=True) == "wrong_type"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [("开", "开"), ("", ""), (1, "wrong_type"), (True, "wrong_type"), ("a\0b", "malformed"), ("é\ud800", "malformed"), ("x" * 4097, "too_large")],
)  # fmt: skip
def test_a_text_is_kept_if_a_database_can_keep_it(raw: Any, expected: str) -> None:
    assert converted(raw, "text") == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [("open", "open"), (3, "3"), ("ajar", "wrong_type"), (True, "wrong_type"), (3.0, "wrong_type")],
)
def test_an_enum_takes_its_choices_and_nothing_else(raw: Any, expected: str) -> None:
    assert converted(raw, "enum") == expected


def test_a_map_is_looked_up_before_anything_else_and_is_in_the_units_of_the_signal() -> None:
    values = {"0": "closed", "true": "open"}

    assert converted(0, "enum", values=values) == "closed"
    assert converted(True, "enum", values=values) == "open"
    assert converted("open", "enum", values=values) == "open"
    assert converted("low", "number", scale=KILO, values={"low": 5}) == 5.0
    assert converted(2, "number", scale=KILO, values={"low": 5}) == 2000.0


@pytest.mark.parametrize(
    ("source", "target", "raw", "expected"),
    [
        ("[degF]", "Cel", 212, 100),
        ("K", "°C", 0, -273.15),
        ("Cel", "[degF]", -40, -40),
        ("L/min", "m3/h", 1000, 60),
        ("m³/h", "m3/s", 3600, 1),
        ("kWh", "J", 1, 3.6e6),
        ("W.h", "kW.h", 1500, 1.5),
        ("%", "1", 55, 0.55),
        ("mbar", "hPa", 1013, 1013),
        ("µg/m³", "mg/m3", 35, 0.035),
        ("/min", "Hz", 60, 1),
        ("kvar", "var", 1, 1000),
        ("m/s", "km/h", 10, 36),
        ("d", "h", 2, 48),
    ],
)
def test_a_value_is_converted_by_factor_and_offset(
    source: str, target: str, raw: float, expected: float
) -> None:
    scale = conversion(source, target)

    assert raw * scale.factor + scale.offset == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("Cel", "W"),
        ("C", "Cel"),
        ("kVA", "kW"),
        ("var", "W"),
        ("dB(A)", "Pa"),
        ("pH", "1"),
        ("m", "m2"),
        ("K", "1"),
    ],
)
def test_units_of_different_kinds_are_not_converted(source: str, target: str) -> None:
    with pytest.raises(NoConversion):
        conversion(source, target)


@pytest.mark.parametrize(
    "symbol", ["", "florps", "m/", ".m", "m..h", "__import__('os')", "m**3", "x" * 41, "m99", "1/0", "m 2)"]
)
def test_what_is_no_unit_is_refused(symbol: str) -> None:
    with pytest.raises(UnknownUnit):
        checked_unit(symbol)


@settings(deadline=None)
@given(st.text(max_size=12) | st.from_regex(r"[a-zA-Z%/.0-9\[\]-]{1,12}", fullmatch=True))
def test_any_text_is_a_unit_or_refused_in_words(symbol: str) -> None:
    try:
        assert canonical(checked_unit(symbol)) == checked_unit(symbol)
    except TwinError as error:
        assert "is no unit" in str(error)  # noqa: PT017 - most texts are refused, and both ends are right


@pytest.mark.parametrize("symbol", sorted(set(SPELLINGS.values())))
def test_every_symbol_that_spellings_lead_to_is_a_unit(symbol: str) -> None:
    assert checked_unit(symbol) == symbol
