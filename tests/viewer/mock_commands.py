"""The command shapes of the twin's API, for a page: a device that does what a test says, step by step."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

JsonObject = dict[str, Any]
STARTED = "2026-05-01T08:00:0{}Z"
ENDED = frozenset({"confirmed", "rejected", "failed", "timed_out", "unconfirmed", "cancelled"})


@dataclass(kw_only=True)
class MockCommands:
    """At most one command at a time; tests read what was asked and move it on."""

    allowed: bool = True
    asked: list[JsonObject] = field(default_factory=list)
    """Bodies of all that was asked for."""
    refusal: str | None = None
    """Detail of the refusal that every request gets."""
    log: list[JsonObject] = field(default_factory=list)
    """Steps of the newest."""

    refused: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Of commands to many: code and detail by id of the signal."""
    many: dict[str, str] = field(default_factory=dict)
    """State by id of the signal, of the newest command to many."""

    def take(self, state: str, detail: str | None = None) -> None:
        """The newest command takes a step."""
        at = STARTED.format(len(self.log))
        self.log.append({"state": state, "at": at, "by": "device", "detail": detail, "noted": False})

    def request(self) -> JsonObject:
        """The newest, as the API has it."""
        state = self.log[-1]["state"]
        asked = self.asked[-1]
        command = {
            "id": "c1",
            "signal": asked["signal"],
            "value": asked["value"],
            "state": state,
            "detail": None,
        }
        return {
            "id": "r1",
            "open": state not in ENDED,
            "targets": 1,
            "counts": {state: 1},
            "command": command,
        }

    def listed(self, query: dict[str, str]) -> JsonObject:
        found = [self.request()] if self.log and self.asked[-1]["signal"] == query.get("signal") else []
        return {"items": [each for each in found if each["open"]], "next": None}

    def one(self, _: dict[str, str], command: str) -> JsonObject | None:
        if command == "many":
            return self.bulk()
        return self.request() if self.log else None

    def parts(self, query: dict[str, str], command: str, what: str) -> JsonObject | None:
        """Steps of the newest command, or targets of the one to many."""
        if what == "steps":
            return {"items": self.log, "next": None} if command == "c1" else None
        wanted = query["state"].split(",")
        items = [
            {
                "id": signal, "signal": signal, "object": signal.rpartition("/")[0], "state": state,
                "detail": ": ".join(self.refused.get(signal, ())) or None,
            }
            for signal, state in self.many.items() if state in wanted
        ]  # fmt: skip
        return {"items": items, "next": None}

    def bulk(self) -> JsonObject:
        """The newest command to many, as the API has it."""
        counts = Counter(self.many.values())
        return {
            "id": "many", "targets": len(self.many), "counts": dict(counts),
            "open": any(state not in ENDED for state in self.many.values()), "command": None,
        }  # fmt: skip

    def _trial(self, signals: list[str]) -> JsonObject:
        outcomes = [
            {
                "signal": signal, "failing_interlocks": [], "supersedes": [], "approval": False,
                "refusals": [dict(zip(("code", "detail"), self.refused[signal], strict=True))] if signal in self.refused else [],
            }
            for signal in signals
        ]  # fmt: skip
        return {"targets": len(signals), "refused": len(self.refused), "outcomes": outcomes}

    def post(self, path: str, body: JsonObject) -> tuple[int, JsonObject]:
        """Status and document of a request to command, or to take back."""
        if path.endswith("/cancel"):
            self.take("cancelled")
            return 200, self.request()
        self.asked.append(body)
        if "targets" in body:
            signals = body["targets"]["signals"]
            if body.get("dry_run"):
                return 200, self._trial(signals)
            self.many = {one: "failed" if one in self.refused else "queued" for one in signals}
            return 202, self.bulk()
        if self.refusal is not None:
            return 409, {"title": "Conflict", "detail": self.refusal}
        self.log = []
        self.take("queued")
        return 202, self.request()
