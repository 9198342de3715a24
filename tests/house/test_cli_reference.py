"""The reference of the command line is what the command line says of itself."""

import subprocess
import sys
from pathlib import Path

GENERATE = ["-m", "typer", "api.cli", "utils", "docs", "--name", "twin", "--title", "Command line"]


def test_the_reference_is_in_step_with_the_command_line(root: Path) -> None:
    run = subprocess.run([sys.executable, *GENERATE], cwd=root, capture_output=True, text=True, check=True)
    written = (root / "docs" / "cli.md").read_text()
    assert written.strip() == run.stdout.strip(), f"write it again: python {' '.join(GENERATE)} > docs/cli.md"
