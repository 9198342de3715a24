"""Arcs in layers of GeoPackage are drawn, and told."""

import contextlib
import sqlite3
import struct
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from tests.bim_import.gis_layers import imported, solid


def with_curve(wkt_ring: NDArray[np.float64]) -> bytes:
    """ISO WKB of a curve polygon of one circular string."""
    ring = struct.pack("<BII", 1, 8, len(wkt_ring)) + np.ascontiguousarray(wkt_ring, dtype="<f8").tobytes()
    return struct.pack("<BII", 1, 10, 1) + ring


def test_curves_of_a_geopackage_are_drawn_as_chords_and_told(tmp_path: Path) -> None:
    file = tmp_path / "round.gpkg"
    plain = shapely.box(359_500.0, 3_304_850.0, 359_520.0, 3_304_870.0)
    table = geopandas.GeoDataFrame(
        {"name": ["方", "圆"], "height": [3.0, 9.0]}, geometry=[plain, plain], crs=32651
    )
    table.to_file(file)
    circle = np.array([[-50.0, 0.0], [0.0, 50.0], [50.0, 0.0], [0.0, -50.0], [-50.0, 0.0]])
    circle += np.array([359_400.0, 3_304_900.0])
    with contextlib.closing(sqlite3.connect(file)) as base, base:
        for trigger, *_ in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            base.execute(f'DROP TRIGGER "{trigger}"')  # they call functions of GDAL
        (blob,) = base.execute("SELECT geom FROM round WHERE name = '圆'").fetchone()
        base.execute("UPDATE round SET geom = ? WHERE name = '圆'", (blob[:40] + with_curve(circle),))
    found = imported(file)
    assert any("Curves were taken as chords" in text for text in found.report.warnings)
    by_name = {item.name: item for item in found.objects}
    area = solid(found, by_name["圆"].global_id).volume / 9.0
    assert area == pytest.approx(np.pi * 50.0**2, rel=3e-3)
    assert by_name["方"].attributes.properties["attributes"]["height"].value == 3.0
