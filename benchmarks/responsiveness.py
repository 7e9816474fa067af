"""Whether the window stays alive: `python benchmarks/responsiveness.py --out resources/results/responsiveness.csv`.

A timer of 10 ms ticks in the thread of the window while the engine warms up, trains and inspects; the gap between two
ticks is how long a click would have waited. Cancelling is measured from the call to the job's end, memory as the
resident set. The cache of tokens is a fresh one, so that the backbone really runs. A second process that does nothing
but tick shows what of all this is the machine's own doing: on a busy machine it stalls as well.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QApplication, QLabel

from pirn_app.engine.engine import Engine
from pirn_app.messages import events, jobs
from pirn_core.config import PirnConfig, changed, preset
from pirn_core.data.layouts import open_parts
from pirn_core.data.sample import PartRef
from pirn_core.picking import random_shots, test_parts
from pirn_core.synthetic import generate

TICK_MS = 10

CONTROL = """
import sys, time
last = time.perf_counter()
while True:
    time.sleep(0.01)
    now = time.perf_counter()
    print(last, now, flush=True)
    last = now
"""
Row = dict[str, Any]


def main() -> None:
    """Measures and writes one row per figure."""
    options = _options()
    app = QApplication([])
    if options.switch_ms:
        sys.setswitchinterval(options.switch_ms / 1000)
    generate(options.demo, seed=options.seed)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PIRN_CACHE"] = folder
        watch = Watch(Path(folder, "control.txt"))
        for figure in _figures(options, watch, Path(folder)):
            rows.append({**figure, "command": "python " + " ".join(sys.argv), **_facts(options, watch)})
            print(figure, flush=True)
            _write(options.out, rows)
        watch.close()
    app.quit()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("responsiveness.csv"))
    parser.add_argument("--demo", type=Path, default=Path("demo"), help="the sample set, made where it is missing")
    parser.add_argument("--shots", type=int, default=5)
    parser.add_argument("--preset", default="quick")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--inspections", type=int, default=200, help="for the memory figures")
    parser.add_argument("--switch-ms", type=float, default=0.0, help="Python's switch interval; 0 leaves it")
    return parser.parse_args()


class Watch:
    """A small window, an engine, and a timer in the window's thread that keeps the time of every tick."""

    def __init__(self, control: Path) -> None:
        self._control = control
        self._control_process = subprocess.Popen([sys.executable, "-c", CONTROL], stdout=control.open("w"))
        self.label = QLabel("idle", alignment=Qt.AlignmentFlag.AlignCenter)
        self.label.resize(800, 600)
        self.label.show()
        self.ticks: list[float] = []
        self.device = ""
        self._timer = QTimer(timerType=Qt.TimerType.PreciseTimer, interval=TICK_MS)
        self._timer.timeout.connect(lambda: self.ticks.append(time.perf_counter()))
        self._timer.start()
        self.engine = Engine()
        self.engine.event.connect(self._hear)
        self._ended: dict[int, float] = {}
        self._failed = ""
        self.trained = 0
        self.control = 0.0

    def _hear(self, event: events.Event) -> None:
        if isinstance(event, events.JobProgress):
            self.label.setText(event.text)
        elif isinstance(event, events.Trained):
            self.trained += 1
        elif isinstance(event, events.DevicesFound):
            self.device = event.devices[0][1]
        elif isinstance(event, events.JobEnded):
            self._ended[event.number] = time.perf_counter()
            self._failed = event.message if event.outcome == "failed" else self._failed

    def rest(self, seconds: float) -> list[float]:
        """Gaps in milliseconds while nothing is asked for."""
        began = time.perf_counter()
        return self._gaps(lambda: time.perf_counter() - began > seconds)

    def do(self, job: jobs.Job) -> list[float]:
        """Gaps in milliseconds until a job has ended."""
        number = self.engine.submit(job)
        gaps = self._gaps(lambda: number in self._ended)
        if self._failed:
            raise SystemExit(self._failed)
        return gaps

    def cancel_after(self, job: jobs.Job, seconds: float, steps: int) -> float:
        """Seconds from cancelling a job, some time and some steps of training after its start, to its end."""
        before, began = self.trained, time.perf_counter()
        number = self.engine.submit(job)
        self._gaps(lambda: time.perf_counter() - began > seconds and self.trained - before >= steps)
        asked = time.perf_counter()
        self.engine.cancel(number)
        self._gaps(lambda: number in self._ended)
        return self._ended[number] - asked

    def _gaps(self, done: Any) -> list[float]:
        self.ticks = [time.perf_counter()]
        loop, poll = QEventLoop(), QTimer(interval=TICK_MS)
        poll.timeout.connect(lambda: loop.quit() if done() else None)
        poll.start()
        loop.exec()
        self.control = self._controls(self.ticks[0], self.ticks[-1])
        return [1000 * (after - before) for before, after in itertools.pairwise(self.ticks)]

    def _controls(self, start: float, end: float) -> float:
        """The longest gap of the other process in a span of time, in milliseconds."""
        lines = (line.split() for line in self._control.read_text().splitlines()[:-1])
        spans = [(float(before), float(after)) for before, after in lines]
        return max((1000 * (b - a) for a, b in spans if a >= start and b <= end), default=0.0)

    def close(self) -> None:
        """Ends the threads and the other process."""
        self._control_process.kill()
        self._control_process.wait()
        self._timer.stop()
        if not self.engine.close(30_000):
            raise SystemExit("The engine did not end.")


