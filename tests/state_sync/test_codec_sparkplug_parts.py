"""Sparkplug B: topics and typed values, one at a time."""

from typing import Any

import pytest

from state_sync.codecs import Refused
from state_sync.codecs.sparkplug import EdgeNodes, Outcome, parse_topic, source_of_binding
from state_sync.codecs.sparkplug.payload import typed
from tests.state_sync.bindings_builders import NOW


@pytest.mark.parametrize(
    ("raw", "datatype", "expected"),
    [(0xFB, 1, -5), (0xFFFFFFFB, 1, -5), (2**64 - 5, 3, -5), (5, 1, 5), (127, 1, 127)],
)
def test_negative_integers_are_understood_in_each_width_that_senders_use(
    raw: int, datatype: int, expected: int
) -> None:
    assert typed(raw, datatype) == expected


@pytest.mark.parametrize(
    ("raw", "datatype"), [(300, 1), (256, 5), (1.5, 3), ("x", 9), (True, 3), (1, 0), (1, 99)]
)
def test_a_value_that_its_type_cannot_hold_is_refused(raw: Any, datatype: int) -> None:
    result = typed(raw, datatype)

    assert isinstance(result, Refused)
    assert result.reason == "wrong_type"


@pytest.mark.parametrize(
    "topic", ["spBv1.0/STATE/scada", "spBv1.0/G/NCMD/N", "spBv1.0/G/DCMD/N/D", "spBv1.0/G/NBIRTH/N/D",
              "spBv1.0/G/DDATA/N", "spBv1.0//NDATA/N", "other/G/NDATA/N", "spBv1.0"]
)  # fmt: skip
def test_what_is_no_report_is_passed_over(topic: str) -> None:
    assert parse_topic(topic) is None
    assert EdgeNodes().take(topic, b"\xff", NOW) == Outcome()


@pytest.mark.parametrize(
    "topic", ["spBv1.0/G/DDATA/N", "spBv1.0/+/+/N", "spBv1.0/G/+/#", "G/+/N", "spBv1.0/G/+/N/D/E"]
)
def test_a_binding_names_one_node_or_device(topic: str) -> None:
    with pytest.raises(ValueError, match="names no Sparkplug node"):
        source_of_binding(topic)
