"""Spools made for tests: small buildings whose every triangle is known."""

import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.frames import Frame, Placement
from twin.objects import Attributes, Property, SourceObject
from twin.source import Instance, Material, Mesh, Texture
from twin.spool import GeometryWriter, ObjectWriter, Spool

NINGBO = Placement(
    kind="projected", crs="EPSG:4549", origin=(602_345.25, 3_308_456.5, 12.0), rotation_deg=33.0
)


def png(red: int = 200) -> bytes:
    """An image of 2 × 2 pixels of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + bytes([red, 90, 30]) * 2) * 2
    head = struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def frame(**changes: object) -> Frame:
    """Ningbo, turned by 33 degrees."""
    values = {
        **{name: getattr(NINGBO, name) for name in ("kind", "crs", "origin", "rotation_deg")},
        **changes,
    }
    return Frame(Placement(**values))


def placed(
    x: float = 0.0, y: float = 0.0, z: float = 0.0, *, turn_deg: float = 0.0, scale: float = 1.0
) -> NDArray[np.float64]:
    """(3, 4): scale, turn about z, move."""
    angle = np.radians(turn_deg)
    cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
    return np.array([[cos, -sin, 0.0, x], [sin, cos, 0.0, y], [0.0, 0.0, scale, z]])


def mirrored(transform: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same with the mesh's x axis reversed first."""
    reverse: NDArray[np.float64] = transform * np.array([-1.0, 1.0, 1.0, 1.0])
    return reverse


def box(
    size: Sequence[float] = (1.0, 1.0, 1.0),
    origin: Sequence[float] = (0.0, 0.0, 0.0),
    *,
    material: int = 0,
    lid: int | None = None,
) -> Mesh:
    """A closed box from 0 to `size`; its upper face may have a material of its own, `lid`."""
    faces = []
    for axis in range(3):
        u, v = (axis + 1) % 3, (axis + 2) % 3
        for side in (0.0, 1.0):
            corners = np.zeros((4, 3))
            corners[:, axis] = side
            corners[:, u] = [0.0, 1.0, 1.0, 0.0] if side else [0.0, 0.0, 1.0, 1.0]
            corners[:, v] = [0.0, 0.0, 1.0, 1.0] if side else [0.0, 1.0, 1.0, 0.0]
            normal = np.zeros(3)
            normal[axis] = 1.0 if side else -1.0
            faces.append((corners, normal))
    positions = np.concatenate([corners for corners, _ in faces]) * np.asarray(size)
    normals = np.repeat([normal for _, normal in faces], 4, axis=0)
    quads = np.arange(24, dtype=np.uint32).reshape(6, 4)
    triangles = quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)
    parts = [[material, 0, 12]] if lid is None else [[material, 0, 10], [lid, 10, 2]]
    return Mesh(
        positions=positions.astype(np.float32),
        origin=np.asarray(origin, dtype=np.float64),
        normals=normals.astype(np.float32),
        triangles=triangles,
        parts=np.array(parts, dtype=np.uint32),
    )


def sphere(rings: int = 24, *, material: int = 0, radius: float = 0.5) -> Mesh:
    """A sphere of 4 · rings² triangles or so beside its mesh's origin; normals point out."""
    theta, phi = np.meshgrid(
        np.linspace(0, np.pi, rings + 1), np.linspace(0, 2 * np.pi, 2 * rings + 1), indexing="ij"
    )
    normals = np.stack(
        [np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], axis=-1
    ).reshape(-1, 3)
    at = np.arange((rings + 1) * (2 * rings + 1)).reshape(rings + 1, 2 * rings + 1)
    a, b, c, d = at[:-1, :-1], at[1:, :-1], at[1:, 1:], at[:-1, 1:]
    triangles = np.concatenate(
        [np.stack([a, b, c], axis=-1)[:-1].reshape(-1, 3), np.stack([a, c, d], axis=-1)[1:].reshape(-1, 3)]
    )
    return Mesh(
        positions=(normals * radius).astype(np.float32),
        origin=np.array([0.5, -0.25, 0.125]),
        normals=normals.astype(np.float32),
        triangles=triangles.astype(np.uint32),
        parts=np.array([[material, 0, len(triangles)]], dtype=np.uint32),
    )


