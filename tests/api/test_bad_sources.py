"""Sources that are no ordinary files, change, or cannot be read: each fails alone, quickly, and says what to do."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from api.importing import job
from api.importing.batch import import_sources
from api.importing.events import ImportRequest
from api.importing.faults import explained
from api.importing.sources import content_hash, expand, shown
from api.settings import Settings
from bim_import import PlacementOverrides
from twin.errors import InvalidKey, PlacementError
from twin.objects import checked_key
from twin.source import SourceReport

WALL = Path(__file__).resolve().parents[2] / "benchmarks" / "one_wall.ifc"
TWIN = Path(sys.executable).with_name("twin")


def _import(data: Path, *sources: Path, **options: Any) -> list[SourceReport]:
    request = ImportRequest(sources=list(sources), **options)
    return import_sources(Settings(data=data), request, lambda _: None)


def _twin(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [TWIN, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize("kind", ["pipe", "device", "dangling link", "not UTF-8"])
def test_what_is_no_ordinary_file_fails_alone_and_at_once(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.ifc"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "dangling link":
        path.symlink_to(tmp_path / "nowhere")
    elif kind == "not UTF-8":
        path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.ifc"))
        shutil.copy(WALL, path)
    else:
        path = Path("/dev/zero")
    folder = tmp_path / "links"
    folder.mkdir()
    link = folder / "x.ifc"
    link.symlink_to(path)
    bad, good = _import(tmp_path / "data", folder if kind == "dangling link" else path, WALL)
    assert (bad.status, good.status) == ("failed", "imported")
    assert bad.reason
    assert "internal error" not in bad.reason


def test_a_file_that_changes_while_it_is_read_is_not_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.ifc"
    shutil.copy(WALL, file)

    def hash_and_write(path: Path, options: Any) -> str:
        digest = content_hash(path, options)
        with path.open("ab") as grown:
            grown.write(b"\n")
        return digest

    monkeypatch.setattr(job, "content_hash", hash_and_write)
    (report,) = _import(tmp_path / "data", file)
    assert report.status == "failed"
    assert "changed while it was read" in (report.reason or "")


def test_of_two_files_with_one_name_the_first_gets_the_key(tmp_path: Path) -> None:
    for folder in ("b", "a"):
        (tmp_path / folder).mkdir()
        shutil.copy(WALL, tmp_path / folder / "m.ifc")
    first, second = _import(tmp_path / "data", tmp_path / "b", tmp_path / "a")
    assert (first.status, second.status) == ("imported", "failed")
    assert "--key" in (second.reason or "")


def test_a_folder_that_leads_back_to_itself_is_read_once(tmp_path: Path) -> None:
    shutil.copy(WALL, tmp_path / "a.ifc")
    (tmp_path / "up").symlink_to(tmp_path)
    assert expand([tmp_path]) == [tmp_path / "a.ifc"]


def test_a_path_is_shown_as_text_whatever_bytes_it_has() -> None:
    assert shown(Path(os.fsdecode(b"a\xff\n.ifc"))) == "a\\xff\\n.ifc"
    assert shown(Path("3号楼.ifc")) == "3号楼.ifc"


@pytest.mark.parametrize("key", ["\udcff", "a\u202eb", "a\u200bb", "a\x85b", "\ufeffa", ""])
def test_a_key_that_people_cannot_see_is_refused(key: str) -> None:
    with pytest.raises(InvalidKey):
        checked_key(key)


@pytest.mark.parametrize(
    "given",
    [
        {"rotation_deg": float("nan")},
        {"height_offset_m": float("inf")},
        {"height_offset_m": 1e300},
        {"origin": (121.0, 29.0, float("inf"))},
        {"origin": (121.0, 29.0, 5e6)},
    ],
)
def test_numbers_that_cannot_be_meant_place_nothing(given: dict[str, Any]) -> None:
    with pytest.raises(PlacementError):
        PlacementOverrides(**given)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(28, "No space left on device", "/data/x"), "Free some space"),
        (PermissionError(13, "Permission denied", "/data/x"), "owner or rights"),
        (MemoryError(), "memory"),
        (ZeroDivisionError("division by zero"), "report it"),
    ],
)
def test_what_the_system_refuses_is_told_with_advice(error: Exception, words: str) -> None:
    assert words in str(explained(error))


@pytest.mark.parametrize(
    ("arguments", "environment", "status"),
    [
        (["models"], {"TWIN_PORT": "abc"}, 2),
        (["import", WALL, "--workers", "1000"], {}, 2),
        (["import", WALL, "--report", "/proc/none/report.json"], {}, 2),
        (["import", WALL, "--rotation", "nan"], {}, 2),
        (["serve", "--port", "70000"], {}, 2),
        (["serve", "--port", "0", "--host", "no such host"], {}, 1),
    ],
)
def test_wrong_settings_are_one_sentence(
    tmp_path: Path, arguments: list[Any], environment: dict[str, str], status: int
) -> None:
    run = _twin(*arguments, "--data", tmp_path / "data", **environment)
    assert run.returncode == status, run.stderr
    assert "Traceback" not in run.stderr + run.stdout
    assert "internal error" not in run.stderr
