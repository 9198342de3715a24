"""Which files an import means, and their keys."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from api.importing.sources import content_hash, default_key, expand
from twin.errors import InvalidKey, SourceError
from twin.objects import MAX_KEY_LENGTH, checked_key


class _Options(Struct):
    compress: bool = True


def test_a_folder_means_the_importable_files_below_it_in_order(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    names = ["b.ifc", "a.IFC", "sub/c.ifczip", "notes.txt", "d.ifcxml"]
    for name in names:
        (tmp_path / name).touch()
    assert [str(p.relative_to(tmp_path)) for p in expand([tmp_path])] == [
        "a.IFC",
        "b.ifc",
        "d.ifcxml",
        "sub/c.ifczip",
    ]


def test_a_file_named_twice_is_imported_once(tmp_path: Path) -> None:
    file = tmp_path / "a.ifc"
    file.touch()
    assert expand([file, tmp_path]) == [file]


def test_a_path_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        expand([tmp_path / "missing.ifc"])


def test_a_folder_without_anything_importable_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no importable file"):
        expand([tmp_path])


def test_the_default_key_is_the_name_of_the_file() -> None:
    assert default_key(Path("/models/3号楼.ifc")) == "3号楼"


def test_a_reserved_word_is_no_default_key() -> None:
    with pytest.raises(InvalidKey, match="--key"):
        default_key(Path("history.ifc"))


@given(
    st.text(
        st.characters(blacklist_characters="/\0", blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=300
    )
)
def test_a_default_key_is_always_a_key_if_it_is_not_refused(name: str) -> None:
    path = Path(f"/models/{name}.ifc")
    with suppress(InvalidKey):
        key = default_key(path)
        assert checked_key(key) == key
        assert len(key.encode()) <= MAX_KEY_LENGTH


def test_the_hash_changes_with_the_content_and_with_the_options(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    a.write_bytes(b"1")
    b.write_bytes(b"2")
    hashes = {
        content_hash(a, _Options()),
        content_hash(b, _Options()),
        content_hash(a, _Options(compress=False)),
    }
    assert len(hashes) == 3


def test_the_hash_does_not_know_the_name_of_the_file(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    a.write_bytes(b"same")
    b.write_bytes(b"same")
    assert content_hash(a, _Options()) == content_hash(b, _Options())
