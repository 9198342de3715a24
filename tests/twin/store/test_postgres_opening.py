"""Opening a PostgreSQL database: migrated once, refused with advice, secrets kept."""

import threading
from collections.abc import Iterator

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from tests.twin.store.builders import imported, plain
from tests.twin.store.postgres_server import PostgresServer
from twin.errors import StoreError
from twin.store import SqlStore, open_store_url
from twin.store.postgres import LOCK_SPACE, PostgresDialect
from twin.store.schema import metadata


@pytest.fixture
def bare(postgres_server: PostgresServer) -> Iterator[str]:
    """Name of a database without anything in it."""
    name = postgres_server.database()
    yield name
    postgres_server.drop(name)


def test_an_empty_database_gets_the_schema_and_keeps_what_is_written(
    postgres_server: PostgresServer, bare: str
) -> None:
    with open_store_url(postgres_server.url(bare)) as store:
        imported(store, "a", plain("x"))
    with open_store_url(postgres_server.url(bare), create=False) as store:
        assert store.model("a").revision == 1


def test_an_empty_database_is_refused_where_no_twin_is_to_be_made(
    postgres_server: PostgresServer, bare: str
) -> None:
    with pytest.raises(
        StoreError, match=r"Import a model first, or name another database with TWIN_DATABASE"
    ):
        open_store_url(postgres_server.url(bare), create=False)
    assert postgres_server.execute("SELECT 1 FROM pg_class WHERE relname = 'model'", bare) == []


def test_the_migrations_make_the_schema_that_the_code_expects(postgres_url: str) -> None:
    engine = create_engine(postgres_url.replace("postgresql:", "postgresql+psycopg:"))

    def ours(_thing: object, name: str | None, _kind: str, _reflected: bool, _other: object) -> bool:  # noqa: FBT001
        return name not in {"spatial_ref_sys", "ix_object_box_place", "ix_place_group_place"}

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": ours, "compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_several_may_open_a_new_database_at_once(postgres_server: PostgresServer, bare: str) -> None:
    stores: list[SqlStore] = []
    url = postgres_server.url(bare)
    threads = [threading.Thread(target=lambda: stores.append(open_store_url(url))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stores) == 4
    for store in stores:
        store.close()


def test_a_migration_that_fails_leaves_nothing(
    postgres_server: PostgresServer, bare: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_dialect: object, _connection: object) -> None:
        raise StoreError("no room for places")

    with monkeypatch.context() as patched:
        patched.setattr(PostgresDialect, "create_places", failing)
        with pytest.raises(StoreError, match="no room"):
            open_store_url(postgres_server.url(bare))
    assert postgres_server.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", bare) == [
        (0,)
    ]
    open_store_url(postgres_server.url(bare)).close()


def test_a_database_of_other_software_is_refused(postgres_server: PostgresServer, bare: str) -> None:
    postgres_server.execute("CREATE TABLE theirs (x int)", bare)
    with pytest.raises(StoreError, match="not one of this software"):
        open_store_url(postgres_server.url(bare))


def test_a_database_where_postgis_alone_is_installed_is_taken(
    postgres_server: PostgresServer, bare: str
) -> None:
    postgres_server.execute("CREATE EXTENSION postgis", bare)
    open_store_url(postgres_server.url(bare)).close()


def test_a_database_of_a_newer_version_is_refused(postgres_server: PostgresServer, bare: str) -> None:
    open_store_url(postgres_server.url(bare)).close()
    postgres_server.execute("UPDATE alembic_version SET version_num = '9999'", bare)
    with pytest.raises(StoreError, match="written by a newer version"):
        open_store_url(postgres_server.url(bare))


def test_a_role_that_may_not_install_postgis_is_told_who_may(
    postgres_server: PostgresServer, bare: str
) -> None:
    postgres_server.execute("CREATE ROLE plain LOGIN")
    postgres_server.execute("GRANT CREATE ON SCHEMA public TO plain", bare)
    with pytest.raises(StoreError, match="An administrator of the server runs CREATE EXTENSION postgis"):
        open_store_url(postgres_server.url(bare, "plain"))
    postgres_server.execute("CREATE EXTENSION postgis", bare)
    with open_store_url(postgres_server.url(bare, "plain")) as store:
        imported(store, "a", plain("x"))


def test_a_database_that_is_not_there_is_an_error_with_advice(postgres_server: PostgresServer) -> None:
    with pytest.raises(StoreError, match="createdb"):
        open_store_url(postgres_server.url("nowhere"))


def test_a_server_that_is_not_there_is_an_error_that_keeps_the_password() -> None:
    url = "postgresql://twin:s3cret%40@127.0.0.1:1/city?sslpassword=s3cret2"
    with pytest.raises(StoreError, match="Check that the server runs") as caught:
        open_store_url(url)
    assert "postgresql://twin:***@127.0.0.1:1/city:" in str(caught.value)
    chain: BaseException | None = caught.value
    while chain is not None:
        assert "s3cret" not in f"{chain} {chain!r}"
        chain = chain.__cause__ or chain.__context__


@pytest.mark.parametrize(
    "url", ["postgresql://twin:s3cret@host:port/x", "postgresql:", "sqlite:///x", "", "s3cret"]
)
def test_what_is_no_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(StoreError, match="TWIN_DATABASE") as caught:
        open_store_url(url)
    assert "s3cret" not in str(caught.value)


def test_a_store_that_is_locked_for_long_is_an_error_with_advice(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twin.store.postgres.LOCK_TIMEOUT_MS", 50)
    with open_store_url(postgres_url) as store, psycopg.connect(postgres_url) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s, 1)", (LOCK_SPACE,))
        with pytest.raises(StoreError, match="Another process has been writing"):
            imported(store, "a", plain("x"))
        assert store.models() == []
        other.rollback()
        imported(store, "a", plain("x"))


def test_readers_cannot_write(postgres_url: str) -> None:
    engine = PostgresDialect(postgres_url).reader()
    with engine.connect() as connection, pytest.raises(Exception, match="read-only transaction"):
        connection.exec_driver_sql("DELETE FROM model")
    engine.dispose()


def test_a_nul_in_a_text_is_replaced_and_found(postgres_url: str) -> None:
    with open_store_url(postgres_url) as store:
        imported(store, "a", plain(["x\0y", "z"]))
        assert store.object("a", "x\0y").record.name == "Wall x\ufffdy"
        assert store.object("a", "x\ufffdy").record.global_id == "x\ufffdy"
