"""Opening a data folder: made, migrated, refused with advice."""

import os
import sqlite3
import stat
import threading
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, create_engine

from tests.twin.store.builders import imported, plain
from twin.errors import StoreError
from twin.ports import Store
from twin.queries import ObjectQuery
from twin.store import DATABASE_NAME, SqlStore, open_store
from twin.store.database import migrations_config
from twin.store.schema import HEAD, metadata
from twin.store.sqlite import SqliteDialect


def test_a_new_folder_gets_a_database_that_only_its_owner_reads(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        with open_store(tmp_path / "new" / "folder") as store:
            imported(store, "a", plain("x"))
            files = list((tmp_path / "new" / "folder").iterdir())
            assert {DATABASE_NAME, f"{DATABASE_NAME}-wal"} <= {file.name for file in files}
            assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    finally:
        os.umask(old)


def test_what_was_written_is_there_after_reopening(data: Path) -> None:
    with open_store(data) as store:
        imported(store, "a", plain("x"))
    with open_store(data, create=False) as store:
        assert store.model("a").revision == 1


def test_a_folder_without_a_database_is_refused_where_none_is_to_be_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="Import a model first"):
        open_store(tmp_path / "x", create=False)
    assert not (tmp_path / "x").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_write_permission_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="cannot be written"):
        open_store(tmp_path / "x")


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        open_store(tmp_path / "x")


def test_a_database_of_a_newer_version_is_refused_and_left_alone(data: Path) -> None:
    with sqlite3.connect(data / DATABASE_NAME) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreError, match="written by a newer version"):
        open_store(data)


def test_a_database_of_other_software_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / DATABASE_NAME) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(StoreError, match="not one of this software"):
        open_store(tmp_path)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).write_bytes(b"something else entirely" * 1000)
    with pytest.raises(StoreError, match="not a database"):
        open_store(tmp_path)


def test_several_may_open_a_new_folder_at_once(tmp_path: Path) -> None:
    stores: list[SqlStore] = []
    threads = [threading.Thread(target=lambda: stores.append(open_store(tmp_path))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stores) == 4
    for store in stores:
        store.close()


def test_a_closed_store_says_so(data: Path) -> None:
    store = open_store(data)
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.models()


def test_the_migrations_make_the_schema_that_the_code_expects(data: Path) -> None:
    engine = create_engine(URL.create("sqlite", database=str(data / DATABASE_NAME)))

    def ours(thing: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:  # noqa: FBT001
        return not (kind == "table" and name is not None and name.startswith("object_place"))

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": ours, "compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_the_tree_of_an_older_database_is_kept(tmp_path: Path) -> None:
    """The order of children was an index before migration 0005."""
    dialect = SqliteDialect(tmp_path / DATABASE_NAME)
    dialect.create()
    engine = dialect.writer("models")
    with engine.begin() as connection:
        command.upgrade(migrations_config(connection=connection, dialect=dialect), "0004")
        for statement in OLDER.strip().split(";"):
            connection.exec_driver_sql(statement)
    engine.dispose()
    with open_store(tmp_path) as store:
        assert [child.name for child in store.children("a", "p", limit=9).items] == ["2", "10"]
        assert [root.global_id for root in store.objects(ObjectQuery(roots=True)).items] == ["p"]


OLDER = """
INSERT INTO model VALUES (1, 'a', 's', 'ifc', 0, NULL, 1);
INSERT INTO revision (id, model_id, number, status, source, kind, content_hash, placement_id, objects, created_at, kept, emptied)
    VALUES (1, 1, 1, 'published', 's', 'ifc', 'h', 1, 3, 0, 1, 0);
INSERT INTO placement (id, revision_id, created_at) VALUES (1, 1, 0);
INSERT INTO class_name VALUES (1, 'C');
INSERT INTO object VALUES (0, 1, 'c', 1, NULL), (1, 1, 'd', 1, NULL), (2, 1, 'p', 1, NULL);
INSERT INTO object_version VALUES
    (4294967296, 0, 1, 4294967298, NULL, 'o', 0, 1, '10', '9 0210', '10'),
    (4294967297, 1, 1, 4294967298, NULL, 'o', 0, 1, '2', '9 012', '2'),
    (4294967298, 2, 1, 8589934591, NULL, 'o', 0, 1, 'P', '9 p', 'p')
"""


def test_the_code_knows_its_newest_migration() -> None:
    assert ScriptDirectory.from_config(migrations_config()).get_current_head() == HEAD


def test_a_database_that_is_locked_for_long_is_an_error_with_advice(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twin.store.sqlite.BUSY_TIMEOUT_MS", 50)
    with open_store(data) as store:
        other = sqlite3.connect(data / DATABASE_NAME, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="Another process has been writing"):
            imported(store, "a", plain("x"))
        assert store.models() == []
        other.execute("ROLLBACK")
        other.close()
        imported(store, "a", plain("x"))


def is_a_store(store: SqlStore) -> Store:
    """Checked by mypy: the adapter has the shape of every port."""
    return store
