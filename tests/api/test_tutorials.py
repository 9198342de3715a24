"""Tutorials say what is true: commands run, texts of the page that they name exist."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SHELL = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
BOLD = re.compile(r"\*\*(.+?)\*\*")
TEXT = re.compile(r'"((?:[^"\\]|\\.)+)"')


def test_commands_of_the_tutorial_for_engineers_run_in_their_order(root: Path, tmp_path: Path) -> None:
    page = (root / "docs" / "tutorials" / "engineer.md").read_text(encoding="utf-8")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(SHELL.findall(page))],
        cwd=tmp_path,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4000K → 3000K" in done.stdout
    assert (tmp_path / "report.json").stat().st_size > 0


@pytest.mark.parametrize(
    "name", ["planner.md", "planner.zh-CN.md", "command-centre.md", "command-centre.zh-CN.md", "engineer.md"]
)
def test_what_a_tutorial_says_to_press_is_on_the_page(root: Path, name: str) -> None:
    texts = "\n".join(path.read_text(encoding="utf-8") for path in (root / "api/viewer/i18n").glob("*.js"))
    known = {part.strip() for text in TEXT.findall(texts) for part in text.split("|")}
    page = (root / "docs" / "tutorials" / name).read_text(encoding="utf-8")
    pressed = {part for bold in BOLD.findall(page) for part in bold.split(" → ")}
    assert sorted(pressed - known - {"CSV", "GeoJSON", "how sure", "Send to 300", "下发 300 个"}) == []
