"""What waits for approval, the audit and the health of ingest, as the twin's API tells of them, for a page."""

from dataclasses import dataclass, field
from typing import Any

JsonObject = dict[str, Any]


def _answer(items: list[JsonObject], following: str | None = None) -> JsonObject:
    return {"items": items, "next": following}


def request(number: int, state: str, *, by: str = "Wang Fang", reason: str = "Level is high") -> JsonObject:
    """A request for one signal as the API has it."""
    command = {
        "id": f"c{number}", "signal": "pump-house/pump-1/on", "object": "pump-house/pump-1", "unit": None,
        "value": True, "state": state, "detail": None,
    }  # fmt: skip
    return {
        "id": f"r{number}", "by": by, "reason": reason, "priority": "manual", "targets": 1, "open": False,
        "created_at": "2026-05-01T08:00:00Z", "counts": {state: 1}, "command": command,
    }  # fmt: skip


@dataclass(kw_only=True)
class MockOperations:
    """Tests fill it, and read what was decided."""

    may: frozenset[str] = frozenset()
    """Actions that are allowed everywhere, beside those of the commands."""
    requests: list[JsonObject] = field(default_factory=list)
    decided: list[tuple[str, JsonObject]] = field(default_factory=list)
    """Path and body of each decision."""
    refusal: str | None = None
    """Detail of what every decision is refused with."""
    audit: list[JsonObject] = field(default_factory=list)
    verdict: JsonObject = field(default_factory=lambda: {"entries": 0, "heads": 0, "findings": []})
    ingest: JsonObject = field(default_factory=lambda: {"sources": [], "complaints": [], "gone_stale": 0})
    rejected: list[JsonObject] = field(default_factory=list)
    devices: list[JsonObject] = field(default_factory=list)

    def listed(self, query: dict[str, str]) -> JsonObject:
        """Requests, perhaps of one state."""
        wanted = query.get("state")
        return _answer([each for each in self.requests if wanted in {None, *each["counts"]}])

    def entries(self, query: dict[str, str]) -> JsonObject:
        """A page of the audit."""
        start, limit = int(query.get("cursor") or 0), int(query.get("limit") or 100)
        more = start + limit < len(self.audit)
        return _answer(self.audit[start : start + limit], str(start + limit) if more else None)

    def decide(self, path: str, body: JsonObject) -> tuple[int, JsonObject]:
        """Approve or take back."""
        if self.refusal is not None:
            return 409, {"title": "Conflict", "detail": self.refusal}
        name, what = path.split("/")[-2:]
        found = next(each for each in self.requests if each["id"] == name)
        self.decided.append((f"{name}/{what}", body))
        state = "queued" if what == "approve" else "cancelled"
        found["counts"] = {state: 1}
        found["command"]["state"] = state
        return 200, found

    def routes(self) -> dict[tuple[str, int], Any]:
        """By first part and number of parts of the path."""
        return {
            ("audit", 1): self.entries,
            ("audit", 2): lambda _, __: self.verdict,
            ("ingest", 1): lambda _: self.ingest,
            ("ingest", 2): lambda _, __: _answer(self.rejected),
            ("devices", 1): lambda _: _answer(self.devices),
        }
