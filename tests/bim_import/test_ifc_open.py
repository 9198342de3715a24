"""Opening: what is read, what is refused, and in which words."""

import multiprocessing
import os
from pathlib import Path

import ifcopenshell
import pytest

from bim_import.ifc.reading import scan as ifc_scan
from bim_import.ifc.reading.open import open_ifc
from tests.bim_import.part21 import part21, write
from twin.errors import DamagedSource, SourceError, UnsupportedSource

WALL = "#20=IFCWALL('1Wall00000000000000001',$,'Wall',$,$,$,$,$,$);"
PROJECT_ONLY = "#1=IFCPROJECT('1Pro000000000000000001',$,'P',$,$,$,$,$,$);"


def put(folder: Path, content: bytes) -> Path:
    path = folder / "given.ifc"
    path.write_bytes(content)
    return path


def test_a_whole_file_opens_without_warnings(tmp_path: Path) -> None:
    opened = open_ifc(write(tmp_path, WALL))
    assert opened.schema == opened.declared_schema == "IFC4"
    assert opened.warnings == []
    assert len(opened.file.by_type("IfcWall")) == 1


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (b"", DamagedSource, "empty"),
        (b" \n\n", DamagedSource, "empty"),
        (b"hello", UnsupportedSource, "not an IFC file"),
        (bytes(range(128, 256)) * 40, UnsupportedSource, "not an IFC file"),
        (b"<?xml version='1.0'?><ifc/>", UnsupportedSource, "ifcXML"),
        (b"<!DOCTYPE html><html></html>", UnsupportedSource, "web page"),
        (b'{"type": "ifcJSON"}', UnsupportedSource, "JSON"),
        (b"\x1f\x8b\x08\x00", UnsupportedSource, "gzip"),
        (part21(WALL).encode("utf-16"), UnsupportedSource, "UTF-16"),
        (part21(WALL).encode("utf-16-le"), UnsupportedSource, "UTF-16"),
        (part21(WALL)[:-40].encode(), DamagedSource, "cut off"),
        (part21(WALL)[:100].encode(), DamagedSource, "cut off"),
        (part21(WALL).replace("#20=", "\0#20=").encode(), DamagedSource, "zero bytes"),
        (part21("", tree=False).encode(), DamagedSource, "DATA section is empty"),
        (part21("/* never closed " + WALL, tree=False).encode(), DamagedSource, "DATA section is empty"),
        (part21(WALL).replace("'IFC4'", "").encode(), DamagedSource, "names no schema"),
        (part21(WALL).replace("'IFC4'", "''").encode(), DamagedSource, "names no schema"),
        (part21(WALL, "AUTOMOTIVE_DESIGN").encode(), UnsupportedSource, "AUTOMOTIVE_DESIGN cannot be read"),
        (part21(WALL, "IFC5").encode(), UnsupportedSource, "IFC5 cannot be read"),
        (part21("#5000000000000=IFCWALL();").encode(), DamagedSource, "not valid IFC"),
        (part21("#20=IFCWALL(" + "(" * 100_000).encode(), DamagedSource, "nested"),
    ],
)
def test_what_is_no_whole_ifc_is_refused_with_reason_and_advice(
    tmp_path: Path, content: bytes, error: type[SourceError], words: str
) -> None:
    path = put(tmp_path, content)
    with pytest.raises(error) as caught:
        open_ifc(path)
    assert words in caught.value.reason
    assert caught.value.advice.endswith(".")
    assert caught.value.source == str(path)


def test_a_missing_file_is_an_error_with_advice(tmp_path: Path) -> None:
    with pytest.raises(DamagedSource, match="cannot be read"):
        open_ifc(tmp_path / "none.ifc")


def test_a_folder_is_an_error_with_advice(tmp_path: Path) -> None:
    with pytest.raises(DamagedSource, match="cannot be read"):
        open_ifc(tmp_path)


def test_a_statement_beyond_the_limit_is_refused_in_constant_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ifc_scan, "MAX_STATEMENT_BYTES", 3 << 20)
    monkeypatch.setattr(ifc_scan, "CHUNK_BYTES", 1 << 20)
    text = part21(f"#20=IFCWALL('1Wall00000000000000001',$,'{'x' * (4 << 20)}',$,$,$,$,$,$);")
    with pytest.raises(DamagedSource, match="one statement is longer"):
        open_ifc(put(tmp_path, text.encode()))


