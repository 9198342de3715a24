"""Devices as bindings tell of them."""

import pytest

from state_sync.bindings import Binding
from state_sync.devices import devices
from state_sync.registry import device_of, gateway_of
from twin.ports import SignalRecord, StateRecord
from twin.state import Quality, Signal


def bound(topic: str, name: str = "temperature", object_: str = "g", **more: object) -> Binding:
    return Binding(model="m", global_id=object_, name=name, topic=topic, **more)  # type: ignore[arg-type]


def state(
    binding: Binding, quality: Quality | None, received_at: int | None = None
) -> tuple[str, StateRecord]:
    declared = Signal(model=binding.model, global_id=binding.global_id, name=binding.name)
    record = SignalRecord(number=1, state_index=1, signal=declared)
    return binding.signal, StateRecord(signal=record, value=1.0, quality=quality, received_at=received_at)


@pytest.mark.parametrize(
    ("binding", "device", "gateway"),
    [
        (bound("site/1F/T-7/temperature", subscribe="site/+/+/temperature"), "site/1F/T-7", "site"),
        (bound("pumps/7", "speed", path="drive.speed", codec="json"), "pumps/7", None),
        (bound("temperature"), "temperature", None),
        (bound("lora/+/up", "x"), "lora", None),
        (bound("+/up", "x"), "+/up", None),
        (bound("spBv1.0/Plant/+/Node", codec="sparkplug", path="T"), "Plant/Node", "Plant/Node"),
        (bound("spBv1.0/Plant/+/Node/Meter", codec="sparkplug", path="T"), "Plant/Node/Meter", "Plant/Node"),
        (bound("nonsense", codec="sparkplug", path="T"), "nonsense", None),
    ],
)
def test_the_topic_tells_the_device_and_the_pattern_the_gateway(
    binding: Binding, device: str, gateway: str | None
) -> None:
    assert (device_of(binding), gateway_of(binding)) == (device, gateway)


def test_a_device_is_online_while_one_of_its_signals_is_not_stale() -> None:
    one, two, three = (
        bound(f"d/7/{name}", name, object_) for name, object_ in (("a", "x"), ("b", "y"), ("c", "x"))
    )
    states = dict([state(one, Quality.STALE, 5), state(two, Quality.BAD, 9), state(three, None)])
    (device,) = devices([one, two, three, one], states)
    assert (device.id, len(device.signals), device.stale, device.silent) == ("d/7", 3, 1, 1)
    assert (device.online, device.last_seen, device.objects) == (True, 9, ("m/x", "m/y"))


def test_a_device_whose_signals_are_all_stale_is_not_online_and_one_never_heard_of_is_neither() -> None:
    silent, unseen = bound("d/1"), bound("d/2", object_="h")
    found = devices([unseen, silent], dict([state(silent, Quality.STALE, 5)]))
    assert [(device.id, device.online, device.last_seen) for device in found] == [
        ("d/1", False, 5),
        ("d/2", None, None),
    ]
