"""What the page may weigh."""

import gzip
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "api" / "viewer"
MOST_BYTES = 300_000
"""Compressed, of all that the page can ask for, without CesiumJS."""
SERVED = {".html", ".js", ".css", ".svg"}


def test_the_code_of_the_page_is_light(cesium: None) -> None:
    files = [each for each in PAGE.rglob("*") if each.suffix in SERVED and "cesium" not in each.parts]
    assert PAGE / "vendor" / "uplot" / "uPlot.js" in files
    assert sum(len(gzip.compress(each.read_bytes())) for each in files) <= MOST_BYTES
