"""Sort keys and search texts."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.objects import Attributes, Property, SourceObject
from twin.store.texts import elevation_m, folded, search_text, search_words, sort_key


def named(name: str, class_: str = "IfcWall", **attributes: Any) -> SourceObject:
    return SourceObject(
        ordinal=0, global_id="x", class_=class_, name=name, attributes=Attributes(**attributes)
    )


def storey(elevation: float, unit: str | None = "m") -> SourceObject:
    sets = {"IfcBuildingStorey": {"Elevation": Property(value=elevation, type="IfcLengthMeasure", unit=unit)}}
    return named("S", "IfcBuildingStorey", properties=sets)


@given(st.lists(st.floats(allow_nan=False), min_size=2, max_size=2))
def test_storeys_sort_by_elevation(elevations: list[float]) -> None:
    low, high = sorted(elevations)
    assert sort_key(storey(low)) <= sort_key(storey(high))
    if low < high:
        assert sort_key(storey(low)) != sort_key(storey(high))


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_numbers_in_names_sort_as_numbers(one: int, other: int) -> None:
    assert (sort_key(named(f"Raum {one}")) < sort_key(named(f"Raum {other}"))) == (one < other)


@pytest.mark.parametrize(
    "ordered",
    [
        ["a2", "a10", "b1"],
        ["1F", "2F", "10F"],
        ["wall", "Wall 1", "WALL 2"],
        ["", "a"],
    ],
)
def test_names_sort_as_people_expect(ordered: list[str]) -> None:
    assert sorted(ordered, key=lambda name: sort_key(named(name))) == ordered


def test_spatial_parts_come_before_elements() -> None:
    assert sort_key(named("z", "IfcSpace")) < sort_key(named("a"))
    assert sort_key(storey(1e9)) < sort_key(named("a", "IfcSpace"))


def test_an_enormous_name_has_a_bounded_key() -> None:
    assert len(sort_key(named("9" * 10_000))) < 300


@pytest.mark.parametrize(("unit", "metres"), [("m", 3.0), ("mm", 0.003), (None, 3.0), ("ft", 0.9144)])
def test_elevations_are_read_in_their_unit(unit: str | None, metres: float) -> None:
    found = elevation_m(storey(3.0, unit).attributes)
    assert found is not None
    assert math.isclose(found, metres)


def test_an_elevation_in_an_unknown_unit_is_not_guessed() -> None:
    assert elevation_m(storey(3.0, "cubit").attributes) is None


@given(st.text(), st.text())
def test_a_text_is_found_by_any_part_of_it_in_any_case(before: str, after: str) -> None:
    text = search_text(named(f"{before} Wärmepumpe {after}"))
    assert all(word in text for word in search_words("WÄRMEPUMPE"))


def test_search_text_has_each_part_once() -> None:
    assert search_text(named("Pump", tag="7", type_name="pump")) == "pump\n7"


@given(st.text())
def test_folding_is_stable(text: str) -> None:
    assert folded(folded(folded(text))) == folded(folded(text))
