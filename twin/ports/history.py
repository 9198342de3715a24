"""What callers need of the past beyond single readings: aggregates by time, curves for screens, and the work that keeps both."""

from collections.abc import Iterator
from typing import Literal, Protocol

from msgspec import Struct

from twin.queries import Page
from twin.state import Value

Resolution = Literal["1m", "15m", "1h"]

WIDTHS_US: dict[Resolution, int] = {"1m": 60_000_000, "15m": 900_000_000, "1h": 3_600_000_000}
"""Widths of aggregates, in microseconds. Each divides the next, and a day; they begin at whole minutes, quarters, hours UTC."""


class RollUp(Struct, frozen=True, kw_only=True, gc=False):
    """The readings of a signal in one span of time, beginning at `start` (microseconds since 1970 UTC).

    `count`: readings that are good or uncertain; they alone are in the other fields. `others`: those that are bad, or stale as
    the device itself said. `minimum`, `maximum`, `mean`: of numbers; of booleans as 0 and 1, so that `mean` is the share of
    readings that say true, not of time; None where no reading is a number (texts, enums). `last`: the newest value, of any type.
    """

    start: int
    count: int
    others: int
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    last: Value | None = None


class RollUpQuery(Struct, frozen=True, kw_only=True):
    """Which spans: those that begin from `start` to before `end` (microseconds since 1970 UTC)."""

    resolution: Resolution
    start: int
    end: int
    limit: int = 1000
    cursor: str | None = None


class CurveQuery(Struct, frozen=True, kw_only=True):
    """A curve of at most so many points, of readings observed from `start` to before `end` (microseconds since 1970 UTC)."""

    start: int
    end: int
    points: int


class Curve(Struct, frozen=True, kw_only=True):
    """The past of a signal in few points, each of them a reading: its time, in microseconds since 1970 UTC, and its value.

    `resolution`: `raw` if all readings were looked at; else the points are extremes of spans of that width, of whole days, with
    single readings where there are few. `method`: `all` (nothing was left out), `minmaxlttb`, or `changes` (of texts: readings that
    say something new, and evenly chosen ones of those if they are too many). `readings`: how many good or uncertain ones the curve
    stands for; `others`: how many are not in it, because they are bad, stale or, among numbers, texts.
    """

    resolution: Literal["raw", "1m", "15m", "1h"]
    method: Literal["all", "minmaxlttb", "changes"]
    readings: int
    others: int
    items: list[tuple[int, Value]]


class RolledUp(Struct, frozen=True, kw_only=True):
    """What one piece of the work did. `signals`: signal-days written; `corrected`: signal-days made anew because readings came late."""

    signals: int = 0
    corrected: int = 0
    more: bool = False
    """There is more to do now."""


class Retention(Struct, frozen=True, kw_only=True):
    """How many days readings and roll-ups are kept, where a signal's declaration does not say it, and alarms after they were cleared;
    None: for ever.
    """

    days: float | None = None
    roll_up_days: float | None = None
    alarm_days: float | None = None


class Dropped(Struct, frozen=True, kw_only=True):
    """What one transaction dropped. `roll_ups`: signal-days, in one width. `unsummed`: of the readings, those that came after their
    day had been dropped, so that no roll-up holds them.
    """

    readings: int = 0
    roll_ups: int = 0
    unsummed: int = 0
    alarms: int = 0


class Archived(Struct, frozen=True, kw_only=True):
    """What one step did: files made, with their readings and bytes, or rows taken out of the database (`moved`)."""

    files: int = 0
    rows: int = 0
    bytes: int = 0
    moved: int = 0


class RollUpReader(Protocol):
    """Aggregates of a signal."""

    def roll_ups(self, number: int, query: RollUpQuery) -> Page[RollUp]:
        """Spans that hold a reading, the oldest first.

        Exact at any time, late readings included: what no roll-up says, or only an outdated one, is computed from the readings.
        Raises NotFound, InvalidQuery.
        """
        ...

    def curve(self, number: int, query: CurveQuery) -> Curve:
        """The past in few points. Raises NotFound, InvalidQuery."""
        ...


class HistoryKeeper(Protocol):
    """Work on history, for whoever holds the job (`JobKeeper`). Each call does a piece in short transactions and returns."""

    def roll_up(self, *, seconds: float = 1.0) -> RolledUp:
        """Roll up days that are over, and correct what late readings have changed, for about so many seconds."""
        ...

    def enforce_retention(self, policy: Retention) -> Iterator[Dropped]:
        """Drop what is older than it is kept, a transaction for each item; stops where the caller stops asking.

        Days are dropped whole, once their end is old enough. Of readings that go, roll-ups of all widths stay, if those are kept longer.
        """
        ...

    def archive(self, *, after_days: float) -> Iterator[Archived]:
        """Move readings of periods of seven days that have been over for so long to the archive, a step for each item.

        What is asked of the past stays the same. Readings that come later are merged on reading, and moved the next time.
        Raises StoreError where no archive is set up or it cannot be reached.
        """
        ...
