"""The bus in process: filters, wills, redelivery."""

import asyncio

import pytest

from state_sync.bus import Bus
from state_sync.messages import Publication


@pytest.mark.parametrize(
    ("topic_filter", "topic", "expected"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/c", False),
        ("a/+", "a/b", True),
        ("a/+", "a/b/c", False),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("#", "a/b", True),
        ("+/+", "/b", True),
        ("#", "$SYS/uptime", False),
        ("+/uptime", "$SYS/uptime", False),
        ("$SYS/#", "$SYS/uptime", True),
        ("a/+/c", "a//c", True),
    ],
)
def test_filters_match_as_mqtt_says(topic_filter: str, topic: str, *, expected: bool) -> None:
    source = Bus().source()
    source.subscribe(["elsewhere", topic_filter])
    assert source.wants(topic) is expected


def test_a_device_that_vanishes_leaves_its_will_and_one_that_closes_does_not() -> None:
    async def work() -> None:
        bus = Bus()
        source = bus.source()
        source.subscribe(["dead/#"])
        polite = bus.publisher(will=Publication("dead/polite", b""))
        dying = bus.publisher(will=Publication("dead/dying", b""))
        await polite.close()
        await polite.die()
        await dying.die()
        assert [each.topic for each in await source.take(10, linger_s=0)] == ["dead/dying"]

    asyncio.run(work())


def test_what_is_not_acknowledged_is_delivered_again_to_the_next_run() -> None:
    async def work() -> None:
        bus = Bus()
        source = bus.source()
        source.subscribe(["#"])
        for topic in "abc":
            await bus.publisher().publish(Publication(topic, b""))
        taken = await source.take(10, linger_s=0)
        source.acknowledge(taken[:1])
        running = asyncio.create_task(source.run())
        assert [each.topic for each in await source.take(10, linger_s=0)] == ["b", "c"]
        running.cancel()

    asyncio.run(work())
