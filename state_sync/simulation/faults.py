"""What goes wrong with devices, on request. Pure: reports in, messages out."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct

from state_sync.messages import Publication
from state_sync.simulation.curves import scatter
from state_sync.simulation.signals import SimulatedSignal, publication, value_at
from twin.state import Value

FaultKind = Literal["silence", "drift", "late", "duplicates", "bad", "death"]

RUBBISH = (
    b"",
    b"\xff\xfe\x00",
    b"{",
    b'{"value": NaN, "time": "2026-01-01T00:00:00Z"}',
    b'{"value": {"deep": []}, "time": "2026-01-01T00:00:00Z"}',
    b'{"value": 1e400, "time": "2026-01-01T00:00:00Z"}',
    b'{"time": "yesterday", "value": 1}',
    b'{"value": 20.0, "time": "2999-01-01T00:00:00Z"}',
)
"""Payloads that no codec may take for a reading."""

DRIFT_PER_HOUR = 5.0
"""In the unit of the signal: a sensor whose value walks away, slowly enough that each report looks plausible."""


class Fault(Struct, frozen=True, kw_only=True):
    """A fault from `start` to before `end`, microseconds since 1970 UTC.

    `silence`: no reports. `drift`: values walk away. `late`: reports are held and come in one burst at the end, the newest first.
    `duplicates`: each comes twice. `bad`: payloads that are rubbish. `death`: the gateway vanishes and its will is sent; it is back
    at the end. `gateway`: None means all. `share`: of the signals, those affected; always the same ones.
    """

    kind: FaultKind
    start: int
    end: int
    gateway: str | None = None
    share: float = 1.0

    def touches(self, each: SimulatedSignal, at: int) -> bool:
        """Whether a report of a signal at a time goes wrong."""
        return (
            self.start <= at < self.end
            and self.gateway in {None, each.gateway}
            and (self.share >= 1.0 or scatter(each.seed, -2) < self.share)
        )


class Disturbance:
    """Makes messages of reports, with faults. `late` reports wait in here. `held`: values by signal that were commanded, instead of what the curve says."""

    def __init__(
        self,
        signals: Sequence[SimulatedSignal],
        faults: Sequence[Fault] = (),
        held: Mapping[str, Value] | None = None,
    ) -> None:
        self._signals = signals
        self._held_values = {} if held is None else held
        self._faults = faults
        self._held: defaultdict[Fault, list[tuple[str, Publication]]] = defaultdict(list)

    def messages(self, reports: Sequence[tuple[int, int]], now: int) -> list[tuple[str, Publication]]:
        """(gateway, message) for reports as `Schedule.due` gives them; with those held back whose time has come."""
        sent: list[tuple[str, Publication]] = []
        for fault in [fault for fault in self._held if fault.end <= now]:
            sent += reversed(self._held.pop(fault))
        for at, place in reports:
            sent += self._report(self._signals[place], at)
        return sent

    def dead(self, gateway: str, now: int) -> bool:
        """Whether a gateway is gone."""
        return any(
            fault.kind == "death" and fault.start <= now < fault.end and fault.gateway in {None, gateway}
            for fault in self._faults
        )

    def _report(self, each: SimulatedSignal, at: int) -> list[tuple[str, Publication]]:
        touching = {fault.kind: fault for fault in self._faults if fault.touches(each, at)}
        if "silence" in touching or "death" in touching:
            return []
        message = self._message(each, at, touching)
        if "late" in touching:
            self._held[touching["late"]].append((each.gateway, message))
            return []
        return [(each.gateway, message)] * (2 if "duplicates" in touching else 1)

    def _message(self, each: SimulatedSignal, at: int, touching: dict[FaultKind, Fault]) -> Publication:
        if "bad" in touching:
            return Publication(each.topic, RUBBISH[int(scatter(each.seed, at) * len(RUBBISH))])
        value = self._held_values.get(each.signal.id)
        if value is None:
            value = value_at(each, at)
        if "drift" in touching and isinstance(value, float):
            value += DRIFT_PER_HOUR * (at - touching["drift"].start) / 3.6e9
        return publication(each, at, value)
