"""What every store must answer; adapters' tests inherit these classes and give `store`."""

from typing import Any

import pytest

from tests.twin.store.builders import (
    building,
    imported,
    plain,
    tree,
    with_properties,
)
from twin.errors import InvalidQuery, NotFound
from twin.objects import Attributes, ClassificationRef, GroupRef, Property, SourceObject
from twin.ports import Store
from twin.queries import ObjectQuery, ObjectRecord, Page, parse_condition


def found(store: Store, **query: Any) -> list[str]:
    """GlobalIds of one page."""
    return [item.global_id for item in store.objects(ObjectQuery(**query)).items]


def by_property(store: Store, *conditions: str) -> str:
    return "".join(found(store, properties=tuple(map(parse_condition, conditions))))


def all_pages(store: Store, **query: Any) -> list[str]:
    ids: list[str] = []
    cursor = None
    while True:
        page: Page[ObjectRecord] = store.objects(ObjectQuery(cursor=cursor, **query))
        ids += [item.id for item in page.items]
        if page.next is None:
            return ids
        assert len(page.items) == query["limit"]
        cursor = page.next


class QueryContract:
    def test_a_model_tells_what_it_is(self, store: Store) -> None:
        imported(store, "a", building())
        record = store.model("a")
        assert (record.key, record.name, record.kind, record.schema) == ("a", "康桥社区", "ifc", "IFC4")
        assert (record.revision, record.objects, record.bounds) == (1, 10, None)
        assert record.report.products == 3
        assert record.diagnosis.used == "default"
        assert store.models() == [record]

    def test_a_model_has_the_name_of_its_root_in_both_languages(self, store: Store) -> None:
        about = Attributes(long_name="宁波 Ningbo", description="Pump house")
        item = SourceObject(ordinal=0, global_id="x", class_="IfcProject", name="泵站", attributes=about)
        imported(store, "a", [item])
        record = store.model("a")
        assert (record.name, record.report.names) == ("泵站", {"zh": "泵站", "en": "Pump house"})

    def test_a_model_of_many_roots_is_called_by_its_key(self, store: Store) -> None:
        imported(
            store, "a", tree({"lamp-1": ("Lamp", "灯 1", None, None), "lamp-2": ("Lamp", "灯 2", None, None)})
        )
        assert store.model("a").name == "a"

    def test_a_model_without_a_named_root_is_called_by_its_key(self, store: Store) -> None:
        imported(store, "a", [SourceObject(ordinal=0, global_id="x", class_="IfcProject", name="")])
        assert store.model("a").name == "a"

    def test_models_come_by_key(self, store: Store) -> None:
        for key in ("b", "ä", "a"):
            imported(store, key, plain("x"))
        assert [record.key for record in store.models()] == ["a", "b", "ä"]

    def test_an_object_has_all_that_was_staged(self, store: Store) -> None:
        about = Attributes(
            description="d",
            long_name="l",
            tag="t",
            materials=["混凝土"],
            classifications=[ClassificationRef(system="Uniclass", code="EF_25")],
            groups=[GroupRef(kind="IfcZone", name="Z", global_id="g")],
            properties={
                "B": {
                    "width": Property(value=0.3, type="IfcLengthMeasure", unit="m"),
                    "list": Property(value=[1, 2], type="L"),
                },
                "A": {
                    "空": Property(value=None, type="IfcLabel"),
                    "ok": Property(value=True, type="IfcBoolean"),
                },
            },
        )
        item = SourceObject(
            ordinal=0, global_id="x", class_="IfcWall", name="墙", discipline="structure", attributes=about
        )
        imported(store, "a", [item])
        detail = store.object("a", "x")
        assert detail.attributes == about
        assert list(detail.attributes.properties) == ["B", "A"]
        record = detail.record
        assert (record.id, record.class_, record.name, record.discipline) == (
            "a/x",
            "IfcWall",
            "墙",
            "structure",
        )
        assert (record.parent, record.storey, record.has_children, record.drawn, record.bounds) == (
            None,
            None,
            False,
            False,
            None,
        )

    def test_an_object_names_its_parent_its_storey_and_its_path(self, store: Store) -> None:
        imported(store, "a", building())
        detail = store.object("a", "e4")
        assert (detail.record.parent, detail.record.storey, detail.record.storey_name) == (
            "a/r",
            "a/s3",
            "2F",
        )
        assert [(ref.id, ref.class_) for ref in detail.path] == [
            ("a/p", "IfcProject"),
            ("a/b", "IfcBuilding"),
            ("a/s3", "IfcBuildingStorey"),
            ("a/r", "IfcSpace"),
        ]
        assert store.object("a", "r").record.hidden
        assert not store.object("a", "p").record.product

    def test_a_loop_among_parents_ends(self, store: Store) -> None:
        rows: dict[str, tuple[str, str, str | None, str | None]] = {
            "x": ("C", "x", "y", None),
            "y": ("C", "y", "z", None),
            "z": ("C", "z", "y", None),
        }
        imported(store, "a", tree(rows))
        assert sorted(ref.id for ref in store.object("a", "x").path) == ["a/y", "a/z"]

    def test_equal_global_ids_in_other_models_are_the_same_object(self, store: Store) -> None:
        for key in "abc":
            imported(store, key, plain("x"))
        imported(store, "gis", plain("x"), kind="gpkg")
        store.remove("b")
        assert store.object("a", "x").same_as == ["c/x"]
        assert store.object("gis", "x").same_as == []

    def test_the_object_is_that_of_the_current_revision(self, store: Store) -> None:
        imported(store, "a", with_properties("x", {"x": {"n": 1}}))
        imported(store, "a", with_properties("x", {"x": {"n": 2}}), "2")
        assert store.object("a", "x").attributes.properties["Pset"]["n"].value == 2
        store.rollback("a", 1)
        assert store.object("a", "x").attributes.properties["Pset"]["n"].value == 1

    @pytest.mark.parametrize(("key", "global_id"), [("a", "y"), ("b", "x"), ("", ""), ("a", "X")])
    def test_an_object_that_is_not_there_is_not_found(self, store: Store, key: str, global_id: str) -> None:
        imported(store, "a", plain("x"))
        with pytest.raises(NotFound):
            store.object(key, global_id)

    def test_classes_are_counted(self, store: Store) -> None:
        imported(store, "a", building())
        assert {t.class_: t.count for t in store.classes("a")} == {
            "IfcBuilding": 1,
            "IfcBuildingStorey": 3,
            "IfcFlowMeter": 1,
            "IfcLamp": 1,
            "IfcProject": 1,
            "IfcSpace": 1,
            "IfcWall": 2,
        }

    def test_storeys_come_from_below_with_what_they_hold(self, store: Store) -> None:
        imported(store, "a", building())
        assert [(s.id, s.name, s.elevation_m, s.count) for s in store.storeys("a")] == [
            ("a/s1", "B1 车库", -3.6, 1),
            ("a/s2", "1F", 0.0, 2),
            ("a/s3", "2F", 3.3, 2),
        ]

    def test_a_storey_that_holds_nothing_is_listed(self, store: Store) -> None:
        imported(store, "a", tree({"s": ("IfcBuildingStorey", "R", None, None)}))
        assert [(s.id, s.count, s.elevation_m) for s in store.storeys("a")] == [("a/s", 0, None)]


