"""Levels of detail: which one of those that an object has is drawn."""


def rank(level: str) -> float:
    """Order of a level (`1`, `2.2`, `lod3`): higher is more detailed; what is no number comes below all."""
    try:
        return float(level.lower().removeprefix("lod"))
    except ValueError:
        return -1.0


def chosen_level(levels: list[str], wanted: str | None) -> str:
    """The highest of `levels` that is not above `wanted`; the lowest where all are above; None: the highest of all.

    A wanted `2` takes 2.3, too: 2.0 to 2.3 are refinements of level 2.
    """
    ordered = sorted(levels, key=rank)
    if wanted is None or rank(wanted) < 0.0:
        return ordered[-1]
    limit = rank(wanted) + (0.999 if float(rank(wanted)).is_integer() and "." not in wanted else 0.0)
    below = [level for level in ordered if rank(level) <= limit]
    return below[-1] if below else ordered[0]
