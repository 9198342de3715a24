"""Texts of Shapefiles are read in the encoding that they are in, whatever is said of it."""

import zipfile
from pathlib import Path

import pytest

from tests.bim_import.gis_layers import imported
from tests.bim_import.test_gis_formats import layer


@pytest.mark.parametrize("encoding", ["GBK", "UTF-8"])
@pytest.mark.parametrize("told", [True, False])
def test_a_shapefile_in_a_zip_is_read_in_its_encoding(tmp_path: Path, encoding: str, *, told: bool) -> None:
    table = layer(40).rename(columns={"name": "名称"})
    table.astype({"open": int}).to_file(tmp_path / "楼.shp", encoding=encoding)
    if not told:
        (tmp_path / "楼.cpg").unlink()
    with zipfile.ZipFile(tmp_path / "city.zip", "w") as archive:
        for file in tmp_path.glob("楼.*"):
            archive.write(file, f"folder/{file.name}")
    found = imported(tmp_path / "city.zip")
    assert found.report.schema == "Shapefile"
    assert sorted(item.name for item in found.objects) == sorted(f"楼{index}" for index in range(40))


def test_a_shapefile_whose_cpg_is_wrong_is_read_as_its_bytes_say(tmp_path: Path) -> None:
    table = layer(40).rename(columns={"name": "名称"})
    table.astype({"open": int}).to_file(tmp_path / "a.shp", encoding="GBK")
    (tmp_path / "a.cpg").write_text("UTF-8")
    found = imported(tmp_path / "a.shp")
    assert sorted(item.name for item in found.objects) == sorted(f"楼{index}" for index in range(40))
    assert any("says UTF-8, but its texts are GBK" in text for text in found.report.warnings)


@pytest.mark.parametrize("told", [True, False])
def test_a_text_cut_within_a_letter_costs_that_letter_only(tmp_path: Path, *, told: bool) -> None:
    table = layer(2).assign(name=["天一阁" * 3, "楼"]).astype({"open": int})
    table.to_file(tmp_path / "a.shp", encoding="UTF-8")
    whole = ("天一阁" * 3).encode()
    content = (tmp_path / "a.dbf").read_bytes().replace(whole, whole[:-1] + b" ")
    (tmp_path / "a.dbf").write_bytes(content)
    if not told:
        (tmp_path / "a.cpg").unlink()
    found = imported(tmp_path / "a.shp")
    assert [item.name for item in found.objects] == ["天一阁" * 2 + "天一�", "楼"]
    assert any("bytes that are no letters" in text for text in found.report.warnings)
