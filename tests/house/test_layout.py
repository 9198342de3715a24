"""The layout that ADR 0001 records holds."""

import importlib.metadata
import importlib.util
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.house.checkout import ROOT, functions, modules, packages, tracked_texts

MODULE_LINES = 400
FUNCTION_LINES = 50
USUAL_FUNCTION_LINES = 25

# Written in pieces, so that this file does not contain what it forbids.
HOSTS = [
    "pypi" + r"\.org",
    "python" + r"hosted\.org",
    "registry" + r"\.npmjs\.org",
    "registry" + r"\.yarnpkg\.com",
    "npm" + r"mirror\.com",
    "files\\.python",
    r"(?:mirrors?|pypi)\.(?:tuna|ustc|aliyun|tencent|douban|huaweicloud)\.",
]
MACHINE_PATHS = r"(?<![\w./~${}-])/(?:" + "|".join(["work", "root", "opt", "home", "tmp"]) + r")/[\w.]"
FORBIDDEN = re.compile("|".join([*HOSTS, MACHINE_PATHS, "file" + r":///(?:opt|home|tmp|root)"]))


@pytest.mark.parametrize("name", packages())
def test_top_level_name_is_found_in_this_checkout(name: str) -> None:
    spec = importlib.util.find_spec(name)

    assert spec is not None
    assert spec.origin == str(ROOT / name / "__init__.py")


@pytest.mark.parametrize("name", [*packages(), "tests"])
def test_no_other_distribution_owns_the_top_level_name(name: str) -> None:
    owners = set(importlib.metadata.packages_distributions().get(name, ()))

    assert owners <= {"city-twin"}


@pytest.mark.parametrize("name", packages())
def test_top_level_name_hides_nothing_of_the_standard_library(name: str) -> None:
    assert name not in sys.stdlib_module_names


def test_every_package_of_the_checkout_is_in_the_build_or_is_the_tests() -> None:
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")}

    assert found == {*packages(), "tests"}


def test_the_wheel_holds_the_packages_and_the_viewer_and_nothing_else(tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="scripts/setup installs the build backend")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [wheel] = tmp_path.glob("city_twin-*.whl")
    names = zipfile.ZipFile(wheel).namelist()

    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == set(packages())
    assert "api/viewer/index.html" in names
    assert "api/viewer/vendor/cesium/cesium.js" in names


def test_every_folder_of_tests_is_a_package() -> None:
    folders = {path.parent for path in (ROOT / "tests").rglob("*.py")}

    assert [str(folder) for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_tests_of_a_package_lie_in_a_folder_of_its_name() -> None:
    folders = {path.name for path in (ROOT / "tests").iterdir() if (path / "__init__.py").is_file()}

    assert folders <= {*packages(), "house", "viewer", "benchmarks"}


def test_no_module_is_longer_than_the_house_allows() -> None:
    def lines(path: Path) -> int:
        return len(path.read_text(encoding="utf-8").splitlines())

    too_long = [
        f"{path.relative_to(ROOT)}: {lines(path)}" for path in modules() if lines(path) > MODULE_LINES
    ]

    assert too_long == []


def test_no_function_is_longer_than_the_house_allows() -> None:
    # A migration is a list of columns, and is never edited once released.
    measured = [(name, lines) for name, lines in functions() if "/migrations/versions/" not in name]

    assert [f"{name}: {lines}" for name, lines in measured if lines > FUNCTION_LINES] == []


def test_nine_functions_in_ten_are_short() -> None:
    lengths = [lines for _, lines in functions()]

    assert sum(length <= USUAL_FUNCTION_LINES for length in lengths) >= 0.9 * len(lengths)


def test_no_tracked_file_names_a_package_registry_or_a_path_of_one_machine() -> None:
    found = [
        f"{name}:{number}: {match.group()}"
        for name, text in tracked_texts()
        for number, line in enumerate(text.splitlines(), 1)
        if (match := FORBIDDEN.search(line))
    ]

    assert found == []
