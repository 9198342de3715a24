"""Plain values, JSON paths, times and qualities of devices."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from state_sync.codecs import Decoded, JsonShape, Refused, parse_path, quality_of, rfc3339
from state_sync.codecs.json_path import parse, reader, readers
from state_sync.codecs.plain import decode as decode_plain
from state_sync.codecs.values import MAX_PAYLOAD, MAX_TIME, time_parser
from twin.state import Quality


def read(document: Any, **shape: Any) -> Decoded | Refused:
    return reader(JsonShape(**shape))(parse(json.dumps(document).encode()))


def reason(result: Any) -> str:
    assert isinstance(result, Refused)
    return result.reason


@pytest.mark.parametrize("path", ["a.b[1].c", "/a/b/1/c"])
def test_a_dotted_path_and_a_pointer_lead_to_the_same_value(path: str) -> None:
    assert read({"a": {"b": [0, {"c": 3}]}}, path=path) == Decoded("", 3)


def test_a_pointer_reaches_names_with_slashes_tildes_and_dots() -> None:
    assert read({"a/b": {"c~d": {"e.f": 1}}}, path="/a~1b/c~0d/e.f") == Decoded("", 1)


def test_without_a_path_the_document_is_the_value() -> None:
    assert read(21.5) == Decoded("", 21.5)


def test_a_number_in_a_pointer_is_a_name_in_an_object() -> None:
    assert read({"0": 5}, path="/0") == Decoded("", 5)


@pytest.mark.parametrize("path", ["a..b", "a[b]", "a[", "[", "a.", "a]b"])
def test_a_path_that_is_none_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="is no path"):
        parse_path(path)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"other": 1}, "missing"),
        ({"v": None}, "no_value"),
        ({"v": [1]}, "wrong_type"),
        ({"v": {}}, "wrong_type"),
        ([], "missing"),
        (1, "missing"),
    ],
)
def test_what_is_not_at_the_path_has_a_reason(document: Any, expected: str) -> None:
    assert reason(read(document, path="v")) == expected


@pytest.mark.parametrize("payload", [b"", b"{", b"NaN", b'{"a":Infinity}', b"\xff", b'"\\ud800"', b"1 2"])
def test_bytes_that_are_no_json_are_malformed(payload: bytes) -> None:
    assert reason(parse(payload)) == "malformed"


def test_a_document_that_nests_too_deep_is_refused() -> None:
    assert reason(parse(b"[" * 100_000 + b"]" * 100_000)) == "too_deep"


def test_a_document_that_is_too_large_is_refused_unparsed() -> None:
    assert reason(parse(b'"' + b"a" * MAX_PAYLOAD + b'"')) == "too_large"


def test_an_array_of_samples_gives_a_value_each() -> None:
    shape = JsonShape(each="samples", path="v", time="t", time_format="s")
    document = parse(b'{"samples": [{"v": 1, "t": 10}, {"t": 11}, {"v": 3, "t": 12}]}')

    first, second, third = readers(shape)(document)

    assert (first, third) == (Decoded("", 1, 10_000_000), Decoded("", 3, 12_000_000))
    assert reason(second) == "missing"


def test_samples_beyond_ten_thousand_are_refused_as_a_whole() -> None:
    document = parse(b"[" + b"1," * 10_000 + b"1]")

    assert [reason(one) for one in readers(JsonShape(each=""))(document)] == ["too_large"]


def test_samples_that_are_no_array_are_refused() -> None:
    assert [reason(one) for one in readers(JsonShape(each="s", path="v"))(parse(b'{"s": 1}'))] == [
        "wrong_type"
    ]


@settings(deadline=None)
@given(st.integers(0, MAX_TIME), st.integers(-14 * 60, 14 * 60))
def test_a_time_with_any_offset_is_read_to_the_microsecond(micros: int, offset_min: int) -> None:
    zone = timezone(timedelta(minutes=offset_min))
    whole = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros - abs(offset_min) * 60_000_000)
    expected = micros - abs(offset_min) * 60_000_000

    assert rfc3339(whole.astimezone(zone).isoformat()) == (expected if expected >= 0 else None)


@pytest.mark.parametrize(
    "text",
    ["", "2026", "2026-11-23", "2026-11-23T10:00:00", "2026-13-01T00:00:00Z", "1969-12-31T23:59:59Z",
     "2026-11-23T10:00:61Z", "20261123T100000Z0000", "2026-W46-2T10:00:00Z", "x" * 30],
)  # fmt: skip
def test_a_text_that_is_no_moment_is_no_time(text: str) -> None:
    assert rfc3339(text) is None


@pytest.mark.parametrize(
    ("form", "raw", "expected"),
    [
        ("s", 1, 1_000_000),
        ("s", 1.5, 1_500_000),
        ("ms", 1700000000123, 1_700_000_000_123_000),
        ("us", 5, 5),
        ("s", -1, None),
        ("s", True, None),
        ("s", "1", None),
        ("s", 1e300, None),
        ("ms", 10**30, None),
        ("rfc3339", 5, None),
    ],
)
def test_a_time_is_read_in_the_declared_form_alone(form: Any, raw: object, expected: int | None) -> None:
    assert time_parser(form)(raw) == expected


def test_a_reading_whose_declared_time_is_missing_is_refused() -> None:
    assert reason(read({"v": 1}, path="v", time="t")) == "bad_time"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("good", Quality.GOOD),
        ("BAD", Quality.BAD),
        ("stale", Quality.STALE),
        (True, Quality.GOOD),
        (False, Quality.BAD),
        (192, Quality.GOOD),
        (216, Quality.GOOD),
        (64, Quality.UNCERTAIN),
        (0, Quality.BAD),
        (500, Quality.STALE),
        ("fine", Quality.UNCERTAIN),
        (None, Quality.UNCERTAIN),
        (-1, Quality.UNCERTAIN),
        (1.5, Quality.UNCERTAIN),
    ],
)
def test_qualities_of_devices_become_ours_and_what_is_unclear_is_uncertain(
    raw: object, expected: Quality
) -> None:
    assert quality_of(raw) is expected


def test_a_quality_that_is_left_out_is_good() -> None:
    assert read({"v": 1}, path="v", quality="q") == Decoded("", 1, None, Quality.GOOD)


def test_a_plain_payload_is_its_text_without_white_space() -> None:
    assert decode_plain(b" 21.5\r\n") == Decoded("", "21.5")


@pytest.mark.parametrize(
    ("payload", "expected"), [(b"", "no_value"), (b" \n", "no_value"), (b"\xff", "malformed"), (b"x" * 20_000, "too_large")]
)  # fmt: skip
def test_a_plain_payload_without_a_text_has_a_reason(payload: bytes, expected: str) -> None:
    assert reason(decode_plain(payload)) == expected
