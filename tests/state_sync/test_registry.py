"""Registered devices: whose a message is, where it comes from, what is refused, and what a last will silences."""

import pytest

from state_sync.bindings import Binding
from state_sync.codecs.sparkplug import Source
from state_sync.pipeline import SignalsStale, decode_message
from state_sync.registry import Registry
from state_sync.routing.router import Router
from tests.state_sync.bindings_builders import binding, record, signal
from twin.devices import Device, replaced

NOW = 1_700_000_000_000_000


def placed(
    topic: str, *devices: Device, codec: str = "plain", **more: str
) -> tuple[str, str | None, str, str | None]:
    """Device, gateway, topic, and why it is refused."""
    bound = Binding(model="m", global_id="g", name="t", topic=topic, codec=codec, **more)  # type: ignore[arg-type]
    found = Registry(devices).place(bound)
    return found.device, found.gateway, found.binding.topic, found.refused


def test_the_longest_address_that_a_topic_begins_with_is_its_device() -> None:
    devices = (Device(id="floor", address="site/1"), Device(id="meter", address="site/1/7"))
    assert placed("site/1/7/t", *devices)[0] == "meter"
    assert placed("site/1/77/t", *devices)[0] == "floor"
    assert placed("site/2/7/t", *devices)[0] == "site/2/7"


def test_a_binding_may_name_its_device_and_means_whoever_took_its_place() -> None:
    old, new = replaced(Device(id="a", address="x/1"), Device(id="b", address="x/2"))
    assert placed("lora/up", old, new, device="a")[0] == "b"
    assert placed("x/1/t", old, new, device="a")[2] == "x/2/t"


def test_under_the_address_of_a_gateway_are_devices_of_their_own() -> None:
    gateway = Device(id="gw", address="site/fire", is_gateway=True, disabled=True)
    assert placed("site/fire/7/t", gateway) == (
        "site/fire/7",
        "gw",
        "site/fire/7/t",
        "the gateway gw is disabled",
    )


def test_a_gateway_behind_a_disabled_gateway_is_refused_with_all_its_devices() -> None:
    devices = (
        Device(id="far", disabled=True),
        Device(id="near", gateway="far"),
        Device(id="site/7", gateway="near"),
    )
    assert placed("site/7/t", *devices)[3] == "the gateway far is disabled"


def test_bindings_follow_a_device_to_its_address_over_several_replacements() -> None:
    first, second = replaced(Device(id="site/7"), Device(id="site/8"))
    second, third = replaced(second, Device(id="c", address="other/9"))
    devices = (first, second, third)
    assert placed("site/7/t", *devices, subscribe="site/+/t")[:3] == ("c", None, "other/9/t")
    assert placed("site/8/t", *devices)[2] == "other/9/t"
    assert placed("other/9/t", *devices)[2] == "other/9/t"


def test_of_two_former_addresses_the_longer_one_is_meant() -> None:
    device = Device(id="b", address="far", aliases=("site", "site/7"))
    assert placed("site/7/t", device)[2] == "far/t"
    assert placed("site/8/t", device)[2] == "far/8/t"


def test_a_sparkplug_device_moves_to_another_node() -> None:
    old, new = replaced(Device(id="Plant/N1/Meter"), Device(id="new", address="Plant/N2/Meter"))
    moved = placed("spBv1.0/Plant/+/N1/Meter", old, new, codec="sparkplug", path="V")
    assert moved[2] == "spBv1.0/Plant/+/N2/Meter"


def router(*devices: Device) -> Router:
    bound = [binding("site/fire/7/t", "t"), binding("site/fire/8/t", "u"), binding("site/9/t", "v")]
    records = [record(signal(name), number) for number, name in enumerate("tuv", 1)]
    return Router(bound, records, registry=Registry(devices))


def heard(routes: Router, topic: str, payload: bytes) -> tuple[list[int], list[str], list[tuple[int, ...]]]:
    readings, rejected, events = decode_message(routes, topic, payload, NOW)
    stale = [event.signals for event in events if isinstance(event, SignalsStale)]
    return [one.signal for one in readings], [one.reason for one in rejected], stale


