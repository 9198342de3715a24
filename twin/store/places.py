"""What hangs below an object in the tree, remembered: the versions of a revision do not change."""

from collections import OrderedDict
from threading import Lock

import numpy as np
from sqlalchemy import Connection, Select, bindparam, select

from twin.store.ids import integers
from twin.store.schema import object_order, object_version

REMEMBERED = 256
"""Places whose objects are remembered, of a database: 8 bytes an object, so some 20 MB if each is a building of 10,000."""


def _descendants() -> Select[tuple[int]]:
    start = select(object_version.c.id).where(object_version.c.id == bindparam("place"))
    down = start.cte("down", recursive=True)
    child = object_order.c
    tree = down.union(select(child.id).join(down, child.parent_id == down.c.id))
    return select(object_version.c.state_index).where(object_version.c.id.in_(select(tree.c.id)))


_below = _descendants()


class Places:
    """State indexes of all that hangs below an object version, itself included."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, list[int]] = OrderedDict()
        self._lock = Lock()

    def below(self, connection: Connection, version_id: int) -> list[int]:
        """Those below one, in ascending order."""
        with self._lock:
            if (known := self._known.get(version_id)) is not None:
                self._known.move_to_end(version_id)
                return known
        found: list[int] = np.sort(integers(connection.execute(_below, {"place": version_id}))).tolist()
        with self._lock:
            self._known[version_id] = found
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return found
