"""Second part: servers that send what was asked for, and crash at any step of it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from unittest.mock import patch

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.twin.store.plane_asking import FATES, SERVERS, Asking, Told
from tests.twin.store.plane_oracle import ENDED, LEVEL, METER, Known, S
from twin.ports import Outgoing
from twin.store import command_rows

GIVEN_UP_US = 5 * S
"""After so long others go on with a request that somebody has begun to record."""

WRITES = st.sampled_from(["change", "insert", "write_steps"])
"""Of `command_rows`: what is written of commands, in this order."""


class Sending(Asking):
    """Servers."""

    @rule(server=SERVERS, limit=st.sampled_from([1, 3, 50, 50, 50]))
    def work(self, server: str, limit: int) -> None:
        self._tick()
        self._work(server, limit)

    def _work(self, server: str, limit: int = 50) -> None:
        self._check()
        self._go_on(server)
        idle = 0
        while idle < 2:  # what waits behind a command that has ended is taken at the next look
            ready = self._ready()
            taken = self.stores[server].work_commands(self._worker(server), limit=limit)
            for each in taken:
                self._take(server, each, ready)
            self._check()
            if limit < 50:
                return
            idle = 0 if taken else idle + 1
        self._nothing_is_left_behind()

    def _go_on(self, server: str) -> None:
        """What somebody has begun to record, and does not go on with, is recorded by whoever looks next."""
        begun = self.oracle.begun
        while any(each.touched_at + GIVEN_UP_US <= self.now for each in begun.values()):
            before = len(begun)
            assert self.stores[server].commands_due()
            assert self.stores[server].work_commands(self._worker(server), limit=0) == []
            self._check()
            assert len(begun) == before - 1, "what was begun is left undone"

    def _ready(self) -> dict[str, bool]:
        """Commands whose turn it is, and whether they may be sent; those that may not have to fail."""
        ready: dict[str, bool] = {}
        for signal in {each.signal for each in self.oracle.known.values()}:
            opened = self.oracle.open_of(signal)
            if any(self.oracle.status(each.id) in {"sent", "acknowledged"} for each in opened):
                continue
            waiting = [
                each for each in opened
                if self.oracle.status(each.id) == "queued" and each.start_at <= self.now < each.expires_at
            ]  # fmt: skip
            for one in waiting[:1]:
                if self.oracle.is_away(self._shown_by(one.kind)) or self.oracle.is_growing(one):
                    continue
                ready[one.id] = self._may_be_sent(one)
                if not ready[one.id]:
                    one.proofs.add("failed")
        return ready

    def _shown_by(self, kind: str) -> int:
        return self.numbers[METER if kind == "far" else kind]

    def _may_be_sent(self, one: Known) -> bool:
        held = self.oracle.holds.get(one.signal)
        if held is not None and held[0].rank > one.priority.rank:
            return False
        if one.kind != "locked":
            return True
        level = self.oracle.good(self.numbers[LEVEL])
        return level is not None and level > 50

    def _take(self, server: str, outgoing: Outgoing, ready: dict[str, bool]) -> None:
        one = self.oracle.known[outgoing.command.id]
        assert ready.get(one.id), f"{one.kind}: it was not its turn, or nothing allowed it"
        assert (outgoing.command.value, outgoing.signal.number) == (one.value, one.signal)
        one.sent_at, one.worker = self.now, self._worker(server)
        one.before = self.oracle.good(one.signal)
        self.told[server].append(Told(outgoing, self._worker(server)))

    def _nothing_is_left_behind(self) -> None:
        for one in self.oracle.known.values():
            status = self.oracle.status(one.id)
            if status in ENDED or self.oracle.is_growing(one):
                continue
            assert self.now < one.deadline(status), f"{one.kind} is {status} after its deadline"
        assert not any(self._ready().values()), "one whose turn it is was not taken"

    @rule(server=SERVERS)
    def a_server_without_a_way_to_devices_works(self, server: str) -> None:
        """It watches the clock, and takes nothing."""
        self._tick()
        self._check()
        self._go_on(server)
        assert self.stores[server].work_commands(self._worker(server), sending=False) == []
        self._check()

    # ------------------------------------------------------------------------------------------ sending
    @rule(server=SERVERS, fates=st.lists(FATES, min_size=4, max_size=4), twice=st.booleans())
    @precondition(lambda self: self.told["one"] or self.told["two"])
    def send(self, *, server: str, fates: list[str], twice: bool) -> None:
        """A server sends what it was told to; the network does with it what it wants; the broker hands it over twice, perhaps."""
        self._tick()
        if not self.told[server]:
            server = "two" if server == "one" else "one"
        told, self.told[server] = self.told[server], []
        still = self.stores[server].still_sent([each.outgoing.command.number for each in told])
        for place, each in enumerate(told):
            if each.outgoing.command.number in still:
                self._leaves(server, each, fates[place % len(fates)], twice=twice)

    def _leaves(self, server: str, told: Told, fate: str, *, twice: bool) -> None:
        one = self.oracle.known[told.outgoing.command.id]
        if fate == "unsent":
            self.told[server].append(told)
            return
        one.sends += 1
        if fate in {"arrives", "doubt and arrives"}:
            self.network += [one] * (2 if twice and one.control.resend == "always" else 1)
        if fate in {"arrives", "lost"}:
            self.stores[server].commands_published([one.number])
            one.noted = True
        elif one.control.resend == "always":
            self.told[server].append(told)
        else:
            self.stores[server].commands_doubtful([one.number])
            one.doubtful = True

    # ----------------------------------------------------------------------------------------- crashing
    @rule(server=SERVERS, sends=st.booleans(), arrives=st.booleans(), recovers=st.booleans())
    def crash(self, *, server: str, sends: bool, arrives: bool, recovers: bool) -> None:
        """It has sent what it was told to, or not, and is gone before it could say so."""
        self._tick()
        for each in self.told[server]:
            one = self.oracle.known[each.outgoing.command.id]
            one.sends += sends
            if sends and arrives:
                self.network.append(one)
        self.told[server] = []
        self.dead.add(self._worker(server))
        self.stores[server].leave_job(self._lease(server))
        self.generation[server] += 1
        assert self.stores[server].take_job(self._lease(server))
        if recovers:
            self._recover("two" if server == "one" else "one")

    @rule(server=SERVERS, where=WRITES, late=st.booleans())
    def crash_while_it_works(self, *, server: str, where: str, late: bool) -> None:
        """It is gone in the middle of its transaction, and has handed nothing out."""
        self._tick()
        self._check()
        self._go_on(server)
        taken: list[Outgoing] = []
        with self._dies(where, late=late):
            taken += self.stores[server].work_commands(self._worker(server))
        assert not taken, "handed out, and not recorded"

    @contextmanager
    def _dies(self, where: str, *, late: bool) -> Iterator[None]:
        """Whoever writes commands is gone before, or after, it has written these rows: none of them stays."""
        real = getattr(command_rows, where)

        def dying(*args: Any) -> None:
            if late:
                real(*args)
            raise KeyboardInterrupt

        self._check()
        before = self.oracle.rows
        with patch.object(command_rows, where, dying), suppress(KeyboardInterrupt):
            yield
        self._check()
        assert self.oracle.rows == before, "a part of a transaction stays"

    @rule(server=SERVERS)
    def recover(self, server: str) -> None:
        self._tick()
        self._recover(server)

    def _recover(self, server: str) -> None:
        self._check()
        lost = [
            each for each in self.oracle.known.values()
            if self.oracle.status(each.id) == "sent" and not each.noted and each.worker in self.dead and not each.doubtful
        ]  # fmt: skip
        for outgoing in self.stores[server].recover_commands(self._worker(server)):
            one = self.oracle.known[outgoing.command.id]
            assert one in lost, f"{one.kind}: a living server has it"
            assert one.control.resend == "always", f"{one.kind} cannot tell a command that it gets again"
            one.worker = self._worker(server)
            self.told[server].append(Told(outgoing, self._worker(server)))
        for one in lost:
            one.doubtful = one.control.resend == "never"
            assert one.doubtful or one.worker == self._worker(server), "one is lost with its server"
        self._check()
