"""A property column as bytes: what comes back, and what passes, is what was there."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.objects import Property
from twin.queries import Operator, PropertyCondition
from twin.store.packed.columns import StoredColumn, encode
from twin.store.packed.comparing import of_condition
from twin.tables import Coded, PropertyColumn, TextArray, Values

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
METRES = st.integers(-(10**9), 10**9).map(lambda mm: mm / 1000)
INTEGERS = st.integers(-(2**63), 2**63 - 1)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def made(values: list[Any], kind: str, valid: list[bool] | None = None) -> PropertyColumn:
    arrays: dict[str, Values] = {
        "float": np.array(values, np.float64) if kind == "float" else np.empty(0),
        "int": np.array(values, np.int64) if kind == "int" else np.empty(0),
        "bool": np.array(values, np.bool_) if kind == "bool" else np.empty(0),
        "texts": TextArray.of(values) if kind == "texts" else TextArray.of([]),
        "codes": Coded.of(values) if kind == "codes" else Coded.of([]),
    }
    mask = None if valid is None else np.array(valid, np.bool_)
    return PropertyColumn(set_name="S", name="n", type="T", unit="m", values=arrays[kind], valid=mask)


def stored(column: PropertyColumn) -> StoredColumn | None:
    encoded = encode(column, slice(0, len(column)), None)
    return None if encoded is None else StoredColumn(encoded.body)


COLUMNS = st.one_of(
    st.tuples(st.just("float"), st.lists(st.tuples(st.one_of(FLOATS, METRES), st.booleans()), min_size=1)),
    st.tuples(st.just("int"), st.lists(st.tuples(INTEGERS, st.booleans()), min_size=1)),
    st.tuples(st.just("bool"), st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1)),
    st.tuples(st.just("texts"), st.lists(st.tuples(TEXTS, st.booleans()), min_size=1)),
    st.tuples(st.just("codes"), st.lists(st.tuples(st.sampled_from("abc水"), st.booleans()), min_size=1)),
)


@given(COLUMNS)
def test_values_come_back_to_the_last_bit(column: tuple[str, list[tuple[Any, bool]]]) -> None:
    kind, pairs = column
    values, valid = [value for value, _ in pairs], [there for _, there in pairs]
    back = stored(made(values, kind, valid))
    if back is None:
        assert not any(valid)
        return
    expected = [Property(value=value, type="T", unit="m") if there else None for value, there in pairs]
    assert [back.at(row) for row in range(len(pairs))] == expected
    assert [repr(value) for value in back.values()] == [repr(value) for value, there in pairs if there]


@given(
    st.lists(st.one_of(FLOATS, METRES), min_size=1),
    st.sampled_from(["=", "!=", "<", "<=", ">", ">="]),
    st.data(),
)
def test_numbers_pass_as_python_compares_them(
    values: list[float], operator: Operator, data: st.DataObject
) -> None:
    asked = data.draw(st.sampled_from(values))
    back = stored(made(values, "float"))
    assert back is not None
    tests = {
        "=": asked.__eq__, "!=": asked.__ne__, "<": asked.__gt__, "<=": asked.__ge__, ">": asked.__lt__, ">=": asked.__le__
    }  # fmt: skip
    condition = of_condition(PropertyCondition(name="n", operator=operator, number=asked))
    assert back.passing(condition).tolist() == [i for i, value in enumerate(values) if tests[operator](value)]


@given(st.lists(TEXTS, min_size=1), st.sampled_from(["texts", "codes"]), st.data())
def test_equal_texts_pass_in_any_unicode_form(values: list[str], kind: str, data: st.DataObject) -> None:
    asked = data.draw(st.sampled_from(values))
    back = stored(made(values, kind))
    assert back is not None
    passed = back.passing(of_condition(PropertyCondition(name="n", operator="=", text=asked))).tolist()
    assert {i for i, value in enumerate(values) if value == asked} <= set(passed)
    beside = back.passing(of_condition(PropertyCondition(name="n", operator="!=", text=asked))).tolist()
    assert sorted(passed + beside) == list(range(len(values)))


def test_metres_with_two_digits_take_two_bytes_each() -> None:
    values = np.round(np.random.default_rng(1).uniform(0, 300, 2048), 2)
    column = PropertyColumn(set_name="S", name="n", type="T", values=values)
    encoded = encode(column, slice(0, 2048), None)
    assert encoded is not None
    assert len(encoded.body) < 2.2 * 2048
    assert (encoded.low, encoded.high) == (values.min(), values.max())


@pytest.mark.parametrize("value", [-0.0, 1e300, 5e-324, 0.1 + 0.2, 2.0**53])
def test_numbers_that_no_short_form_has_are_kept_whole(value: float) -> None:
    back = stored(made([value], "float"))
    assert back is not None
    assert repr(back.values()[0]) == repr(value)
