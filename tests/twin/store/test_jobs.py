"""Jobs that one process does for all, on both engines."""

import subprocess
import sys
from datetime import timedelta

from tests.twin.store.clock import Clock
from tests.twin.store.places import Place
from twin.store.leases import JOB_BEAT_US

ANOTHER = """
import sys
from tests.twin.store.places import Place
with Place(address=sys.argv[1]).opened() as store:
    print(store.take_job(sys.argv[2]), flush=True)
    if len(sys.argv) > 3: sys.stdin.read()
"""


def _ask(place: Place, job: str) -> bool:
    """What another process is told, which then dies without giving anything back."""
    command = [sys.executable, "-c", ANOTHER, place.address, job]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == "True"


def test_a_job_has_one_holder_until_it_is_left(place: Place) -> None:
    with place.opened() as store:
        assert store.take_job("sweep")
        assert store.take_job("sweep")
        assert not _ask(place, "sweep")
        assert _ask(place, "another")
        store.leave_job("sweep")
        assert _ask(place, "sweep")


def test_the_holder_that_has_died_is_replaced_and_the_one_that_lives_is_not(place: Place) -> None:
    with place.opened() as store:
        command = [sys.executable, "-c", ANOTHER, place.address, "sweep", "wait"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as another:
            assert another.stdout is not None
            assert another.stdout.readline() == b"True\n"
            assert not store.take_job("sweep")
            store.leave_job("sweep")
            assert not store.take_job("sweep")
            another.kill()
        assert store.take_job("sweep")


def test_asking_again_is_written_down_once_a_minute_and_not_more_often(place: Place, clock: Clock) -> None:
    def beat() -> int:
        return int(place.rows("SELECT heartbeat_at FROM lease WHERE name = 'job:sweep'")[0][0])

    with place.opened(clock=clock) as store:
        store.take_job("sweep")
        first = beat()
        clock.advance(timedelta(microseconds=JOB_BEAT_US // 2))
        assert store.take_job("sweep")
        assert beat() == first
        clock.advance(timedelta(microseconds=JOB_BEAT_US))
        assert store.take_job("sweep")
        assert beat() > first
