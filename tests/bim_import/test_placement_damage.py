"""Damaged numbers of map conversions cost no more than what they say."""

import math
import re

import ifcopenshell
import numpy as np
import pytest

from bim_import.ifc.georeference.axes import finite
from bim_import.ifc.georeference.diagnose import diagnose
from bim_import.placement.override import PlacementOverrides
from tests.bim_import.placement_models import Model, box_at, lands, warned

EAST, NORTH = 458715.92, 5439966.65
"""In Karlsruhe, UTM zone 32N (EPSG:25832), metres."""

MM = 1e-3
"""What round trips through WGS 84 may cost, metres: far below the 5 cm that are asked for."""


class TestDamage:
    """Files that are not what the schema asks for."""

    def test_a_conversion_without_a_target_is_no_placement(self) -> None:
        model = Model()
        operation = model.convert(model.crs(), EAST, NORTH)
        operation.TargetCRS = None
        diagnosis = model.diagnose()
        assert diagnosis.used == "default"
        assert warned(diagnosis, "names no CRS")

    @pytest.mark.parametrize("bad", [math.nan, math.inf, "1.0", True])
    def test_only_finite_numbers_are_numbers(self, bad: object) -> None:
        with pytest.raises(ValueError, match="not a finite number"):
            finite(bad)

    def test_an_easting_that_is_missing_is_left_out(self) -> None:
        model = Model()
        operation = model.convert(model.crs(), EAST, NORTH)
        operation.Eastings = None
        diagnosis = model.diagnose()
        assert diagnosis.used == "default"
        assert warned(diagnosis, "cannot be read")

    @pytest.mark.parametrize("scale", [0.0, -1.0])
    def test_a_scale_that_is_none_is_ignored(self, scale: float) -> None:
        model = Model()
        model.convert(model.crs(), EAST, NORTH, Scale=scale)
        diagnosis = model.diagnose(box=box_at(0.0, 0.0))
        assert lands(diagnosis, (10.0, 0.0, 0.0))[:2] == pytest.approx((EAST + 10.0, NORTH), abs=MM)

    def test_an_axis_of_no_length_turns_nothing(self) -> None:
        model = Model()
        model.convert(model.crs(), EAST, NORTH, XAxisAbscissa=0.0, XAxisOrdinate=0.0)
        assert model.diagnose().placement.rotation_deg == 0.0

    def test_offsets_off_the_map_are_not_used(self) -> None:
        model = Model()
        model.convert(model.crs("EPSG:4549"), 1e15, 1e15)
        diagnosis = model.diagnose()
        assert diagnosis.used == "default"
        assert np.isfinite(diagnosis.placement.origin).all()

    @pytest.mark.parametrize(
        ("good", "bad"),
        [
            (r"IFCMAPCONVERSION\(#\d+,", "IFCMAPCONVERSION(#99999,"),
            (r"IFCMAPCONVERSION\((#\d+),#\d+", r"IFCMAPCONVERSION(\1,\1"),
            (r"458715\.92", "'here'"),
            (r"IFCPROJECTEDCRS\('EPSG:25832'", "IFCPROJECTEDCRS(17."),
            (r"IFCSITE\(('[^']*'),(.*),\.ELEMENT\.,\$", r"IFCSITE(\1,\2,.ELEMENT.,'north'"),
            (r"IFCAXIS2PLACEMENT3D\(#\d+", "IFCAXIS2PLACEMENT3D($"),
            (r"'Model',3,", "$,$,"),
        ],
    )
    def test_damaged_text_costs_no_more_than_what_it_says(self, good: str, bad: str) -> None:
        model = Model()
        model.convert(model.crs(), EAST, NORTH)
        text = model.file.to_string()
        damaged = re.sub(good, bad, text)
        assert damaged != text
        file = ifcopenshell.file.from_string(damaged)
        diagnosis = diagnose(file, overrides=PlacementOverrides(), bounds=None)
        assert diagnosis.used in ("IfcMapConversion", "default")

    def test_a_placement_loop_ends(self) -> None:
        model = Model(site={"RefLatitude": (49, 0, 0, 1), "RefLongitude": (8, 0, 0, 1)})
        model.site.ObjectPlacement.PlacementRelTo = model.site.ObjectPlacement
        assert model.diagnose().used == "IfcSite"
