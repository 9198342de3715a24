"""What a browser has to load before it sees anything stays small, and modules stay short."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

from tests.house.checkout import ROOT

VIEWER = ROOT / "api" / "viewer"
BUDGET = 300_000
"""Bytes, compressed, of all that is the page's own: without CesiumJS, with the charting library where set-up has put it."""
MODULE_LINES = 400


def _own() -> list[bytes]:
    files = [path for path in VIEWER.rglob("*") if path.suffix in {".js", ".css", ".html"}]
    return [path.read_bytes() for path in files if "cesium" not in path.relative_to(VIEWER).parts]


def test_code_of_the_page_is_within_its_budget() -> None:
    assert sum(len(gzip.compress(content)) for content in _own()) <= BUDGET


def test_no_module_of_the_page_is_longer_than_the_house_allows() -> None:
    modules = [path for path in VIEWER.rglob("*.js") if "vendor" not in path.relative_to(VIEWER).parts]
    lines = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in modules}

    assert {name: n for name, n in lines.items() if n > MODULE_LINES} == {}


def _needed(module: Path, seen: set[Path]) -> Iterator[Path]:
    """A module and all that it imports from the start, in order; not what lies under vendor/."""
    if module in seen or "vendor" in module.parts:
        return
    seen.add(module)
    yield module
    for name in re.findall(
        r'^import\b[^;]*?from\s+"(\.[^"]+)"', module.read_text(encoding="utf-8"), re.MULTILINE
    ):
        yield from _needed((module.parent / name).resolve(), seen)


def test_the_page_asks_at_once_for_all_modules_of_the_scene() -> None:
    page = (VIEWER / "index.html").read_text(encoding="utf-8")
    asked = {VIEWER.parent / name for name in re.findall(r'rel="modulepreload" href="([^"]+)"', page)}
    with_main: set[Path] = set()
    list(_needed(VIEWER / "main.js", with_main))

    assert set(_needed(VIEWER / "scene" / "scene.js", set(with_main))) - asked == set()
