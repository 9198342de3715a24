"""The model-based test finds what would break the plane: each fault is planted alone, and the default run has to fail.

The run is the same each time, so that what is found once is found always; `--hypothesis-seed` gives others.
"""

import pytest

from tests.twin.store.places import Place
from tests.twin.store.plane import Plane, run, run_cases
from tests.twin.store.plane_faults import FAULTS, Fault
from tests.twin.store.test_command_plane import (  # noqa: F401 - fixtures
    CASES,
    EXAMPLES,
    STEPS,
    machine,
    number,
    sqlite_servers,
)
from tests.twin.store.test_command_workers import sent_while_both_live
from twin.errors import TwinError
from twin.store import leases


@pytest.mark.parametrize("planted", FAULTS, ids=lambda each: each.name)
def test_the_run_finds(
    machine: type[Plane],  # noqa: F811
    number: int,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    planted: Fault,
) -> None:
    with monkeypatch.context() as patch:
        planted.plant(patch)

        with pytest.raises((AssertionError, TwinError)):  # of the oracle, or the store's own complaint
            _run(machine, number)


def test_servers_that_work_at_once_show_that_nobody_asks_who_lives(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "is_held", lambda *_: False)

    sent = sent_while_both_live(place)
    assert len(sent) > len(set(sent))


def _run(machine: type[Plane], number: int) -> None:  # noqa: F811
    """As it is by default, but up to the first failure, which is not made smaller."""
    run_cases(machine, examples=CASES, number=number, shrink=False)
    run(machine, examples=EXAMPLES, steps=STEPS, number=number, shrink=False)
