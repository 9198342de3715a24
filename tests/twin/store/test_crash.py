"""A process that dies in the middle of an import costs that import alone."""

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.twin.store.builders import imported, plain, request
from twin.errors import Conflict
from twin.queries import ObjectQuery
from twin.store import DATABASE_NAME, open_store

IMPORTER = """
    import sys
    from pathlib import Path
    from tests.twin.store.builders import plain, request, with_properties
    from twin.store import open_store

    store = open_store(Path(sys.argv[1]))
    revision = store.begin_revision(request("a", "2"))
    ids = [f"{i:06}" for i in range(100_000)]
    objects = with_properties(ids, {g: {"n": float(g), "s": g} for g in ids})
    print("staging", flush=True)
    for first in range(0, len(objects), 500):
        store.stage_objects(revision, objects[first : first + 500])
        print(first, flush=True)
"""


def dying_import(data: Path) -> "subprocess.Popen[str]":
    """A process that imports into the data folder, some batches done."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(IMPORTER), str(data)],
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


def rows(data: Path, table: str) -> int:
    with closing(sqlite3.connect(data / DATABASE_NAME)) as connection:
        (count,) = connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()
    return int(count)


def test_a_killed_import_leaves_the_published_revision_and_the_next_one_works(data: Path) -> None:
    with open_store(data) as store:
        first = imported(store, "a", plain("xyz"))
    process = dying_import(data)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert rows(data, "object_version") >= 1503
    with open_store(data) as store:
        assert [item.global_id for item in store.objects(ObjectQuery()).items] == ["x", "y", "z"]
        for table in ("object_version", "object"):
            assert rows(data, table) == 3
        for table in ("property_set", "property_number", "property_text", "object_property_set", "lease"):
            assert rows(data, table) == 0
        assert imported(store, "a", plain("wxyz"), "2") == {"w": 3, **first}
        assert store.model("a").revision == 2


def test_a_living_import_of_another_process_is_left_alone(data: Path) -> None:
    process = dying_import(data)
    try:
        with open_store(data) as store:
            before = rows(data, "object_version")
            assert before > 0
            with pytest.raises(Conflict):
                store.begin_revision(request("a", "3"))
            imported(store, "b", plain("x"))
        assert rows(data, "object_version") > before
    finally:
        process.kill()
        process.communicate()