def picture(*, material: int = 0) -> Mesh:
    """A textured square in the plane y = 0 that faces south."""
    corners = np.array([[0, 0, 0], [1, 0, 0], [1, 0, 1], [0, 0, 1]], dtype=np.float32)
    return Mesh(
        positions=corners,
        origin=np.zeros(3),
        normals=np.tile(np.array([[0, -1, 0]], dtype=np.float32), (4, 1)),
        triangles=np.array([[0, 1, 2], [0, 2, 3]], dtype=np.uint32),
        parts=np.array([[material, 0, 2]], dtype=np.uint32),
        uvs=np.array([[0, 1], [1, 1], [1, 0], [0, 0]], dtype=np.float32),
    )


@dataclass(slots=True)
class Sample:
    """Objects, materials, meshes and who draws which, before they are written as a spool."""

    objects: list[SourceObject] = field(default_factory=list)
    materials: list[Material] = field(default_factory=list)
    meshes: list[Mesh] = field(default_factory=list)
    drawn: list[tuple[int, int, NDArray[np.float64]]] = field(default_factory=list)

    def add(self, class_: str = "IfcWall", name: str = "", **fields: Any) -> int:
        """Add an object and return its ordinal; its GlobalId follows from it, in string order."""
        ordinal = len(self.objects)
        self.objects.append(
            SourceObject(ordinal=ordinal, global_id=f"{ordinal:06d}$墙", class_=class_, name=name, **fields)
        )
        return ordinal

    def draw(
        self,
        mesh: int,
        transform: NDArray[np.float64] | None = None,
        *,
        ordinal: int | None = None,
        **fields: Any,
    ) -> int:
        """Draw an object, a new one unless given."""
        at = self.add(**fields) if ordinal is None else ordinal
        self.drawn.append((at, mesh, placed() if transform is None else transform))
        return at

    def write(self, folder: Path, *, parts: int = 1, backwards: bool = False) -> Spool:
        """Write as a spool whose geometry is spread over `parts` writers by mesh, in either order."""
        with ObjectWriter(folder) as writer:
            for start in range(0, len(self.objects), 7):
                writer.write(self.objects[start : start + 7])
        for part in range(parts):
            own = [
                entry for entry in self.drawn if entry[1] % parts == (parts - 1 - part if backwards else part)
            ]
            self._write_part(folder, part, own[::-1] if backwards else own)
        return Spool(folder)

    def _write_part(
        self, folder: Path, part: int, drawn: Iterable[tuple[int, int, NDArray[np.float64]]]
    ) -> None:
        with GeometryWriter(folder, part) as writer:
            materials: dict[int, int] = {}
            meshes: dict[int, int] = {}
            for ordinal, mesh, transform in drawn:
                if mesh not in meshes:
                    meshes[mesh] = writer.add_mesh(self._own_materials(writer, self.meshes[mesh], materials))
                writer.add_instance(Instance(ordinal=ordinal, mesh=meshes[mesh], transform=transform))

    def _own_materials(self, writer: GeometryWriter, mesh: Mesh, known: dict[int, int]) -> Mesh:
        parts = mesh.parts.copy()
        for row, material in enumerate(mesh.parts[:, 0].tolist()):
            if material not in known:
                known[material] = writer.add_material(self.materials[material])
            parts[row, 0] = known[material]
        return Mesh(
            positions=mesh.positions,
            origin=mesh.origin,
            normals=mesh.normals,
            triangles=mesh.triangles,
            parts=parts,
            uvs=mesh.uvs,
        )

    def triangles(self) -> dict[int, NDArray[np.float64]]:
        """What is drawn, by ordinal: (m, 3, 3) corners in local metres, computed one mesh at a time."""
        result: dict[int, list[NDArray[np.float64]]] = {}
        for ordinal, index, transform in self.drawn:
            mesh = self.meshes[index]
            points = (mesh.origin + mesh.positions) @ transform[:, :3].T + transform[:, 3]
            corners = points[mesh.triangles]
            if np.linalg.det(transform[:, :3]) < 0:
                corners = corners[:, ::-1]
            result.setdefault(ordinal, []).append(corners)
        return {ordinal: np.concatenate(found) for ordinal, found in result.items()}


