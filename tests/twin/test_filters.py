"""The filter language: what is read, what is refused and where, and that nothing makes the reader fall over."""

import json

import pytest
from cql2 import parse_text
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin.store.filter_contract import filters
from twin.errors import InvalidFilter
from twin.filters import MAX_LENGTH, MAX_TERMS, PropertyField, SignalField, leaves, parse_filter


@pytest.mark.parametrize(
    ("text", "position", "what"),
    [
        ("", 0, "ends too early"),
        ("temperature >", 13, "ends too early"),
        ("(a = 1 AND (b = 2)", 18, "ends too early"),
        ("a = 1 bogus", 6, "cannot be read"),
        ("a = 1; DROP TABLE object", 5, "cannot be read"),
        ("temperature", 11, "ends too early"),
        ("class > 3", 8, "a text"),
        ("hidden < TRUE", 0, "no order"),
        ("temperature.quality = 'fine'", 22, "good, uncertain, stale, bad"),
        ("temperature.quality > 'good'", 0, "no order"),
        ("temperature.age > 'long'", 18, "a number"),
        ("temperature.observed_at < '2026'", 26, "TIMESTAMP"),
        ("t.observed_at < TIMESTAMP('yesterday')", 16, "yesterday"),
        ("t.observed_at < DATE('2026-11-23')", 16, "TIMESTAMP"),
        ("temperature < TIMESTAMP('2026-11-23T00:00:00Z')", 14, "observed_at"),
        ("a = b", 4, "two names"),
        ("3 = 4", 0, "a name belongs"),
        ("a BETWEEN 1 AND 'x'", 16, "different types"),
        ("UPPER(a, 'b')", 0, "UPPER"),
        ("a = 1 AND CASEI(name) = CASEI('x')", 10, "CASEI, which is not understood"),
        ("name = 'CASEI(' AND a = b", 24, "two names"),
        ("a + 1 > 3", 2, "arithmetic"),
        ("a = 1e999", 4, "float64"),
        ("a.. = 3", 2, "cannot be read"),
        ("a LIKE '%a%a%a%a%a%a%a%a%a'", 7, "more than 8"),
        ("geometry = 3", 0, "S_INTERSECTS"),
        ("S_INTERSECTS(geometry, POLYGON((0 0, 1 0)))", 23, "geometry that is none"),
        ("S_INTERSECTS(geometry, POLYGON((0 0, 2 2, 2 0, 0 2, 0 0)))", 23, "Self-intersection"),
        ("S_INTERSECTS(geometry, POINT(300 0))", 23, "longitude"),
        ("S_INTERSECTS(geometry, BBOX(0, 1, 2))", 23, "west, south, east, north"),
        ("S_INTERSECTS(name, POINT(3 0))", 0, "something else than `geometry`"),
        ("a = 'x\0'", 4, "characters"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(text: str, position: int, what: str) -> None:
    with pytest.raises(InvalidFilter, match=what) as refused:
        parse_filter(text)
    assert refused.value.position == position


@pytest.mark.parametrize(
    "text",
    [
        "a = 1" + " AND a = 1" * MAX_TERMS,
        "(a = 1 AND (b = 1 OR " * 17 + "c = 1" + "))" * 17,
        "a = '" + "x" * MAX_LENGTH + "'",
    ],
)
def test_what_is_too_much_is_refused(text: str) -> None:
    with pytest.raises(InvalidFilter):
        parse_filter(text)


def test_nesting_that_says_nothing_is_read_however_deep() -> None:
    deep = "(" * 1_500 + "NOT " * 200 + "a = 1" + ")" * 1_500
    assert parse_filter(deep).expression == parse_filter("a = 1").expression


@pytest.mark.parametrize(
    ("text", "signals"),
    [
        ("temperature > 3 AND humidity.quality = 'bad' AND temperature < 9", ("temperature", "humidity")),
        ('class = \'x\' AND "Pset"."temperature" = 3', ()),
        ("signal.class = 3", ("class",)),
        ("signal.a.b.quality = 'bad'", ("a.b",)),
        ("水表.age > 3", ("水表",)),
        ('"a b" > 3', ("a b",)),
    ],
)
def test_signals_are_told_from_attributes_and_properties(text: str, signals: tuple[str, ...]) -> None:
    assert parse_filter(text).signals == signals


@pytest.mark.parametrize(
    ("name", "pairs"),
    [
        ('"Pset.A"."B.c"', (("Pset.A", "B.c"),)),
        ('"Pset.A.B"', (("Pset", "A.B"), ("Pset.A", "B"))),
        ("Pset.B", (("Pset", "B"),)),
        ("property.B", ((None, "B"),)),
        ('property."Pset.A"."B"', (("Pset.A", "B"),)),
    ],
)
def test_a_property_is_named_by_set_and_name(name: str, pairs: tuple[tuple[str | None, str], ...]) -> None:
    (leaf,) = leaves(parse_filter(f"{name} = 3").expression)
    assert leaf.field == PropertyField(pairs)  # type: ignore[union-attr]  # a comparison


def test_words_of_the_language_are_read_in_either_case_and_inside_names() -> None:
    lower = parse_filter("a is not null and not (b in (1, 2) or c like 'x')")
    upper = parse_filter("a IS NOT NULL AND NOT (b IN (1, 2) OR c LIKE 'x')")
    assert lower.expression == upper.expression
    (leaf,) = leaves(parse_filter("android = 1").expression)
    assert leaf.field == SignalField("android", "value")  # type: ignore[union-attr]  # a comparison


@given(filters)
@settings(deadline=None)
def test_another_reader_takes_what_this_one_takes(text: str) -> None:
    assert len(leaves(parse_filter(text).expression)) >= 1
    assert json.dumps(parse_text(text).to_json())


_pieces = st.sampled_from(
    ["a", "class", ".", "quality", " AND ", " or ", "NOT ", "(", ")", "'x'", "'", '"', "3", "-", "1e9", " = ", " < ", " IN ",
     " LIKE ", " BETWEEN ", " IS ", "NULL", "TIMESTAMP(", "S_INTERSECTS(", "geometry", ",", "POLYGON((", "BBOX(", "水", "\0", "\ud800"]
)  # fmt: skip


@given(st.one_of(st.text(max_size=60), st.lists(_pieces, max_size=25).map("".join)))
@settings(deadline=None, max_examples=400)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_filter(text)
    except InvalidFilter as refused:
        assert 0 <= refused.position <= len(text)  # noqa: PT017 - one of two good ends


def test_a_nesting_too_deep_to_be_walked_through_is_refused_as_any_other() -> None:
    deep = "a>1OR(" * 560 + "a>1" + ")" * 560
    with pytest.raises(InvalidFilter, match="nested deeper than 32 levels"):
        parse_filter(deep)
