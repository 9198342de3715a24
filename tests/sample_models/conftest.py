"""The sample building, written once for all tests."""

from pathlib import Path

import ifcopenshell
import pytest

from sample_models.community_centre import write_building


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sample") / "community_centre.ifc"
    write_building(path)
    return path


@pytest.fixture(scope="session")
def building(written: Path) -> ifcopenshell.file:
    opened = ifcopenshell.open(str(written))
    assert isinstance(opened, ifcopenshell.file)
    return opened
