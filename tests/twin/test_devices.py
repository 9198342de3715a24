"""Descriptions of devices: what is refused, and what replacing one does."""

import pytest
from msgspec.structs import replace

from twin.devices import Device, InvalidDevice, check_registry, checked_device, gateways, replaced
from twin.errors import Conflict

SECRET = "hunter2-s3cret"


@pytest.mark.parametrize("reference", ["file:/run/secrets/wm-7", "env:METER_7"])
def test_credentials_are_a_reference(reference: str) -> None:
    assert checked_device(Device(id="a", credentials=reference)).credentials == reference


@pytest.mark.parametrize(
    "given", [SECRET, f"user:{SECRET}", f"file:{SECRET}", f"env:{SECRET}", f"https://x/{SECRET}", "file:"]
)
def test_a_secret_in_place_of_a_reference_is_refused_and_not_repeated(given: str) -> None:
    with pytest.raises(InvalidDevice, match="credentials") as refused:
        checked_device(Device(id="a", credentials=given))
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("field", ["address", "note", "name", "status_topic"])
def test_a_login_hidden_in_another_field_is_refused_and_not_repeated(field: str) -> None:
    with pytest.raises(InvalidDevice, match="password") as refused:
        checked_device(replace(Device(id="a"), **{field: f"mqtt://me:{SECRET}@broker"}))
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("identifier", ["", " a", "a/", "/a", "a//b", "a/+", "#", "a\nb", "x" * 301])
def test_an_id_that_no_topic_could_begin_with_is_refused(identifier: str) -> None:
    with pytest.raises(InvalidDevice):
        checked_device(Device(id=identifier))


def test_texts_are_kept_in_normal_form_c() -> None:
    assert checked_device(Device(id="Kuche\u0308")).id == "Kuch\u00eb"


def test_two_devices_of_one_address_are_refused_and_one_that_was_replaced_does_not_count() -> None:
    old, new = replaced(Device(id="a"), Device(id="b", address="a"))
    check_registry([old, new])
    with pytest.raises(Conflict, match="address"):
        check_registry([Device(id="a"), Device(id="b", address="a")])


def test_gateways_that_form_a_ring_are_refused() -> None:
    ring = [Device(id="a", gateway="b"), Device(id="b", gateway="c"), Device(id="c", gateway="a")]
    with pytest.raises(Conflict, match="behind itself"):
        check_registry(ring)
    assert [one.id for one in gateways(ring[0], {one.id: one for one in ring})] == ["b", "c", "a"]


def test_who_takes_the_place_of_a_device_answers_to_all_its_addresses() -> None:
    first, second = replaced(Device(id="a", gateway="g", name="Meter"), Device(id="b"))
    assert (first.disabled, first.replaced_by) == (True, "b")
    assert (second.aliases, second.gateway, second.name) == (("a",), "g", "Meter")
    _, third = replaced(second, Device(id="c", address="far/c"))
    assert set(third.aliases) == {"a", "b"}
    with pytest.raises(Conflict, match="'b'"):
        replaced(first, Device(id="d"))
