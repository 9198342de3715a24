"""Ids composed of a revision (or placement) and an ordinal; see `twin.store.schema`."""

from twin.store.schema import NO_PARENT, ORDINAL_BITS

SPAN = 1 << ORDINAL_BITS
"""Ids of one revision; as a factor in SQL, where shifts differ between engines."""


def compose(owner: int, ordinal: int) -> int:
    """Id of object `ordinal` in revision or placement `owner`."""
    return owner * SPAN + ordinal


def ordinal_of(identifier: int) -> int:
    """The ordinal in an id."""
    return identifier % SPAN


def id_range(owner: int) -> tuple[int, int]:
    """Lowest and highest id that a revision or placement can have, both included."""
    return owner * SPAN, owner * SPAN + NO_PARENT
