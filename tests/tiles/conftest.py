"""Fixtures: the sample house as tiles, packed, plain, and decoded by another implementation."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.tiles.reading import Glb
from tests.tiles.spools import Sample, frame, house
from tiles import BuiltTileset, TileOptions, build_tileset
from twin.frames import Frame

FIRST_INDEX = 1_000_000
"""State index of ordinal 0: above what a float's 16 bits or a short would keep."""


@dataclass(frozen=True, slots=True)
class Built:
    """A built tileset with what it was made from."""

    sample: Sample
    frame: Frame
    folder: Path
    result: BuiltTileset

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / self.result.tileset).read_bytes())
        return found

    @property
    def schema(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / self.document["schemaUri"]).read_bytes())
        return found

    def glb(self, uri: str, *, decoded: bool = False) -> Glb:
        path = self.folder / uri
        return Glb((path.parent / "decoded" / path.name if decoded else path).read_bytes())


def build(sample: Sample, folder: Path, *, compress: bool = True, workers: int = 1, **spool: Any) -> Built:
    """Write `sample` as a spool beside `folder` and build its tiles into `folder`."""
    read = sample.write(folder.parent / f"{folder.name}-spool", **spool)
    place = frame()
    state_index = np.arange(FIRST_INDEX, FIRST_INDEX + len(sample.objects), dtype=np.uint32)
    options = TileOptions(compress=compress, workers=workers)
    result = build_tileset(read, frame=place, state_index=state_index, folder=folder, options=options)
    return Built(sample, place, folder, result)


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The house, not compressed."""
    return build(house(), tmp_path_factory.mktemp("plain") / "house", compress=False)


@pytest.fixture(scope="session")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The house, compressed."""
    return build(house(), tmp_path_factory.mktemp("packed") / "house")


@pytest.fixture(scope="session")
def node(node_modules: Path) -> str:
    """Node, where the validator and the decoder are installed beside it."""
    program = shutil.which("node")
    if program is None or not (node_modules / "meshoptimizer").is_dir():
        pytest.skip("no npm package meshoptimizer: run scripts/setup")
    return program
