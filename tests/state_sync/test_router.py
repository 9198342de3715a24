"""From topics to bindings, and what to subscribe to."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from state_sync.bindings.topics import topic_problem
from state_sync.pipeline import decode_message
from state_sync.routing import FilterTrie, Router, minimal
from tests.state_sync.bindings_builders import NOW, binding, record, router, signal

level = st.sampled_from(["a", "b", "", "$x"])
topics = st.lists(level, min_size=1, max_size=4).map("/".join)
filters = st.tuples(st.lists(level | st.just("+"), min_size=1, max_size=4), st.booleans()).map(
    lambda parts: "/".join([*parts[0], "#"] if parts[1] else parts[0])
) | st.just("#")


def matches(filter_: str, topic: str) -> bool:
    """MQTT 5.0, section 4.7, as a regular expression."""
    if topic.startswith("$") and filter_[0:1] in {"+", "#"}:
        return False
    parts = [r"[^/]*" if part == "+" else re.escape(part) for part in filter_.removesuffix("#").split("/")]
    pattern = "/".join(parts)
    if filter_ == "#":
        return True
    if filter_.endswith("/#"):
        return re.fullmatch(pattern.removesuffix("/") + "(/.*)?", topic, re.DOTALL) is not None
    return re.fullmatch(pattern, topic) is not None


@settings(deadline=None)
@given(st.lists(filters, max_size=8, unique=True), topics)
def test_the_trie_finds_exactly_the_filters_that_the_standard_matches(known: list[str], topic: str) -> None:
    trie: FilterTrie[str] = FilterTrie()
    for filter_ in known:
        trie[filter_] = filter_

    assert sorted(trie.matches(topic)) == sorted(one for one in known if matches(one, topic))


@settings(deadline=None)
@given(st.lists(filters, max_size=8), topics)
def test_the_minimal_filters_bring_the_same_topics(wanted: list[str], topic: str) -> None:
    kept = minimal(wanted)

    assert any(matches(one, topic) for one in kept) == any(matches(one, topic) for one in wanted)
    assert set(kept) <= set(wanted)


@settings(deadline=None)
@given(st.lists(filters, max_size=8))
def test_the_minimal_filters_need_each_other(wanted: list[str]) -> None:
    kept = minimal(wanted)

    assert all(
        minimal([one, other]) == sorted([one, other]) for one in kept for other in kept if one != other
    )


@pytest.mark.parametrize(
    ("given_filters", "kept"),
    [
        (["a/b", "a/+"], ["a/+"]),
        (["a", "a/#"], ["a/#"]),
        (["a/#", "a/+/#", "#"], ["#"]),
        (["a/+/c", "a/b/+"], ["a/+/c", "a/b/+"]),
        (["#", "$SYS/x"], ["#", "$SYS/x"]),
        (["a/b", "a/b"], ["a/b"]),
    ],
)
def test_filters_that_another_covers_are_left_out(given_filters: list[str], kept: list[str]) -> None:
    assert minimal(given_filters) == kept


@pytest.mark.parametrize(
    "filter_", ["", "a/#/b", "a#", "a/b+", "+a", "a\0", "/".join("a" * 65), "a" * 65_536]
)
def test_a_filter_that_the_standard_forbids_is_told(filter_: str) -> None:
    assert topic_problem(filter_) is not None


@pytest.mark.parametrize("filter_", ["a", "/", "+", "#", "a/+/b/#", "/a//b", "楼/温度"])
def test_a_filter_of_the_standard_is_in_order(filter_: str) -> None:
    assert topic_problem(filter_) is None


def signals(routes: Router, topic: str) -> list[int]:
    """Numbers of the signals that a message on the topic carries."""
    return sorted(reading.signal for reading in decode_message(routes, topic, b"1", NOW)[0])


def test_below_a_level_with_a_dollar_wildcards_match_as_anywhere() -> None:
    routes = router(binding("$SYS/+/load", "x"), binding("$SYS/#", "y"))

    assert signals(routes, "$SYS/broker/load") == [1, 2]


def test_a_topic_carries_the_bindings_of_its_own_and_of_wildcards() -> None:
    routes = router(binding("a/b", "x"), binding("a/+", "y"), binding("#", "z"), binding("c", "w"))

    assert [signals(routes, topic) for topic in ("a/b", "a/c", "c", "d")] == [[1, 2, 3], [2, 3], [3, 4], [3]]


def test_a_topic_that_nobody_wants_has_no_route() -> None:
    assert router(binding("a/+")).route("a/b/c") is None


def test_subscriptions_are_those_of_patterns_and_of_whole_sparkplug_nodes() -> None:
    routes = router(
        binding("site/L1/T1/t", "a", subscribe="site/+/+/t"),
        binding("site/L2/T2/t", "b", subscribe="site/+/+/t"),
        binding("other", "c"),
        binding("spBv1.0/G/+/N/D", "d", codec="sparkplug", path="x"),
        binding("spBv1.0/G/+/N", "e", codec="sparkplug", path="x"),
    )

    assert routes.subscriptions() == ["other", "site/+/+/t", "site/status", "spBv1.0/G/+/N/#"]


def test_a_binding_whose_signal_is_not_declared_is_told_and_routes_nothing() -> None:
    routes = Router([binding("a", "gone")], [record(signal("t"))])

    assert [one.name for one in routes.unbound] == ["gone"]
    assert routes.route("a") is None
    assert routes.subscriptions() == []


@pytest.mark.parametrize(
    "fields",
    [
        {"codec": "json", "path": "a..b"},
        {"codec": "json", "each": "["},
        {"codec": "json", "time": "]"},
        {"codec": "sparkplug"},
    ],
)
def test_a_binding_that_makes_no_sense_is_told_and_stops_nobody_else(fields: dict[str, str]) -> None:
    routes = router(binding("a", **fields), binding("b"))

    assert [one.topic for one in routes.unbound] == ["a"]
    assert routes.route("b") is not None
