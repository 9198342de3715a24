"""The whole command plane as a state machine: two servers that crash at any step, devices and a broker that do what those do."""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    rule,
    run_state_machine_as_test,
)

from tests.twin.store.plane_asking import (
    DISQUALIFYING,
    ENDS,
    FATES,
    FLAWS,
    PICK,
    SERVERS,
    SOUND,
    VALUES,
    WAITS,
)
from tests.twin.store.plane_living import Living
from twin.commands import ReplyKind
from twin.controls import Priority
from twin.state import Quality, Reading


class Plane(Living):
    """`opened` is given by the test: a store of two servers' database."""

    # -------------------------------------------------------------------------------------- whole lives
    @rule(
        pick=PICK, value=VALUES, server=SERVERS, fate=FATES,
        reply=st.sampled_from([None, None, *ReplyKind, ReplyKind.ACCEPTED]), stranger=st.sampled_from([False, False, True]),
        flaw=st.none() | st.sampled_from(sorted(FLAWS)), first=st.booleans(), waits=WAITS, follows=st.booleans(),
    )  # fmt: skip
    def a_life(self, *, fate: str, **drawn: Any) -> None:
        """A command as it usually goes, up to where something goes wrong; single steps come in between by the other rules."""
        self._live(fate=fate, **drawn)

    @rule(
        pick=PICK, value=VALUES, server=SERVERS, first=st.booleans(),
        flaws=st.permutations(sorted(DISQUALIFYING)), flaw=st.sampled_from(sorted(FLAWS.keys() - DISQUALIFYING)),
    )  # fmt: skip
    def a_life_with_flawed_reports(self, *, flaws: list[str], flaw: str, first: bool, **drawn: Any) -> None:
        """Reports of which each has one fault, and at last one that is sound enough; the acknowledgement comes before them, or never."""
        reply = None if first else ReplyKind.ACCEPTED
        self._live(
            fate="arrives",
            reply=reply,
            stranger=False,
            waits=0,
            follows=False,
            flaw=None,
            first=first,
            **drawn,
        )
        for each in (*flaws, flaw):
            self.a_device_reports(pick=drawn["pick"], **(SOUND | FLAWS[each]))

    @rule(
        pick=PICK,
        value=VALUES,
        server=SERVERS,
        reply=st.sampled_from([None, ReplyKind.ACCEPTED]),
        follows=st.booleans(),
    )
    def a_life_that_nothing_shows(self, **drawn: Any) -> None:
        """What was before is known; nothing comes in time, and the reply is late."""
        kind = self._kind(drawn["pick"])
        self._record([Reading(self.numbers[kind], 77.0, self.now, self.now)])
        self._live(fate="arrives", stranger=False, flaw=None, first=True, waits=6, **drawn)
        if self.replies:
            self.a_reply_comes(
                pick=len(self.replies) - 1, kind=ReplyKind.ACCEPTED, stranger=False, keep=False
            )

    def _live(
        self, *, pick: int, value: float, server: str, fate: str, reply: ReplyKind | None, stranger: bool,
        flaw: str | None, first: bool, waits: int, follows: bool,
    ) -> None:  # fmt: skip
        kind = self._kind(pick)
        if kind == "locked":
            self.the_level_changes(value=40.0, quality=Quality.GOOD)
            self.ask(pick=pick, value=value, priority=Priority.MANUAL, delay=0, keyed=False)
            self._work(server, 50)
            self.the_level_changes(value=60.0, quality=Quality.GOOD)
        self.ask(pick=pick, value=value, priority=Priority.MANUAL, delay=0, keyed=False)
        self._agree(kind, in_time=fate != "unsent")
        self._work(server, 50)
        if self.told["one"] or self.told["two"]:
            self.send(server=server, fates=[fate], twice=False)
        if self.network:
            self.a_device_acts(pick=len(self.network) - 1, says=first)
        if follows:
            self.ask(pick=pick, value=value + 10, priority=Priority.MANUAL, delay=0, keyed=False)
        for step in ("report", "reply") if first else ("reply", "report"):
            if step == "report" and flaw is not None:
                self.a_device_reports(pick=pick, **(SOUND | FLAWS[flaw]))
            if step == "reply" and reply is not None and self.replies:
                self.a_reply_comes(pick=len(self.replies) - 1, kind=reply, stranger=stranger, keep=first)
        self.clock.advance(timedelta(seconds=waits))
        self._work(server, 50)

    def _agree(self, kind: str, *, in_time: bool) -> None:
        if kind == "danger":
            self.somebody_approves(pick=0, by="ada")
            self.clock.advance(timedelta(seconds=0 if in_time else 11))
            self.somebody_approves(pick=0, by="bob")

    @rule(pick=PICK, value=VALUES, server=SERVERS, how=st.permutations(sorted(ENDS)))
    def lives_that_end_badly(self, *, how: list[str], **drawn: Any) -> None:
        for each in how:
            self._live(stranger=False, flaw=None, first=True, follows=False, **ENDS[each], **drawn)

    @rule(pick=PICK, value=VALUES, server=SERVERS)
    def one_that_nobody_sends_in_time(self, pick: int, value: float, server: str) -> None:
        self.ask(pick=pick, value=value, priority=Priority.MANUAL, delay=0, keyed=False)
        self._agree(self._kind(pick), in_time=True)
        self.clock.advance(timedelta(seconds=61))
        self._work(server, 50)

    @rule(pick=PICK, value=VALUES, server=SERVERS)
    def one_that_is_over_is_held(self, pick: int, value: float, server: str) -> None:
        """A weaker one was taken before; when it is to be sent, it may not."""
        before = len(self.oracle.known)
        self.ask(pick=pick, value=value, priority=Priority.MANUAL_LIFE_SAFETY, delay=0, keyed=False)
        if len(self.oracle.known) == before:
            return
        self.somebody_cancels(0)
        self.ask(pick=pick, value=value, priority=Priority.MANUAL, delay=0, keyed=False)
        self.somebody_holds(pick=len(self.oracle.known) - before - 1, release=False)
        self._work(server, 50)
        self.somebody_holds(pick=len(self.oracle.known) - before - 1, release=True)

    # ------------------------------------------------------------------------------------------- the end
    def teardown(self) -> None:
        if self.stores:
            try:
                self._let_end()
            finally:
                for store in self.stores.values():
                    store.close()

    def _let_end(self) -> None:
        """One server is left, and devices have fallen silent: everything comes to an end."""
        for server in ("one", "two"):
            self.dead.add(self._worker(server))
            self.stores[server].leave_job(self._lease(server))
        self.generation["one"] += 1
        assert self.store.take_job(self._lease("one"))
        self.told = {"one": [], "two": []}
        for _ in range(3 * (len(self.oracle.known) + 3)):
            self._recover("one")
            self._work("one", 50)
            if all(map(self.oracle.is_over, self.oracle.known)):
                return
            self.clock.advance(timedelta(seconds=11))
        raise AssertionError("something does not end")


def run(machine: type[Plane], *, examples: int, steps: int, shrink: bool = True) -> None:
    """Try it; the same examples each time. Raises what goes wrong."""
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            database=None,
            print_blob=False,
            report_multiple_bugs=False,
            phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
