"""What the tests of the house read from the checkout: its files, its build settings, its modules as syntax trees."""

import ast
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@cache
def pyproject() -> dict[str, Any]:
    """`pyproject.toml` as plain values."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def packages() -> list[str]:
    """Top-level package names that the build puts into the distribution."""
    names: list[str] = pyproject()["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    return names


@cache
def tracked_files() -> tuple[Path, ...]:
    """Files under version control that exist; skips outside a git checkout (an unpacked archive, say)."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    # Another user may own the checkout (root in a container): that is no reason to read nothing.
    listing = subprocess.run(
        [git, "-c", f"safe.directory={ROOT}", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True
    )
    paths = (ROOT / name for name in listing.stdout.decode().split("\0") if name)
    return tuple(path for path in paths if path.is_file())


def tracked_texts() -> Iterator[tuple[str, str]]:
    """Path relative to the checkout, and content, of every tracked file that is UTF-8 text."""
    for path in tracked_files():
        try:
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def modules() -> list[Path]:
    """Python files of the packages and the tests."""
    return sorted(path for name in [*packages(), "tests"] for path in (ROOT / name).rglob("*.py"))


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from the first statement after the docstring to the last one."""
    body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    if not body:
        return 0
    return (body[-1].end_lineno or body[-1].lineno) - body[0].lineno + 1


def functions() -> Iterator[tuple[str, int]]:
    """`path:line name` and the length of the body of every function."""
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), filename=str(path))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{path.relative_to(ROOT).as_posix()}:{node.lineno} {node.name}", body_lines(node)


def markdown_files() -> list[Path]:
    """Every tracked Markdown file."""
    return [path for path in tracked_files() if path.suffix == ".md"]
