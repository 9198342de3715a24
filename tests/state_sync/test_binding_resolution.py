"""Which objects a binding file means, and what is told of the rest."""

import msgspec
import pytest

from state_sync.bindings import (
    Binding,
    DamagedBinding,
    Report,
    Resolution,
    from_document,
    from_documents,
    orphans,
    parse,
    resolve,
    to_document,
)
from tests.state_sync.bindings_builders import ListFinder, binding, found
from twin.objects import Attributes


def resolved(text: str, *objects: object, existing: tuple[Binding, ...] = ()) -> Resolution:
    finder = ListFinder(*objects)  # type: ignore[arg-type]  # short calls
    header = "" if "[[binding]]" in text else "[[binding]]\nsignal = 't'\n"
    return resolve(parse((header + text).encode(), "site.toml"), finder, existing)


def topics(resolution: Resolution) -> list[str]:
    return [one.topic for one in resolution.bindings]


@pytest.mark.parametrize(
    "selection", ["object = 'm/g1'", "global_id = 'g1'", "tag = 'TI-1'", "property = 'Pset.Serial=SN1'"]
)
def test_an_object_is_found_by_id_global_id_tag_or_property(selection: str) -> None:
    resolution = resolved(f"topic = 'x'\n{selection}", found(1), found(2))

    assert [one.signal for one in resolution.bindings] == ["m/g1/t"]
    assert [one.id for one in resolution.signals] == ["m/g1/t"]
    assert resolution.report == Report(matched=1, objects=1)


def test_one_pattern_binds_every_object_of_a_class_and_subscribes_once() -> None:
    resolution = resolved(
        "topic = 'site/{storey}/{tag}/t'\nclass = ['IfcSensor']",
        found(1),
        found(2),
        found(3, class_="IfcDoor"),
    )

    assert topics(resolution) == ["site/L1/TI-1/t", "site/L1/TI-2/t"]
    assert {one.subscribe for one in resolution.bindings} == {"site/+/+/t"}
    assert resolution.report.clean


def test_placeholders_stand_for_properties_and_in_paths_too() -> None:
    resolution = resolved(
        "topic = 'gw/{model}'\ncodec = 'senml'\npath = '{Pset.Serial}:{tag}'\nclass = ['IfcSensor']",
        found(1),
        found(2),
    )

    assert [(one.topic, one.path) for one in resolution.bindings] == [
        ("gw/m", "SN1:TI-1"),
        ("gw/m", "SN2:TI-2"),
    ]


def test_a_property_may_choose_the_objects_of_a_pattern() -> None:
    resolution = resolved("topic = 'x/{tag}'\nproperty = 'Serial=SN2'", found(1), found(2))

    assert topics(resolution) == ["x/TI-2"]


def test_an_object_that_lacks_what_the_topic_asks_for_is_told_and_not_bound() -> None:
    resolution = resolved(
        "topic = 'x/{storey}/{tag}'\nclass = ['IfcSensor']",
        found(1),
        found(2, storey=None),
        found(3, attributes=Attributes(tag="a/b")),
        found(4, attributes=Attributes(tag="+")),
    )

    assert topics(resolution) == ["x/L1/TI-1"]
    assert [one.objects for one in resolution.report.unusable] == [("m/g2", "m/g3", "m/g4")]


def test_several_objects_for_one_entry_are_ambiguous_and_none_is_bound() -> None:
    resolution = resolved("topic = 'x'\nglobal_id = 'g1'", found(1), found(1, model="n"))

    assert resolution.bindings == ()
    assert [one.objects for one in resolution.report.ambiguous] == [("m/g1", "n/g1")]


def test_an_entry_that_names_one_object_binds_no_second_one_even_on_another_topic() -> None:
    resolution = resolved("topic = 'x/{model}/{global_id}'\ntag = 'TI-1'", found(1), found(1, model="n"))

    assert resolution.bindings == ()
    assert [one.objects for one in resolution.report.ambiguous] == [("m/g1", "n/g1")]


def test_the_model_tells_objects_with_one_global_id_apart() -> None:
    resolution = resolved("topic = 'x'\nglobal_id = 'g1'\nmodel = 'n'", found(1), found(1, model="n"))

    assert [one.signal for one in resolution.bindings] == ["n/g1/t"]


def test_two_objects_on_one_topic_of_a_pattern_are_ambiguous_and_the_others_are_bound() -> None:
    twin_tag = Attributes(tag="TI-1")
    resolution = resolved(
        "topic = 'x/{tag}'\nclass = ['IfcSensor']", found(1), found(2), found(3, attributes=twin_tag)
    )

    assert topics(resolution) == ["x/TI-2"]
    assert [(one.what, one.objects) for one in resolution.report.ambiguous] == [("x/TI-1", ("m/g1", "m/g3"))]


def test_an_entry_without_an_object_is_told_by_its_line() -> None:
    resolution = resolved("topic = 'x'\ntag = 'TI-9'", found(1))

    assert [(one.line, one.what) for one in resolution.report.unmatched] == [(2, "TI-9 → t")]


TWICE = """
[[binding]]
tag = 'TI-1'
signal = 't'
topic = 'first'

[[binding]]
global_id = 'g1'
signal = 't'
topic = '{}'
{}
"""


@pytest.mark.parametrize(
    ("topic", "more", "kept"),
    [
        ("second", "", ["first", "second"]),
        ("first", "", ["first"]),
        ("second", "unit = 'Cel'", ["first"]),
    ],
)
def test_a_signal_bound_twice_is_told_and_both_stay_only_if_they_agree(
    topic: str, more: str, kept: list[str]
) -> None:
    resolution = resolved(TWICE.format(topic, more), found(1))

    assert topics(resolution) == kept
    assert len(resolution.signals) == 1
    assert [one.objects for one in resolution.report.twice] == [("m/g1/t",)]


def test_a_message_that_feeds_two_signals_is_told_because_it_may_be_a_line_copied() -> None:
    file = "[[binding]]\nsignal = 't'\ntag = 'TI-{}'\ntopic = 'x'\n"

    resolution = resolved(file.format(1) + file.format(2), found(1), found(2))

    assert topics(resolution) == ["x", "x"]
    assert [(one.line, one.objects) for one in resolution.report.twice] == [(6, ("m/g1/t", "m/g2/t"))]


def test_bindings_whose_object_is_gone_are_orphans() -> None:
    gone = msgspec.structs.replace(binding("old"), global_id="g9")
    still = msgspec.structs.replace(binding("new"), global_id="g1")
    finder = ListFinder(found(1))

    assert orphans([gone, still], finder) == ["m/g9/t"]
    assert resolved("topic = 'x'\ntag = 'TI-1'", found(1), existing=(gone, still)).report.orphans == (
        "m/g9/t",
    )


def test_a_binding_survives_as_a_document() -> None:
    resolution = resolved(
        "topic = 'x/{tag}'\nclass = ['IfcSensor']\ncodec = 'json'\npath = 'v'\ntime = 't'\ntime_format = 'ms'\n"
        "unit = 'Cel'\ndevice_unit = 'K'\nlenient = true\nmap = { low = 1 }",
        found(1),
    )
    documents = [to_document(one) for one in resolution.bindings]

    assert tuple(from_documents([("site.toml", one) for one in documents])) == resolution.bindings


@pytest.mark.parametrize("document", ["", "{", "[]", "{}", '{"model":1}'])
def test_a_damaged_document_is_refused_with_advice(document: str) -> None:
    with pytest.raises(DamagedBinding, match="twin bind"):
        from_document(document)
