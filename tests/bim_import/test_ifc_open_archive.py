"""Archives: one model inside, nothing dangerous."""

import struct
import zipfile
from pathlib import Path

import pytest

from bim_import.archives import MAX_MEMBERS
from bim_import.ifc.reading import archive as ifc_zip
from bim_import.ifc.reading.open import open_ifc
from tests.bim_import.part21 import part21
from twin.errors import DamagedSource, SourceError, UnsupportedSource

MODEL = part21("#20=IFCWALL('1Wall00000000000000001',$,'Wall',$,$,$,$,$,$);").encode()


def pack(
    folder: Path, members: dict[str, bytes], name: str = "model.ifczip", method: int = zipfile.ZIP_DEFLATED
) -> Path:
    path = folder / name
    with zipfile.ZipFile(path, "w", method) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return path


def patched(path: Path, *, local_offset: int, central_offset: int, value: int) -> Path:
    """The archive with a 16-bit field changed in the first local header and the first entry of the directory."""
    content = bytearray(path.read_bytes())
    central = content.index(b"PK\x01\x02")
    struct.pack_into("<H", content, local_offset, value)
    struct.pack_into("<H", content, central + central_offset, value)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_the_one_model_inside_is_read_whatever_its_name(tmp_path: Path, method: int) -> None:
    opened = open_ifc(pack(tmp_path, {"folder/Other Name.IFC": MODEL, "tex.png": b"x"}, method=method))
    assert [wall.Name for wall in opened.file.by_type("IfcWall")] == ["Wall"]


def test_an_archive_is_known_by_its_content(tmp_path: Path) -> None:
    assert open_ifc(pack(tmp_path, {"a.ifc": MODEL}, name="model.ifc")).schema == "IFC4"


def test_litter_of_file_managers_is_no_second_model(tmp_path: Path) -> None:
    assert (
        open_ifc(pack(tmp_path, {"a.ifc": MODEL, "__MACOSX/._a.ifc": b"x", ".b.ifc": b"x"})).schema == "IFC4"
    )


def test_path_tricks_write_nothing_outside(tmp_path: Path) -> None:
    scratch = tmp_path / "deep" / "scratch"
    scratch.mkdir(parents=True)
    for name in ("../../escaped.ifc", "/escaped.ifc", "..\\escaped.ifc"):
        assert open_ifc(pack(tmp_path, {name: MODEL}), scratch=scratch).schema == "IFC4"
    assert sorted(item.name for item in tmp_path.rglob("*")) == ["deep", "model.ifczip", "scratch"]


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"a.ifc": MODEL, "b.ifc": MODEL}, "2 IFC files"),
        ({"a.ifcxml": b"<ifc/>"}, "ifcXML"),
        ({"readme.txt": b"x"}, "no .ifc file"),
        ({}, "no .ifc file"),
        ({"inner.ifczip": b"PK"}, "no .ifc file"),
    ],
)
def test_an_archive_without_exactly_one_model_is_refused(
    tmp_path: Path, members: dict[str, bytes], words: str
) -> None:
    path = pack(tmp_path, members)
    if not members:
        path.write_bytes(ifc_zip.ZIP_MAGIC + path.read_bytes())
    with pytest.raises(SourceError, match=words):
        open_ifc(path)


def test_deflate64_is_refused_with_advice(tmp_path: Path) -> None:
    path = patched(pack(tmp_path, {"a.ifc": MODEL}), local_offset=8, central_offset=10, value=9)
    with pytest.raises(UnsupportedSource, match=r"Deflate64.*ordinary Deflate"):
        open_ifc(path)


def test_an_encrypted_archive_is_refused_with_advice(tmp_path: Path) -> None:
    path = patched(pack(tmp_path, {"a.ifc": MODEL}), local_offset=6, central_offset=8, value=1)
    with pytest.raises(UnsupportedSource, match=r"encrypted.*Unpack"):
        open_ifc(path)


def test_a_bomb_is_refused_before_it_unpacks(tmp_path: Path) -> None:
    path = pack(tmp_path, {"a.ifc": bytes(80 << 20)})
    with pytest.raises(UnsupportedSource, match="zip bombs"):
        open_ifc(path)


def test_a_model_beyond_the_size_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ifc_zip, "MAX_UNPACKED_BYTES", 100)
    with pytest.raises(UnsupportedSource, match="larger than"):
        open_ifc(pack(tmp_path, {"a.ifc": MODEL}))


def test_a_size_that_lies_does_not_unpack_more(tmp_path: Path) -> None:
    path = pack(tmp_path, {"a.ifc": MODEL + b" " * 100_000})
    content = bytearray(path.read_bytes())
    struct.pack_into("<I", content, 22, 64)
    struct.pack_into("<I", content, content.index(b"PK\x01\x02") + 24, 64)
    path.write_bytes(content)
    with pytest.raises(DamagedSource):
        open_ifc(path)


def test_a_list_of_thousands_of_members_is_refused_unread(tmp_path: Path) -> None:
    path = pack(tmp_path, {f"{n}.txt": b"" for n in range(MAX_MEMBERS + 1)} | {"a.ifc": MODEL})
    with pytest.raises(UnsupportedSource, match="more than 4096 files"):
        open_ifc(path)


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.9])
def test_half_an_archive_is_damaged(tmp_path: Path, keep: float) -> None:
    path = pack(tmp_path, {"a.ifc": MODEL * 5})
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
    with pytest.raises(DamagedSource, match="cut off"):
        open_ifc(path)


def test_a_flipped_byte_inside_is_damage(tmp_path: Path) -> None:
    path = pack(tmp_path, {"a.ifc": MODEL})
    content = bytearray(path.read_bytes())
    content[200] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(DamagedSource, match="archive is damaged"):
        open_ifc(path)


def test_the_same_model_reads_the_same_in_both_wrappings(real_data: Path) -> None:
    folder = real_data / "ifc/xBimTeam+XbimEssentials/Tests/TestFiles"
    plain, packed = (open_ifc(folder / f"4walls1floorSite.{suffix}") for suffix in ("ifc", "ifczip"))
    assert len(plain.file.by_type("IfcProduct")) == len(packed.file.by_type("IfcProduct")) == 8


def test_real_archives_with_xml_inside_are_refused(real_data: Path) -> None:
    with pytest.raises(UnsupportedSource, match="ifcXML"):
        open_ifc(real_data / "ifc/xBimTeam+XbimEssentials/Tests/TestFiles/HelloWallXml.ifczip")


def test_a_member_without_a_name_is_damage(tmp_path: Path) -> None:
    path = pack(tmp_path, {"a.ifc": MODEL})
    path.write_bytes(path.read_bytes().replace(b"a.ifc", b"\0.ifc"))
    with pytest.raises(DamagedSource, match="archive is damaged"):
        open_ifc(path)


def test_a_list_longer_than_its_count_is_refused_unread(tmp_path: Path) -> None:
    content = pack(tmp_path, {"a.ifc": MODEL}).read_bytes()
    start = content.index(b"PK\x01\x02")
    entry, copies = content[start:-22], 50_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(entry) * copies, start, 0)
    path = tmp_path / "lies.ifczip"
    path.write_bytes(content[:start] + entry * copies + end)
    with pytest.raises(UnsupportedSource, match="more than 4096 files"):
        open_ifc(path)
