"""Order, cancelling, errors and closing, with tasks that only wait and tell."""

import importlib
import os
import pkgutil
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import QThread

import pirn_app.messages
from pirn_app.engine import engine as engine_module
from pirn_app.engine import run as run_module
from pirn_app.engine.registry import REGISTRY, Entry
from pirn_app.messages import events, jobs
from pirn_core.data.sample import PartRef
from pirn_core.errors import SampleError


@dataclass(frozen=True)
class Short(jobs.Job):
    """Tells its word."""

    word: str = ""


@dataclass(frozen=True)
class Long(jobs.Job):
    """Tells its words, one after another, each behind a gate."""

    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Look(jobs.Job):
    """Of the latest-wins kind."""

    word: str = ""


def note(word):
    return events.Note("info", word)


def words(heard):
    return [event.text for event in heard.of(events.Note)]


def trail(heard, *numbers):
    """What was told, in short: `+1 a b -1` for a job's start, its notes and its end."""
    short = []
    for event in heard.told:
        if isinstance(event, events.JobStarted):
            short.append(f"+{event.number}")
        elif isinstance(event, events.JobEnded):
            short.append(f"-{event.number}")
        elif isinstance(event, events.Note):
            short.append(event.text)
    return " ".join(short)


def registry(gate=None, **changes):
    """Short and Look tell their word; Long comes to the gate before every word."""

    def say(job, tools):
        yield note(job.word)
        return "Said."

    def say_many(job, tools):
        for word in job.words:
            if gate is not None:
                gate.pass_through()
            yield note(word)
        return ""

    def look(job, tools):
        if gate is not None and job.word == "slow":
            gate.pass_through()
        yield note(job.word)
        return ""

    entries = {
        Short: Entry(lambda job: "Saying", say, "compute"),
        Long: Entry(lambda job: "Saying much", say_many, "compute", pausable=True),
        Look: Entry(lambda job: "Looking", look, "compute", latest=True, urgent=True),
    }
    return entries | changes


def failing(error):
    def task(job, tools):
        yield note("before")
        raise error

    return {Short: Entry(lambda job: "Failing", task, "compute")}


def test_events_arrive_in_order_and_in_the_gui_thread(listen):
    heard = listen(registry())
    first, second = heard.engine.submit(Short("a")), heard.engine.submit(Short("b"))
    assert heard.told == [], "nothing is told before the event loop runs"
    heard.end(second)
    assert trail(heard) == "+1 a -1 +2 b -2"
    assert (first, second) == (1, 2)
    assert heard.threads == {QThread.currentThread()}
    started, ended = heard.of(events.JobStarted)[0], heard.ends(1)[0]
    assert (started.kind, started.title) == ("Short", "Saying")
    assert (ended.kind, ended.outcome, ended.message, ended.advice) == ("Short", "done", "Said.", "")
    assert ended.seconds >= 0


def test_work_happens_in_one_thread_per_lane_at_lower_priority(listen):
    found = {}

    def task(job, tools):
        nice = os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) if sys.platform == "linux" else None
        found.setdefault(job.word, []).append((threading.get_native_id(), nice))
        yield note(job.word)

    entries = {
        Short: Entry(lambda job: "", task, "compute"),
        Look: Entry(lambda job: "", task, "reading"),
        Long: Entry(lambda job: "", lambda job, tools: task(Short("c"), tools), "compute", imports=True),
    }
    heard = listen(entries)
    for job in (Long(), Look("r"), Short("c"), Look("r")):
        heard.do(job)
    threads = {word: {thread for thread, _ in seen} for word, seen in found.items()}
    assert len(threads["c"]) == len(threads["r"]) == 1
    assert threading.get_native_id() not in threads["c"] | threads["r"]
    assert threads["c"] != threads["r"]
    if sys.platform == "linux":
        own = os.getpriority(os.PRIO_PROCESS, 0)
        assert [nice for _, nice in found["c"]] == [own, max(own, 10)], "imports do not step back, the rest does"
        assert [nice for _, nice in found["r"]] == [own, own]


def test_lanes_do_not_wait_for_each_other(listen, gate):
    entries = registry(gate)
    entries[Short] = Entry(lambda job: "Reading", entries[Short].task, "reading")
    heard = listen(entries)
    slow = heard.engine.submit(Long(("late",)))
    gate.wait()
    heard.do(Short("quick"))
    assert words(heard) == ["quick"]
    assert heard.engine.busy
    gate.open()
    heard.end(slow)
    assert not heard.engine.busy