def _figures(options: argparse.Namespace, watch: Watch, folder: Path) -> Iterator[Row]:
    parts = open_parts(options.demo, category="flange")
    shots, tests = random_shots(parts.good(), options.shots, options.seed), test_parts(parts)
    config = changed(preset(options.preset), {"backbone": "embedded", "seed": options.seed})
    yield from _stalls(watch, "idle", watch.rest(3.0))
    yield _memory("before torch")
    warming = watch.do(jobs.WarmUp())
    yield from _stalls(watch, "warm-up, first second", _first(warming, 1000.0))
    yield from _stalls(watch, "warm-up, whole", warming)
    yield from _stalls(watch, "training", watch.do(jobs.Train(shots, config, folder)))
    yield _memory("after training")
    yield from _inspecting(options, watch, tests)
    yield from _cancelling(watch, shots, config, folder)


def _inspecting(options: argparse.Namespace, watch: Watch, tests: Sequence[PartRef]) -> Iterator[Row]:
    yield from _stalls(watch, f"inspecting {len(tests)} parts", watch.do(jobs.InspectParts(tuple(tests))))
    yield _memory(f"after {len(tests)} inspections")
    more = tuple(itertools.islice(itertools.cycle(tests), max(1, options.inspections - len(tests))))
    yield from _stalls(
        watch, f"inspecting {len(more)} parts again, tokens from the cache", watch.do(jobs.InspectParts(more))
    )
    yield _memory(f"after {len(tests) + len(more)} inspections")


def _cancelling(watch: Watch, shots: tuple[PartRef, ...], config: PirnConfig, folder: Path) -> Iterator[Row]:
    fresh = changed(config, {"augmentation.rotations": 7})  # other views, which are not in the cache
    encoding = [watch.cancel_after(jobs.Train(shots, fresh, folder), after, 0) for after in (1.5, 3.0)]
    yield {"phase": "cancel while encoding", "figure": "longest of 2", "value": 1000 * max(encoding), "unit": "ms"}
    known = changed(config, {"training.epochs": 20})
    training = [watch.cancel_after(jobs.Train(shots, known, folder), 0, steps) for steps in (1, 5, 20)]
    yield {"phase": "cancel while training", "figure": "longest of 3", "value": 1000 * max(training), "unit": "ms"}


def _first(gaps: Sequence[float], ms: float) -> list[float]:
    """Gaps that began in the first milliseconds."""
    starts = itertools.accumulate(gaps, initial=0.0)
    return [gap for gap, start in zip(gaps, starts, strict=False) if start < ms]


def _stalls(watch: Watch, phase: str, gaps: Sequence[float]) -> Iterator[Row]:
    ordered = sorted(gaps)
    figures = {
        "median": statistics.median(ordered),
        "99 %": ordered[int(0.99 * (len(ordered) - 1))],
        "maximum": ordered[-1],
        "over 50": sum(gap > 50 for gap in ordered),
        "maximum of the other process": watch.control,
    }
    for name, value in figures.items():
        unit = f"of {len(ordered)} gaps" if name == "over 50" else "ms"
        yield {"phase": phase, "figure": name, "value": value, "unit": unit}


def _memory(phase: str) -> Row:
    """Resident set; where the system does not tell, the peak so far."""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
        return {"phase": phase, "figure": "memory", "value": int(line.split()[1]) / 1000, "unit": "MB"}
    from pirn_core.devices import peak_memory_gb

    return {"phase": phase, "figure": "peak memory", "value": 1000 * peak_memory_gb(), "unit": "MB"}


def _facts(options: argparse.Namespace, watch: Watch) -> Row:
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    facts: Row = {"seed": options.seed, "device": watch.device, "cores": os.cpu_count(), "load": load, "versions": ""}
    if "torch" in sys.modules:
        from pirn_core.learn import versions

        facts["versions"] = " ".join(f"{name}-{number}" for name, number in versions().items())
    return facts


def _write(path: Path, rows: list[Row]) -> None:
    names = list(dict.fromkeys(itertools.chain.from_iterable(rows)))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, names)
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
