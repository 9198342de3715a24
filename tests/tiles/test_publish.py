"""Files under content-hashed names."""

import gzip
from pathlib import Path

import brotli
import pytest

from tiles.publish import hashed_name, publish, write

TEXT = b"tile " * 1_000


def test_a_name_is_the_hash_of_the_bytes() -> None:
    assert hashed_name("schema", TEXT, "json") == hashed_name("schema", bytes(TEXT), "json")
    assert hashed_name("schema", TEXT, "json") != hashed_name("schema", TEXT + b" ", "json")
    assert hashed_name("", TEXT, "glb").endswith(".glb")


def test_companions_hold_the_same_bytes(tmp_path: Path) -> None:
    published = publish(tmp_path, "a.json", TEXT)
    assert published.names == ["a.json", "a.json.br", "a.json.gz"]
    assert brotli.decompress((tmp_path / "a.json.br").read_bytes()) == TEXT
    assert gzip.decompress((tmp_path / "a.json.gz").read_bytes()) == TEXT
    assert published.sent_bytes == min((tmp_path / name).stat().st_size for name in published.names)


def test_what_does_not_shrink_gets_no_companions(tmp_path: Path) -> None:
    noise = bytes((at * 7919 % 251) ^ (at * at % 256) for at in range(64))
    assert publish(tmp_path, "a.bin", noise).names == ["a.bin"]


def test_a_file_that_is_there_is_not_written_again(tmp_path: Path) -> None:
    publish(tmp_path, "a.json", TEXT)
    before = (tmp_path / "a.json").stat()
    publish(tmp_path, "a.json", TEXT)
    after = (tmp_path / "a.json").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="disk full"):
        write(tmp_path / "a.json", TEXT)
    assert list(tmp_path.iterdir()) == []


def test_readable_by_the_server_whatever_the_umask(tmp_path: Path) -> None:
    write(tmp_path / "a.json", TEXT)
    assert (tmp_path / "a.json").stat().st_mode & 0o777 == 0o644