def test_end_is_told_after_the_job_is_over(listen):
    """Who hears of the end may ask for the next, even for a kind that was refused before."""
    entries = registry()
    entries[Short] = Entry(lambda job: "Saying", entries[Short].task, "compute", refused_during=frozenset({"Short"}))
    heard = listen(entries)
    numbers = []
    heard.engine.event.connect(
        lambda e: numbers.append(heard.engine.submit(Short("b"))) if heard.ends(1) and not numbers else None
    )
    heard.do(Short("a"))
    heard.until(lambda: numbers)
    assert heard.end(numbers[0]).outcome == "done"


def test_cancel_before_it_began(listen, gate):
    heard = listen(registry(gate))
    first, second = heard.engine.submit(Long(("a",))), heard.engine.submit(Short("never"))
    gate.wait()
    heard.engine.cancel(second)
    assert heard.end(second).outcome == "cancelled"
    gate.open()
    assert heard.end(first).outcome == "done"
    assert trail(heard) == "+1 -2 a -1"
    assert heard.ends(second)[0].message == "Saying: cancelled."


def test_cancel_while_it_runs(listen, gate):
    closed = threading.Event()

    def task(job, tools):
        try:
            yield note("a")
            gate.pass_through()
            yield note("b")
            yield note("never")
        finally:
            closed.set()

    heard = listen({Short: Entry(lambda job: "Saying", task, "compute")})
    number = heard.engine.submit(Short())
    gate.wait()
    heard.engine.cancel(number)
    gate.open()
    assert heard.end(number).outcome == "cancelled"
    assert closed.is_set(), "the task's own tidying up comes before the end"
    assert "never" not in words(heard)


def test_cancel_through_a_callback(listen, gate):
    def task(job, tools):
        for k in range(3):
            gate.pass_through()
            tools.check()
            tools.tell(note(str(k)))
        yield note("never")

    heard = listen({Short: Entry(lambda job: "Saying", task, "compute")})
    number = heard.engine.submit(Short())
    gate.wait()
    heard.engine.cancel()
    gate.open()
    assert heard.end(number).outcome == "cancelled"
    assert words(heard) == []


def test_what_is_settled_is_done_as_a_whole(listen, gate):
    def task(job, tools):
        tools.settle()
        gate.pass_through()
        yield note("whole")
        return "All of it."

    heard = listen({Short: Entry(lambda job: "Saying", task, "compute")})
    number = heard.engine.submit(Short())
    gate.wait()
    heard.engine.cancel(number)
    gate.open()
    assert (heard.end(number).outcome, heard.ends(number)[0].message) == ("done", "All of it.")
    assert words(heard) == ["whole"]


def test_cancel_all_and_every_job_ends_exactly_once(listen, gate):
    heard = listen(registry(gate))
    numbers = [heard.engine.submit(Long(("a", "b")))]
    gate.wait()
    numbers += [heard.engine.submit(Short(str(k))) for k in range(20)]
    numbers += [heard.engine.submit(Look(str(k))) for k in range(20)]
    heard.engine.cancel()
    heard.engine.cancel()
    gate.open()
    last = heard.do(Short("after"))
    assert last.outcome == "done"
    assert [len(heard.ends(n)) for n in numbers] == [1] * 41
    assert {heard.ends(n)[0].outcome for n in numbers} == {"cancelled"}
    assert heard.told[-1] == last


def test_cancelling_an_unknown_job_is_nothing(listen):
    heard = listen(registry())
    heard.engine.cancel(99)
    assert heard.do(Short("a")).outcome == "done"
    heard.engine.cancel(1)
    assert heard.do(Short("b")).outcome == "done"


def test_latest_wins_and_answers_of_the_former_are_dropped(listen, gate):
    heard = listen(registry(gate))
    slow = heard.engine.submit(Look("slow"))
    gate.wait()
    waiting = [heard.engine.submit(Look(str(k))) for k in range(5)]
    gate.open()
    assert heard.end(waiting[-1]).outcome == "done"
    assert words(heard) == ["4"]
    assert heard.ends(slow)[0].outcome == "cancelled"
    assert [heard.ends(n)[0].outcome for n in waiting] == ["cancelled"] * 4 + ["done"]
    assert [len(heard.ends(n)) for n in (slow, *waiting)] == [1] * 6
    assert {heard.ends(n)[0].message for n in (slow, *waiting)} == {""}, "the log is not told of every look"


