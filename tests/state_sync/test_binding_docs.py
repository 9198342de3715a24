"""The page on bindings says what is true: its examples run, its tables are complete."""

import re
from pathlib import Path

import pytest

from state_sync.bindings import parse, resolve
from state_sync.bindings.fields import READERS
from state_sync.codecs import REASONS
from state_sync.pipeline import decode_message
from state_sync.routing import Router
from tests.state_sync.bindings_builders import NOW, ListFinder, found, record
from twin.objects import Attributes
from twin.state import Quality

FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture
def page(root: Path) -> str:
    return (root / "docs" / "bindings.md").read_text(encoding="utf-8")


def test_every_file_on_the_page_is_a_binding_file(page: str) -> None:
    files = [(text, f"x.{kind}") for kind, text in FENCE.findall(page) if kind in {"toml", "csv"}]

    assert [len(parse(text.encode(), name).rules) for text, name in files] == [2, 2, 1, 1, 1]


@pytest.mark.parametrize(
    ("number", "tag", "values"),
    [
        (
            0,
            "EM-3",
            [(1500.0, 1_700_000_000_000_000, Quality.GOOD), (1750.0, 1_700_000_001_000_000, Quality.BAD)],
        ),
        (1, "RM-4", [(23.1, 1_700_000_000_000_000, Quality.GOOD)]),
    ],
)
def test_every_message_on_the_page_becomes_readings_by_the_file_above_it(
    page: str, number: int, tag: str, values: list[tuple[float, int, Quality]]
) -> None:
    blocks = FENCE.findall(page)
    places = [place for place, (kind, _) in enumerate(blocks) if kind == "json"]
    file, message = blocks[places[number] - 1][1], blocks[places[number]][1]
    resolution = resolve(parse(file.encode(), "x.toml"), ListFinder(found(1, attributes=Attributes(tag=tag))))
    routes = Router(resolution.bindings, [record(one) for one in resolution.signals])

    readings, rejected, _ = decode_message(
        routes, resolution.bindings[0].topic, message.encode(), NOW + 5_000_000
    )

    assert [(one.value, one.observed_at, one.quality) for one in readings] == values
    assert rejected == []


@pytest.mark.parametrize("field", READERS)
def test_every_field_is_explained(page: str, field: str) -> None:
    assert re.search(rf"^\| .*`{field}`.* \| ", page, re.MULTILINE)


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_is_explained(page: str, reason: str) -> None:
    assert re.search(rf"^\| .*`{reason}`.* \|", page, re.MULTILINE)
