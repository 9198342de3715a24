"""Queries as values: what they accept, and how conditions are read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import InvalidQuery
from twin.queries import ObjectQuery, PropertyCondition, checked_limit, parse_condition, split_object_id


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Pset.FireRating=F90", PropertyCondition(set="Pset", name="FireRating", operator="=", text="F90")),
        ("Width>=0.3", PropertyCondition(name="Width", operator=">=", number=0.3, text="0.3")),
        ("Qto.Area<5", PropertyCondition(set="Qto", name="Area", operator="<", number=5.0, text="5")),
        ("a != b", PropertyCondition(name="a", operator="!=", text="b")),
        ('"A.b"."c=d"=x', PropertyCondition(set="A.b", name="c=d", operator="=", text="x")),
        ('A."b.c"=x', PropertyCondition(set="A", name="b.c", operator="=", text="x")),
        ("A.b.c=x", PropertyCondition(set="A", name="b.c", operator="=", text="x")),
        ("A.b=x=y", PropertyCondition(set="A", name="b", operator="=", text="x=y")),
        ("A.b=", PropertyCondition(set="A", name="b", operator="=", text="")),
        ("A.b=2..5", PropertyCondition(set="A", name="b", operator="between", number=2.0, upper_number=5.0)),
        ("A.b=x..y", PropertyCondition(set="A", name="b", operator="=", text="x..y")),
        ("属性.材料=混凝土", PropertyCondition(set="属性", name="材料", operator="=", text="混凝土")),
        ("a=nan", PropertyCondition(name="a", operator="=", text="nan")),
        ("a=inf", PropertyCondition(name="a", operator="=", text="inf")),
    ],
)
def test_a_condition_is_read(text: str, expected: PropertyCondition) -> None:
    assert parse_condition(text) == expected


@pytest.mark.parametrize("text", ["", "a", "=x", ".=x", "A.=x", '"a=x', 'a"b=x', "A.b"])
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(InvalidQuery, match="write"):
        parse_condition(text)


@given(st.text(max_size=50))
def test_any_text_is_a_condition_or_refused(text: str) -> None:
    try:
        condition = parse_condition(text)
    except InvalidQuery:
        return
    assert condition.name


@pytest.mark.parametrize(
    "changes",
    [
        {"operator": "~"},
        {"number": None, "text": None},
        {"number": float("nan")},
        {"operator": "between"},
        {"name": ""},
    ],
)
def test_a_condition_that_makes_no_sense_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidQuery):
        PropertyCondition(**{"name": "a", "operator": "=", "number": 1.0, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {"limit": 0},
        {"limit": 1001},
        {"bbox": (1.0, 2.0, 3.0, 1.0)},
        {"bbox": (1.0, 2.0, 361.0, 3.0)},
        {"bbox": (1.0, 2.0, float("nan"), 3.0)},
        {"storey": "no-slash"},
        {"parent": "/x"},
        {"text": "x" * 201},
        {"state_indexes": tuple(range(1001))},
        {"properties": (PropertyCondition(name="a", operator="=", text="b"),) * 17},
    ],
)
def test_a_query_that_makes_no_sense_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidQuery):
        ObjectQuery(**changes)  # type: ignore[arg-type]


def test_a_box_across_the_antimeridian_is_allowed() -> None:
    assert ObjectQuery(bbox=(179.0, 0.0, -179.0, 1.0)).bbox == (179.0, 0.0, -179.0, 1.0)


def test_an_object_id_ends_its_key_at_the_first_slash() -> None:
    assert split_object_id("layer/a/b") == ("layer", "a/b")


def test_a_limit_is_returned_as_it_is() -> None:
    assert checked_limit(1000) == 1000
