"""`twin bind` as people and scripts run it: what it prints, what it exits with, what it leaves behind."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from api import binding, cli_bind
from api.runtime import Runtime
from api.settings import Settings
from state_sync.bindings import StoreFinder, parse
from state_sync.templates import template
from tests.api.conftest import KEY
from tests.twin.store.builders import imported
from twin.objects import Attributes, SourceObject

GOOD = f'[[binding]]\nobject = "{KEY}/e3"\nsignal = "volume"\ntopic = "meters/7"\n'
BAD = GOOD + '\n[[binding]]\ntag = "[nobody]"\nsignal = "volume"\ntopic = "meters/8"\n'


@pytest.fixture
def settings(runtime: Runtime) -> Settings:
    """Those of the data folder with one building."""
    return runtime.settings


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "站点.toml"
    path.write_text(GOOD)
    return path


def _run(settings: Settings, file: Path, *, dry_run: bool = False, as_json: bool = False) -> int:
    return cli_bind.run(settings, file, dry_run=dry_run, as_json=as_json)


def test_a_file_whose_entries_all_match_is_bound_and_exits_with_0(
    settings: Settings, runtime: Runtime, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(settings, file) == 0
    assert "站点.toml: 1 bindings of 1 signals of 1 objects bound" in capsys.readouterr().out
    assert [each.topic for each in binding.stored(runtime.store, "站点.toml")] == ["meters/7"]


def test_an_entry_without_object_is_told_with_its_line_and_the_others_are_in(
    settings: Settings, runtime: Runtime, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(BAD)
    assert _run(settings, file) == 1
    (row,) = (line for line in capsys.readouterr().out.splitlines() if "not matched" in line)
    assert row.split()[0] == "8"
    assert "[nobody] → volume" in row
    assert len(runtime.store.bindings()) == 1


def test_a_dry_run_tells_the_same_and_changes_nothing(
    settings: Settings, runtime: Runtime, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(BAD)
    assert _run(settings, file, dry_run=True) == 1
    assert "would be bound" in capsys.readouterr().out
    assert (runtime.store.bindings(), runtime.store.signal_records()) == ([], [])


def test_an_interlock_on_a_signal_that_is_not_there_exits_with_1_and_tells_what_to_do(
    settings: Settings, runtime: Runtime, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(GOOD + 'settable = true\ninterlocks = ["level > 0.3"]\n')
    assert _run(settings, file, dry_run=True) == 1
    assert "the object has no signal level; bind it first" in capsys.readouterr().out
    assert _run(settings, file) == 1
    assert runtime.store.bindings() == []


def test_a_file_that_cannot_be_used_exits_with_2_and_tells_every_line(
    settings: Settings, runtime: Runtime, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _run(settings, file)
    file.write_text(GOOD + 'unit = "nonsense"\nperiod_s = -1\n')
    assert _run(settings, file) == 2
    told = capsys.readouterr().err
    assert "line 5: unit:" in told
    assert "line 6: period_s:" in told
    assert len(runtime.store.bindings()) == 1


def test_the_report_for_programs_is_the_one_that_the_api_gives(
    settings: Settings, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(BAD)
    _run(settings, file, as_json=True)
    report = json.loads(capsys.readouterr().out)
    assert (report["bindings"], report["complete"], report["unmatched"][0]["line"]) == (1, False, 8)


def test_check_tells_which_signals_have_lost_their_object(
    settings: Settings, runtime: Runtime, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _run(settings, file)
    assert cli_bind.check(settings, as_json=False) == 0
    runtime.store.remove(KEY)
    capsys.readouterr()
    assert cli_bind.check(settings, as_json=True) == 1
    assert json.loads(capsys.readouterr().out) == {"orphans": {"站点.toml": [f"{KEY}/e3/volume"]}}


@pytest.fixture
def sensors(runtime: Runtime) -> Runtime:
    """A model with two lamps and two sensors of different kinds, with names that need care."""
    rows = [
        ("a", "IfcLamp", "灯 “1”", None),
        ("b", "IfcLamp", "灯 2", None),
        ("c$_", "IfcSensor", 'quoted "x" \\ \n line', "TEMPERATURESENSOR"),
        ("d", "IfcSensor", "smoke", "SMOKESENSOR"),
        ("e", "IfcWall", "wall", None),
    ]
    objects = [
        SourceObject(ordinal=i, global_id=g, class_=c, name=n, attributes=Attributes(predefined_type=t))
        for i, (g, c, n, t) in enumerate(rows)
    ]
    imported(runtime.store, 'ke"y', objects)
    return runtime


def test_a_suggested_file_binds_every_signal_that_it_suggests(sensors: Runtime) -> None:
    text, count = template('ke"y', StoreFinder(sensors.store))
    outcome = binding.bind(sensors.store, parse(text.encode(), "site.toml"), dry_run=False)
    assert outcome.report.clean
    assert {record.signal.id for record in sensors.store.signal_records()} == {
        'ke"y/a/on', 'ke"y/a/level', 'ke"y/b/on', 'ke"y/b/level', 'ke"y/c$_/temperature', 'ke"y/d/smoke', 'ke"y/d/fault',
    }  # fmt: skip
    assert count == 7


def test_commands_that_need_nothing_live_load_nothing_live() -> None:
    heavy = ["gmqtt", "pint", "google.protobuf", "uvicorn", "state_sync.ingest"]
    code = f"import api.cli_models, sys; print([name for name in {heavy} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
