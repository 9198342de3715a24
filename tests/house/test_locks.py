"""What set-up installs is exactly what the project declares, with hashes."""

import json
import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.house.checkout import ROOT, pyproject

PINNED = re.compile(r"^([\w.-]+)==([^\s;]+)", re.MULTILINE)


def locked(name: str) -> dict[str, Version]:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    return {canonicalize_name(package): Version(version) for package, version in PINNED.findall(text)}


def declared(extra: str | None) -> list[Requirement]:
    project = pyproject()["project"]
    lines = project["dependencies"] if extra is None else project["optional-dependencies"][extra]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize("requirement", declared(None), ids=lambda requirement: requirement.name)
def test_a_dependency_is_locked_at_a_version_that_fits(requirement: Requirement) -> None:
    version = locked("runtime")[canonicalize_name(requirement.name)]

    assert requirement.specifier.contains(version, prereleases=True)


@pytest.mark.parametrize("requirement", declared("dev"), ids=lambda requirement: requirement.name)
def test_a_tool_is_locked_at_a_version_that_fits(requirement: Requirement) -> None:
    version = locked("dev")[canonicalize_name(requirement.name)]

    assert requirement.specifier.contains(version, prereleases=True)


def test_tests_run_on_the_very_versions_that_the_demo_runs_on() -> None:
    assert locked("runtime").items() <= locked("dev").items()


def test_a_package_built_from_source_meets_the_numpy_it_was_built_for() -> None:
    assert locked("build")["numpy"] == locked("runtime")["numpy"]


@pytest.mark.parametrize("name", ["build", "runtime", "dev", "lock"])
def test_every_locked_version_has_a_hash(name: str) -> None:
    blocks = re.split(
        r"^(?=[\w.-]+==)",
        (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )

    assert [block.splitlines()[0] for block in blocks[1:] if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("folder", [".", "benchmarks"])
def test_npm_lock_is_made_from_its_package_file(folder: str) -> None:
    wanted = json.loads(Path(ROOT, folder, "package.json").read_text(encoding="utf-8"))
    lock = json.loads(Path(ROOT, folder, "package-lock.json").read_text(encoding="utf-8"))

    for kind in ("dependencies", "devDependencies"):
        assert lock["packages"][""].get(kind) == wanted.get(kind)


@pytest.mark.parametrize("folder", [".", "benchmarks"])
def test_every_npm_package_is_locked_by_its_content(folder: str) -> None:
    lock = json.loads(Path(ROOT, folder, "package-lock.json").read_text(encoding="utf-8"))

    assert [name for name, entry in lock["packages"].items() if name and "integrity" not in entry] == []