def test_a_string_full_of_semicolons_is_no_row_of_statements(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ifc_scan, "MAX_STATEMENT_BYTES", 3 << 20)
    text = part21(f"#20=IFCWALL('1Wall00000000000000001',$,'{'x;' * (3 << 20)}',$,$,$,$,$,$);")
    with pytest.raises(DamagedSource, match="one text is longer"):
        open_ifc(put(tmp_path, text.encode()))


def test_many_statements_without_any_text_are_fine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ifc_scan, "MAX_STATEMENT_BYTES", 3 << 20)
    points = "".join(f"#{n}=IFCCARTESIANPOINT((1.,2.,3.));\n" for n in range(100, 170_000))
    assert len(open_ifc(put(tmp_path, part21(WALL + points).encode())).file.by_type("IfcWall")) == 1


def test_a_long_line_of_many_statements_is_fine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ifc_scan, "MAX_STATEMENT_BYTES", 1 << 10)
    text = part21("".join(f"#{n}=IFCLABEL;" for n in range(2000)) + WALL)
    assert len(open_ifc(put(tmp_path, text.replace("\n", "").encode())).file.by_type("IfcWall")) == 1


def test_a_missing_end_mark_after_whole_data_is_a_warning(tmp_path: Path) -> None:
    opened = open_ifc(put(tmp_path, part21(WALL).replace("END-ISO-10303-21;", "").encode()))
    assert [warning for warning in opened.warnings if "end mark" in warning]
    assert len(opened.file.by_type("IfcWall")) == 1


@pytest.mark.parametrize(
    ("declared", "read_as"),
    [
        ("IFC2X3_RC1", "IFC2X3"),
        ("IFC2X3_TC1", "IFC2X3"),
        ("IFC2X2_FINAL", "IFC2X3"),
        ("IFC2X_FINAL", "IFC2X3"),
        ("IFC4_ADD2_TC1", "IFC4"),
        ("IFC4X3_RC3", "IFC4X3_ADD2"),
        ("IFC4X3_TC1", "IFC4X3_ADD2"),
        ("IFC4X3", "IFC4X3_ADD2"),
        ("IFC4X1", "IFC4X3_ADD2"),
        ("IFC4X2", "IFC4X3_ADD2"),
    ],
)
def test_a_sibling_of_a_schema_is_read_as_the_nearest_with_a_warning(
    tmp_path: Path, declared: str, read_as: str
) -> None:
    opened = open_ifc(write(tmp_path, PROJECT_ONLY, declared, tree=False))
    assert (opened.schema, opened.declared_schema) == (read_as, declared)
    assert f"{declared} is read as {read_as}" in opened.warnings[0]
    assert opened.file.schema_identifier == read_as


def test_lower_case_and_spaces_in_the_schema_name_do_not_matter(tmp_path: Path) -> None:
    text = part21(WALL).replace("FILE_SCHEMA(('IFC4'))", "FILE_SCHEMA /* 'IFC2X3' */ ( ( ' ifc4 ' ) )")
    assert open_ifc(put(tmp_path, text.encode())).schema == "IFC4"


def test_a_schema_name_inside_another_header_text_is_not_the_schema(tmp_path: Path) -> None:
    text = part21(WALL).replace("FILE_NAME('',", "FILE_NAME('FILE_SCHEMA((''IFC2X3''));',")
    assert open_ifc(put(tmp_path, text.encode())).schema == "IFC4"


def test_of_several_schema_names_the_one_that_can_be_read_counts(tmp_path: Path) -> None:
    text = part21(WALL).replace("('IFC4')", "('CUSTOM','IFC4')")
    opened = open_ifc(put(tmp_path, text.encode()))
    assert opened.schema == "IFC4"
    assert opened.declared_schema == "CUSTOM, IFC4"


def test_classes_that_the_schema_lacks_are_counted_by_name(tmp_path: Path) -> None:
    opened = open_ifc(write(tmp_path, f"#30=IFCFOOBAR('x');\n#31=IFCFOOBAR('y');\n{WALL}"))
    assert opened.left_out == 2
    assert any("IFCFOOBAR (2)" in warning for warning in opened.warnings)
    assert len(opened.file.by_type("IfcWall")) == 1


