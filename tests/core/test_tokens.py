"""Tokens on disk: found again, rounded once, never half, within the limit."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pirn_core.tokens import TokenCache

ROOT = Path(__file__).parents[2]


def tokens(seed: int = 0, count: int = 50) -> dict[str, np.ndarray]:
    values = np.random.default_rng(seed).normal(size=(count, 8)).astype(np.float32)
    return {"rgb": values, "sn": values[::-1], "foreground": values[:, 0] > 0}


def same(left: dict[str, np.ndarray] | None, right: dict[str, np.ndarray]) -> bool:
    return (
        left is not None
        and left.keys() == right.keys()
        and all(left[name].dtype == right[name].dtype for name in right)
        and all(np.array_equal(left[name], right[name], equal_nan=left[name].dtype.kind == "f") for name in right)
    )


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_what_was_put_is_got(tmp_path: Path) -> None:
    cache = TokenCache(tmp_path)
    key = cache.key("content", "recipe")
    assert cache.get(key) is None
    put = cache.put(key, tokens())
    assert same(cache.get(key), put)
    assert same(TokenCache(tmp_path).get(key), put)
    assert put["rgb"].dtype == np.float32
    assert put["foreground"].dtype == np.bool_
    assert np.array_equal(put["foreground"], tokens()["foreground"])
    np.testing.assert_allclose(put["rgb"], tokens()["rgb"], rtol=2**-11, atol=1e-7)
    [path] = files(tmp_path)
    assert path.stat().st_size < tokens()["rgb"].nbytes * 1.5  # two modalities at half the size each


def test_unusual_values_survive(tmp_path: Path) -> None:
    cache = TokenCache(tmp_path)
    arrays = {
        "nan": np.array([np.nan, 1.0, np.inf], np.float32),
        "large": np.array([1e6, 1.5], np.float32),
        "none": np.zeros((0, 4), np.float32),
        "number": np.array(3, np.int64),
        "double": np.array([0.5], np.float64),
    }
    put = cache.put(cache.key("a"), arrays)
    assert same(cache.get(cache.key("a")), put)
    assert np.array_equal(put["nan"], arrays["nan"], equal_nan=True)
    assert np.array_equal(put["large"], arrays["large"])
    assert put["none"].shape == (0, 4)
    assert put["number"].shape == () and put["number"] == 3
    assert put["double"].dtype == np.float32


@given(st.lists(st.text(max_size=5), max_size=4), st.lists(st.text(max_size=5), max_size=4))
@settings(max_examples=50, deadline=None)
def test_keys_differ_exactly_where_the_parts_do(left: list[str], right: list[str]) -> None:
    assert (TokenCache.key(*left) == TokenCache.key(*right)) == (left == right)
    assert len(TokenCache.key(*left)) == 64


@pytest.mark.parametrize("content", [b"", b"noise" * 20, None])
def test_damaged_entries_are_ignored_and_removed(tmp_path: Path, content: bytes | None) -> None:
    cache = TokenCache(tmp_path)
    key = cache.key("a")
    put = cache.put(key, tokens())
    [path] = files(tmp_path)
    path.write_bytes(path.read_bytes()[:-10] if content is None else content)
    assert cache.get(key) is None
    assert files(tmp_path) == []
    cache.put(key, tokens())
    assert same(cache.get(key), put)


def test_the_longest_unused_go_first(tmp_path: Path) -> None:
    cache = TokenCache(tmp_path)
    keys = [cache.key(str(number)) for number in range(5)]
    for age, key in enumerate(keys):
        cache.put(key, tokens())
        [path] = tmp_path.glob(f"*/{key}*")
        os.utime(path, (1e9 + age, 1e9 + age))
    assert cache.get(keys[0]) is not None  # used: now the youngest
    small = TokenCache(tmp_path, limit_mb=3.5 * files(tmp_path)[0].stat().st_size / 1e6)
    new = small.key("new")
    small.put(new, tokens())
    assert [key for key in [*keys, new] if small.get(key) is not None] == [keys[0], keys[4], new]
    assert small.size_mb() * 1e6 <= small.limit


def test_an_entry_beyond_the_limit_evicts_nothing(tmp_path: Path) -> None:
    cache = TokenCache(tmp_path, limit_mb=0.01)
    kept = cache.put(cache.key("small"), tokens(count=10))
    given_back = cache.put(cache.key("large"), tokens(count=2000))
    assert given_back["rgb"].shape == (2000, 8)
    assert cache.get(cache.key("large")) is None
    assert same(cache.get(cache.key("small")), kept)


def test_without_a_folder_nothing_is_kept_but_rounding_is_the_same(tmp_path: Path) -> None:
    nowhere, somewhere = TokenCache(None), TokenCache(tmp_path)
    key = nowhere.key("a")
    assert same(nowhere.put(key, tokens()), somewhere.put(key, tokens()))
    assert nowhere.get(key) is None
    assert nowhere.size_mb() == 0
    nowhere.clear()


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    cache = TokenCache(blocked)
    key = cache.key("a")
    assert cache.put(key, tokens())["rgb"].shape == (50, 8)
    assert cache.get(key) is None
    assert "tokens are not kept" in caplog.text


def test_clear_and_abandoned_files(tmp_path: Path) -> None:
    cache = TokenCache(tmp_path)
    key = cache.key("a")
    cache.put(key, tokens())
    old, young = (tmp_path / key[:2] / f".{name}.safetensors.x1" for name in ("old", "young"))
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 7200, time.time() - 7200))
    assert cache.size_mb() > 0
    assert not old.exists() and young.exists()  # the young one may still be being written
    cache.clear()
    assert files(tmp_path) == [young]


WRITER = """
import sys
import numpy as np
from pirn_core.tokens import TokenCache
from pathlib import Path
cache = TokenCache(Path(sys.argv[1]), limit_mb=0.05)
for turn in range(60):
    for number in range(12):
        key = cache.key(str(number))
        found = cache.get(key)
        expected = np.full((500, 4), number, np.float32)
        assert found is None or np.array_equal(found["rgb"], expected), number
        if found is None:
            cache.put(key, {"rgb": expected})
"""


def test_processes_share_a_folder(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    running = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    complaints = [process.communicate()[1] for process in running]
    assert complaints == ["", "", ""]
    assert [process.returncode for process in running] == [0, 0, 0]
    left = files(tmp_path)
    assert left and all(path.suffix == ".safetensors" for path in left)
    assert sum(path.stat().st_size for path in left) <= 0.05e6 + 3 * 4200  # each process may be one entry late
