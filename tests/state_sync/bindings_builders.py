"""Short ways to routers and objects for tests of bindings and decoding."""

from collections.abc import Iterator, Sequence
from typing import Any

from state_sync.bindings import Binding, Found
from state_sync.routing import Router
from twin.objects import Attributes, Property
from twin.ports import SignalRecord
from twin.queries import PropertyCondition
from twin.state import Signal

NOW = 1_700_000_000_000_000
"""2023-11-14T22:13:20Z, microseconds."""


def signal(name: str = "t", **declared: Any) -> Signal:
    return Signal(model="m", global_id="g", name=name, **declared)


def record(of: Signal, number: int = 7) -> SignalRecord:
    return SignalRecord(number=number, state_index=0, signal=of)


def binding(topic: str = "a/b", name: str = "t", **fields: Any) -> Binding:
    return Binding(model="m", global_id="g", name=name, topic=topic, **fields)


def router(*bindings: Binding, **declared: Any) -> Router:
    """A router with a signal for each name, numbered from 1 in the order of first use, all declared the same way."""
    names = list(dict.fromkeys(one.name for one in bindings))
    records = [record(signal(name, **declared), number) for number, name in enumerate(names, 1)]
    return Router(bindings, records)


def found(number: int, **fields: Any) -> Found:
    """A sensor with tag `TI-{number}` on storey `L1`."""
    known: dict[str, Any] = {
        "model": "m",
        "global_id": f"g{number}",
        "class_": "IfcSensor",
        "name": f"Sensor {number}",
        "storey": "L1",
        "attributes": Attributes(
            tag=f"TI-{number}",
            properties={"Pset": {"Serial": Property(value=f"SN{number}", type="IfcLabel")}},
        ),
    }
    return Found(**{**known, **fields})


class ListFinder:
    """A Finder over a list."""

    def __init__(self, *objects: Found) -> None:
        self.objects = objects

    def by_id(self, model: str, global_id: str) -> Found | None:
        return next((one for one in self.objects if (one.model, one.global_id) == (model, global_id)), None)

    def by_global_id(self, global_id: str, models: Sequence[str]) -> list[Found]:
        return [
            one for one in self.objects if one.global_id == global_id and (not models or one.model in models)
        ]

    def by_tag(self, tag: str, models: Sequence[str]) -> list[Found]:
        return [
            one for one in self.objects if one.attributes.tag == tag and (not models or one.model in models)
        ]

    def search(
        self, models: Sequence[str], classes: Sequence[str], condition: PropertyCondition | None
    ) -> Iterator[Found]:
        for one in self.objects:
            values = {
                name: prop.value for of in one.attributes.properties.values() for name, prop in of.items()
            }
            if condition is None or values.get(condition.name) == condition.text:
                yield one
