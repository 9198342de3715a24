r"""Texts that bend the standard: raw bytes, byte order marks, backslashes. Names survive, and a warning says so."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bim_import.ifc.reading import recode as ifc_recode
from bim_import.ifc.reading.open import open_ifc
from tests.bim_import.part21 import part21


def named(folder: Path, name: bytes, *, prefix: bytes = b"") -> tuple[str | None, list[str]]:
    """The name of a wall as it is read from a file that has the bytes `name` there, and the warnings."""
    text = part21("#20=IFCWALL('1Wall00000000000000001',$,'@',$,$,$,$,$,$);").encode("ascii")
    path = folder / "named.ifc"
    path.write_bytes(prefix + text.replace(b"@", name))
    opened = open_ifc(path)
    return opened.file.by_id(20).Name, opened.warnings


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (rb"\X2\68079AD8\X0\ 1", "标高 1"),
        (rb"\X2\00C4\X0\nderung", "Änderung"),
        (rb"\X4\0001F600\X0\ ", "😀 "),
        (rb"Fa\X\E7ade", "Façade"),
        (rb"\S\dtage", "ätage"),
        (rb"\PA\\S\i", "é"),
        (rb"it''s", "it's"),
        (rb"D:\\models\\x", "D:\\models\\x"),
    ],
)
def test_escapes_of_the_standard_are_decoded_without_warning(
    tmp_path: Path, written: bytes, name: str
) -> None:
    assert named(tmp_path, written) == (name, [])


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (rb"D:\models\x", "D:\\models\\x"),
        (rb"a\Q", "a\\Q"),
        (rb"\X2\6807", "\\X2\\6807"),
        (rb"\X2\ZZZZ\X0\ ", "\\X2\\ZZZZ\\X0\\ "),
        (rb"\X2\D83DDE00\X0\ a", "😀 a"),
        (rb"\X2\D83D\X0\ a", "\ufffd a"),
    ],
)
def test_a_backslash_that_begins_no_escape_is_kept_with_a_warning(
    tmp_path: Path, written: bytes, name: str
) -> None:
    read, warnings = named(tmp_path, written)
    assert read == name
    assert "begin no valid escape" in warnings[0]


@pytest.mark.parametrize(
    ("encoding", "told"), [("utf-8", "UTF-8"), ("gb18030", "GBK"), ("cp1252", "Latin-1")]
)
def test_raw_bytes_are_decoded_and_told_of(tmp_path: Path, encoding: str, told: str) -> None:
    name = "Façade Süd, é" if encoding == "cp1252" else "标高 一层 墙体"
    read, warnings = named(tmp_path, name.encode(encoding))
    assert read == name
    assert f"read as {told}" in warnings[0]


def test_a_gbk_character_with_a_backslash_as_second_byte_survives(tmp_path: Path) -> None:
    name = "鸿俓标高墙体一层"
    assert b"\\" in "俓".encode("gb18030")
    assert named(tmp_path, name.encode("gb18030"))[0] == name


def test_a_raw_backslash_before_raw_text_survives(tmp_path: Path) -> None:
    assert named(tmp_path, "D:\\标高".encode())[0] == "D:\\标高"


def test_a_byte_order_mark_is_no_reason_to_refuse_or_warn(tmp_path: Path) -> None:
    assert named(tmp_path, b"Wall", prefix=b"\xef\xbb\xbf") == ("Wall", [])


def test_a_windows_path_in_the_header_is_no_reason_to_refuse(tmp_path: Path) -> None:
    path = tmp_path / "header.ifc"
    path.write_text(part21("").replace("FILE_NAME(''", r"FILE_NAME('C:\Users\me\x.ifc'"), encoding="ascii")
    assert "begin no valid escape" in open_ifc(path).warnings[0]


def test_backslashes_in_comments_of_the_header_cost_nothing(tmp_path: Path) -> None:
    path = tmp_path / "header.ifc"
    path.write_text(part21("").replace("FILE_NAME(", "/* C:\\Users\\'me' */ FILE_NAME("), encoding="ascii")
    assert open_ifc(path).warnings == []


def test_characters_across_the_borders_of_chunks_stay_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The smallest chunk that holds the header: every later border falls somewhere into the names.
    monkeypatch.setattr(ifc_recode, "CHUNK_BYTES", 420)
    name = "标高一层😀" * 200
    assert named(tmp_path, name.encode())[0] == name


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=30))
def test_any_utf8_name_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    written = name.replace("'", "''").replace("\\", "\\\\").encode()
    assert named(tmp_path_factory.mktemp("any"), written)[0] == name