def test_a_class_renamed_since_a_release_candidate_is_kept(tmp_path: Path) -> None:
    opened = open_ifc(
        write(tmp_path, "#20=IFCSOLIDSTRATUM('1Wall00000000000000001',$,'S',$,$,$,$,$);", "IFC4X3_RC3")
    )
    assert [item.Name for item in opened.file.by_type("IfcGeotechnicalStratum")] == ["S"]
    assert opened.left_out == 0


def test_of_two_near_schemas_the_one_that_leaves_out_less_is_taken(tmp_path: Path) -> None:
    proxies = "".join(
        f"#{n}=IFCPROXY('1Wall0000000000000000{n}',$,'P',$,$,$,$,.NOTDEFINED.,$);\n" for n in (20, 21)
    )
    assert open_ifc(write(tmp_path, proxies, "IFC4X1")).schema == "IFC4"
    bridge = "#20=IFCBRIDGE('1Wall00000000000000001',$,'B',$,$,$,$,$,$,$);"
    assert open_ifc(write(tmp_path, bridge, "IFC4X2")).schema == "IFC4X3_ADD2"


def test_opening_leaves_no_temporary_file_behind(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    opened = open_ifc(write(tmp_path, PROJECT_ONLY, "IFC4X3_RC3", tree=False), scratch=scratch)
    assert list(scratch.iterdir()) == []
    assert opened.file.by_type("IfcProject")[0].Name == "P"


def test_a_damaged_statement_of_a_lazy_file_costs_one_entity(tmp_path: Path) -> None:
    text = part21(WALL + "\n#21=IFCWALL('1Wall00000000000000002',$,\x01,$,$,$,$,$,$);")
    opened = open_ifc(put(tmp_path, text.encode()))
    assert opened.file.by_id(20).Name == "Wall"


def test_the_parsers_log_outlives_the_opened_file(tmp_path: Path) -> None:
    # The lazy file writes to it long after opening; freed, it took the process with it.
    file = open_ifc(write(tmp_path, "#21=IFCWALL('1Wall00000000000000002',$);")).file
    assert [file.by_id(21).Name for _ in range(3)] == [None] * 3


def test_a_forked_child_has_a_file_offset_of_its_own(tmp_path: Path) -> None:
    path = write(tmp_path, WALL)
    opened = open_ifc(path)
    ours = [number for number in _descriptors(path) if os.lseek(number, 0, os.SEEK_CUR) > 0]
    assert len(ours) == 1, "the parser keeps the file open and has read from it"
    offset = os.lseek(ours[0], 0, os.SEEK_CUR)
    child = multiprocessing.get_context("fork").Process(target=os.lseek, args=(ours[0], 7, os.SEEK_SET))
    child.start()
    child.join()
    assert os.lseek(ours[0], 0, os.SEEK_CUR) == offset
    assert opened.file.by_id(20).Name == "Wall"


def _descriptors(path: Path) -> list[int]:
    """Open descriptors of this process that are of the file."""
    entries = [entry for entry in Path("/proc/self/fd").iterdir() if entry.exists()]
    return [int(entry.name) for entry in entries if entry.samefile(path)]


def test_forked_children_read_a_lazy_file_at_the_same_time(tmp_path: Path) -> None:
    walls = "".join(
        f"#{n}=IFCWALL('{n:022d}',$,'Wall {n}',$,$,$,$,'{'x' * 300}',$);\n" for n in range(20, 3020)
    )
    opened = open_ifc(write(tmp_path, walls))
    with multiprocessing.get_context("fork").Pool(4, initializer=_share, initargs=(opened.file,)) as pool:
        wrong = pool.map(_wrong_names, [range(start, 3020, 8) for start in range(20, 28)], chunksize=1)
    assert wrong == [0] * 8


_shared: list[ifcopenshell.file] = []


def _share(file: ifcopenshell.file) -> None:
    _shared[:] = [file]


def _wrong_names(numbers: range) -> int:
    """Read in an order that jumps through the file."""
    order = sorted(numbers, key=lambda number: number * 7919 % 3001)
    return sum(_shared[0].by_id(number).Name != f"Wall {number}" for number in order)
