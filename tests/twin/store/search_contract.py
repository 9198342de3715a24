"""What every store must answer; adapters' tests inherit these classes and give `store`."""

import pytest

from tests.twin.store.builders import (
    boxes,
    building,
    imported,
    plain,
    published,
    staged,
    with_properties,
)
from tests.twin.store.query_contract import all_pages, by_property, found
from twin.errors import InvalidQuery
from twin.objects import Attributes, SourceObject
from twin.ports import Store
from twin.queries import ObjectQuery, parse_condition


class SearchContract:
    def test_pages_of_several_models_are_complete_and_in_order(self, store: Store) -> None:
        for key in "cab":
            imported(store, key, plain([f"{i:02}" for i in range(10)]))
        expected = [f"{key}/{i:02}" for key in "cab" for i in range(10)]
        for limit in (1, 3, 10, 29, 30, 31):
            assert all_pages(store, limit=limit) == expected

    def test_a_page_goes_on_after_a_re_import(self, store: Store) -> None:
        imported(store, "a", plain("bdfh"))
        page = store.objects(ObjectQuery(limit=2))
        imported(store, "a", plain("abceghi"), "2")
        assert found(store, limit=10, cursor=page.next) == ["e", "g", "h", "i"]

    def test_a_page_goes_on_after_its_model_was_removed(self, store: Store) -> None:
        for key in "abc":
            imported(store, key, plain("xyz"))
        page = store.objects(ObjectQuery(limit=4))
        store.remove("b")
        rest = store.objects(ObjectQuery(limit=10, cursor=page.next))
        assert [item.id for item in rest.items] == ["c/x", "c/y", "c/z"]

    @pytest.mark.parametrize("cursor", ["", "x", "!!", "gqFpAQ", "pA", "wMDA", "k6F0AQI"])
    def test_a_cursor_that_is_none_is_refused(self, store: Store, cursor: str) -> None:
        imported(store, "a", plain("x"))
        with pytest.raises(InvalidQuery):
            store.objects(ObjectQuery(cursor=cursor))

    def test_models_and_classes_filter(self, store: Store) -> None:
        imported(store, "a", building())
        imported(store, "b", plain("x"))
        assert found(store, models=("b",)) == ["x"]
        assert found(store, models=("b", "none")) == ["x"]
        assert found(store, models=("none",)) == []
        assert found(store, classes=("IfcWall",)) == ["e1", "e2", "x"]
        assert found(store, classes=("IfcLamp", "IfcSpace")) == ["e4", "r"]
        assert found(store, classes=("IfcNothing",)) == []
        assert found(store, models=("a",), classes=("IfcWall",)) == ["e1", "e2"]

    def test_a_storey_filters_at_any_depth(self, store: Store) -> None:
        imported(store, "a", building())
        assert found(store, storey="a/s3") == ["e4", "r"]
        assert found(store, storey="b/s3") == []

    def test_state_indexes_filter(self, store: Store) -> None:
        indexes = imported(store, "a", plain("xyz"))
        imported(store, "a", plain("yz"), "2")
        assert found(store, state_indexes=(indexes["x"], indexes["z"], 99)) == ["z"]

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("水表", ["e3"]),
            ("sb-07", ["e3"]),
            ("WALL", ["e1", "e2"]),
            ("wall 10", ["e1"]),
            ("10 wall", ["e1"]),
            ("STRASSENLAMPE", ["e4"]),
            ("ＷＡＬＬ", ["e1", "e2"]),
            ("%", []),
            ("_", []),
            ("'", []),
            ("e4", ["e4"]),
            ("  ", ["b", "e1", "e2", "e3", "e4", "p", "r", "s1", "s2", "s3"]),
        ],
    )
    def test_text_finds_words_in_any_case(self, store: Store, text: str, expected: list[str]) -> None:
        imported(store, "a", building())
        assert found(store, text=text) == expected

    def test_text_looks_into_tag_long_name_and_types(self, store: Store) -> None:
        about = Attributes(long_name="Grundriss", tag="T-100", type_name="Typ A", object_type="泵")
        imported(store, "a", [SourceObject(ordinal=0, global_id="x", class_="C", name="n", attributes=about)])
        for text in ("grund", "t-100", "typ a", "泵", "typ grund"):
            assert found(store, text=text) == ["x"]

    def test_numbers_compare_as_numbers(self, store: Store) -> None:
        values = {"a": {"n": 9}, "b": {"n": 10.0}, "c": {"n": 100}, "d": {"n": "10"}, "e": {}}
        imported(store, "m", with_properties("abcde", values))
        assert by_property(store, "Pset.n=10") == "bd"
        assert by_property(store, "Pset.n!=10") == "ac"
        assert by_property(store, "Pset.n>9") == "bc"
        assert by_property(store, "Pset.n>=9") == "abc"
        assert by_property(store, "Pset.n<10") == "a"
        assert by_property(store, "Pset.n<=10") == "ab"
        assert by_property(store, "Pset.n=9.5..100") == "bc"

    def test_texts_compare_as_texts(self, store: Store) -> None:
        values = {
            "a": {"s": "F30"},
            "b": {"s": "F90"},
            "c": {"s": "f90"},
            "d": {"s": 90},
            "e": {"other": "F90"},
        }
        imported(store, "m", with_properties("abcde", values))
        assert by_property(store, "Pset.s=F90") == "b"
        assert by_property(store, "Pset.s!=F90") == "ac"
        assert by_property(store, "Pset.s>F30") == "bc"
        assert by_property(store, "s=F90") == "b"
        assert by_property(store, "Other.s=F90") == ""

    def test_booleans_read_as_true_and_false(self, store: Store) -> None:
        imported(store, "m", with_properties("ab", {"a": {"x": True}, "b": {"x": False}}))
        assert by_property(store, "x=true") == "a"
        assert by_property(store, "x!=true") == "b"

    def test_one_element_of_a_list_is_enough(self, store: Store) -> None:
        imported(store, "m", with_properties("ab", {"a": {"x": [1, 2, 2]}, "b": {"x": ["u", 3.5]}}))
        assert by_property(store, "x=2") == "a"
        assert by_property(store, "x>2") == "b"
        assert by_property(store, "x=u") == "b"

    def test_conditions_all_have_to_hold(self, store: Store) -> None:
        values = {"a": {"n": 1, "s": "u"}, "b": {"n": 2, "s": "u"}, "c": {"n": 2, "s": "v"}}
        imported(store, "m", with_properties("abc", values))
        assert by_property(store, "n=2", "s=u") == "b"
        assert by_property(store, "n=2", "s=w") == ""

    def test_values_of_unusual_size_are_found(self, store: Store) -> None:
        values = {
            "a": {"n": 10**30},
            "b": {"n": -(2**63)},
            "c": {"n": 10**400},
            "d": {"n": float("inf")},
            "e": {"s": "长" * 500},
        }
        imported(store, "m", with_properties("abcde", values))
        assert by_property(store, "n>1e29") == "ad"
        assert by_property(store, "n<0") == "b"
        assert by_property(store, "s=" + "长" * 500) == "e"

    def test_names_that_differ_in_unicode_form_alone_are_one(self, store: Store) -> None:
        imported(store, "m", with_properties("a", {"a": {"Ho\u0308he": "gru\u0308n"}}))
        assert by_property(store, "Höhe=grün") == "a"

    def test_property_conditions_see_current_revisions_only(self, store: Store) -> None:
        imported(store, "m", with_properties("ab", {"a": {"n": 1}, "b": {"n": 1}}))
        imported(store, "m", with_properties("ab", {"a": {"n": 2}, "b": {"n": 1}}), "2")
        assert by_property(store, "n=1") == "b"
        assert by_property(store, "n=2") == "a"

    def test_property_pages_are_complete(self, store: Store) -> None:
        ids = [f"{i:03}" for i in range(40)]
        imported(store, "b", with_properties(ids, {g: {"n": int(g) % 2} for g in ids}))
        imported(store, "a", with_properties(ids, {g: {"n": int(g) % 2} for g in ids}))
        condition = (parse_condition("n=1"),)
        expected = [f"{key}/{g}" for key in "ba" for g in ids if int(g) % 2]
        assert all_pages(store, properties=condition, limit=7) == expected
        assert all_pages(store, properties=condition, roots=True, limit=7) == expected

    def test_a_box_finds_what_touches_it_exactly(self, store: Store) -> None:
        at = [(121.5, 29.9, 0, 121.50001, 29.90001, 5), (121.50002, 29.9, 0, 121.50003, 29.90001, 5)]
        revision, _ = staged(store, "a", plain("xy"))
        store.stage_bounds(revision, boxes(at), boxes(at))
        published(store, revision)
        assert found(store, bbox=(121.4, 29.8, 121.6, 30.0)) == ["x", "y"]
        assert found(store, bbox=(121.500011, 29.9, 121.500019, 29.95)) == []
        assert found(store, bbox=(121.50001, 29.90001, 121.500019, 29.95)) == ["x"]
        assert found(store, bbox=(121.4, 29.8, 121.6, 30.0), text="wall y") == ["y"]

    def test_boxes_across_the_antimeridian_are_found_from_both_sides(self, store: Store) -> None:
        at = [(179.9, 0, 0, -179.9, 1, 1), (10.0, 0, 0, 11.0, 1, 1), (-179.95, 0, 0, -179.92, 1, 1)]
        revision, _ = staged(store, "a", plain("xyz"))
        store.stage_bounds(revision, boxes(at), boxes(at))
        published(store, revision)
        assert found(store, bbox=(179.8, 0, 180, 1)) == ["x"]
        assert found(store, bbox=(-180, 0, -179.93, 1)) == ["x", "z"]
        assert found(store, bbox=(179.0, 0, -179.0, 1)) == ["x", "z"]
        assert found(store, bbox=(0, 0, 20, 1)) == ["y"]
