"""Third part: devices, what they reply and report, and people."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.twin.store.plane_asking import OFFS, PICK, QUALITIES
from tests.twin.store.plane_oracle import ALLOWANCE_US, FLYING, LEVEL, TOLERANCE, Known, S
from tests.twin.store.plane_sending import Sending
from twin.commands import ApprovalRefused, Reply, ReplyKind, StepRefused
from twin.controls import Confirm
from twin.errors import Conflict
from twin.state import Quality, Reading

NOTES_KEPT = 20
"""Of what is only noted for one command."""

MANY = 50
"""More than there are ever open commands to one signal."""


class Living(Sending):
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
        one = self.replies[pick % len(self.replies)]
        if not keep:
            self.replies.remove(one)
        self._reply([(one, kind)], stranger=stranger)

    def _reply(self, said: list[tuple[Known, ReplyKind]], *, stranger: bool = False) -> None:
        """Replies that come together; what becomes of each command, and what is told of each reply."""
        self._check()
        wanted = {one.id: self.oracle.status(one.id) for one, _ in said}
        counts = dict.fromkeys(("taken", "late", "repeated", "unknown"), 0)
        replies = []
        for one, kind in said:
            before = wanted[one.id]
            if not stranger:
                wanted[one.id] = self._after_reply(one, before, kind)
            counts["unknown" if stranger else _word(before, wanted[one.id], kind)] += 1
            signals = frozenset({one.signal + (1 if stranger else 0)})
            replies.append(Reply(id=one.id, kind=kind, received_at=self.now, signals=signals))
        answered = self.store.record_replies(replies)
        self._check()
        assert {one: self.oracle.status(one) for one in wanted} == wanted
        assert {name: getattr(answered, name) for name in counts} == counts
        if counts["late"] and len(said) == 1:
            steps = self.store.command_steps(said[0][0].id)
            assert steps[-1].told or len(steps) > NOTES_KEPT, "a late reply is not written down"

    def _after_reply(self, one: Known, before: str, kind: ReplyKind) -> str:
        if kind is ReplyKind.ACCEPTED:
            if before != "sent":
                return before
            one.proofs.add("acknowledged")
            shown = self.oracle.good(one.signal)
            has_it = shown is not None and abs(shown - one.value) <= TOLERANCE
            if one.by_reply or (one.control.on_change and has_it):
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
        self._report(
            self._kind(pick), off=off, quality=quality, late_s=late_s, retained=retained, crowd=crowd, queued=queued
        )  # fmt: skip

    def _report(
        self,
        kind: str,
        *,
        off: float,
        quality: Quality,
        late_s: int,
        retained: bool,
        crowd: bool,
        queued: bool,
    ) -> None:
        """What it has, or what it was told, near enough or not; alone, or twice and before another; received now, or before a command was sent."""
        self._tick()
        signal = self._shown_by(kind)
        flying = [each.value for each in self.oracle.flying() if each.kind == kind]
        value = (flying[0] if flying else self.state.get(self.numbers[kind], 0.0)) + off
        received = self.now - ALLOWANCE_US // 2 if queued else self.now
        reading = Reading(signal, value, received - late_s * S, received, quality, retained)
        later = Reading(signal, 999.0, received - late_s * S + 1, received)
        self._record([reading, reading, later] if crowd else [reading])

    @rule(pick=PICK)
    def a_device_falls_silent(self, pick: int) -> None:
        """Its gateway is gone, say; what it has said is kept as stale."""
        self._falls_silent(self._shown_by(self._kind(pick)))

    def _falls_silent(self, signal: int) -> None:
        self._tick()
        self.store.mark_stale([signal])
        if signal in self.oracle.reported:
            self.oracle.away.add(signal)

    @rule(value=st.sampled_from([60.0, 60.0, 40.0]), quality=QUALITIES)
    @precondition(lambda self: "locked" in self.kinds)
    def the_level_changes(self, value: float, quality: Quality) -> None:
        self._level(value, quality)

    def _level(self, value: float, quality: Quality = Quality.GOOD) -> None:
        self._tick()
        self._record([Reading(self.numbers[LEVEL], value, self.now, self.now, quality)])

    def _record(self, readings: list[Reading]) -> None:
        self._check()
        shown = []
        for one in self.oracle.flying():
            own = [each for each in readings if each.signal == self._shown_by(one.kind)]
            if one.control.confirm is not Confirm.ACK and any(map(one.is_shown_by, own)):
                one.proofs.add("confirmed")
                shown.append(one)
        self.store.record(readings)
        for each in readings:
            self.oracle.hears(each)
        self._check()
        for one in shown:
            assert self.oracle.status(one.id) == "confirmed", (
                f"{one.kind}: a reading shows it, and it is not confirmed"
            )

    # ------------------------------------------------------------------------------------------- people
    @rule(pick=PICK, by=st.sampled_from(["ada", "bob"]))
    @precondition(lambda self: "danger" in self.kinds)
    def somebody_approves(self, pick: int, by: str) -> None:
        self._tick()
        self._check()
        waiting = [
            each for each in self.oracle.known.values() if self.oracle.status(each.id) == "awaiting_approval"
        ]
        if waiting:
            self._approve(waiting[pick % len(waiting)], by)

    def _approve(self, one: Known, by: str) -> None:
        """Not by who asked for it, and not after its time."""
        self._check()
        late = self.now >= one.deadline("awaiting_approval")
        request = one.id.partition("-")[0]
        if by != one.by and not late:
            for proofs in self._proofs(request):
                proofs.add("approved")
        try:
            self.store.approve_command(request, by=by)
        except ApprovalRefused:
            assert by == one.by
        self._check()
        wanted = "awaiting_approval" if by == one.by else "expired" if late else "queued"
        assert self.oracle.status(one.id) == wanted

    def _of(self, request: str) -> list[Known]:
        return [each for each in self.oracle.known.values() if each.id.partition("-")[0] == request]

    def _proofs(self, request: str) -> list[set[str]]:
        """Of those of its commands that wait, and of those that are still to be recorded."""
        waiting = [
            each.proofs for each in self._of(request)
            if self.oracle.status(each.id) in {"awaiting_approval", "queued"}
        ]  # fmt: skip
        begun = self.oracle.begun.get(request)
        return waiting if begun is None else [*waiting, begun.proofs]

    @rule(pick=PICK)
    def somebody_cancels(self, pick: int) -> None:
        self._tick()
        self._check()
        known = list(self.oracle.known.values())
        if known:
            self._cancel(known[-1 - pick % len(known)])

    def _cancel(self, one: Known) -> None:
        """Its request: what is waiting is taken back, what is not recorded yet, too."""
        request = one.id.partition("-")[0]
        waiting = [
            each for each in self._of(request)
            if self.oracle.status(each.id) in {"awaiting_approval", "queued"}
        ]  # fmt: skip
        begun = request in self.oracle.begun
        for proofs in self._proofs(request):
            proofs.add("cancelled")
        try:
            self.store.cancel_command(request, by="ada")
        except StepRefused:
            assert not waiting
        else:
            assert waiting or begun
        self._check()
        assert request not in self.oracle.begun
        assert all(self.oracle.status(each.id) == "cancelled" for each in waiting)
        assert not any(
            self.oracle.status(each.id) in {"awaiting_approval", "queued"} for each in self._of(request)
        )

    @rule(pick=PICK, release=st.booleans())
    def somebody_holds(self, *, pick: int, release: bool) -> None:
        self._tick()
        known = [each for each in self.oracle.known.values() if "-" not in each.id and each.by == "ada"]
        if known:
            self._hold(known[-1 - pick % len(known)], release=release)

    def _hold(self, one: Known, *, release: bool) -> None:
        holds = self.oracle.holds
        held = holds.get(one.signal)
        try:
            if release:
                self.store.release_command(one.id, by="ada")
            else:
                self.store.hold_command(one.id, by="ada")
        except Conflict:
            if release:
                assert held is None or held[1] != one.id
            else:
                assert held is not None
                assert held[0].rank > one.priority.rank
            return
        if release:
            assert held is not None
            del holds[one.signal]
        else:
            holds[one.signal] = (one.priority, one.id)

    def _clear(self, kind: str) -> None:
        """What was asked of a signal before is over, nobody holds it, and its device is there."""
        self._tick()
        self._check()
        held = self.oracle.holds.get(self.numbers[kind])
        if held is not None:
            self._hold(self.oracle.known[held[1]], release=True)
        for _ in range(MANY):
            opened = self.oracle.open_of(self.numbers[kind])
            if not opened:
                for signal in {self.numbers[kind], self._shown_by(kind)} & self.oracle.away:
                    self._record([Reading(signal, 900.0, self.now, self.now)])
                    self._tick()
                return
            waiting = [each for each in opened if self.oracle.status(each.id) not in FLYING]
            if waiting:
                self._cancel(waiting[0])
            else:
                self.clock.advance(timedelta(seconds=11))
                self._work("one")
        raise AssertionError("something does not end")

    @rule(seconds=st.sampled_from([1, 3, 6, 11, 61]))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(timedelta(seconds=seconds))


def _word(before: str, after: str, kind: ReplyKind) -> str:
    """What a reply is counted as."""
    if before != after:
        return "taken"
    return "repeated" if before == "acknowledged" and kind is ReplyKind.ACCEPTED else "late"
