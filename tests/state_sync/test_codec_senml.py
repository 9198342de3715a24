"""SenML as RFC 8428 has it; the packs are those of its section 5.1."""

import json
from typing import Any

import pytest

from state_sync.codecs import Decoded, Refused
from state_sync.codecs.senml import SUM, decode
from tests.state_sync.bindings_builders import NOW

DEVICE = "urn:dev:ow:10e2073a01080063"
S = 1_000_000


def of(*records: dict[str, Any]) -> list[Decoded | Refused]:
    return decode(json.dumps(records).encode(), NOW)


def reasons(results: list[Decoded | Refused]) -> list[str]:
    return [one.reason for one in results if isinstance(one, Refused)]


def test_a_single_point_has_the_time_of_reception() -> None:
    assert of({"n": DEVICE, "u": "Cel", "v": 23.1}) == [Decoded(DEVICE, 23.1, None, unit="Cel")]


def test_base_fields_hold_for_all_records_after_them() -> None:
    pack = of(
        {
            "bn": f"{DEVICE}:",
            "bt": 1.276020076001e09,
            "bu": "A",
            "bver": 5,
            "n": "voltage",
            "u": "V",
            "v": 120.1,
        },
        {"n": "current", "t": -5, "v": 1.2},
        {"n": "current", "v": 1.7},
    )
    at = 1_276_020_076_001_000

    assert pack == [
        Decoded(f"{DEVICE}:voltage", 120.1, at, unit="V"),
        Decoded(f"{DEVICE}:current", 1.2, at - 5 * S, unit="A"),
        Decoded(f"{DEVICE}:current", 1.7, at, unit="A"),
    ]


def test_times_below_two_to_the_28_are_relative_to_reception() -> None:
    pack = of({"n": "a", "t": -5, "v": 1}, {"n": "a", "t": 2**28, "v": 2}, {"n": "a", "t": 2**28 - 1, "v": 3})
    relative, absolute, ahead = pack

    assert isinstance(relative, Decoded)
    assert isinstance(absolute, Decoded)
    assert isinstance(ahead, Decoded)
    assert relative.observed_at == NOW - 5 * S
    assert absolute.observed_at == 2**28 * S
    assert ahead.observed_at == NOW + (2**28 - 1) * S


def test_a_moving_device_sends_several_units_under_one_name() -> None:
    pack = of(
        {"bn": DEVICE, "bt": 1.320067464e09, "bu": "%RH", "v": 20},
        {"u": "lon", "v": 24.30621},
        {"t": 60, "v": 20.3},
    )

    assert pack == [
        Decoded(DEVICE, 20, 1_320_067_464 * S, unit="%RH"),
        Decoded(DEVICE, 24.30621, 1_320_067_464 * S, unit="lon"),
        Decoded(DEVICE, 20.3, 1_320_067_524 * S, unit="%RH"),
    ]  # fmt: skip


def test_texts_and_booleans_are_values_and_data_is_none() -> None:
    pack = of(
        {"bn": f"{DEVICE}:", "n": "temp", "u": "Cel", "v": 23.1},
        {"n": "label", "vs": "Machine Room"},
        {"n": "open", "vb": False},
        {"n": "nfc-reader", "vd": "aGkgCg"},
    )

    assert [one.value for one in pack if isinstance(one, Decoded)] == [23.1, "Machine Room", False]
    assert reasons(pack) == ["wrong_type"]


def test_a_collection_changes_the_base_name_on_the_way() -> None:
    pack = of(
        {"bn": "2001:db8::2/", "bt": 1.320078429e09, "n": "temperature", "u": "Cel", "v": 25.2},
        {"n": "humidity", "u": "%RH", "v": 30},
        {"bn": "2001:db8::1/", "n": "temperature", "u": "Cel", "v": 12.3},
    )

    assert [one.key for one in pack] == [
        "2001:db8::2/temperature",
        "2001:db8::2/humidity",
        "2001:db8::1/temperature",
    ]


def test_a_base_value_is_added_and_stands_alone_where_there_is_no_value() -> None:
    first, second = of({"bn": "a", "bv": 20, "v": 1.5}, {"t": -1})

    assert isinstance(first, Decoded)
    assert isinstance(second, Decoded)
    assert (first.value, second.value) == (21.5, 20)


def test_a_sum_is_a_value_of_its_own_in_unit_seconds() -> None:
    assert of({"bn": "a", "bs": 100, "u": "W", "v": 5, "s": 20}) == [
        Decoded("a", 5, None, unit="W"),
        Decoded(f"a{SUM}", 120, None, unit="W.s"),
    ]


def test_a_record_may_do_nothing_but_set_the_base() -> None:
    assert of({"bn": "a:", "bt": 1.7e9}, {"n": "x", "v": 1}) == [Decoded("a:x", 1, 1_700_000_000 * S)]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"n": "a"}, "no_value"),
        ({"v": 1}, "malformed"),
        ({"n": "-a", "v": 1}, "malformed"),
        ({"n": "a b", "v": 1}, "malformed"),
        ({"n": "a", "v": 1, "vs": "x"}, "malformed"),
        ({"n": "a", "v": "1"}, "malformed"),
        ({"n": "a", "v": None}, "malformed"),
        ({"n": "a", "v": 1, "bver": 11}, "malformed"),
        ({"n": "a", "v": 1, "must_": 1}, "malformed"),
        ({"n": "a", "v": 1, "t": 1e300}, "bad_time"),
        ({"n": "a", "v": 1, "t": -1e12}, "bad_time"),
    ],
)
def test_a_record_that_is_none_has_a_reason(record: dict[str, Any], reason: str) -> None:
    assert reasons(of(record)) == [reason]


def test_a_label_that_need_not_be_understood_is_passed_over() -> None:
    assert of({"n": "a", "v": 1, "extra": {"x": 1}}) == [Decoded("a", 1)]


def test_a_bad_record_does_not_spoil_its_neighbours() -> None:
    assert [type(one) for one in of({"n": "a", "v": 1}, {"n": "a b", "v": 2}, {"n": "c", "v": 3})] == [
        Decoded,
        Refused,
        Decoded,
    ]


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b"[1]", b"[[]]", b"\xff", b'[{"n":1}]'])
def test_what_is_no_pack_is_malformed(payload: bytes) -> None:
    assert reasons(decode(payload, NOW)) == ["malformed"]
