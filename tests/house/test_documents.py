"""Documents are in step with the code and with each other."""

import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.house.checkout import ROOT, markdown_files, pyproject

LINK = re.compile(r"\[[^\]]*\]\((?!https?:|mailto:|#)([^)\s#]+)(?:#[^)]*)?\)")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
TEST = re.compile(r"`(tests/[\w/]+\.py)`")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PICTURES_BYTES, PICTURE_BYTES = 4 << 20, 200_000
"""Of all pictures in git, and of one: a clone stays small."""
DECISIONS = ROOT / "docs" / "decisions"


def text_of(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def decisions() -> list[Path]:
    return sorted(DECISIONS.glob("[0-9]*.md"))


def requirement_name(requirement: str) -> str:
    found = re.match(r"[\w.-]+", requirement)
    assert found is not None
    return found.group().replace("_", "-").lower()


def direct_dependencies() -> list[str]:
    project = pyproject()["project"]
    python = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    node = json.loads(text_of("package.json"))["devDependencies"]
    return sorted({*(requirement_name(requirement) for requirement in python), *node})


def test_every_relative_link_leads_to_a_file() -> None:
    dead = [
        f"{path.relative_to(ROOT)} → {target}"
        for path in markdown_files()
        for target in LINK.findall(COMMENT.sub("", path.read_text(encoding="utf-8")))
        if not (path.parent / unquote(target)).exists()
    ]

    assert dead == []


def test_a_risk_names_tests_that_are_there() -> None:
    table = text_of("docs/security.md").partition("## OWASP")[2]
    risks = [line for line in table.splitlines() if line.startswith("| API")]
    named = [TEST.findall(line) for line in risks]

    assert len(risks) == 10
    assert all(named)
    assert [path for paths in named for path in paths if not (ROOT / path).is_file()] == []


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = [int(path.name[:4]) for path in decisions()]

    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("path", decisions(), ids=lambda path: path.stem)
def test_a_decision_says_why_and_what_was_rejected(path: Path) -> None:
    headings = re.findall(r"^## (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)

    assert {"Status", "Context", "Decision", "Rejected", "Consequences"} <= set(headings)


@pytest.mark.parametrize("path", decisions(), ids=lambda path: path.stem)
def test_a_decision_is_listed_in_the_index(path: Path) -> None:
    assert f"decisions/{path.name}" in text_of("docs/README.md")


def test_both_readmes_show_the_same_commands() -> None:
    assert FENCE.findall(text_of("README.zh-CN.md")) == FENCE.findall(text_of("README.md"))


def test_both_readmes_have_the_same_sections() -> None:
    def levels(name: str) -> list[str]:
        outside_of_code = FENCE.sub("", text_of(name))
        return re.findall(r"^(#+) ", outside_of_code, re.MULTILINE)

    assert levels("README.zh-CN.md") == levels("README.md")


def test_readmes_link_to_each_other() -> None:
    assert "(README.zh-CN.md)" in text_of("README.md")
    assert "(README.md)" in text_of("README.zh-CN.md")


@pytest.mark.parametrize("name", direct_dependencies())
def test_a_direct_dependency_is_in_the_table_of_licences(name: str) -> None:
    assert f"| {name} |" in text_of("docs/licences.md")


def test_the_change_log_has_a_place_for_what_is_not_released() -> None:
    assert "## [Unreleased]" in text_of("CHANGELOG.md")


@pytest.mark.parametrize("script", ["setup", "demo", "test", "check", "screenshots", "lock"])
def test_a_script_is_explained_to_contributors(script: str) -> None:
    assert f"scripts/{script}" in text_of("CONTRIBUTING.md")


def test_pictures_are_small_together_and_each_is_shown_somewhere() -> None:
    pictures = [path for path in (ROOT / "docs" / "images").iterdir() if path.suffix in {".png", ".jpg"}]
    shown = "\n".join(path.read_text(encoding="utf-8") for path in markdown_files())

    assert sum(path.stat().st_size for path in pictures) <= PICTURES_BYTES
    assert {path.name: path.stat().st_size for path in pictures if path.stat().st_size > PICTURE_BYTES} == {}
    assert [path.name for path in pictures if f"images/{path.name}" not in shown] == []
