"""Pipes, ducts and cable trays with ports that are connected, end to end, along lines of points."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sample_models.devices import place_device
from sample_models.ifc_model import IfcModel
from sample_models.ifc_writing import Entity
from sample_models.shapes import Block, Point2, Point3, Rod, Solid, box
from sample_models.values import Kind, Label, Part, Place

IN, OUT = "SINK", "SOURCE"
"""Direction of a port: a sink takes what flows, a source gives it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What a line is made of: kinds of its segments and fittings, and how they are drawn.

    `draw` makes the solid of a straight piece between two points, `knee` that of a bend or tee at a point; segments
    stop `trim` mm before a fitting.
    """

    segment: Kind
    fitting: Kind
    draw: Callable[[Point3, Point3], Solid]
    knee: Callable[[Point3], tuple[Solid, ...]]
    trim: float


def round_section(segment: Kind, fitting: Kind, radius: float, paint: str) -> Section:
    """A round pipe; its fittings are drawn as blocks a little thicker than the pipe."""

    def draw(start: Point3, end: Point3) -> Solid:
        return Rod(start=start, end=end, radius=radius, style=paint)

    def knee(point: Point3) -> tuple[Solid, ...]:
        half = radius * 1.4
        return (Block(base=(point[0], point[1], point[2] - half), size=(2 * half,) * 3, style=paint),)

    return Section(segment=segment, fitting=fitting, draw=draw, knee=knee, trim=radius * 1.4)


def flat_section(segment: Kind, fitting: Kind, size: tuple[float, float], paint: str) -> Section:
    """A rectangular duct or tray, `size` wide and high; upright pieces are `width` by `height` in plan."""
    width, height = size

    def draw(start: Point3, end: Point3) -> Solid:
        low = tuple(min(a, b) for a, b in zip(start, end, strict=True))
        high = tuple(max(a, b) for a, b in zip(start, end, strict=True))
        run = [b - a for a, b in zip(low, high, strict=True)]
        along = run.index(max(run))
        spread = {0: (0.0, width, height), 1: (width, 0.0, height), 2: (width, height, 0.0)}[along]
        half = tuple(s / 2 for s in spread)
        return box(
            (low[0] - half[0], low[1] - half[1], low[2] - half[2]),
            (high[0] + half[0], high[1] + half[1], high[2] + half[2]),
            paint,
        )

    def knee(point: Point3) -> tuple[Solid, ...]:
        half = (width / 2 + 15.0, width / 2 + 15.0, height / 2 + 15.0)
        return (
            Block(
                base=(point[0], point[1], point[2] - half[2]),
                size=(2 * half[0], 2 * half[1], 2 * half[2]),
                style=paint,
            ),
        )

    return Section(segment=segment, fitting=fitting, draw=draw, knee=knee, trim=width / 2 + 15.0)


class Network:
    """One IfcDistributionSystem and its members; ports are made and joined as the lines are laid.

    Points are in mm in the building's axes, heights above ±0.000. The first part of every key names the storey (or
    `site`, `building`) that the element belongs to. `kind` is the type of the system (IfcDistributionSystemEnum) and
    that of its ports.
    """

    def __init__(self, model: IfcModel, key: str, label: Label, kind: tuple[str, str]) -> None:
        self.model = model
        self.system_type, self.port_type = kind
        self._where: dict[int, Point3] = {}
        attributes = {"LongName": label.en, "PredefinedType": self.system_type}
        self.system = model.group(f"system/{key}", "IfcDistributionSystem", label, attributes)
        model.writer.root(
            "IfcRelServicesBuildings",
            f"system/{key}/serves",
            RelatingSystem=self.system,
            RelatedBuildings=(model.spatial["building"],),
        )

    def join(self, members: Sequence[Entity]) -> None:
        """Put elements into the system."""
        self.model.assign(self.system, members)

    def port(self, owner: Entity, name: str, point: Point3, direction: str) -> Entity:
        """Add a port to an element, at a point of the building."""
        key = f"{self.model.key_of(owner)}/port/{name}"
        port = self.model.writer.root(
            "IfcDistributionPort",
            key,
            Name=f"接口 {name}",
            Description=f"Port {name}",
            ObjectPlacement=self.model.writer.placement(
                Place(origin=_seen_from(owner, point)), owner.ObjectPlacement
            ),
            FlowDirection=direction,
            PredefinedType=self.port_type,
            SystemType=self.system_type,
        )
        self.model.remember(port, key)
        self.model.nest(owner, port)
        self._where[port.id()] = point
        return port

    def entry(self, owner: Entity, name: str, feed: Entity) -> None:
        """Give an element a port in, where the port that feeds it is, and join the two."""
        sink = self.port(owner, name, self._where[feed.id()], IN)
        key = f"{self.model.key_of(feed)}/to/{self.model.key_of(sink)}"
        self.model.writer.root("IfcRelConnectsPorts", key, Name="连接", RelatingPort=feed, RelatedPort=sink)

    def begin(self, key: str, section: Section, start: Point3, end: Point3) -> Entity:
        """A first segment that is fed from outside the model; returns its port out, at `end`."""
        segment = self._element(key, section.segment, (section.draw(start, end),))
        self.port(segment, "in", start, IN)
        return self.port(segment, "out", end, OUT)

    def line(
        self, key: str, section: Section, feed: Entity, points: Sequence[Point3], *, to_joint: bool = False
    ) -> Entity:
        """Lay straight segments from the feeding port through the points, with a bend at each in between.

        Returns the port at the end. With `to_joint` the last segment stops short of the last point, where a joint is
        to follow.
        """
        last = len(points) - 1
        for i, point in enumerate(points):
            start = self._where[feed.id()]
            end = _towards(point, start, section.trim) if to_joint or i < last else point
            segment = self._element(f"{key}/s{i + 1}", section.segment, (section.draw(start, end),))
            self.entry(segment, "in", feed)
            feed = self.port(segment, "out", end, OUT)
            if i < last:
                (feed,) = self.joint(f"{key}/b{i + 1}", section, point, (feed,), (points[i + 1],))
        return feed

    def joint(
        self, key: str, section: Section, point: Point3, feeds: Sequence[Entity], towards: Sequence[Point3]
    ) -> tuple[Entity, ...]:
        """A bend, tee or cross at `point`; returns a port out in the direction of each of `towards`."""
        fitting = self._element(key, section.fitting, section.knee(point))
        for number, feed in enumerate(feeds, 1):
            self.entry(fitting, f"in{number}", feed)
        return tuple(
            self.port(fitting, f"out{number}", _towards(point, target, section.trim), OUT)
            for number, target in enumerate(towards, 1)
        )

    def inline(self, device: Entity, feed: Entity, leave: Point3) -> Entity:
        """Put a device that was placed at the feeding port into the line; returns its port out at `leave`."""
        self.terminal(device, feed)
        return self.port(device, "out", leave, OUT)

    def insert(self, key: str, kind: Kind, feed: Entity, reach: Point2, room: str) -> Entity:
        """Put a new meter or valve into the level line at its end; it reaches on by (x, y). Returns its port out."""
        x, y, z = self.place_of(feed)
        length = math.hypot(*reach)
        level = self.model.level_of(key.split("/", 1)[0])
        where = Place(origin=(x, y, z - level), x_axis=(reach[0] / length, reach[1] / length, 0.0))
        device = place_device(self.model, key, kind, where, room)
        return self.inline(device, feed, (x + reach[0], y + reach[1], z))

    def terminal(self, device: Entity, feed: Entity) -> None:
        """Let a device end the line."""
        self.join((device,))
        self.entry(device, "in", feed)

    def place_of(self, port: Entity) -> Point3:
        """Where a port is, in the building's axes."""
        return self._where[port.id()]

    def _element(self, key: str, kind: Kind, solids: tuple[Solid, ...]) -> Entity:
        container = key.split("/", 1)[0]
        # Drawn around the height of the whole building, so it stands as far below its storey as that is above 0.
        place = Place(origin=(0.0, 0.0, -self.model.level_of(container)))
        element = self.model.add(
            Part(key=key, label=kind.label, kind=kind, place=place, solids=solids),
            self.model.spatial[container],
        )
        self.join((element,))
        return element


def _seen_from(element: Entity, point: Point3) -> Point3:
    """A point of the building in the axes of an element. Only elements are turned; what they stand in is not."""
    x, y, z = point
    placement = element.ObjectPlacement
    while placement is not None:
        location = placement.RelativePlacement.Location.Coordinates
        x, y, z = x - location[0], y - location[1], z - location[2]
        placement = placement.PlacementRelTo
    ref = element.ObjectPlacement.RelativePlacement.RefDirection
    if ref is None:
        return x, y, z
    cos, sin = ref.DirectionRatios[:2]
    return x * cos + y * sin, y * cos - x * sin, z


def _towards(point: Point3, target: Point3, distance: float) -> Point3:
    run = [t - p for p, t in zip(point, target, strict=True)]
    length = sum(r * r for r in run) ** 0.5
    share = distance / length
    return point[0] + run[0] * share, point[1] + run[1] * share, point[2] + run[2] * share
