"""Binding files: what they may say, and how mistakes are told."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from state_sync.bindings import InvalidBindings, Problem, from_entries, parse
from state_sync.bindings.fields import READERS
from state_sync.bindings.rules import Rule
from state_sync.conversion import Scale
from twin.errors import TwinError

MINIMAL = {"tag": '"T1"', "signal": '"temperature"', "topic": '"a/b"'}


def toml(**fields: str) -> bytes:
    return ("[[binding]]\n" + "\n".join(f"{name} = {value}" for name, value in fields.items())).encode()


def rule(**fields: str) -> Rule:
    (only,) = parse(toml(**{**MINIMAL, **fields}), "b.toml").rules
    return only


def problems(content: bytes, name: str = "b.toml") -> tuple[Problem, ...]:
    with pytest.raises(InvalidBindings) as caught:
        parse(content, name)
    return caught.value.problems


def wrong(**fields: str) -> list[str]:
    """Fields that are to blame."""
    return [one.field for one in problems(toml(**{**MINIMAL, **fields}))]


def test_a_toml_file_and_a_csv_file_say_the_same() -> None:
    by_toml = parse(
        b"""
        [defaults]
        codec = "json"
        path = "v"

        [[binding]]
        tag = "T1"
        signal = "door"
        type = "enum"
        choices = ["open", "closed"]
        topic = "a/b"
        map = { "0" = "closed", "1" = "open" }
        settable = true
        period_s = 300
        """,
        "b.toml",
    )
    by_csv = parse(
        "\ufefftag;signal;type;choices;topic;map;settable;period_s;codec;path\n"
        "# a comment; with separators\n"
        "T1;door;enum;open|closed;a/b;0=closed|1=open;true;300;json;v\n\n".encode(),
        "b.csv",
    )

    assert by_csv.rules[0].signal == by_toml.rules[0].signal
    assert [(one.topic, one.codec, one.path, one.map, one.tag) for one in by_csv.rules] == [
        (one.topic, one.codec, one.path, one.map, one.tag) for one in by_toml.rules
    ]


def test_the_units_become_factor_and_offset_once() -> None:
    one = rule(unit='"Cel"', device_unit='"°F"')

    assert (one.signal.unit, one.device_unit) == ("Cel", "[degF]")
    assert one.scale == Scale(0.5555555555555556, -17.77777777777778)


def test_without_a_unit_of_the_device_it_is_that_of_the_signal() -> None:
    one = rule(unit='"kWh"')

    assert (one.signal.unit, one.device_unit, one.scale) == ("kW.h", "kW.h", Scale())


def test_defaults_are_taken_where_they_mean_something() -> None:
    text = """
    [defaults]
    codec = "json"
    path = "value"
    time = "time"
    unit = "Cel"
    [[binding]]
    object = "m/a"
    signal = "t"
    topic = "a"
    [[binding]]
    object = "m/b"
    signal = "note"
    type = "text"
    codec = "plain"
    topic = "b"
    """
    own, other = parse(text.encode(), "b.toml").rules
    assert (own.path, own.time, own.signal.unit) == ("value", "time", "Cel")
    assert (other.path, other.time, other.signal.unit) == (None, None, None)


def test_an_entry_overrides_the_defaults() -> None:
    file = parse(b'[defaults]\ncodec = "json"\n' + toml(**MINIMAL, codec='"plain"'), "b.toml")

    assert file.rules[0].codec == "plain"


@pytest.mark.parametrize(
    ("fields", "to_blame"),
    [
        ({"object": '"m/g"'}, ["tag"]),
        ({"tag": '""'}, [""]),
        ({"tag": '""', "class": '["IfcSensor"]'}, [""]),
        ({"tag": '""', "object": '"nomodel"'}, ["object"]),
        ({"tag": '""', "object": '"m/g"', "model": '"n"'}, ["model"]),
        ({"property": '"=x"'}, ["property"]),
        ({"topic": '""'}, ["topic"]),
        ({"topic": '"a/#/b"'}, ["topic"]),
        ({"topic": '"a/{tagg}"'}, ["topic"]),
        ({"topic": '"a/{tag"'}, ["topic"]),
        ({"topic": '"#"'}, ["topic"]),
        ({"topic": '"$share/g/a"'}, ["topic"]),
        ({"topic": '"spBv1.0/G/+/N"'}, ["topic"]),
        ({"codec": '"sparkplug"', "path": '"x"'}, ["topic"]),
        ({"codec": '"sparkplug"', "topic": '"spBv1.0/G/+/N"'}, ["path"]),
        ({"codec": '"senml"'}, ["path"]),
        ({"codec": '"xml"'}, ["codec"]),
        ({"path": '"v"'}, ["path"]),
        ({"time": '"t"'}, ["time"]),
        ({"codec": '"json"', "path": '"a..b"'}, ["path"]),
        ({"codec": '"json"', "time_format": '"ms"'}, ["time_format"]),
        ({"codec": '"json"', "time": '"t"', "time_format": '"ns"'}, ["time_format"]),
        ({"signal": '""'}, ["signal"]),
        ({"signal": '"a/b"'}, ["signal"]),
        ({"signal": '"history"'}, ["signal"]),
        ({"type": '"float"'}, ["type"]),
        ({"type": '"enum"'}, ["choices"]),
        ({"choices": '["a"]'}, ["choices"]),
        ({"type": '"enum"', "choices": '["a", "a"]'}, ["choices"]),
        ({"type": '"text"', "unit": '"m"', "minimum": "1"}, ["unit", "minimum"]),
        ({"unit": '"florps"'}, ["unit"]),
        ({"unit": '"W"', "device_unit": '"florps"'}, ["device_unit"]),
        ({"unit": '"W"', "device_unit": '"Cel"'}, ["device_unit"]),
        ({"device_unit": '"Cel"'}, ["device_unit"]),
        ({"minimum": "2", "maximum": "1"}, ["minimum"]),
        ({"minimum": "nan"}, ["minimum"]),
        ({"minimum": "true"}, ["minimum"]),
        ({"period_s": "0"}, ["period_s"]),
        ({"tolerance": "0.1", "deadband": "0.5"}, ["tolerance"]),
        ({"deadband": "-1"}, ["deadband"]),
        ({"settable": '"yes"'}, ["settable"]),
        ({"map": '{ "1" = "x" }'}, ["map"]),
        ({"map": "[1]"}, ["map"]),
        ({"topicc": '"a"'}, ["topicc"]),
    ],
)
def test_a_mistake_is_told_by_the_field_to_blame(fields: dict[str, str], to_blame: list[str]) -> None:
    assert wrong(**fields) == to_blame


def test_all_mistakes_are_told_in_one_go_by_line_and_with_advice() -> None:
    found = problems(
        b"""[[binding]]
