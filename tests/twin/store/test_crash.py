"""A process that dies in the middle of an import costs that import alone."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest

from tests.conftest import ROOT
from tests.twin.store.builders import imported, plain, request
from tests.twin.store.places import Place
from twin.errors import Conflict
from twin.queries import ObjectQuery

IMPORTER = """
    import sys
    from tests.twin.store.builders import plain, request, with_properties
    from tests.twin.store.places import Place
    from tests.twin.store.tabled import tabled

    store = Place(address=sys.argv[1]).opened()
    store = tabled(store) if sys.argv[2] == "tables" else store
    revision = store.begin_revision(request("a", "2"))
    ids = [f"{i:06}" for i in range(100_000)]
    objects = with_properties(ids, {g: {"n": float(g), "s": g} for g in ids})
    print("staging", flush=True)
    for first in range(0, len(objects), 500):
        store.stage_objects(revision, objects[first : first + 500])
        print(first, flush=True)
"""


def dying_import(place: Place, way: str = "objects") -> "subprocess.Popen[str]":
    """A process that imports, some batches done."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(IMPORTER), place.address, way],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip() == "1500":
            break
    return process


@pytest.mark.parametrize("way", ["objects", "tables"])
def test_a_killed_import_leaves_the_published_revision_and_the_next_one_works(place: Place, way: str) -> None:
    with place.opened() as store:
        first = imported(store, "a", plain("xyz"))
    process = dying_import(place, way)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert place.count("object_version") >= 1503
    with place.opened() as store:
        assert [item.global_id for item in store.objects(ObjectQuery()).items] == ["x", "y", "z"]
        for table in ("object_version", "object"):
            assert place.count(table) == 3
        for table in (
            "property_set",
            "property_number",
            "property_text",
            "property_column",
            "object_property_set",
            "lease",
        ):
            assert place.count(table) == 0
        assert imported(store, "a", plain("wxyz"), "2") == {"w": 3, **first}
        assert store.model("a").revision == 2


def test_a_living_import_of_another_process_is_left_alone(place: Place) -> None:
    process = dying_import(place)
    try:
        with place.opened() as store:
            before = place.count("object_version")
            assert before > 0
            with pytest.raises(Conflict):
                store.begin_revision(request("a", "3"))
            imported(store, "b", plain("x"))
        assert place.count("object_version") > before
    finally:
        process.kill()
        process.communicate()
