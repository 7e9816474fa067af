"""Thinning of progress, tools, what is held between jobs, and GPU memory."""

import sys
from types import SimpleNamespace

import pytest

from pirn_app.engine.bench import PREPARED, Bench, key_of
from pirn_app.engine.machine import free_gpu_memory
from pirn_app.engine.tasks.training import check_folder, file_stem
from pirn_app.engine.thinning import PERIOD, Thinned
from pirn_app.engine.tools import Tools
from pirn_app.messages import events
from pirn_core.data.sample import PartRef
from pirn_core.errors import Cancelled, ConfigError, NotFittedError, OutputError


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def thin():
    told, clock = [], Clock()
    return Thinned(told.append, clock), told, clock


def progress(k):
    return events.JobProgress(1, k / 1000, None, str(k))


def trained(k, separation=None):
    return events.Trained(SimpleNamespace(step=k, separation=separation))


def test_progress_comes_twenty_times_a_second_and_the_last_one_always(thin):
    out, told, clock = thin
    for k in range(1000):
        out.send(progress(k))
        clock.now += 0.001
    out.flush()
    assert told[0] == progress(0)
    assert told[-1] == progress(999)
    assert 19 <= len(told) <= 1 / PERIOD + 2
    out.flush()
    assert told.count(progress(999)) == 1


def test_steps_with_held_out_figures_are_never_lost(thin):
    out, told, clock = thin
    for k in range(100):
        out.send(trained(k, 0.9 if k % 10 == 3 else None))
        clock.now += 0.0001
    out.flush()
    steps = [event.step.step for event in told]
    assert set(range(3, 100, 10)) <= set(steps)
    assert steps == sorted(set(steps))
    assert (steps[0], steps[-1]) == (0, 99)
    assert len(steps) < 15


def test_order_is_kept_and_what_is_held_comes_before_what_follows(thin):
    out, told, _ = thin
    sequence = [progress(0), progress(1), trained(0), trained(1), progress(2), trained(2), events.Note("info", "end")]
    for event in sequence:
        out.send(event)
    assert told == [progress(0), progress(1), trained(0), progress(2), trained(2), sequence[-1]]
    assert not any(event == progress(9) for event in told)


def test_other_events_are_never_thinned(thin):
    out, told, _ = thin
    for k in range(50):
        out.send(events.PartFailed(str(k), ""))
    assert len(told) == 50


def test_tools_check_and_settle():
    tools = Tools(number=7)
    tools.check()
    assert tools.progress(0.5, "half", 3.0) == events.JobProgress(7, 0.5, 3.0, "half")
    tools.settle()
    tools.cancelled.set()
    tools.check()
    other = Tools()
    other.cancelled.set()
    for stop in (other.check, other.settle):
        with pytest.raises(Cancelled):
            stop()


def test_bench_without_a_model():
    bench = Bench()
    assert not bench.loaded
    for ask in (lambda: bench.inspector, lambda: bench.at(None), lambda: bench.at(1.0)):
        with pytest.raises(NotFittedError, match="no model"):
            ask()


class FakeInspector:
    def __init__(self, model):
        self.model, self.made, self.backbone = model, [], None

    def with_model(self, model):
        self.made.append(model)
        return FakeInspector(model)


@pytest.fixture
def bench():
    from dataclasses import dataclass

    @dataclass(frozen=True)
    class FakeModel:
        id: str
        threshold: float | None = None

    bench = Bench()
    bench.put(FakeInspector(FakeModel("abc")))
    return bench


def test_bench_at_a_threshold_keeps_the_id_and_is_made_once(bench):
    assert bench.at(None) is bench.inspector
    moved = bench.at(1.5)
    assert (moved.model.id, moved.model.threshold) == ("abc", 1.5)
    assert bench.at(1.5) is moved
    assert len(bench.inspector.made) == 1
    assert bench.inspector.model.threshold is None


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_bench_refuses_what_is_no_threshold(bench, value):
    with pytest.raises(ConfigError, match="no threshold"):
        bench.at(value)


def test_bench_keeps_the_last_parts_until_another_model_comes(bench):
    for k in range(PREPARED + 1):
        bench.keep((k,), f"prepared {k}", False)
    assert bench.kept((0,)) is None
    assert bench.kept((1,)) == ("prepared 1", False)
    bench.keep((9,), "prepared 9", True)
    assert bench.kept((1,)) is not None, "asked for lately"
    assert bench.kept((2,)) is None
    bench.put(bench.inspector)
    assert bench.kept((9,)) is None


def test_part_that_was_scanned_anew_has_another_key(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"1")
    ref = PartRef("a", rgb=path)
    before = key_of(ref, None)
    assert key_of(ref, None) == before
    assert key_of(ref, "mm") != before
    path.write_bytes(b"22")
    assert key_of(ref, None) != before
    path.unlink()
    assert key_of(ref, None) not in (before, key_of(PartRef("b", rgb=path), None))


class FakeCuda:
    def __init__(self, started, after):
        self.reserved, self.started, self.after = 3_000_000_000, started, after

    def is_initialized(self):
        return self.started

    def memory_reserved(self):
        return self.reserved

    def empty_cache(self):
        self.reserved = self.after


@pytest.mark.parametrize(
    ("started", "after", "expected"),
    [(True, 1_000_000_000, ["2000 MB of GPU memory given back, 1000 MB in use."]), (True, 3_000_000_000, []),
     (False, 0, [])],
)  # fmt: skip
def test_gpu_memory_is_given_back_and_told(monkeypatch, started, after, expected):
    cuda = FakeCuda(started, after)
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda, set_num_threads=lambda n: None))
    assert [event.text for event in free_gpu_memory()] == expected
    assert cuda.reserved == (after if started else 3_000_000_000)


def test_folder_for_models(tmp_path):
    check_folder(tmp_path / "new" / "deep")
    assert list((tmp_path / "new" / "deep").iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"file: models cannot be written there") as caught:
        check_folder(tmp_path / "file")
    assert caught.value.advice


@pytest.mark.parametrize(
    ("name", "stem"),
    [("flange", "flange"), ("my part/7", "my-part-7"), ("../x", "x"), ("", "model"), ("Ölwanne", "Ölwanne")],
)
def test_start_of_the_file_name(name, stem):
    assert file_stem(name) == stem
