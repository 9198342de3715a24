"""Ids composed of a revision (or placement) and an ordinal; see `twin.store.schema`."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Result

from twin.store.schema import NO_PARENT, ORDINAL_BITS

SPAN = 1 << ORDINAL_BITS
"""Ids of one revision; as a factor in SQL, where shifts differ between engines."""


def integers(found: Result[tuple[int]]) -> NDArray[np.int64]:
    """The one column of a result, none of it NULL. From the driver's cursor: rows of SQLAlchemy's take three times as long."""
    cursor: Any = found.cursor  # type: ignore[attr-defined]  # of a result that is not buffered, as all here
    values = np.fromiter(cursor, np.dtype([("value", np.int64)]))["value"]
    found.close()
    return np.ascontiguousarray(values)


def compose(owner: int, ordinal: int) -> int:
    """Id of object `ordinal` in revision or placement `owner`."""
    return owner * SPAN + ordinal


def ordinal_of(identifier: int) -> int:
    """The ordinal in an id."""
    return identifier % SPAN


def id_range(owner: int) -> tuple[int, int]:
    """Lowest and highest id that a revision or placement can have, both included."""
    return owner * SPAN, owner * SPAN + NO_PARENT
