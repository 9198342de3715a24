"""Whole imports through the command line's own code: files in, a served model out."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from api.importing.batch import import_sources
from api.importing.events import ImportRequest
from api.placing import place
from api.runtime import Runtime
from api.settings import Settings
from bim_import import PlacementOverrides
from sample_models import sample_sources
from twin.queries import ObjectQuery
from twin.source import SourceReport

WALL = Path(__file__).resolve().parents[2] / "benchmarks" / "one_wall.ifc"
TWIN = Path(sys.executable).with_name("twin")


@pytest.fixture
def wall(tmp_path: Path) -> Path:
    file = tmp_path / "墙.ifc"
    shutil.copy(WALL, file)
    return file


def _import(data: Path, *sources: Path, **options: Any) -> list[SourceReport]:
    return import_sources(
        Settings(data=data), ImportRequest(sources=list(sources), **options), lambda _: None
    )


def _files(data: Path) -> dict[str, bytes]:
    tiles = data / "tiles"
    return {str(path.relative_to(tiles)): path.read_bytes() for path in tiles.rglob("*") if path.is_file()}


def _twin(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [TWIN, *map(str, arguments)], capture_output=True, text=True, timeout=100, check=False
    )


def test_an_imported_file_is_a_model_with_a_tileset(tmp_path: Path, wall: Path) -> None:
    (report,) = _import(tmp_path / "data", wall)
    assert (report.status, report.products, report.drawn) == ("imported", 2, 1)
    assert report.tileset is not None
    tileset = json.loads((tmp_path / "data" / report.tileset).read_text())
    assert tileset["asset"]["version"] == "1.1"


def test_the_same_file_again_is_unchanged(tmp_path: Path, wall: Path) -> None:
    _import(tmp_path / "data", wall)
    (again,) = _import(tmp_path / "data", wall)
    assert (again.status, again.drawn) == ("unchanged", 1)


def test_an_unchanged_file_is_imported_again_if_forced(tmp_path: Path, wall: Path) -> None:
    _import(tmp_path / "data", wall)
    (again,) = _import(tmp_path / "data", wall, force=True)
    assert again.status == "imported"


def test_imports_into_empty_folders_give_the_same_bytes_whatever_the_number_of_workers(
    tmp_path: Path,
) -> None:
    (sample,) = sample_sources(tmp_path / "sample")
    request = ImportRequest(sources=[sample])
    import_sources(Settings(data=tmp_path / "a", workers=1), request, lambda _: None)
    import_sources(Settings(data=tmp_path / "b", workers=3), request, lambda _: None)
    assert _files(tmp_path / "a") == _files(tmp_path / "b")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.ifc", b""),
        ("text.ifc", b"This is not a model.\n" * 100),
        ("half.ifc", WALL.read_bytes()[: WALL.stat().st_size // 2]),
        ("zip.ifczip", b"PK\x03\x04 and then nothing"),
        ("xml.ifcxml", b'<?xml version="1.0"?><ifcXML/>'),
        ("schema.ifc", WALL.read_bytes().replace(b"IFC4", b"IFC9")),
        ("zeros.ifc", bytes(100_000)),
    ],
)
def test_a_bad_file_fails_alone_with_a_reason(tmp_path: Path, wall: Path, name: str, content: bytes) -> None:
    bad = tmp_path / name
    bad.write_bytes(content)
    failed, good = _import(tmp_path / "data", bad, wall)
    assert (failed.status, good.status) == ("failed", "imported")
    assert failed.reason


def test_state_indexes_follow_the_command_line_and_then_the_global_ids(tmp_path: Path) -> None:
    text = WALL.read_text()
    files = []
    for name in ("z", "a"):
        file = tmp_path / f"{name}.ifc"
        file.write_text(text)
        files.append(file)
    _import(tmp_path / "data", *files)
    with Runtime(Settings(data=tmp_path / "data")) as runtime:
        found = {
            key: [o.state_index for o in runtime.store.objects(ObjectQuery(models=(key,))).items]
            for key in "za"
        }
    assert found == {"z": [0, 1, 2], "a": [3, 4, 5]}


def test_a_removed_model_comes_back_with_its_state_indexes(tmp_path: Path, wall: Path) -> None:
    data = tmp_path / "data"
    _import(data, wall)
    with Runtime(Settings(data=data)) as runtime:
        before = [o.state_index for o in runtime.store.objects(ObjectQuery()).items]
        runtime.store.remove("墙")
        assert runtime.store.objects(ObjectQuery()).items == []
    _import(data, wall)
    with Runtime(Settings(data=data)) as runtime:
        assert [o.state_index for o in runtime.store.objects(ObjectQuery()).items] == before


def test_moving_a_model_writes_no_new_contents(tmp_path: Path, wall: Path) -> None:
    data = tmp_path / "data"
    _import(data, wall)
    contents = {name for name in _files(data) if name.endswith(".glb")}
    with Runtime(Settings(data=data)) as runtime:
        before = runtime.store.model("墙")
        place(runtime.store, runtime.tiles_folder("墙"), "墙", PlacementOverrides(origin=(120.0, 30.0, 5.0)))
        after = runtime.store.model("墙")
    assert before.tileset != after.tileset
    assert after.bounds is not None
    assert (round(after.bounds[0], 3), round(after.bounds[1], 3)) == (120.0, 30.0)
    assert {name for name in _files(data) if name.endswith(".glb")} == contents


def test_exit_status_and_report_tell_which_source_failed(tmp_path: Path, wall: Path) -> None:
    bad = tmp_path / "bad.ifc"
    bad.write_bytes(b"")
    run = _twin("import", bad, wall, "--data", tmp_path / "data", "--report", tmp_path / "report.json")
    report = json.loads((tmp_path / "report.json").read_text())
    assert (run.returncode, [source["status"] for source in report["sources"]]) == (1, ["failed", "imported"])
    assert "Traceback" not in run.stderr + run.stdout


def test_the_sums_of_a_report_hold(tmp_path: Path) -> None:
    (sample,) = sample_sources(tmp_path / "sample")
    (report,) = _import(tmp_path / "data", sample)
    assert report.drawn + sum(report.not_drawn.values()) == report.products
    assert sum(count.read for count in report.by_class.values()) == report.products
    assert sum(count.drawn for count in report.by_class.values()) == report.drawn
    assert all(count.drawn + count.not_drawn == count.read for count in report.by_class.values())


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["import", "missing.ifc"], 2),
        (["import"], 2),
        (["import", WALL, WALL.parent / "import_ifc.py", "--key", "x"], 2),
        (["import", WALL, "--key", "../../etc"], 1),
        (["import", WALL, "--key", "a/b"], 1),
        (["import", WALL, "--origin", "north"], 2),
        (["import", WALL, "--crs", "EPSG:99999999"], 1),
        (["remove", "nothing"], 1),
        (["frobnicate"], 2),
    ],
)
def test_wrong_usage_has_its_exit_status_and_no_trace(
    tmp_path: Path, arguments: list[Any], status: int
) -> None:
    options = [] if arguments in (["import"], ["frobnicate"]) else ["--data", tmp_path / "data"]
    run = _twin(*arguments, *options)
    assert run.returncode == status, run.stderr
    assert "Traceback" not in run.stderr
    assert not (tmp_path / "etc").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_import_that_is_ended_publishes_nothing_and_leaves_no_process(
    tmp_path: Path, wall: Path, number: int
) -> None:
    (sample,) = sample_sources(tmp_path / "sample")
    data = tmp_path / "data"
    # A shell that runs the tests in the background has them ignore Ctrl-C, and so would the child.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [TWIN, "import", sample, "--data", data], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    signal.signal(signal.SIGINT, before)
    for _ in range(600):
        if list(data.glob("spool/batch-*/source-0/part-*")):
            break
        time.sleep(0.02)
    process.send_signal(number)
    process.communicate(timeout=30)
    time.sleep(2)
    with Runtime(Settings(data=data)) as runtime:
        assert runtime.store.models() == []
    assert _processes_of(sample) == []
    (report,) = _import(data, wall)
    assert report.status == "imported"


def _processes_of(path: Path) -> list[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            maps = (entry / "cmdline").read_bytes().decode(errors="replace")
            opened = [str(link.readlink()) for link in (entry / "fd").iterdir()]
        except OSError:
            continue
        if str(path) in maps or str(path) in opened:
            found.append(maps)
    return found


@pytest.mark.parametrize("delay_s", [0.1, 1.0])
def test_ctrl_c_in_a_terminal_leaves_no_trace_even_twice(tmp_path: Path, wall: Path, delay_s: float) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [TWIN, "import", wall, "--data", tmp_path / "data"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    signal.signal(signal.SIGINT, before)
    while not psutil.Process(process.pid).children():
        time.sleep(0.02)
    time.sleep(delay_s)
    for _ in range(2):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.1)
    output, _ = process.communicate(timeout=30)
    assert "Traceback" not in output
    assert process.returncode in {0, 130}