def props(**values: object) -> Attributes:
    """Attributes with one property set, Pset_Test."""
    found = {name: Property(value=value, type="test") for name, value in values.items()}  # type: ignore[arg-type]  # any value
    return Attributes(properties={"Pset_Test": found})


def house() -> Sample:
    """Two storeys with walls, a glazed lid, a mirrored wing, lamps enough to instance, a picture and a room."""
    sample = Sample(materials=_surfaces(), meshes=_shapes())
    sample.add("IfcProject", "项目", product=False)
    site = sample.add("IfcSite", "场地", parent=0)
    storeys = [sample.add("IfcBuildingStorey", name, parent=site) for name in ("地下一层", "一层")]
    for floor, storey in enumerate(storeys):
        _furnish(sample, storey, 3.2 * floor)
    own: dict[str, Any] = {"class_": "IfcFurniture", "discipline": "architecture"}
    sample.draw(5, mirrored(placed(3.0, -4.0, 0.0, turn_deg=33.0)), name="mirrored", **own)
    sample.draw(3, placed(2.0, -1.0, 1.0, turn_deg=15.0), name="海报", **own)
    for at in range(12):
        place = placed(at * 1.5 - 4.0, 12.25, 0.5 + at, turn_deg=10.0 * at, scale=1.0 + at / 8)
        lamp: dict[str, Any] = {"class_": "IfcLamp", "name": f"灯 {at}", "discipline": "electrical"}
        sample.draw(2, place, storey=storeys[1], attributes=props(Power=at * 7.5, Thickness=1), **lamp)
    return sample


def _surfaces() -> list[Material]:
    return [
        Material(name="plaster", color=(0.9, 0.9, 0.85, 1.0), double_sided=False),
        Material(name="glass", color=(0.2, 0.4, 0.6, 0.3), double_sided=False),
        Material(name="陶瓷", color=(0.02, 0.02, 0.02, 1.0), double_sided=False),
        Material(name="poster", texture=Texture(media_type="image/png", data=png(), repeat_s=False)),
        Material(name="plaster again", color=(0.9, 0.9, 0.85, 1.0), double_sided=False),
    ]


def _shapes() -> list[Mesh]:
    return [
        box((5.0, 0.3, 3.0), (10.0, 20.0, 0.0)),
        box((5.0, 5.0, 0.2), lid=1),
        sphere(12, material=2),
        picture(material=3),
        box((4.0, 4.0, 2.8), material=1),
        box((1.0, 2.0, 0.5), material=4, lid=2),
    ]


def _furnish(sample: Sample, storey: int, height_m: float) -> None:
    """Four walls, a slab and a room."""
    for at in range(4):
        found = props(IsExternal=at % 2 == 0, Thickness=0.1 + at, FireRating=["EI 30", "EI 60"][at % 2])
        own: dict[str, Any] = {"class_": "IfcWall", "name": f"墙 {at}", "discipline": "architecture"}
        place = placed(at * 6.0, 1.0, height_m, turn_deg=90.0 * at)
        sample.draw(0, place, parent=storey, storey=storey, attributes=found, **own)
    slab: dict[str, Any] = {"class_": "IfcSlab", "name": "楼板", "discipline": "structure"}
    sample.draw(1, placed(0, 0, height_m + 3.0, turn_deg=7.0), storey=storey, **slab)
    room: dict[str, Any] = {
        "class_": "IfcSpace",
        "name": f"房间 {int(height_m > 0)}",
        "discipline": "architecture",
    }
    sample.draw(4, placed(0.5, 0.5, height_m), storey=storey, hidden=True, **room)
