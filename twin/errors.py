"""One tree of errors. Each carries its facts as attributes and says what to do next."""

from typing import Any

from msgspec import Struct


class TwinError(Exception):
    """Base of every error that this software raises on purpose.

    `str(error)` is one sentence for a person, with advice. Front ends turn the class into a status code or an exit
    code; nothing below them does.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by message and facts: importers run in child processes and their errors travel."""
        return _restored, (type(self), self.args, self.__dict__)


def _restored(kind: type["TwinError"], arguments: tuple[Any, ...], facts: dict[str, Any]) -> "TwinError":
    error = kind.__new__(kind)
    error.args = arguments
    error.__dict__.update(facts)
    return error


class SourceError(TwinError):
    """A source (an IFC file, a GIS layer) cannot be read; nothing of it was published."""

    def __init__(self, source: str, reason: str, advice: str) -> None:
        self.source = source
        self.reason = reason
        self.advice = advice
        super().__init__(f"{source}: {reason}. {advice}")


class UnsupportedSource(SourceError):
    """The format or schema of the source is not one that can be read."""


class DamagedSource(SourceError):
    """The source claims a format that can be read, but its content is broken."""


class Problem(Struct, frozen=True, kw_only=True):
    """One thing that is wrong in a line of a file, with advice."""

    line: int
    what: str
    advice: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.what}. {self.advice}"


_MOST_PROBLEMS = 50
"""Problems that are told at once."""


class InvalidRules(TwinError):
    """A rules file that cannot be used; nothing was imported. `problems` are at most fifty, in the order of lines."""

    def __init__(self, name: str, problems: list[Problem]) -> None:
        self.name = name
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line)[:_MOST_PROBLEMS])
        also = "".join(f"\n  {problem}" for problem in self.problems[1:])
        super().__init__(f"{name}, {self.problems[0]}{also}")


class PlacementError(TwinError):
    """Where a model stands cannot be computed (an unknown CRS, a missing PROJ grid, coordinates out of range)."""

    def __init__(self, reason: str, advice: str) -> None:
        self.reason = reason
        self.advice = advice
        super().__init__(f"{reason}. {advice}")


class InvalidKey(TwinError):
    """A model key that is not allowed: empty, too long, reserved, or with characters that ids cannot hold."""

    def __init__(self, key: str, reason: str) -> None:
        self.key = key
        self.reason = reason
        super().__init__(f"model key {key!r}: {reason}. Choose another with --key.")


class KeyTaken(TwinError):
    """A default key belongs to another source already."""

    def __init__(self, key: str, owner: str) -> None:
        self.key = key
        self.owner = owner
        super().__init__(f"model key {key!r} already belongs to {owner}. Choose another with --key.")


class NotFound(TwinError):
    """No such model, revision or object."""

    def __init__(self, kind: str, identifier: str) -> None:
        self.kind = kind
        self.identifier = identifier
        super().__init__(f"no {kind} {identifier!r}")


class NotAllowed(TwinError):
    """The caller is known, and has not the right to do this."""


class Conflict(TwinError):
    """What is asked contradicts what is stored (a revision already published, a newer one under way)."""


class TilingError(TwinError):
    """A tileset could not be built from a spooled source; nothing was published."""


class StoreError(TwinError):
    """The data folder or database cannot be used (locked, of a newer version, not writable)."""


class InvalidQuery(TwinError):
    """A filter, cursor or condition of a query that cannot be understood."""


class InvalidFilter(InvalidQuery):
    """A filter of `twin.filters` that cannot be read or makes no sense. `position`: where in its text, from 0."""

    def __init__(self, what: str, *, text: str, position: int) -> None:
        self.what = what
        self.position = position
        self.excerpt = text[max(0, position - 20) : position + 20]
        place = f" at character {position + 1}" + (f" (near {self.excerpt!r})" if self.excerpt else "")
        super().__init__(f"The filter {what}{place if text else ''}.")
