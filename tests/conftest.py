"""Fixtures for every test: where the real data lies, and where the checkout is."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# A busy machine takes many times as long for an example: what is slow shows in benchmarks, not here.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

BROWSER_FILES = ("tests/viewer/", "tests/tiles/test_browser.py")

ROOT = Path(__file__).resolve().parent.parent
"""Root of the checkout."""


def find_real_data() -> Path | None:
    """Folder of real models that are not part of the project, or None where this machine has none.

    `TWIN_REAL_DATA` wins; else `shared/data` beside the checkout. A set but missing `TWIN_REAL_DATA` is a mistake
    of the caller and raises `pytest.UsageError`: a whole suite skipped in silence would look like a success.
    """
    named = os.environ.get("TWIN_REAL_DATA")
    if named:
        if not Path(named).is_dir():
            raise pytest.UsageError(f"TWIN_REAL_DATA={named} is not a folder")
        return Path(named)
    beside = ROOT.parent / "shared" / "data"
    return beside if beside.is_dir() else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Side by side run files, not tests: those of a file share what they set up, and may follow each other."""
    return FilesSideBySide(config, log)


class FilesSideBySide(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no annotations of its own
    """A browser that draws takes all processors: files of browsers follow each other, and count as one."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "browser" if file.startswith(BROWSER_FILES) else file


@pytest.fixture(scope="session")
def root() -> Path:
    """Root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder with real models (`ifc/`, `gis/`, `citymodel/`, …); skips where it is absent."""
    found = find_real_data()
    if found is None:
        pytest.skip("no real data: set TWIN_REAL_DATA to its folder, or put it in ../shared/data")
    return found


def find_chromium() -> Path | None:
    """Chromium's executable: `TWIN_CHROMIUM`, else the first known name on PATH, else None."""
    names = [os.environ.get("TWIN_CHROMIUM"), "chromium", "chromium-browser", "google-chrome"]
    found = next(filter(None, (shutil.which(name) for name in names if name)), None)
    return None if found is None else Path(found)


@pytest.fixture(scope="session")
def chromium() -> Path:
    """Chromium's executable; skips where there is none, fails where `scripts/test` promised one."""
    found = find_chromium()
    if found is None and os.environ.get("TWIN_REQUIRE_BROWSER"):
        pytest.fail("no Chromium although set-up should have installed it; TWIN_CHROMIUM names one")
    if found is None:
        pytest.skip("no Chromium: install it, or set TWIN_CHROMIUM to its executable")
    return found


@pytest.fixture(scope="session")
def node_modules(root: Path) -> Path:
    """Folder of the npm packages that tests use as independent tools; skips where `npm ci` has not run, fails where
    `scripts/test` promised it.
    """
    folder = root / "node_modules"
    if not (folder / "gltf-validator").is_dir() or shutil.which("node") is None:
        if os.environ.get("TWIN_REQUIRE_BROWSER"):
            pytest.fail("no npm packages although set-up should have installed them")
        pytest.skip("no npm packages: run scripts/setup")
    return folder
