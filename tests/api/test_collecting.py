"""A server looks for garbage rarely."""

import gc

import pytest

from api import collecting


@pytest.mark.usefixtures("client")
def test_a_server_that_runs_has_set_the_collector() -> None:
    assert gc.get_threshold() == (collecting.YOUNG, collecting.MIDDLE, collecting.OLD)