tag = "T1"
topic = "a/b"
unitt = "m"

[[binding]]
tag = "T2"
signal = "power"
topic = "c"
unit = "watt of power"
"""
    )

    assert [str(one) for one in found] == [
        "line 4: unitt: no such field. Did you mean 'unit'?",
        "line 10: unit: 'watt of power' is no unit known here. Write it like Cel, m3/h, kW.h, %, ug/m3 or lx.",
    ]


def test_a_missing_field_is_told_at_the_line_of_its_entry() -> None:
    assert [one.line for one in problems(b'\n\n[[binding]]\ntag = "a"\ntopic = "b"\n')] == [3]


@pytest.mark.parametrize(
    ("content", "name", "line"),
    [
        (b"a = ", "b.toml", 1),
        (b'x = 1\n\ny = "', "b.toml", 3),
        (b"", "b.toml", 1),
        (b"", "b.csv", 1),
        (b"\n\xff", "b.toml", 2),
        (b"anything", "b.xlsx", 1),
        (b"anything", "b", 1),
        (b"# first\nbindings = 1\n", "b.toml", 2),
        (b"binding = 1", "b.toml", 1),
        (b"tag,tag\n", "b.csv", 1),
        (b"tag,signal,topic\na,b,c\nx,y,z,too many\n", "b.csv", 3),
        (b'tag,signal,topic\n"a\nb",,c\n', "b.csv", 3),
        (b"tag,signal,topic,colour\na,b,c,red\n", "b.csv", 2),
        (b"tag,signal,topic\n" + b"a" * 200_000 + b",b,c\n", "b.csv", 2),
        (b"[" * 100_000, "b.toml", 1),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_by_line(content: bytes, name: str, line: int) -> None:
    assert problems(content, name)[0].line == line


def test_entries_that_came_another_way_follow_the_same_rules() -> None:
    entry = {"tag": "T1", "signal": "t", "topic": "a", "minimum": 1, "settable": True}

    assert from_entries([entry], "api").rules[0].signal.settable
    with pytest.raises(InvalidBindings) as caught:
        from_entries([entry, {**entry, "unit": "florps"}, {**entry, "topic": 5}], "api")
    assert [(one.line, one.field) for one in caught.value.problems] == [(2, "unit"), (3, "topic")]


def test_no_more_than_fifty_mistakes_are_told() -> None:
    rows = b"tag,signal,topic\n" + b",,\n" * 3 + b"a,,c\n" * 100

    assert len(problems(rows, "b.csv")) == 50


texts = st.text(max_size=12) | st.sampled_from(
    ["a/{tag}", "Cel", "json", "number", "true", "1", "a|b", "1=2", "IfcSensor"]
)


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(sorted(READERS)) | st.text(max_size=5), texts, max_size=8),
    st.binary(max_size=60),
)
def test_any_file_is_read_or_refused_in_words(row: dict[str, str], noise: bytes) -> None:
    lines = [f'"{name}" = {text!r}' for name, text in row.items()]
    for content, name in (
        ("[[binding]]\n" + "\n".join(lines)).encode("utf-8", "replace"), "b.toml"), (noise, "b.toml"), (noise, "b.csv"), (
        (",".join(row) + "\n" + ",".join(row.values())).encode("utf-8", "replace"), "b.csv"):  # fmt: skip
        refused: Any = None
        try:
            parse(content, name)
        except TwinError as error:
            refused = error
        assert refused is None or isinstance(refused, InvalidBindings)