def test_answer_on_its_way_is_dropped_when_a_newer_look_was_asked_for(listen):
    heard = listen(registry())
    first = heard.engine.submit(Look("old"))
    lane = heard.engine._tracks["compute"].lane
    assert _soon(lambda: not lane.orders), "done, but not yet delivered: this thread has not run its event loop"
    second = heard.engine.submit(Look("new"))
    heard.end(second)
    assert words(heard) == ["new"]
    assert heard.ends(first)[0].outcome == "done"


def _soon(condition, seconds=10.0):
    import time

    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    return condition()


def test_look_goes_between_two_steps_of_a_long_job(listen, make_gate):
    gates = {word: make_gate() for word in "abc"}

    def steps(job, tools):
        for word in job.words:
            gates[word].pass_through()
            yield note(word)
        return ""

    heard = listen(registry() | {Long: Entry(lambda job: "", steps, "compute", pausable=True)})
    heard.engine.submit(Long(("a", "b", "c")))
    gates["a"].wait()
    heard.engine.submit(Look("x"))
    gates["a"].open()
    heard.end(2)
    gates["b"].wait()
    heard.engine.submit(Look("y"))
    heard.engine.submit(Short("later"))
    gates["b"].open()
    gates["c"].open()
    heard.end(4)
    assert trail(heard) == "+1 a +2 x -2 b +3 y -3 c -1 +4 later -4"


def test_look_waits_for_what_cannot_pause_but_goes_before_the_rest(listen, gate):
    entries = registry(gate)
    entries[Long] = Entry(lambda job: "", entries[Long].task, "compute")
    heard = listen(entries)
    heard.engine.submit(Long(("a", "b")))
    gate.wait()
    heard.engine.submit(Short("last"))
    heard.engine.submit(Look("x"))
    gate.open()
    heard.end(2)
    assert trail(heard) == "+1 a b -1 +3 x -3 +2 last -2"


def test_look_that_fails_between_leaves_the_long_job_alone(listen, gate):
    def bad(job, tools):
        yield note("x")
        raise SampleError("003.png: is empty.")

    heard = listen(registry(gate) | {Look: Entry(lambda job: "", bad, "compute", latest=True, urgent=True)})
    heard.engine.submit(Long(("a", "b")))
    gate.wait()
    heard.engine.submit(Look())
    gate.open()
    assert heard.end(1).outcome == "done"
    assert heard.ends(2)[0].outcome == "failed"
    assert trail(heard) == "+1 a +2 x -2 b -1"


def test_error_with_advice(listen):
    heard = listen(failing(SampleError("017.tiff: 412x412.", "Export both at one size.")))
    ended = heard.do(Short())
    assert (ended.outcome, ended.message, ended.advice) == ("failed", "017.tiff: 412x412.", "Export both at one size.")
    assert ended.details == ""
    assert heard.do(Short()).outcome == "failed", "the worker goes on"


def test_unexpected_error_names_itself_and_keeps_its_traceback(listen, caplog):
    heard = listen(failing(ZeroDivisionError("by nothing")))
    ended = heard.do(Short())
    assert ended.outcome == "failed"
    assert ended.message == "Short: unexpected ZeroDivisionError: by nothing."
    assert "log" in ended.advice
    assert "test_engine.py" in ended.details
    assert "Traceback" in ended.details
    assert any(record.exc_info for record in caplog.records if record.name == run_module.__name__)
    assert words(heard) == ["before"]


@pytest.mark.parametrize("what", ["title", "import", "early"])
def test_errors_before_the_first_event(listen, what):
    def early(job, tools):
        raise RuntimeError("at once")

    def title(job):
        raise KeyError("title")

    from pirn_app.engine.registry import task

    entry = {
        "title": Entry(title, early),
        "import": Entry(lambda job: "", task("no_such_module", "nothing")),
        "early": Entry(lambda job: "", early),
    }[what]
    heard = listen({Short: entry})
    assert heard.do(Short()).outcome == "failed"
    assert len(heard.ends(1)) == 1


def test_refused_while_another_runs_and_taken_once_that_is_cancelled(listen, gate):
    entries = registry(gate)
    entries[Long] = Entry(lambda job: "Saying 9 words", entries[Long].task, "compute")
    entries[Short] = Entry(lambda job: "", entries[Short].task, "compute", refused_during=frozenset({"Long"}))
    heard = listen(entries)
    first = heard.engine.submit(Long(("a", "b")))
    gate.wait()
    refused = heard.end(heard.engine.submit(Short("no")))
    assert refused.outcome == "failed"
    assert refused.message == "Saying 9 words is still under way."
    assert "cancel" in refused.advice
    heard.engine.cancel(first)
    taken = heard.engine.submit(Short("yes"))
    gate.open()
    assert heard.end(taken).outcome == "done"
    assert "no" not in words(heard)


