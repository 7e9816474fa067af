"""Files written whole or not at all."""

import hashlib
import os
import stat
from pathlib import Path

import pytest

from pirn_core.files import atomic_path, cache_dir, resource, sha256


def test_the_target_appears_when_the_block_ends(tmp_path):
    target = tmp_path / "deep" / "er" / "file.bin"
    with atomic_path(target) as temporary:
        temporary.write_bytes(b"new")
        assert not target.exists()
        assert temporary.parent == target.parent
    assert target.read_bytes() == b"new"
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path, error):
    target = tmp_path / "file.bin"
    target.write_bytes(b"old")
    with pytest.raises(error), atomic_path(target) as temporary:
        temporary.write_bytes(b"half of the n")
        raise error
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_an_error_leaves_no_file_where_there_was_none(tmp_path):
    with pytest.raises(RuntimeError), atomic_path(tmp_path / "file.bin") as temporary:
        temporary.write_bytes(b"half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_reader_keeps_the_old_file(tmp_path):
    target = tmp_path / "file.bin"
    target.write_bytes(b"old")
    with target.open("rb") as reader:
        with atomic_path(target) as temporary:
            temporary.write_bytes(b"new")
        assert reader.read() == b"old"
    assert target.read_bytes() == b"new"


@pytest.mark.skipif(os.name != "posix", reason="permissions are a matter of POSIX")
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600)])
def test_permissions_follow_the_umask(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        with atomic_path(tmp_path / "file.bin") as temporary:
            temporary.write_bytes(b"x")
        assert os.umask(umask) == umask
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file.bin").stat().st_mode) == mode


def test_the_digest_is_that_of_the_contents_in_order(tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_bytes(b"x" * 3_000_000)
    second.write_bytes(b"y")
    assert sha256(first) == hashlib.sha256(b"x" * 3_000_000).hexdigest()
    assert sha256(first, second) == hashlib.sha256(b"x" * 3_000_000 + b"y").hexdigest()
    assert sha256(second, first) != sha256(first, second)
    assert sha256() == hashlib.sha256().hexdigest()


def test_the_cache_folder_can_be_moved(monkeypatch, tmp_path):
    monkeypatch.setenv("PIRN_CACHE", str(tmp_path / "mine"))
    assert cache_dir("tokens") == tmp_path / "mine" / "tokens"
    assert not cache_dir("tokens").exists()
    monkeypatch.delenv("PIRN_CACHE")
    assert "pirn-inspector" in str(cache_dir())


def test_resources_are_beside_the_package():
    found = resource("x", "y.bin")
    assert found.parts[-2:] == ("x", "y.bin")
    assert isinstance(found, Path)
    assert found.parents[1].name in ("resources", "_resources")
