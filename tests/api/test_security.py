"""The administrator's token."""

from pathlib import Path

import pytest

from api.security import TOKEN_FILE, admin_token
from twin.errors import StoreError


def test_the_first_start_writes_a_token_that_only_the_owner_reads(tmp_path: Path) -> None:
    admin_token(tmp_path / "data")
    assert (tmp_path / "data" / TOKEN_FILE).stat().st_mode & 0o777 == 0o600


def test_the_token_stays_the_same(tmp_path: Path) -> None:
    assert admin_token(tmp_path) == admin_token(tmp_path)


def test_two_data_folders_have_different_tokens(tmp_path: Path) -> None:
    assert admin_token(tmp_path / "a") != admin_token(tmp_path / "b")


def test_an_empty_token_file_is_an_error_and_not_a_token(tmp_path: Path) -> None:
    (tmp_path / TOKEN_FILE).touch()
    with pytest.raises(StoreError, match="empty"):
        admin_token(tmp_path)
