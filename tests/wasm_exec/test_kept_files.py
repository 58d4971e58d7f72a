"""A kept file is read only where it is the user's own, under the name that it was written under, and without waiting for anybody."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from wasm_exec import kept_files


def test_what_was_written_comes_back(tmp_path: Path) -> None:
    kept_files.write(tmp_path / "a", b"content")
    assert kept_files.read(tmp_path / "a") == b"content" and kept_files.read(tmp_path / "b") is None


def test_a_file_under_another_name_is_no_file(tmp_path: Path) -> None:
    """Whoever may write in the folder cannot give one of the user's files the place of another."""
    kept_files.write(tmp_path / "a", b"content")
    (tmp_path / "a").rename(tmp_path / "b")
    assert kept_files.read(tmp_path / "b") is None


def test_no_link_is_followed(tmp_path: Path) -> None:
    kept_files.write(tmp_path / "a", b"content")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a").symlink_to(tmp_path / "a")
    assert kept_files.read(tmp_path / "elsewhere" / "a") is None


def test_nothing_but_a_file_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert kept_files.read(tmp_path / "pipe") is None
    assert kept_files.read(tmp_path) is None


def test_a_file_that_takes_the_place_of_the_one_that_was_looked_at_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What decides is who owns what was opened."""
    kept_files.write(tmp_path / "a", b"content")
    monkeypatch.setattr(os, "getuid", lambda: (tmp_path / "a").stat().st_uid + 1)
    assert kept_files.read(tmp_path / "a") is None


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept_files.write(tmp_path / "a", b"content")
    monkeypatch.setattr(kept_files, "LARGEST", kept_files.DIGEST_BYTES + 6)
    assert kept_files.read(tmp_path / "a") is None
