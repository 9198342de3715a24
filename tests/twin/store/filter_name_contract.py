"""Mistakes in filters that only the content of a twin shows."""

import pytest

from tests.twin.store.builders import imported, plain
from twin.errors import InvalidFilter
from twin.filters import parse_filter
from twin.objects import Attributes, Property, SourceObject
from twin.ports import TwinStore
from twin.state import Signal

DOOR = {
    "FireRating": Property(value="甲级", type="T"),
    "Width": Property(value=0.9, type="T"),
    "IsExternal": Property(value=True, type="T"),
}


def furnished(store: TwinStore) -> None:
    """A door with properties and a room with signals of every type."""
    door = SourceObject(
        ordinal=0,
        global_id="door",
        class_="IfcDoor",
        name="Door",
        attributes=Attributes(properties={"Pset_Door": DOOR}),
    )
    room = SourceObject(ordinal=1, global_id="room", class_="IfcSpace", name="Room")
    imported(store, "a", [door, room])
    store.declare_signals(
        [
            Signal(model="a", global_id="room", name="temperature", unit="Cel"),
            Signal(model="a", global_id="room", name="count", type="integer"),
            Signal(model="a", global_id="room", name="occupied", type="boolean"),
            Signal(model="a", global_id="room", name="mode", type="enum", choices=("off", "on")),
            Signal(model="a", global_id="door", name="mode"),
            Signal(model="a", global_id="room", name="label", type="text"),
        ]
    )


class FilterNameContract:
    @pytest.mark.parametrize(
        "text",
        [
            "temperature > 30",
            "temperature IS NULL",
            "temperature.quality = 'good' OR NOT (count BETWEEN 1 AND 2)",
            "occupied = TRUE",
            "mode = 'on'",
            "mode > 3",
            "label LIKE 'a%'",
            "signal.temperature < 3",
            "value > 'abc'",
            "class = 'IfcNothing' AND name LIKE 'x%'",
            '"Pset_Door"."FireRating" = \'甲级\'',
            "Pset_Door.Width > 0.5",
            "property.Width NOT BETWEEN 1 AND 2",
            '"Pset_Door"."IsExternal" = TRUE',
            "S_INTERSECTS(geometry, BBOX(0, 0, 1, 1))",
        ],
    )
    def test_what_can_hold_is_let_pass(self, store: TwinStore, text: str) -> None:
        furnished(store)
        given = parse_filter(text)
        store.check_filter(given)
        store.check_filter(given)

    @pytest.mark.parametrize(
        ("text", "advice"),
        [
            ("temperatur > 30", "no signal of this twin is called so; did you mean `temperature`"),
            ("class = 'IfcDoor' OR TEMPERATURE.age > 3", "did you mean `temperature`"),
            ("NOT (tempreature IS NULL)", "did you mean `temperature`"),
            ("FireRating = 'x'", "a property is: write property.FireRating"),
            ("zzz = 1", "there are `count`, `label`, `mode`, `occupied`, `temperature`"),
            (
                "temperature > 'abc'",
                "`temperature`, a signal of type number in Cel, with 'abc'; write it as 3.5",
            ),
            ("temperature <> TRUE", "signal of type number in Cel, with True"),
            ("count LIKE '1%'", "signal of type integer"),
            ("occupied = 1", "signal of type boolean, with 1.0; write it as TRUE"),
            ("label BETWEEN 1 AND 2", "signal of type text"),
            ("Pset_Door.Widht > 1", "no object has ever had such a property; did you mean `Pset_Door.Width`"),
            ("property.firerating = 'x'", "did you mean `FireRating`"),
            (
                "Pset_Door.FireRating > 3",
                "`Pset_Door.FireRating`, whose values are texts, with 3.0; write it as 'text'",
            ),
            ("NOT (Pset_Door.Width = 'wide')", "whose values are numbers, with 'wide'; write it as 3.5"),
        ],
    )
    def test_what_can_hold_of_nothing_is_refused_with_advice(
        self, store: TwinStore, text: str, advice: str
    ) -> None:
        furnished(store)
        with pytest.raises(InvalidFilter) as refused:
            store.check_filter(parse_filter(text))
        assert advice in str(refused.value)

    def test_the_place_of_the_name_is_told(self, store: TwinStore) -> None:
        furnished(store)
        text = "temperature > 3 AND humdity < 20"
        with pytest.raises(InvalidFilter) as refused:
            store.check_filter(parse_filter(text))
        assert refused.value.position == text.index("humdity")

    def test_a_twin_without_signals_says_so(self, store: TwinStore) -> None:
        imported(store, "a", plain("x"))
        with pytest.raises(InvalidFilter, match="there are none yet"):
            store.check_filter(parse_filter("temperature > 3"))

    def test_a_name_that_is_declared_later_is_known_from_then_on(self, store: TwinStore) -> None:
        imported(store, "a", plain("x"))
        asked = parse_filter("temperature > 3")
        with pytest.raises(InvalidFilter):
            store.check_filter(asked)
        store.declare_signals([Signal(model="a", global_id="x", name="temperature")])
        store.check_filter(asked)
