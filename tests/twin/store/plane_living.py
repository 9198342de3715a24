"""Second part: devices, what they reply and report, and people."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import (
    precondition,
    rule,
)

from tests.twin.store.plane_asking import OFFS, PICK, QUALITIES, Asking
from tests.twin.store.plane_oracle import (
    ALLOWANCE_US,
    LEVEL,
    METER,
    TOLERANCE,
    Known,
    S,
)
from twin.commands import ApprovalRefused, Reply, ReplyKind, StepRefused
from twin.controls import Confirm
from twin.errors import Conflict
from twin.state import Quality, Reading


class Living(Asking):
    """Devices, the network between, and people."""

    # ------------------------------------------------------------------------------------------ devices
    @precondition(lambda self: self.network)
    @rule(pick=PICK, says=st.booleans())
    def a_device_acts(self, *, pick: int, says: bool) -> None:
        """It does what it is told, once if it can tell; acknowledges, and reports what is more than its deadband away."""
        self._tick()
        one = self.network.pop(pick % len(self.network))
        if one.control.resend == "never" or one.id not in self.done_by_device:
            one.executions += 1
            before = self.state.get(one.signal)
            self.state[one.signal] = one.value
            if says and (before is None or abs(before - one.value) >= TOLERANCE):
                self.reports.append((self._shown_by(one.kind), one.value, self.now))
        self.done_by_device.add(one.id)
        self.replies.append(one)

    def _shown_by(self, kind: str) -> int:
        return self.numbers[METER if kind == "far" else kind]

    @precondition(lambda self: self.replies)
    @rule(
        pick=PICK,
        kind=st.sampled_from([ReplyKind.ACCEPTED] * 3 + list(ReplyKind)),
        stranger=st.sampled_from([False, False, False, True]),
        keep=st.booleans(),
    )
    def a_reply_comes(self, *, pick: int, kind: ReplyKind, stranger: bool, keep: bool) -> None:
        """Once, twice, late, in any order, from the device or from another."""
        self._tick()
        self.oracle.check(self.store, self.now)
        one = self.replies[pick % len(self.replies)]
        if not keep:
            self.replies.remove(one)
        before = self.oracle.status(one.id)
        wanted = before if stranger else self._after_reply(one, before, kind)
        signals = frozenset({one.signal + (1000 if stranger else 0)})
        self.store.record_replies([Reply(id=one.id, kind=kind, received_at=self.now, signals=signals)])
        self.oracle.check(self.store, self.now)
        assert self.oracle.status(one.id) == wanted, (
            f"{one.kind} was {before}: {kind} made it {self.oracle.status(one.id)}"
        )

    def _after_reply(self, one: Known, before: str, kind: ReplyKind) -> str:
        if kind is ReplyKind.ACCEPTED:
            if before != "sent":
                return before
            one.proofs.add("acknowledged")
            shown = self.oracle.reported.get(one.signal)
            has_it = (
                one.control.on_change
                and shown is not None
                and shown.quality is Quality.GOOD
                and abs(float(shown.value) - one.value) <= TOLERANCE
            )
            if one.by_reply or has_it:
                one.proofs.add("confirmed")
                return "confirmed"
            return "acknowledged"
        if before not in {"sent", "acknowledged"}:
            return before
        ending = "rejected" if kind is ReplyKind.REJECTED and before == "sent" else "failed"
        one.proofs.add(ending)
        return ending

    # ----------------------------------------------------------------------------------------- readings
    @precondition(lambda self: self.reports)
    @rule(pick=PICK, keep=st.booleans(), retained=st.sampled_from([False, False, True]), quality=QUALITIES)
    def a_report_comes(self, *, pick: int, keep: bool, retained: bool, quality: Quality) -> None:
        """What a device has said arrives: late, twice, by the broker's memory, in any order."""
        self._tick()
        report = self.reports[pick % len(self.reports)]
        if not keep:
            self.reports.remove(report)
        signal, value, observed = report
        self._record([Reading(signal, value, observed, self.now, quality, retained)])

    @rule(
        pick=PICK, off=OFFS, quality=QUALITIES, late_s=st.sampled_from([0, 0, 0, 1, 3, 30]),
        retained=st.sampled_from([False, False, False, True]), crowd=st.booleans(), queued=st.sampled_from([False, False, True]),
    )  # fmt: skip
    def a_device_reports(
        self,
        *,
        pick: int,
        off: float,
        quality: Quality,
        late_s: int,
        retained: bool,
        crowd: bool,
        queued: bool,
    ) -> None:
        """What it has, or what it was told, near enough or not; alone or with another report; received now, or before a command was sent."""
        self._tick()
        kind = self._kind(pick)
        signal = self._shown_by(kind)
        flying = [each.value for each in self.oracle.flying() if each.kind == kind]
        value = (flying[0] if flying else self.state.get(self.numbers[kind], 0.0)) + off
        received = self.now - ALLOWANCE_US // 2 if queued else self.now
        reading = Reading(signal, value, received - late_s * S, received, quality, retained)
        later = Reading(signal, 999.0, received - late_s * S + 1, received)
        self._record([reading, later] if crowd else [reading])

    @rule(value=st.sampled_from([60.0, 60.0, 40.0]), quality=QUALITIES)
    @precondition(lambda self: "locked" in self.kinds)
    def the_level_changes(self, value: float, quality: Quality) -> None:
        self._tick()
        self._record([Reading(self.numbers[LEVEL], value, self.now, self.now, quality)])

    def _record(self, readings: list[Reading]) -> None:
        self.oracle.check(self.store, self.now)
        shown = []
        for one in self.oracle.flying():
            own = [each for each in readings if each.signal == self._shown_by(one.kind)]
            if one.control.confirm is not Confirm.ACK and any(map(one.is_shown_by, own)):
                one.proofs.add("confirmed")
                shown.append(one)
        self.store.record(readings)
        for each in readings:
            known = self.oracle.reported.get(each.signal)
            if known is None or each.observed_at >= known.observed_at:
                self.oracle.reported[each.signal] = each
        self.oracle.check(self.store, self.now)
        for one in shown:
            assert self.oracle.status(one.id) == "confirmed", (
                f"{one.kind}: a reading shows it, and it is not confirmed"
            )

    # ------------------------------------------------------------------------------------------- people
    @rule(pick=PICK, by=st.sampled_from(["ada", "bob"]))
    @precondition(lambda self: "danger" in self.kinds)
    def somebody_approves(self, pick: int, by: str) -> None:
        self._tick()
        self.oracle.check(self.store, self.now)
        waiting = [
            each for each in self.oracle.known.values() if self.oracle.status(each.id) == "awaiting_approval"
        ]
        for one in waiting[pick % len(waiting) :][:1] if waiting else ():
            late = self.now >= one.deadline("awaiting_approval")
            if by != "ada" and not late:
                one.proofs.add("approved")
            try:
                self.store.approve_command(one.id.partition("-")[0], by=by)
            except ApprovalRefused:
                assert by == "ada"
            self.oracle.check(self.store, self.now)
            wanted = "awaiting_approval" if by == "ada" else "expired" if late else "queued"
            assert self.oracle.status(one.id) == wanted

    @rule(pick=PICK)
    def somebody_cancels(self, pick: int) -> None:
        self._tick()
        self.oracle.check(self.store, self.now)
        known = list(self.oracle.known.values())
        if not known:
            return
        request = known[-1 - pick % len(known)].id.partition("-")[0]
        own = [each for each in known if each.id.partition("-")[0] == request]
        waiting = [each for each in own if self.oracle.status(each.id) in {"awaiting_approval", "queued"}]
        for each in waiting:
            each.proofs.add("cancelled")
        try:
            self.store.cancel_command(request, by="ada")
        except StepRefused:
            assert not waiting
        else:
            assert waiting
        self.oracle.check(self.store, self.now)
        assert all(self.oracle.status(each.id) == "cancelled" for each in waiting)

    @rule(pick=PICK, release=st.booleans())
    def somebody_holds(self, *, pick: int, release: bool) -> None:
        self._tick()
        known = [each for each in self.oracle.known.values() if "-" not in each.id and each.by == "ada"]
        if not known:
            return
        one = known[-1 - pick % len(known)]
        held = self.holds.get(one.signal)
        try:
            if release:
                self.store.release_command(one.id, by="ada")
            else:
                self.store.hold_command(one.id, by="ada")
        except Conflict:
            assert (
                (held is None or held[1] != one.id)
                if release
                else (held is not None and held[0].rank > one.priority.rank)
            )
            return
        if release:
            assert held is not None
            del self.holds[one.signal]
        else:
            self.holds[one.signal] = (one.priority, one.id)

    @rule(seconds=st.sampled_from([1, 3, 6, 11, 61]))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(timedelta(seconds=seconds))
