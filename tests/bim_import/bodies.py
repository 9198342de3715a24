"""Small IFC 4 files with bodies, as text: boxes, faces, openings, mapped items, whatever a test needs to be wrong."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bim_import import ImportOptions, ImportResult
from bim_import.ifc.importer import import_ifc
from tests.bim_import.part21 import guid, part21
from twin.source import NotDrawn
from twin.spool import Spool

_FIRST_ID = 1000
_NUMBERS = Counter[str]()

Point = Sequence[float | str]
"""Three coordinates in the file's unit; text stands as it is, so that a test can write what no number is."""


def _list(values: Sequence[object]) -> str:
    return f"({','.join(_real(value) for value in values)})"


def _real(value: object) -> str:
    return repr(float(value)) if isinstance(value, int | float) else str(value)


@dataclass
class Bodies:
    """Collects statements. Every method returns the `#id` of what it adds. Lengths are millimetres, as in `part21`."""

    statements: list[str] = field(default_factory=list)
    products: list[str] = field(default_factory=list)

    def add(self, statement: str) -> str:
        """Any statement, without id and semicolon."""
        name = f"#{_FIRST_ID + len(self.statements)}"
        self.statements.append(f"{name}={statement};")
        return name

    def context(self) -> str:
        """A model context; one per representation does no harm."""
        return self.add(f"IFCGEOMETRICREPRESENTATIONCONTEXT($,'Model',3,1.E-5,{self.axis()},$)")

    def point(self, point: Point) -> str:
        return self.add(f"IFCCARTESIANPOINT({_list(point)})")

    def axis(self, origin: Point = (0, 0, 0), z: Point | None = None, x: Point | None = None) -> str:
        """An IfcAxis2Placement3D."""
        at = self.point(origin)
        directions = [self.add(f"IFCDIRECTION({_list(v)})") if v is not None else "$" for v in (z, x)]
        return self.add(f"IFCAXIS2PLACEMENT3D({at},{','.join(directions)})")

    def placement(self, origin: Point = (0, 0, 0), relative_to: str = "$") -> str:
        return self.add(f"IFCLOCALPLACEMENT({relative_to},{self.axis(origin)})")

    def extrusion(self, profile: str, depth: float | str, at: Point = (0, 0, 0)) -> str:
        up = self.add("IFCDIRECTION((0.,0.,1.))")
        return self.add(f"IFCEXTRUDEDAREASOLID({profile},{self.axis(at)},{up},{_real(depth)})")

    def box(self, size: Point = (1000, 2000, 3000), at: Point = (0, 0, 0)) -> str:
        """A box centred on z through `at`, standing on it."""
        profile = self.add(f"IFCRECTANGLEPROFILEDEF(.AREA.,$,$,{_real(size[0])},{_real(size[1])})")
        return self.extrusion(profile, size[2], at)

    def cylinder(self, radius: float, height: float) -> str:
        return self.extrusion(self.add(f"IFCCIRCLEPROFILEDEF(.AREA.,$,$,{_real(radius)})"), height)

    def brep(self, points: Sequence[Point], faces: Sequence[Sequence[int]]) -> str:
        """An IfcFacetedBrep."""
        return self.add(f"IFCFACETEDBREP({self.shell('IFCCLOSEDSHELL', points, faces)})")

    def surface(self, points: Sequence[Point], faces: Sequence[Sequence[int]]) -> str:
        """An IfcShellBasedSurfaceModel with one open shell."""
        return self.add(f"IFCSHELLBASEDSURFACEMODEL(({self.shell('IFCOPENSHELL', points, faces)}))")

    def shell(self, name: str, points: Sequence[Point], faces: Sequence[Sequence[int]]) -> str:
        corners = [self.point(point) for point in points]
        made = []
        for face in faces:
            loop = self.add(f"IFCPOLYLOOP({_list([corners[n] for n in face])})")
            bound = self.add(f"IFCFACEOUTERBOUND({loop},.T.)")
            made.append(self.add(f"IFCFACE(({bound}))"))
        return self.add(f"{name}({_list(made)})")

    def triangulated(self, points: Sequence[Point], triangles: Sequence[Sequence[int]]) -> str:
        """An IfcTriangulatedFaceSet; indexes from 1."""
        table = self.add(f"IFCCARTESIANPOINTLIST3D({_list([_list(point) for point in points])})")
        rows = ",".join(f"({a},{b},{c})" for a, b, c in triangles)
        return self.add(f"IFCTRIANGULATEDFACESET({table},$,$,({rows}),$)")

    def difference(self, first: str, second: str) -> str:
        return self.add(f"IFCBOOLEANRESULT(.DIFFERENCE.,{first},{second})")

    def half_space(self, origin: Point, normal: Point, *, agreement: bool) -> str:
        plane = self.add(f"IFCPLANE({self.axis(origin, normal)})")
        return self.add(f"IFCHALFSPACESOLID({plane},.{'T' if agreement else 'F'}.)")

    def colored(self, item: str, color: Sequence[float], transparency: float = 0.0) -> str:
        """Gives an item a surface style; returns the item."""
        rgb = self.add(f"IFCCOLOURRGB($,{','.join(_real(v) for v in color)})")
        shading = self.add(f"IFCSURFACESTYLERENDERING({rgb},{_real(transparency)},$,$,$,$,$,$,.NOTDEFINED.)")
        self.add(f"IFCSTYLEDITEM({item},({self.add(f'IFCSURFACESTYLE($,.BOTH.,({shading}))')}),$)")
        return item

    def representation(self, items: Sequence[str], identifier: str = "Body") -> str:
        return self.add(
            f"IFCSHAPEREPRESENTATION({self.context()},'{identifier}','SolidModel',{_list(items)})"
        )

    def representation_map(self, representation: str) -> str:
        return self.add(f"IFCREPRESENTATIONMAP({self.axis()},{representation})")

    def mapped(self, representation_map: str, at: Point = (0, 0, 0), scale: float = 1.0) -> str:
        origin = self.point(at)
        target = self.add(f"IFCCARTESIANTRANSFORMATIONOPERATOR3D($,$,{origin},{_real(scale)},$)")
        return self.add(f"IFCMAPPEDITEM({representation_map},{target})")

    def product(
        self, *representations: str, name: str = "IFCBUILDINGELEMENTPROXY", placement: str | None = None
    ) -> str:
        """An element with these representations; by default at the origin."""
        shape = (
            self.add(f"IFCPRODUCTDEFINITIONSHAPE($,$,{_list(representations)})") if representations else "$"
        )
        place = self.placement() if placement is None else placement
        extra = {"IFCSPACE": ",$,$,$,$", "IFCANNOTATION": "", "IFCWINDOW": ",$,$,$,$,$,$"}.get(name, ",$,$")
        number = len(self.products) + 100
        made = self.add(f"{name}('{guid(number)}',$,'product {number}',$,$,{place},{shape}{extra})")
        self.products.append(made)
        return made

    def element(self, item: str, **options: str) -> str:
        """A product whose body is one item."""
        return self.product(self.representation([item]), **options)

    def opening(self, host: str, item: str) -> str:
        """An opening in `host`, placed at the origin."""
        made = self.element(item, name="IFCOPENINGELEMENT")
        self.add(f"IFCRELVOIDSELEMENT('{guid(len(self.statements) + 5000)}',$,$,$,{host},{made})")
        return made

    def write(self, folder: Path) -> Path:
        path = folder / "bodies.ifc"
        path.write_text(part21("\n".join(self.statements)), encoding="ascii")
        return path


