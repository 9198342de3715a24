"""MQTT topic names and filters (MQTT 5.0, section 4.7)."""

MAX_BYTES = 65_535
"""Of a topic, in UTF-8 (MQTT 5.0, section 1.5.4)."""

MAX_LEVELS = 64
"""Levels of a filter that we accept; the standard has no limit, brokers have (Mosquitto: 200)."""


def topic_problem(filter_: str) -> str | None:
    """Why a topic filter is none, as a phrase; None where it is one (MQTT 5.0, sections 4.7.1 and 4.7.3)."""
    levels = filter_.split("/")
    if not filter_:
        return "it is empty"
    if "\0" in filter_:
        return "it holds a null character"
    if len(filter_.encode("utf-8", "replace")) > MAX_BYTES or len(levels) > MAX_LEVELS:
        return f"it is longer than {MAX_BYTES} bytes or {MAX_LEVELS} levels"
    if "#" in "/".join(levels[:-1]) or ("#" in levels[-1] and levels[-1] != "#"):
        return "`#` stands alone, as the last level"
    if any("+" in level and level != "+" for level in levels):
        return "`+` fills a level of its own"
    return None


def has_wildcard(filter_: str) -> bool:
    """Whether the filter can match more than one topic."""
    return "+" in filter_ or "#" in filter_
