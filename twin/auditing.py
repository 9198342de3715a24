"""The chain of the audit: how an entry is bound to those before it, and how a damaged chain is told. Pure.

The MAC of an entry is HMAC-SHA256 over the MAC before it and all that the entry holds. Whoever can write in the database but has not
the key, which is kept outside of it, can neither change an entry nor take one out nor make the chain anew. To cut its end needs
no key; so heads (number and MAC of the newest entry) are exported at intervals to a place outside of the database, and a chain that does not
hold an exported head has been cut or made anew.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Struct

from twin.access import AuditRecord, Entry

FIRST = bytes(32)
"""Stands for the MAC before that of the first entry."""

MAX_FINDINGS = 20


class Head(Struct, frozen=True, kw_only=True):
    """The newest entry at some time, as it is exported. `mac` in hexadecimal digits."""

    seq: int
    at: int
    mac: str


class Finding(Struct, frozen=True, kw_only=True):
    """Something that is wrong with the chain at an entry."""

    seq: int
    what: str


def mac_of(key: bytes, before: bytes, seq: int, at: int, entry: Entry) -> bytes:
    """The MAC of an entry."""
    fields = [seq, at, entry.who, entry.action, entry.target, entry.detail, entry.origin]
    return hmac.new(key, before + msgspec.json.encode(fields), hashlib.sha256).digest()


def head_of(record: AuditRecord) -> Head:
    """What is exported of the newest entry."""
    return Head(seq=record.seq, at=record.at, mac=record.mac.hex())


def verify(
    chain: Iterable[AuditRecord], key: bytes, heads: Iterable[Head] = (), *, count: int | None = None
) -> list[Finding]:
    """What is wrong with a chain, at most `MAX_FINDINGS`; empty: nothing. `count`: entries that were counted as they were written.

    Of entries behind one that is wrong, each is judged by the MAC that is kept before it, so that one change is one finding.
    """
    exported: Mapping[int, list[str]] = _by_number(heads)
    findings: list[Finding] = []
    before, expected = FIRST, 1
    for record in chain:
        if record.seq != expected:
            findings.append(Finding(seq=expected, what=_missing(expected, record.seq)))
        mac = mac_of(key, before, record.seq, record.at, record.entry)
        if not hmac.compare_digest(mac, record.mac):
            what = "was changed, put elsewhere, or written without the key"
            findings.append(Finding(seq=record.seq, what=what))
        if any(known != record.mac.hex() for known in exported.get(record.seq, ())):
            findings.append(Finding(seq=record.seq, what="is another than the one exported"))
        before, expected = record.mac, record.seq + 1
        if len(findings) >= MAX_FINDINGS:
            return findings[:MAX_FINDINGS]
    last = max((*exported, count or 0), default=0)
    if last >= expected:
        findings.append(Finding(seq=expected, what=_missing(expected, last + 1)))
    return findings


def _by_number(heads: Iterable[Head]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for head in heads:
        found.setdefault(head.seq, []).append(head.mac)
    return found


def _missing(first: int, until: int) -> str:
    return "is missing" if until == first + 1 else f"and those up to {until - 1} are missing"
