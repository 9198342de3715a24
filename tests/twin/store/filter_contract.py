"""What filters find, in every store: the same as plain Python on what another parser has read."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import shapely
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.twin.store.builders import boxes, published, staged
from tests.twin.store.clock import Clock
from tests.twin.store.filter_oracle import Known, passes
from tests.twin.store.live_contract import NOW, S, read
from tests.twin.store.tabled import TabledStore
from twin.errors import InvalidQuery
from twin.filters import parse_filter
from twin.objects import Attributes, Property, SourceObject
from twin.ports import StateQuery, TwinStore
from twin.queries import ObjectQuery
from twin.state import Quality, Signal

CLASSES = ("IfcWall", "IfcSpace", "IfcFlowMeter", "水表")
TEXTS = ("A", "a", "b%", "甲级", "Z_z", "x*?[", "true", "")
NUMBERS = (-1.5, 0.0, 1.0, 2.0, 30.5)
SET = "Pset_Door.Common"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _time(seconds: int) -> str:
    moment = datetime.fromtimestamp(NOW / S, UTC) + timedelta(seconds=seconds)
    return f"TIMESTAMP('{moment.strftime('%Y-%m-%dT%H:%M:%SZ')}')"


_comparators = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])
_numbers = st.sampled_from([str(number) for number in NUMBERS])
_texts = st.sampled_from(TEXTS).map(_text)
_booleans = st.sampled_from(["TRUE", "false"])
_literals = st.one_of(_numbers, _texts)
_times = st.integers(-20, 5).map(_time)
_qualities = st.sampled_from([_text(quality) for quality in Quality])
_patterns = (
    st.lists(st.sampled_from(["%", "_", "A", "a", "b", "甲", "*", "[", "z"]), max_size=4)
    .map("".join)
    .map(_text)
)
_signals = st.sampled_from(["temperature", "mode", "on", "nothing"])
_properties = st.sampled_from(
    [f'"{SET}.Rating"', f'"{SET}.Width"', f'"{SET}.Many"', f'"{SET}.External"', '"No.Such"']
)
_any = st.one_of(_signals, _properties)
_named = st.sampled_from(["class", "name", "model", "global_id", "id", "storey", "storey_name", "discipline"])
_corners = st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 4), st.integers(1, 4))


def _filled(pattern: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map(lambda given: pattern.format(*given))


def _triangle(corner: tuple[int, int, int, int]) -> str:
    x, y, w, h = corner
    return f"S_INTERSECTS(geometry, POLYGON(({x} {y}, {x + w} {y}, {x} {y + h}, {x} {y})))"


_attribute_texts = st.sampled_from([*CLASSES, "a", "b", "a/o1", "o1", "B1 车库", "Thing 3", "other"]).map(
    _text
)
_leaves = st.one_of(
    _filled("{} {} {}", _any, _comparators, _literals),
    _filled("{1} {0} {2}", _comparators, _literals, _any),
    _filled("{} = {}", _any, _booleans),
    _filled("{} <> {}", _signals, _booleans),
    _filled("{} {} {}", _named, _comparators, _attribute_texts),
    _filled("{} IN ({}, {})", st.one_of(_any, _named), _texts, _attribute_texts),
    _filled("{} NOT IN ({}, {})", _any, _literals, _literals),
    _filled("{} LIKE {}", st.one_of(_any, _named), _patterns),
    _filled("{} NOT LIKE {}", _any, _patterns),
    _filled("{} BETWEEN {} AND {}", _any, _numbers, _numbers),
    _filled("{} NOT BETWEEN {} AND {}", _any, _texts, _texts),
    _filled("{} IS NULL", st.one_of(_any, st.sampled_from(["storey", "name"]))),
    _filled("{}.quality IS NOT NULL", _signals),
    _filled("{}.quality {} {}", _signals, st.sampled_from(["=", "<>"]), _qualities),
    _filled("{}.{} {} {}", _signals, st.sampled_from(["observed_at", "changed_at"]), _comparators, _times),
    _filled("T_AFTER({}.received_at, {})", _signals, _times),
    _filled("{}.age {} {}", _signals, _comparators, _numbers),
    _filled("{}.kind = {}", _signals, st.sampled_from(["'k0'", "'k1'"])),
    _filled("hidden = {}", _booleans),
    _corners.map(_triangle),
    _corners.map(lambda c: f"S_INTERSECTS(geometry, BBOX({c[0]}, {c[1]}, {c[0] + c[2]}, {c[1] + c[3]}))"),
)
filters = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        _filled("({} AND {})", inner, inner),
        _filled("({} or {})", inner, inner),
        _filled("NOT ({})", inner),
    ),
    max_leaves=6,
)


def _attributes(dice: random.Random, *, lists: bool) -> Attributes:
    values: dict[str, Any] = {
        "Rating": dice.choice(TEXTS),
        "Width": dice.choice(NUMBERS),
        "Many": dice.sample([*TEXTS, *NUMBERS], 3) if lists else dice.choice([*TEXTS, *NUMBERS]),
        "External": dice.random() < 0.5,
    }
    kept = {name: Property(value=value, type="T") for name, value in values.items() if dice.random() < 0.7}
    return Attributes(properties={SET: kept} if kept else {})


def _objects(dice: random.Random, *, lists: bool) -> list[SourceObject]:
    storeys = [
        SourceObject(ordinal=i, global_id=f"o{i}", class_="IfcBuildingStorey", name=name)
        for i, name in enumerate(("1F", "B1 车库"))
    ]
    return storeys + [
        SourceObject(
            ordinal=i,
            global_id=f"o{i}",
            class_=dice.choice(CLASSES),
            name=f"Thing {i}",
            storey=dice.choice((0, 1, None)),
            hidden=dice.random() < 0.3,
            attributes=_attributes(dice, lists=lists),
        )
        for i in range(2, 10)
    ]


def _stored(value: Any) -> list[Any]:
    """Values as conditions see them: booleans of properties are texts."""
    values = value if isinstance(value, list) else [value]
    return [("true" if v else "false") if isinstance(v, bool) else v for v in values]


def built_twin(store: TwinStore, dice: random.Random) -> list[Known]:
    """Two models of ten objects; what was put in, in the order of the store."""
    things = []
    for key in ("a", "b"):
        objects = _objects(dice, lists=not isinstance(store, TabledStore))
        sides = [None if dice.random() < 0.2 else _rectangle(dice) for _ in objects]
        revision, indexes = staged(store, key, objects)
        local = boxes([side and (0.0, 0.0, 0.0, 1.0, 1.0, 1.0) for side in sides])
        store.stage_bounds(revision, local, boxes([s and (s[0], s[1], 0.0, s[2], s[3], 1.0) for s in sides]))
        published(store, revision)
        for item, index, side in zip(objects, indexes, sides, strict=True):
            things.append(_known(store, dice, key, objects, item, index, side))
    return things


def _rectangle(dice: random.Random) -> tuple[float, float, float, float]:
    x, y = dice.randrange(0, 20) / 2, dice.randrange(0, 20) / 2
    return x, y, x + dice.choice((0.0, 0.5, 2.0)), y + dice.choice((0.0, 0.5, 2.0))


def _known(
    store: TwinStore,
    dice: random.Random,
    key: str,
    objects: list[SourceObject],
    item: SourceObject,
    index: int,
    side: tuple[float, float, float, float] | None,
) -> Known:
    storey = None if item.storey is None else objects[item.storey]
    about = item.attributes.properties.get(SET, {})
    return Known(
        attributes={
            "id": f"{key}/{item.global_id}",
            "model": key,
            "global_id": item.global_id,
            "class": item.class_,
            "name": item.name,
            "storey": storey and f"{key}/{storey.global_id}",
            "storey_name": storey and storey.name,
            "discipline": item.discipline,
            "hidden": item.hidden,
            "state_index": index,
        },
        signals={
            name: _reported(store, dice, key, item.global_id, name)
            for name in ("temperature", "mode", "on")
            if dice.random() < 0.8
        },
        properties={SET: {name: _stored(p.value) for name, p in about.items()}},
        bounds=side,
        now=NOW,
    )


def _reported(store: TwinStore, dice: random.Random, key: str, global_id: str, name: str) -> dict[str, Any]:
    kind = dice.choice(("k0", "k1"))
    period = dice.choice((None, 5.0))
    (record,) = store.declare_signals(
        [Signal(model=key, global_id=global_id, name=name, kind=kind, period_s=period, settable=name == "on")]
    )
    own: dict[str, Any] = {"kind": kind, "signal": name, "settable": name == "on"}
    if dice.random() < 0.2:
        return own
    of_type: dict[str, Any] = {"temperature": NUMBERS, "mode": TEXTS, "on": (True, False)}
    value, at = dice.choice(of_type[name]), dice.randrange(-20, 0)
    quality = dice.choice((Quality.GOOD, Quality.UNCERTAIN, Quality.BAD))
    store.record([read(record.number, value, at, quality)])
    stale = period is not None and at + period < 0 and quality is not Quality.BAD
    moment = NOW + at * S
    times = {"observed_at": moment, "changed_at": moment, "received_at": moment + S, "age": float(-at)}
    return {**own, "value": value, "quality": Quality.STALE.value if stale else quality.value, **times}


class FilterContract:
    @pytest.mark.parametrize("seed", [1, 2])
    def test_objects_that_pass_are_those_of_plain_python(self, store: TwinStore, seed: int) -> None:
        things = built_twin(store, random.Random(seed))

        @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(filters)
        @example("temperature > 1 AND temperature.quality = 'good'")
        @example("NOT (temperature > 1)")
        @example(f"NOT (\"{SET}.Many\" = 'A')")
        def check(text: str) -> None:
            found = [item.id for item in store.objects(ObjectQuery(filter=parse_filter(text))).items]
            assert found == [thing.attributes["id"] for thing in things if passes(text, thing)]

        check()

    def test_states_that_pass_are_those_of_plain_python(self, store: TwinStore) -> None:
        things = built_twin(store, random.Random(3))
        rows = [(t, f"{t.attributes['id']}/{name}", row) for t in things for name, row in t.signals.items()]
        of_row = st.one_of(
            filters,
            _filled("value {} {}", _comparators, _literals),
            _filled("quality = {} AND {}", _qualities, filters),
            _filled("(age {} {} OR settable = {})", _comparators, _numbers, _booleans),
            _filled("signal IN ('mode', {}) AND NOT ({})", _texts, filters),
            _filled("(value IS NULL OR kind = 'k0') AND {}", filters),
        )

        @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(of_row, st.sampled_from([(), ("temperature",), ("mode", "on")]))
        def check(text: str, names: tuple[str, ...]) -> None:
            query = StateQuery(filter=parse_filter(text), names=names)
            found = [row.signal.signal.id for row in store.states(query).items]
            given = query.filter
            assert given is not None
            wanted = names or (() if given.asks_rows else given.signals)
            expected = {
                identifier
                for thing, identifier, row in rows
                if (not wanted or row["signal"] in wanted) and passes(text, thing, row)
            }
            assert set(found) == expected
            assert len(found) == len(expected)

        check()

    def test_few_and_many_objects_are_filtered_alike(
        self, store: TwinStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        built_twin(store, random.Random(4))
        texts = [
            "class = 'IfcWall' AND temperature IS NOT NULL",
            "S_INTERSECTS(geometry, POLYGON((0 0, 9 0, 0 9, 0 0))) AND temperature.age > 1",
            f'"{SET}.Width" > -2 AND on IS NOT NULL',
        ]
        asked = [StateQuery(filter=parse_filter(text)) for text in texts]
        few = [store.states(query).items for query in asked]
        for module in ("state_search", "search"):
            monkeypatch.setattr(f"twin.store.{module}.FEW_OF_FILTERED", -1)
        assert [store.states(query).items for query in asked] == few
        assert all(few)

    def test_pages_of_a_filter_follow_each_other(self, store: TwinStore) -> None:
        built_twin(store, random.Random(5))
        asked = StateQuery(filter=parse_filter("class <> 'x'"))
        whole = store.states(asked).items
        seen, cursor = [], None
        for _ in range(len(whole)):
            page = store.states(StateQuery(filter=asked.filter, limit=3, cursor=cursor))
            seen += page.items
            cursor = page.next
            if cursor is None:
                break
        assert seen == whole
        assert len(whole) > 3

    def test_a_polygon_is_exact_where_its_box_is_not(self, store: TwinStore) -> None:
        things = built_twin(store, random.Random(6))
        ring = shapely.Polygon([(0, 0), (9, 0), (9, 1), (1, 1), (1, 9), (0, 9)])
        found = {item.id for item in store.objects(ObjectQuery(polygon=shapely.to_wkb(ring))).items}
        inside = {t.attributes["id"] for t in things if t.bounds and shapely.box(*t.bounds).intersects(ring)}
        in_box = {
            t.attributes["id"]
            for t in things
            if t.bounds and shapely.box(*t.bounds).intersects(ring.envelope)
        }
        assert found == inside
        assert inside < in_box
        signals = {
            row.signal.signal.id for row in store.states(StateQuery(polygon=shapely.to_wkb(ring))).items
        }
        assert {identifier.rpartition("/")[0] for identifier in signals} <= inside

    def test_a_box_across_the_antimeridian_finds_both_sides(self, store: TwinStore, clock: Clock) -> None:
        revision, _ = staged(store, "a", _objects(random.Random(7), lists=False)[:4])
        sides = [
            (179.0, 0.0, 0.0, 179.5, 1.0, 1.0),
            (-179.5, 0.0, 0.0, -179.0, 1.0, 1.0),
            (179.9, 0.0, 0.0, -179.9, 1.0, 1.0),
        ]
        store.stage_bounds(
            revision,
            boxes([(0.0, 0.0, 0.0, 1.0, 1.0, 1.0)] * 4),
            boxes([*sides, (0.0, 0.0, 0.0, 1.0, 1.0, 1.0)]),
        )
        published(store, revision)
        found = store.objects(
            ObjectQuery(filter=parse_filter("S_INTERSECTS(geometry, BBOX(178, 0, -178, 1))"))
        )
        assert [item.global_id for item in found.items] == ["o0", "o1", "o2"]

    def test_objects_cannot_be_asked_for_the_value_of_a_row(self) -> None:
        with pytest.raises(InvalidQuery, match="name the signal"):
            ObjectQuery(filter=parse_filter("value > 3"))
