"""Two servers on one database, for one example after the other: opening takes longer than an example, and each example has signals of its own."""

from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec.structs import replace
from sqlalchemy import text

from tests.twin.store.builders import imported, plain
from tests.twin.store.clock import Clock
from tests.twin.store.live_contract import temperature
from tests.twin.store.plane_oracle import KINDS, LEVEL, METER, TOLERANCE
from twin.controls import Control
from twin.store import SqlStore

SETS = 60
"""Of signals in a database: for so many examples."""


def named(kind: str, number: int) -> str:
    """GlobalId of the object of this kind in a set."""
    return f"{kind}-{number}"


def prepare(store: SqlStore) -> None:
    """The model and its signals."""
    sets = range(SETS)
    imported(store, "a", plain([named(kind, number) for kind in (*KINDS, LEVEL, METER) for number in sets]))
    store.declare_signals(
        [
            *(
                temperature(
                    named(kind, number), settable=True, control=_within(control, number), tolerance=TOLERANCE,
                    deadband=TOLERANCE,
                )
                for number in sets
                for kind, control in KINDS.items()
            ),
            *(temperature(named(kind, number)) for number in sets for kind in (LEVEL, METER)),
        ]
    )  # fmt: skip


def _within(control: Control, number: int) -> Control:
    """The same, about the signals of its set."""
    shown = control.confirm_signal
    return replace(
        control,
        confirm_signal=None if shown is None else shown.replace(METER, named(METER, number)),
        interlocks=tuple(
            replace(lock, signal=lock.signal.replace(LEVEL, named(LEVEL, number)))
            for lock in control.interlocks
        ),
    )


@dataclass
class Pair:
    """Both servers, their clock, and the numbers of all signals by GlobalId. `used`: the set of the present example."""

    clock: Clock
    stores: dict[str, SqlStore]
    numbers: dict[str, int] = field(default_factory=dict)
    used: int = -1

    def last(self) -> tuple[int, int]:
        """Numbers of the last command and of the last step."""
        with self.stores["one"]._database.read() as connection:
            row = connection.execute(
                text(
                    "SELECT (SELECT coalesce(max(number), 0) FROM command), (SELECT coalesce(max(number), 0) FROM command_step)"
                )
            ).one()
        return row[0], row[1]


class Servers:
    """`opened`: a new database with what `prepare` makes, opened twice."""

    def __init__(self, opened: Callable[[Clock], dict[str, SqlStore]]) -> None:
        self._opened = opened
        self._pair: Pair | None = None

    def take(self) -> Pair:
        """For the next example."""
        if self._pair is not None and self._pair.used + 1 == SETS:
            self.close()
        if self._pair is None:
            clock = Clock()
            stores = self._opened(clock)
            numbers = {each.signal.global_id: each.number for each in stores["one"].signal_records()}
            self._pair = Pair(clock, stores, numbers)
        self._pair.used += 1
        return self._pair

    def clear(self) -> None:
        """After an example that went wrong: what it leaves would be found by the next."""
        if self._pair is not None:
            with self._pair.stores["one"]._database.write(lane="live") as connection:
                for table in ("bulk", "hold", "step"):
                    connection.execute(text(f"DELETE FROM command_{table}"))
                for table in ("command", "command_request"):
                    connection.execute(text(f"DELETE FROM {table}"))

    def close(self) -> None:
        """The end."""
        if self._pair is not None:
            for store in self._pair.stores.values():
                store.close()
        self._pair = None
