"""Objects read from a spool with nothing but what tiles need."""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from tiles.hot import HotProperty
from twin.objects import Property


def lean_shape(chosen: Sequence[HotProperty]) -> tuple[type[Any], list[Callable[[Any], Any]]]:
    """A Struct that reads of an object only what tiles need, and for each hot property the way to it.

    A model has some fifty properties an object; making Python values of all of them takes longer than encoding tiles.
    """
    sets = {name: f"s{at}" for at, name in enumerate(dict.fromkeys(hot.set_name for hot in chosen))}
    fields = {(hot.set_name, hot.name): f"p{at}" for at, hot in enumerate(chosen)}
    inner = []
    for set_name, alias in sets.items():
        own = {name: field for (owner, name), field in fields.items() if owner == set_name}
        shape = msgspec.defstruct(
            "Set",
            [(field, Property | None, None) for field in own.values()],
            rename={field: name for name, field in own.items()},
        )
        inner.append((alias, shape, msgspec.field(default_factory=shape)))
    properties = msgspec.defstruct("Properties", inner, rename={alias: name for name, alias in sets.items()})
    attributes = msgspec.defstruct(
        "Attributes", [("properties", properties, msgspec.field(default_factory=properties))]
    )
    shape = msgspec.defstruct(
        "Lean",
        [
            ("ordinal", int),
            ("global_id", str),
            ("class_", str),
            ("name", str),
            ("storey", int | None, None),
            ("discipline", str, "other"),
            ("hidden", bool, False),
            ("attributes", attributes, msgspec.field(default_factory=attributes)),
        ],
    )
    return shape, [attrgetter(f"{sets[hot.set_name]}.{fields[hot.set_name, hot.name]}") for hot in chosen]
