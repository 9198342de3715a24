"""Every benchmark starts as its first lines say: as a script, from anywhere."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
PARTS = {"city_view.py", "city_spool.py", "own_postgres.py"}
"""Parts of the others, that are not started by themselves."""


@pytest.mark.parametrize(
    "name", sorted(file.name for file in BENCHMARKS.glob("*.py") if file.name not in PARTS)
)
def test_a_benchmark_starts_as_a_script(tmp_path: Path, name: str) -> None:
    command = [sys.executable, str(BENCHMARKS / name), "--help"]
    asked = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert asked.returncode == 0, asked.stderr
    assert "usage:" in asked.stdout
