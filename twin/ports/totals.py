"""What many signals say together."""

from typing import Literal

from msgspec import Struct

AGGREGATED_BY = Literal["class", "storey", "model", "kind", "name", "all"]
"""What groups are made by; `name`: of the signal."""


class StateTotal(Struct, frozen=True, kw_only=True):
    """Signals of one group, kind and unit: what is of another kind or in another unit is never added up with them.

    `signals`: all of them, `qualities` by effective quality (`none`: never reported). `count`, `sum`, `mean`, `minimum` and
    `maximum` are of those whose quality is good or uncertain and whose value is a number (booleans are 0 and 1); `texts`: how
    many more of these qualities are texts. `key` is None for objects without such a thing (no storey), `label` its name for people.
    """

    key: str | None
    label: str | None
    kind: str | None
    unit: str | None
    signals: int
    count: int
    sum: float | None
    mean: float | None
    minimum: float | None
    maximum: float | None
    texts: int
    qualities: dict[str, int]