def test_close_while_a_job_runs(listen, gate):
    heard = listen(registry(gate))
    heard.engine.submit(Long(("a", "b", "c")))
    heard.engine.submit(Short("never"))
    gate.wait()
    threading.Timer(0.2, gate.open).start()
    assert heard.engine.close(10_000)
    assert [heard.ends(n)[0].outcome for n in (1, 2)] == ["cancelled", "cancelled"], "told before close returns"
    assert not heard.engine.busy
    late = heard.engine.submit(Short("late"))
    assert heard.end(late).outcome == "cancelled"
    assert heard.engine.close()


def test_close_says_when_a_step_does_not_end(listen, gate):
    heard = listen(registry(gate))
    heard.engine.submit(Long(("a",)))
    gate.wait()
    assert heard.engine.close(50) is False
    (track,) = engine_module._unfinished
    gate.open()
    assert track.thread.wait(10_000)
    engine_module._unfinished.clear()


def test_close_of_an_idle_and_of_a_fresh_engine(listen):
    heard = listen(registry())
    heard.do(Short("a"))
    assert heard.engine.close()
    assert listen(registry()).engine.close()


def test_thousands_of_events(listen):
    def many(job, tools):
        for k in range(5000):
            yield note(str(k))

    heard = listen({Short: Entry(lambda job: "", many, "reading")})
    heard.do(Short())
    assert words(heard) == [str(k) for k in range(5000)]


def test_every_job_is_in_the_registry_with_a_title():
    found = [module.name for module in pkgutil.iter_modules(pirn_app.messages.__path__)]
    modules = [importlib.import_module(f"pirn_app.messages.{name}") for name in found]
    kinds = {kind for module in modules for kind in vars(module).values() if isinstance(kind, type)}
    assert set(REGISTRY) == {kind for kind in kinds if issubclass(kind, jobs.Job)} - {jobs.Job}
    ref, path = PartRef("test/bent/003"), Path("flange.pirn")
    samples = [
        (jobs.Train((ref,) * 5, None, Path()), "Training on 5 shots"),
        (jobs.Train((ref,), None, Path()), "Training on 1 shot"),
        (jobs.OpenModel(path), "Opening flange.pirn"),
        (jobs.SaveModel(path), "Saving flange.pirn"),
        (jobs.InspectPart(ref), "Inspecting test/bent/003"),
        (jobs.InspectParts((ref,) * 25), "Inspecting 25 parts"),
        (jobs.DownloadBackbone("dinov2-base"), "Downloading dinov2-base"),
        (jobs.ImportBackbone(path), "Importing flange.pirn"),
        (jobs.LoadPart(ref, None), "Reading test/bent/003"),
    ]
    for job, title in samples:
        assert REGISTRY[type(job)].title(job) == title


def test_whatever_touches_torch_shares_one_lane():
    on_compute = {kind.__name__ for kind, entry in REGISTRY.items() if entry.lane == "compute"}
    assert on_compute >= {"WarmUp", "Train", "OpenModel", "SaveModel", "InspectPart", "InspectParts", "ImportBackbone"}
    assert on_compute >= {"PreviewLesson", "ApplyLesson", "UseModel", "DrawCurve"}


def test_engine_starts_without_torch():
    code = (
        "import sys\n"
        "from PySide6.QtCore import QCoreApplication\n"
        "app = QCoreApplication([])\n"
        "from pirn_app.engine.engine import Engine\n"
        "from pirn_app.messages.jobs import ListBackbones\n"
        "import os\n"
        "engine = Engine()\n"
        "assert os.environ['OMP_WAIT_POLICY'] == 'PASSIVE'\n"
        "told = []\n"
        "engine.event.connect(lambda e: (told.append(type(e).__name__), app.quit() if told[-1] == 'JobEnded' else 0))\n"
        "engine.submit(ListBackbones())\n"
        "app.exec()\n"
        "assert told == ['JobStarted', 'BackbonesListed', 'JobEnded'], told\n"
        "assert engine.close()\n"
        "print('torch' in sys.modules, 'open3d' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout.strip(), done.returncode) == ("False False", 0), done.stderr