def test_the_messages_of_a_disabled_device_are_refused_with_a_dead_letter() -> None:
    routes = router(Device(id="site/9", disabled=True))
    assert heard(routes, "site/9/t", b"1") == ([], ["device_disabled"], [])
    assert heard(routes, "site/fire/7/t", b"1") == ([1], [], [])
    assert routes.muted == {3}


def test_the_address_that_a_device_was_moved_from_is_refused_and_the_new_one_read() -> None:
    routes = router(*replaced(Device(id="site/9"), Device(id="site/10")))
    assert heard(routes, "site/10/t", b"1") == ([3], [], [])
    assert heard(routes, "site/9/t", b"1") == ([], ["device_disabled"], [])
    assert "site/10/t" in routes.subscriptions()
    assert "site/9/t" not in routes.subscriptions()


@pytest.mark.parametrize(
    "payload", [b"offline", b" Offline\n", b'{"state": "offline"}', b'{"status":"offline"}']
)
def test_the_last_will_of_a_gateway_silences_all_devices_behind_it(payload: bytes) -> None:
    routes = router(Device(id="site/fire", is_gateway=True))
    assert "site/fire/status" in routes.subscriptions()
    assert heard(routes, "site/fire/status", payload) == ([], [], [(1, 2)])


@pytest.mark.parametrize("payload", [b"online", b"", b"{", b'{"state": "online"}', b"\xff", b"[]"])
def test_another_word_on_the_status_topic_silences_nobody_and_is_no_dead_letter(payload: bytes) -> None:
    assert heard(router(Device(id="site/fire", is_gateway=True)), "site/fire/status", payload) == ([], [], [])


def test_a_device_may_have_a_status_topic_and_a_word_of_its_own() -> None:
    routes = router(Device(id="site/9", status_topic="lwt/9", offline="0"))
    assert heard(routes, "lwt/9", b"0") == ([], [], [(3,)])
    assert heard(routes, "lwt/9", b"offline") == ([], [], [])


def test_the_death_of_a_sparkplug_node_silences_registered_devices_behind_it() -> None:
    bound = [
        binding("spBv1.0/P/+/N", "t", codec="sparkplug", path="T"),
        binding("plain/7/u", "u"),
    ]
    records = [record(signal(name), number) for number, name in enumerate("tu", 1)]
    routes = Router(bound, records, registry=Registry([Device(id="plain/7", gateway="P/N")]))
    assert routes.signals_of(Source("P", "N")) == [1, 2]


@pytest.mark.parametrize("others", [(), (Device(id="elsewhere"),)])
def test_the_last_will_of_a_gateway_that_nobody_has_registered_silences_what_is_behind_it(
    others: tuple[Device, ...],
) -> None:
    bound = [
        binding("site/gw-1/7/t", "t", subscribe="site/gw-1/+/t"),
        binding("site/gw-1/8/u", "u", subscribe="site/gw-1/+/u"),
        binding("site/gw-2/9/v", "v", subscribe="site/gw-2/+/v"),
        binding("alone/w", "w"),
    ]
    records = [record(signal(name), number) for number, name in enumerate("tuvw", 1)]
    routes = Router(bound, records, registry=Registry(others))

    assert {"site/gw-1/status", "site/gw-2/status"} <= set(routes.subscriptions())
    assert "alone/status" not in routes.subscriptions()
    assert heard(routes, "site/gw-1/status", b"offline") == ([], [], [(1, 2)])
    assert heard(routes, "site/gw-1/status", b"online") == ([], [], [])


def test_a_registered_gateway_is_believed_where_it_says_so_alone() -> None:
    bound = [binding("site/gw-1/7/t", "t", subscribe="site/gw-1/+/t")]
    gateway = Device(id="site/gw-1", is_gateway=True, status_topic="lwt/1", offline="gone")
    routes = Router(bound, [record(signal("t"), 1)], registry=Registry([gateway]))

    assert heard(routes, "lwt/1", b"gone") == ([], [], [(1,)])
    assert "site/gw-1/status" not in routes.subscriptions()


def test_a_sparkplug_node_that_nobody_has_registered_has_no_status_topic() -> None:
    bound = [binding("spBv1.0/P/+/N", "t", codec="sparkplug", path="T", subscribe="spBv1.0/P/+/N")]
    routes = Router(bound, [record(signal("t"), 1)])
    assert routes.statuses == {}
