"""The top of the tower: parapet, machine room over the core, frame, solar panels."""

from sample_models.devices import at, place_device
from sample_models.fittings import PANEL
from sample_models.ifc_model import IfcModel
from sample_models.ifc_writing import Entity
from sample_models.roof import PARAPET_KIND
from sample_models.shapes import Solid, box, ring
from sample_models.tower import plan
from sample_models.values import Part, Quantities, name
from sample_models.walls import Run, add_wall

HEAD = ((13000.0, 8000.0), (23000.0, 13200.0))
HEAD_TOP = 4000.0


def build_roof(model: IfcModel) -> None:
    """Add all that stands on the roof but machines."""
    _parapet(model)
    _head(model)
    _frame(model)


def _parapet(model: IfcModel) -> None:
    out, height = plan.WALL, plan.PARAPET - plan.ROOF
    low, high = (-out, -out), (plan.WIDTH + out, plan.DEPTH + out)
    for number, solid in enumerate(ring(low, high, 200.0, (-50.0, height), "cream"), 1):
        model.add(
            Part(
                key=f"RF/parapet/{number}",
                kind=PARAPET_KIND,
                label=name(f"女儿墙 {number}", f"Parapet {number}"),
                solids=(solid,),
                quantities=Quantities(
                    name="Qto_WallBaseQuantities",
                    lengths_mm={"Length": max(solid.size[:2]), "Width": 200.0, "Height": height},
                ),
            ),
            model.spatial["RF"],
        )


def _head(model: IfcModel) -> None:
    """Walls and roof of the stair heads and the lift machine room."""
    (x0, y0), (x1, y1) = HEAD
    storey = plan.BY_KEY["RF"]
    heights = (-50.0, HEAD_TOP)
    runs = (
        Run(key="head-S", start=(x0, y0 + 150.0), end=(x1, y0 + 150.0), build="cream", heights=heights,
            capped=(True, True)),
        Run(key="head-E", start=(x1 - 150.0, y0 + 300.0), end=(x1 - 150.0, y1 - 300.0), build="cream", heights=heights),
        Run(key="head-N", start=(x1, y1 - 150.0), end=(x0, y1 - 150.0), build="cream", heights=heights,
            capped=(True, True)),
        Run(key="head-W", start=(x0 + 150.0, y1 - 300.0), end=(x0 + 150.0, y0 + 300.0), build="cream", heights=heights),
    )  # fmt: skip
    for run in runs:
        add_wall(model, storey, run)
    model.add(
        Part(
            key="RF/head-roof",
            cls="IfcRoof",
            label=name("机房屋面", "Roof of the machine room"),
            solids=(
                box((x0 - 400.0, y0 - 400.0, HEAD_TOP), (x1 + 400.0, y1 + 400.0, HEAD_TOP + 200.0), "light_metal"),
            ),
            attributes={"PredefinedType": "FLAT_ROOF"},
            material="concrete",
            code="14-WM.01",
        ),
        model.spatial["RF"],
    )  # fmt: skip


def _frame(model: IfcModel) -> None:
    """The open frame that crowns both ends, as on most towers of the town."""
    top, solids = 5600.0, list[Solid]()
    for x0, x1 in ((200.0, 8100.0), (plan.WIDTH - 8100.0, plan.WIDTH - 200.0)):
        for x in (x0, x1 - 500.0):
            for y in (300.0, plan.DEPTH - 800.0):
                solids.append(box((x, y, -50.0), (x + 500.0, y + 500.0, top), "cream"))
        solids += ring((x0, 300.0), (x1, plan.DEPTH - 300.0), 500.0, (top, top + 500.0), "cream")
        solids += [
            box((x0 + 500.0, 300.0 + 2100.0 * i, top + 50.0), (x1 - 500.0, 500.0 + 2100.0 * i, top + 400.0), "bronze")
            for i in range(1, 6)
        ]  # fmt: skip
    model.add(
        Part(
            key="RF/crown",
            cls="IfcBuildingElementProxy",
            label=name("屋顶构架", "Roof frame"),
            solids=tuple(solids),
            attributes={"PredefinedType": "ELEMENT"},
            material="concrete",
            code="14-WM.05",
        ),
        model.spatial["RF"],
    )


def solar_panels(model: IfcModel) -> list[Entity]:
    """Panels in front of the machine room; returned for their system."""
    places = [(x, y) for y in (1800.0, 3900.0, 6000.0) for x in (11000.0 + 2350.0 * i for i in range(7))]
    return [
        place_device(model, f"RF/solar/{number:02d}", PANEL, at(x, y, 0.0), "屋面")
        for number, (x, y) in enumerate(places, 1)
    ]