class TreeContract:
    def test_children_come_in_the_order_for_people(self, store: Store) -> None:
        imported(store, "a", building())
        assert [c.global_id for c in store.children("a", "b", limit=10).items] == ["s1", "s2", "s3"]
        assert [c.name for c in store.children("a", "s2", limit=10).items] == ["Wall 2", "Wall 10"]

    def test_children_tell_whether_they_have_children(self, store: Store) -> None:
        imported(store, "a", building())
        assert [(c.global_id, c.has_children) for c in store.children("a", "s3", limit=10).items] == [
            ("r", True)
        ]
        assert not store.children("a", "r", limit=10).items[0].has_children

    def test_children_are_paged_without_gap_or_repeat(self, store: Store) -> None:
        names = {f"{i:03}": ("IfcWall", f"Wall {i % 7}", "root", None) for i in range(50)}
        imported(store, "a", tree({"root": ("IfcSite", "S", None, None), **names}))
        ids, cursor = [], None
        while True:
            page = store.children("a", "root", limit=7, cursor=cursor)
            ids += [item.global_id for item in page.items]
            cursor = page.next
            if cursor is None:
                break
        assert ids == sorted(names, key=lambda g: (int(g) % 7, g))

    def test_the_last_page_is_known_to_be_the_last(self, store: Store) -> None:
        imported(store, "a", building())
        assert store.children("a", "b", limit=3).next is None
        assert store.children("a", "b", limit=2).next is not None

    def test_a_page_of_children_goes_on_after_a_re_import(self, store: Store) -> None:
        names = {f"{i}": ("IfcWall", f"W{i}", "z", None) for i in range(6)}
        imported(store, "a", tree({"z": ("IfcSite", "S", None, None), **names}))
        page = store.children("a", "z", limit=3)
        del names["2"], names["4"]
        imported(
            store,
            "a",
            tree({"z": ("IfcSite", "S", None, None), "00": ("IfcWall", "W00", "z", None), **names}),
            "2",
        )
        rest = store.children("a", "z", limit=10, cursor=page.next)
        assert [c.global_id for c in rest.items] == ["3", "5"]

    def test_children_of_nothing_are_not_found(self, store: Store) -> None:
        imported(store, "a", plain("x"))
        with pytest.raises(NotFound):
            store.children("a", "y", limit=1)

    def test_a_query_for_a_parent_gives_the_same_children(self, store: Store) -> None:
        imported(store, "a", building())
        assert found(store, parent="a/b") == ["s1", "s2", "s3"]
        assert found(store, parent="a/nothing") == []
        assert found(store, parent="a/s2", text="wall 10") == ["e1"]

    def test_roots_of_all_models_are_paged(self, store: Store) -> None:
        for key in "ab":
            imported(store, key, plain("xyz"))
        imported(store, "c", building())
        assert all_pages(store, roots=True, limit=2) == ["a/x", "a/y", "a/z", "b/x", "b/y", "b/z", "c/p"]
        assert found(store, roots=True, models=("c",)) == ["p"]

    @pytest.mark.parametrize("limit", [0, -1, 1001])
    def test_a_limit_out_of_range_is_refused(self, store: Store, limit: int) -> None:
        imported(store, "a", plain("x"))
        with pytest.raises(InvalidQuery):
            store.children("a", "x", limit=limit)
