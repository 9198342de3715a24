"""Errors of the tree."""

import pickle

import pytest

from twin import errors


@pytest.mark.parametrize(
    "error",
    [
        errors.DamagedSource("a.ifc", "cut in half", "Export it again."),
        errors.PlacementError("no such CRS", "Use --crs."),
        errors.KeyTaken("a", "/models/a.ifc"),
        errors.NotFound("model", "a"),
    ],
)
def test_an_error_keeps_its_message_and_facts_between_processes(error: errors.TwinError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))
