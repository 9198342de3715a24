"""The scripts run from anywhere, refuse what they do not know, and say what is missing."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house.checkout import ROOT

SCRIPTS = [
    "scripts/setup", "scripts/demo", "scripts/test", "scripts/check", "scripts/screenshots", "scripts/lock", ".ci/run",
]  # fmt: skip
# What set-up itself is made of; Python, Node, a compiler and apt-get are left out on purpose.
BARE_TOOLS = ["bash", "cat", "cut", "dirname", "env", "flock", "id", "sha256sum", "tr"]


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_is_executable(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_is_valid_bash(script: str) -> None:
    checked = subprocess.run(["bash", "-n", ROOT / script], capture_output=True, text=True, check=False)

    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.parametrize("script", ["scripts/setup", "scripts/lock"])
def test_a_wrong_argument_is_wrong_usage(script: str, tmp_path: Path) -> None:
    refused = subprocess.run(
        [ROOT / script, "nonsense"], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert refused.returncode == 2
    assert refused.stderr.startswith(f"usage: {script}")


def _set_up_on_a_bare_machine(place: Path, **programs: str) -> subprocess.CompletedProcess[str]:
    """Run set-up where nothing is installed but the barest tools and these shell scripts."""
    checkout = place / "a path with spaces"
    (checkout / "scripts").mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "setup", checkout / "scripts" / "setup")
    tools = place / "tools"
    tools.mkdir()
    for name in BARE_TOOLS:
        found = shutil.which(name)
        assert found is not None
        (tools / name).symlink_to(found)
    for name, script in programs.items():
        program = tools / name.replace("_", "-")
        program.unlink(missing_ok=True)
        program.write_text(f"#!{shutil.which('bash')}\n{script}\n", encoding="utf-8")
        program.chmod(0o755)
    return subprocess.run(
        [checkout / "scripts" / "setup", "test"],
        cwd=place,
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_set_up_asks_for_each_missing_package_by_its_own_name(tmp_path: Path) -> None:
    asked = tmp_path / "asked"

    _set_up_on_a_bare_machine(
        tmp_path,
        id="echo 0",
        true="exit 0",
        env='shift; exec "$@"',
        apt_get=f'if [ "$1" = install ]; then printf "%s\\n" "$@" >"{asked}"; fi',
    )

    words = asked.read_text(encoding="utf-8").splitlines()
    assert [word for word in words if " " in word] == []
    assert {"python3", "python3-venv", "python3-dev", "g++"} <= set(words)


def test_set_up_names_everything_that_is_missing_in_one_line(tmp_path: Path) -> None:
    stopped = _set_up_on_a_bare_machine(tmp_path)

    assert stopped.returncode == 1
    [line] = stopped.stderr.splitlines()
    for package in ("python3", "python3-venv", "python3-dev", "g++", "nodejs", "npm", "chromium"):
        assert f" {package}" in line
