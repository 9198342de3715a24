"""Fourth part: what goes straight for one case each, whatever was before. Chance alone comes to these too seldom."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from hypothesis import strategies as st

from tests.twin.store.plane_asking import DISQUALIFYING, FLAWS, PICK, SERVERS, SOUND, VALUES
from tests.twin.store.plane_living import Living
from tests.twin.store.plane_oracle import KINDS, LEVEL, Known
from tests.twin.store.plane_sending import WRITES
from twin.commands import ReplyKind
from twin.controls import Confirm, Priority
from twin.ports import Order
from twin.state import Quality, Reading

KIND = st.sampled_from(sorted(KINDS))
REPORTING = st.sampled_from(sorted(kind for kind in KINDS if KINDS[kind].confirm is not Confirm.ACK))
REPLYING = st.sampled_from(sorted(kind for kind in KINDS if KINDS[kind].confirm is not Confirm.READING))
LEVELS = ((40.0, Quality.GOOD), (60.0, Quality.BAD), (60.0, Quality.UNCERTAIN), (60.0, Quality.STALE))

CASES: dict[str, st.SearchStrategy[dict[str, Any]]] = {}
"""What each takes, by name."""

Method = TypeVar("Method", bound=Callable[..., None])


def case(**taken: st.SearchStrategy[Any]) -> Callable[[Method], Method]:
    """A method that is one."""

    def known(method: Method) -> Method:
        CASES[method.__name__] = st.fixed_dictionaries(taken)
        return method

    return known


def _other(server: str) -> str:
    return "two" if server == "one" else "one"


class Cases(Living):
    """Single cases."""

    # ---------------------------------------------------------------------------------------- what they share
    def _asked(self, kind: str, value: float, priority: Priority = Priority.MANUAL) -> Known:
        """A command that may be sent at once."""
        if kind == "locked":
            self._level(60.0)
        one = self._ask(kind, value, priority)
        assert one is not None
        if kind == "danger":
            self._approve(one, "bob")
        return one

    def _taken(self, kind: str, value: float, server: str) -> Known:
        """A command that this server has been told to send; nothing else is to be done with the signal."""
        self._clear(kind)
        one = self._asked(kind, value)
        self._work(server)
        assert self.oracle.status(one.id) == "sent"
        return one

    def _goes(self, one: Known, server: str, fate: str = "arrives") -> None:
        self._tick()
        (told,) = (each for each in self.told[server] if each.outgoing.command.id == one.id)
        self.told[server] = [each for each in self.told[server] if each is not told]
        self._leaves(server, told, fate, twice=False)
        while one in self.network:
            self.a_device_acts(pick=self.network.index(one), says=False)

    def _wait(self, seconds: float, server: str) -> None:
        self.clock.advance(timedelta(seconds=seconds))
        self._work(server)

    # --------------------------------------------------------------------------------------------- sending
    @case(kind=KIND, value=VALUES, server=SERVERS)
    def the_other_server_looks_while_one_sends(self, kind: str, value: float, server: str) -> None:
        """It leaves alone what a living server has taken."""
        one = self._taken(kind, value, server)
        self._recover(_other(server))
        self._goes(one, server)
        self._recover(_other(server))

    @case(kind=KIND, value=VALUES, server=SERVERS)
    def its_server_dies(self, kind: str, value: float, server: str) -> None:
        """Before it has sent it, or after; the other one sends it again where the device can tell, and waits longer where it cannot."""
        for sends, arrives in ((False, False), (True, False), (True, True)):
            one = self._taken(kind, value, server)
            self.crash(server=server, sends=sends, arrives=arrives, recovers=False)
            self._recover(_other(server))
            if one.control.resend == "always":
                self._goes(one, _other(server))
            self._wait(6, server)
            self._wait(6, server)

    @case(kind=KIND, value=VALUES, server=SERVERS)
    def there_is_no_way_to_devices_for_a_while(self, kind: str, value: float, server: str) -> None:
        self._clear(kind)
        one = self._asked(kind, value)
        self.a_server_without_a_way_to_devices_works(server=server)
        assert self.oracle.status(one.id) == "queued"
        self._work(server)
        assert self.oracle.status(one.id) == "sent"

    @case(value=VALUES, server=SERVERS)
    def nobody_knows_whether_it_was_sent(self, value: float, server: str) -> None:
        """A device that cannot tell does not get it again; its reading is waited for longer."""
        one = self._taken("usual", value, server)
        self._goes(one, server, "doubt")
        self._wait(6, server)
        assert self.oracle.status(one.id) == "sent"
        self._wait(6, server)

    @case(kind=KIND, value=VALUES, server=SERVERS)
    def its_device_is_away_for_a_while(self, kind: str, value: float, server: str) -> None:
        self._clear(kind)
        shown = self._shown_by(kind)
        self._record([Reading(shown, 900.0, self.now, self.now)])
        self._falls_silent(shown)
        one = self._asked(kind, value)
        self._work(server)
        self._wait(2, server)
        assert self.oracle.status(one.id) == "queued"
        self._record([Reading(shown, 901.0, self.now, self.now)])
        self._work(server)
        assert self.oracle.status(one.id) == "sent"

    @case(kind=KIND, value=VALUES, server=SERVERS)
    def one_waits_for_the_other(self, kind: str, value: float, server: str) -> None:
        self._clear(kind)
        first, second = self._asked(kind, value), self._asked(kind, value + 10)
        self._work(server)
        assert [self.oracle.status(each.id) for each in (first, second)] == ["sent", "queued"]

    @case(value=VALUES, server=SERVERS)
    def an_interlock_does_not_hold(self, value: float, server: str) -> None:
        for level, quality in LEVELS:
            self._clear("locked")
            self._level(level, Quality.GOOD if quality is Quality.STALE else quality)
            if quality is Quality.STALE:
                self._falls_silent(self.numbers[LEVEL])
            one = self._ask("locked", value)
            self._work(server)
            assert one is not None
            assert self.oracle.status(one.id) == "failed"

    @case(kind=KIND, value=VALUES, server=SERVERS)
    def one_that_is_over_is_held(self, kind: str, value: float, server: str) -> None:
        """A weaker one was taken before; when it is to be sent, it may not."""
        self._clear(kind)
        strong = self._ask(kind, value, Priority.MANUAL_LIFE_SAFETY)
        assert strong is not None
        self._cancel(strong)
        weak = self._asked(kind, value)
        self._hold(strong, release=False)
        self._work(server)
        assert self.oracle.status(weak.id) == "failed"
        self._hold(strong, release=True)

    @case(kind=KIND, value=VALUES, server=SERVERS)
    def one_that_nobody_sends_in_time(self, kind: str, value: float, server: str) -> None:
        self._clear(kind)
        one = self._asked(kind, value)
        self._wait(61, server)
        assert self.oracle.status(one.id) == "expired"

    @case(kind=KIND, value=VALUES, server=SERVERS)
    def one_for_later(self, kind: str, value: float, server: str) -> None:
        self._clear(kind)
        one = self._ask(kind, value, delay=4)
        assert one is not None
        self._work(server)
        self._wait(4, server)

    @case(kind=KIND, value=VALUES, server=SERVERS, where=WRITES, late=st.booleans())
    def a_server_dies_while_it_writes(
        self, *, kind: str, value: float, server: str, where: str, late: bool
    ) -> None:
        """At each step of a life: nothing of that step is there, and it can be done again."""
        self._clear(kind)
        with self._dies(where, late=late):
            self.store.place_command(
                Order(by="ada", reason="x", targets=[self._target(kind, value)], priority=Priority.MANUAL)
            )
        self._asked(kind, value)
        self.crash_while_it_works(server=server, where=where, late=late)
        self._work(server)
        (one,) = self.oracle.open_of(self.numbers[kind])
        self._goes(one, server)
        reading = Reading(self._shown_by(kind), value, self.now + 1, self.now + 1)
        self._tick()
        with self._dies("change", late=late):
            if one.control.confirm is Confirm.ACK:
                self._reply([(one, ReplyKind.ACCEPTED)])
            else:
                self.store.record([reading])
        self._reply([(one, ReplyKind.ACCEPTED)])
        self._record([reading])
        assert self.oracle.status(one.id) == "confirmed"

    # ------------------------------------------------------------------------------------------------ people
    @case(value=VALUES, server=SERVERS)
    def one_is_approved(self, value: float, server: str) -> None:
        """Not by who has asked for it; by another person in time, and not any more when that is over."""
        for seconds in (9, 11):
            self._clear("danger")
            one = self._ask("danger", value)
            assert one is not None
            self._approve(one, "ada")
            self.clock.advance(timedelta(seconds=seconds))
            self._approve(one, "bob")
            self._work(server)

    @case(kind=KIND, value=VALUES, server=SERVERS)
    def one_is_asked_for_again(self, kind: str, value: float, server: str) -> None:
        """With its key, while it is open and when it is over; and with its key for something else."""
        self._clear(kind)
        one = self._ask(kind, value, keyed=True)
        assert one is not None
        order, identifier = self.keyed[-1]
        for ends in (False, True):
            if ends:
                self._cancel(one)
            for other in (False, True):
                self._with_its_key(order, identifier, server, other=other)

    @case(kind=KIND, value=VALUES)
    def a_weaker_and_a_stronger_one(self, kind: str, value: float) -> None:
        self._clear(kind)
        one = self._ask(kind, value)
        assert self._ask(kind, value, Priority.SCHEDULE) is None
        strong = self._ask(kind, value, Priority.MANUAL_LIFE_SAFETY)
        assert one is not None
        assert strong is not None
        assert self.oracle.status(one.id) == "superseded"

    @case(value=VALUES, server=SERVERS)
    def many_at_a_rate(self, value: float, server: str) -> None:
        for kind in self.kinds:
            self._clear(kind)
        self._place(self._many(value, 0.5), self.kinds, server)
        self._work(server)
        self._wait(2, _other(server))

    @case(value=VALUES, server=SERVERS)
    def many_of_which_some_are_not_recorded(self, value: float, server: str) -> None:
        for pieces in (0, 1):
            for kind in self.kinds:
                self._clear(kind)
            self.ask_many_and_die(value=value, rate=None, pieces=pieces)
            self._work(server)
            self._wait(6, server)
            assert not self.oracle.begun

    @case(value=VALUES)
    def many_are_cancelled_of_which_some_are_not_recorded(self, value: float) -> None:
        for kind in self.kinds:
            self._clear(kind)
        self.ask_many_and_die(value=value, rate=None, pieces=1)
        self._cancel(self._of(list(self.oracle.begun)[-1])[0])

    @case(pick=PICK, value=VALUES, server=SERVERS)
    def a_calendar_asks_twice(self, pick: int, value: float, server: str) -> None:
        self._clear(self._kind(pick))
        self.a_calendar_asks(pick=pick, value=value, server=server)
        for by in ("ada", "bob"):
            self.a_calendar_asks_again(pick=-1, server=_other(server), by=by)

    # ----------------------------------------------------------------------------------------------- devices
    @case(
        kind=REPORTING,
        value=VALUES,
        server=SERVERS,
        flaws=st.permutations(sorted(FLAWS.keys() - DISQUALIFYING)),
    )
    def each_sound_report_confirms(self, kind: str, value: float, server: str, flaws: list[str]) -> None:
        """Also one that repeats what the signal said before; whether it is acknowledged or not."""
        for number, flaw in enumerate(flaws):
            one = self._taken(kind, value, server)
            self._goes(one, server)
            if number % 2 and one.control.confirm is Confirm.BOTH and not one.control.on_change:
                self._reply([(one, ReplyKind.ACCEPTED)])
            self._report(kind, **(SOUND | FLAWS[flaw]))
            assert self.oracle.status(one.id) == "confirmed", flaw

    @case(
        kind=REPORTING, value=VALUES, server=SERVERS, flaws=st.permutations(sorted(DISQUALIFYING)), acknowledged=st.booleans()
    )  # fmt: skip
    def flawed_reports_do_not_confirm(
        self, *, kind: str, value: float, server: str, flaws: list[str], acknowledged: bool
    ) -> None:
        """Each has one fault; at last one comes that is sound."""
        self._clear(kind)
        self._record([Reading(self._shown_by(kind), 900.0, self.now, self.now)])
        one = self._taken(kind, value, server)
        self._goes(one, server)
        if acknowledged:
            self._reply([(one, ReplyKind.ACCEPTED)])
        for each in flaws:
            self._report(kind, **(SOUND | FLAWS[each]))
            assert self.oracle.status(one.id) == ("acknowledged" if acknowledged else "sent"), each
        self._report(kind, **SOUND)
        assert self.oracle.status(one.id) == "confirmed"

    @case(kind=KIND, value=VALUES, server=SERVERS, says=st.sampled_from(list(ReplyKind)))
    def replies_come_together(self, kind: str, value: float, server: str, says: ReplyKind) -> None:
        """Of a stranger first; then the device's own, with its repetition, and with that of a command which is over."""
        over = self._taken(kind, value, server)
        self._goes(over, server)
        self._wait(6, server)
        self._wait(6, server)
        one = self._taken(kind, value, server)
        self._goes(one, server)
        self._reply([(one, says)], stranger=True)
        self._reply([(over, ReplyKind.ACCEPTED), (one, says), (one, ReplyKind.ACCEPTED), (one, says)])

    @case(value=VALUES, server=SERVERS)
    def a_device_has_the_value_already(self, value: float, server: str) -> None:
        """It reports changes only, those beyond its deadband."""
        for off, end in ((0.5, "confirmed"), (2.0, "acknowledged")):
            self._clear("lazy")
            self._record([Reading(self.numbers["lazy"], value + off, self.now, self.now)])
            one = self._taken("lazy", value, server)
            self._goes(one, server)
            self._reply([(one, ReplyKind.ACCEPTED)])
            assert self.oracle.status(one.id) == end

    @case(kind=REPORTING, value=VALUES, server=SERVERS)
    def a_device_says_what_it_said_before(self, kind: str, value: float, server: str) -> None:
        """A repetition is no change, and shows that it was done."""
        self._clear(kind)
        self._record([Reading(self._shown_by(kind), value, self.now, self.now)])
        one = self._taken(kind, value, server)
        self._goes(one, server)
        self._report(kind, **SOUND)
        assert self.oracle.status(one.id) == "confirmed"

    @case(kind=REPLYING, value=VALUES, server=SERVERS, says=st.sampled_from(list(ReplyKind)))
    def a_reply_is_too_late(self, kind: str, value: float, server: str, says: ReplyKind) -> None:
        one = self._taken(kind, value, server)
        self._goes(one, server)
        self._wait(6, server)
        assert self.oracle.status(one.id) == "timed_out"
        self._reply([(one, says)])

    @case(value=VALUES, server=SERVERS)
    def nothing_shows_it(self, value: float, server: str) -> None:
        """The value before is put back; that it is there again a reading has to show."""
        one = self._unshown(value, server)
        self._wait(6, server)
        assert self.oracle.status(one.id) == "unconfirmed"
        (undoing,) = self.oracle.open_of(one.signal)
        self._goes(undoing, server)
        self._reply([(undoing, ReplyKind.ACCEPTED)])
        assert self.oracle.status(one.id) == "unconfirmed"
        self._report("again", **SOUND)
        assert self.oracle.status(one.id) == "reverted"

    @case(value=VALUES, server=SERVERS)
    def nothing_shows_it_and_another_follows(self, value: float, server: str) -> None:
        one = self._unshown(value, server)
        self._ask("again", value + 10)
        self._wait(6, server)
        assert self.oracle.status(one.id) == "unconfirmed"

    def _unshown(self, value: float, server: str) -> Known:
        """What was before is known; it is acknowledged, and no more comes."""
        self._clear("again")
        self._record([Reading(self.numbers["again"], 77.0, self.now, self.now)])
        one = self._taken("again", value, server)
        self._goes(one, server)
        self._reply([(one, ReplyKind.ACCEPTED)])
        return one
