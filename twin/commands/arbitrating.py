"""Who may command a signal while others do: priorities and holds."""

from collections.abc import Sequence

from msgspec import Struct

from twin.controls import Priority


class Holder(Struct, frozen=True, kw_only=True):
    """An open command to a signal: its number, its priority, and whose it is."""

    number: int
    priority: Priority
    by: str


class Hold(Struct, frozen=True, kw_only=True):
    """A priority that is held: commands of a lower one are refused. `until`: microseconds since 1970 UTC; None: until it is released."""

    signal: int
    priority: Priority
    by: str
    reason: str
    since: int
    until: int | None = None
    request: int | None = None

    def holds(self, now: int) -> bool:
        """Whether it does at a time."""
        return self.until is None or now < self.until


class Priorities(Struct, frozen=True, kw_only=True):
    """What a new command comes to. `refused_by`: who holds a higher priority; else `supersedes`: numbers of the open commands that give way."""

    refused_by: Holder | Hold | None = None
    supersedes: tuple[int, ...] = ()


def arbitrate(priority: Priority, holders: Sequence[Holder], hold: Hold | None, *, now: int) -> Priorities:
    """The higher priority supersedes, the lower is refused, equals wait for each other."""
    rank = priority.rank
    if hold is not None and hold.holds(now) and hold.priority.rank > rank:
        return Priorities(refused_by=hold)
    for holder in holders:
        if holder.priority.rank > rank:
            return Priorities(refused_by=holder)
    return Priorities(supersedes=tuple(each.number for each in holders if each.priority.rank < rank))