CUBE_POINTS: list[Point] = [(x, y, z) for z in (0, 1000) for y in (0, 1000) for x in (0, 1000)]
"""A cube of one metre."""
CUBE_FACES = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What an import made of a file."""

    result: ImportResult
    spool: Spool
    ordinals: dict[str, int]

    def not_drawn(self) -> dict[str, int]:
        return self.result.report.not_drawn

    def points(self, product: str) -> NDArray[np.float64]:
        """(n, 3) corners of the triangles of one product, metres in the file's frame; (0, 3) if it is not drawn."""
        row = self._row(product)
        if row is None:
            return np.empty((0, 3))
        mesh = self.spool.mesh(int(row["mesh"]))
        local = mesh.positions.astype(np.float64) + mesh.origin
        placed: NDArray[np.float64] = local @ row["transform"][:, :3].T + row["transform"][:, 3]
        return placed[mesh.triangles.reshape(-1)]

    def volume(self, product: str) -> float:
        """Signed volume within the triangles of one product, cubic metres."""
        corners = self.points(product).reshape(-1, 3, 3)
        return float(np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum() / 6)

    def size(self, product: str) -> list[float]:
        points = self.points(product)
        return [round(float(value), 4) for value in np.ptp(points, axis=0)]

    def colors(self, product: str) -> set[tuple[float, float, float, float]]:
        row = self._row(product)
        assert row is not None
        return {
            self.spool.materials[material].color for material in self.spool.mesh(int(row["mesh"])).parts[:, 0]
        }

    def _row(self, product: str) -> np.void | None:
        rows = self.spool.instances[self.spool.instances["ordinal"] == self.ordinals[product]]
        assert len(rows) <= 1
        return rows[0] if len(rows) else None


def imported(bodies: Bodies, folder: Path, *, element_seconds: float = 60.0) -> Seen:
    """Import what was written; checks that the sums of the report hold."""
    result = import_ifc(
        bodies.write(folder),
        folder / "spool",
        options=ImportOptions(element_seconds=element_seconds),
        progress=lambda _: None,
    )
    report = result.report
    assert report.drawn + sum(report.not_drawn.values()) == report.products
    assert set(report.not_drawn) <= {str(reason) for reason in NotDrawn}
    spool = Spool(folder / "spool")
    assert len(spool.instances) == report.drawn
    numbers = {item.global_id: item.ordinal for batch in spool.objects() for item in batch}
    ordinals = {product: numbers[guid(place + 100)] for place, product in enumerate(bodies.products)}
    return Seen(result=result, spool=spool, ordinals=ordinals)
