"""The whole command plane as a state machine: two servers that crash at any step, devices and a broker that do what those do."""

import sys
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from tests.twin.store.plane_asking import (
    ENDS,
    FATES,
    FLAWS,
    KINDS_OF_AN_EXAMPLE,
    PICK,
    SERVERS,
    SOUND,
    VALUES,
    WAITS,
)
from tests.twin.store.plane_cases import CASES, KIND, Cases
from twin.commands import ReplyKind


class Plane(Cases):
    """`servers` is given by the test."""

    @rule(which=st.sampled_from(sorted(CASES)).flatmap(lambda name: st.tuples(st.just(name), CASES[name])))
    def a_case(self, which: tuple[str, dict[str, Any]]) -> None:
        name, drawn = which
        getattr(self, name)(**drawn)

    # -------------------------------------------------------------------------------------- whole lives
    @rule(
        pick=PICK, value=VALUES, server=SERVERS, fate=FATES,
        reply=st.sampled_from([None, None, *ReplyKind, ReplyKind.ACCEPTED]), stranger=st.sampled_from([False, False, True]),
        flaw=st.none() | st.sampled_from(sorted(FLAWS)), first=st.booleans(), waits=WAITS, follows=st.booleans(),
    )  # fmt: skip
    def a_life(self, *, pick: int, **drawn: Any) -> None:
        """A command as it usually goes, up to where something goes wrong; single steps come in between by the other rules."""
        self._live(self._kind(pick), **drawn)

    @rule(kind=KIND, value=VALUES, server=SERVERS, how=st.permutations(sorted(ENDS)))
    def lives_that_end_badly(self, *, kind: str, how: list[str], **drawn: Any) -> None:
        for each in how:
            self._clear(kind)
            self._live(kind, stranger=False, flaw=None, first=True, follows=False, **ENDS[each], **drawn)

    def _live(
        self, kind: str, *, value: float, server: str, fate: str, reply: ReplyKind | None, stranger: bool,
        flaw: str | None, first: bool, waits: int, follows: bool,
    ) -> None:  # fmt: skip
        self._tick()
        if kind == "locked":
            self._level(60.0)
        one = self._ask(kind, value)
        if one is not None and kind == "danger" and fate != "unsent":
            self._approve(one, "bob")
        self._work(server)
        if self.told["one"] or self.told["two"]:
            self.send(server=server, fates=[fate], twice=False)
        if self.network:
            self.a_device_acts(pick=len(self.network) - 1, says=first)
        if follows:
            self._ask(kind, value + 10)
        for step in ("report", "reply") if first else ("reply", "report"):
            if step == "report" and flaw is not None:
                self._report(kind, **(SOUND | FLAWS[flaw]))
            if step == "reply" and reply is not None and self.replies:
                self.a_reply_comes(pick=len(self.replies) - 1, kind=reply, stranger=stranger, keep=first)
        self.clock.advance(timedelta(seconds=waits))
        self._work(server)

    # ------------------------------------------------------------------------------------------- the end
    def teardown(self) -> None:
        if not self.stores:
            return
        well = False
        try:
            if sys.exc_info()[0] is None:
                self._let_end()
                well = True
        finally:
            self.chunk.stop()
            if not well:
                self.servers.clear()

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
            self._work("one")
            if self.oracle.all_over():
                return
            self.clock.advance(timedelta(seconds=11))
        raise AssertionError("something does not end")


def run_cases(machine: type[Plane], *, examples: int, number: int = 0, shrink: bool = True) -> None:
    """Each case once, in any order: what one leaves the next finds. Else as `run`."""

    @seed(number)
    @_settings(shrink=shrink, max_examples=examples)
    @given(data=st.data(), kinds=KINDS_OF_AN_EXAMPLE, pieces=st.booleans())
    def try_all(data: st.DataObject, kinds: list[str], *, pieces: bool) -> None:
        one = machine()
        one.begin(kinds=kinds, pieces=pieces)
        try:
            for name in data.draw(st.permutations(sorted(CASES))):
                getattr(one, name)(**data.draw(CASES[name], label=name))
                one.nothing_happens_without_a_reason()
        finally:
            one.teardown()

    try_all()


def run(machine: type[Plane], *, examples: int, steps: int, number: int = 0, shrink: bool = True) -> None:
    """Try it: the same examples each time, for each `number` others. Raises what goes wrong."""
    run_state_machine_as_test(
        seed(number)(machine),
        settings=_settings(shrink=shrink, max_examples=examples, stateful_step_count=steps),
    )


def _settings(*, shrink: bool, **more: Any) -> settings:
    return settings(
        deadline=None,
        database=None,
        print_blob=False,
        report_multiple_bugs=False,
        phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
        suppress_health_check=list(HealthCheck),
        **more,
    )
