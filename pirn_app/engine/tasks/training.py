"""From shots to a saved model that takes the former one's place; or to nothing at all."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pirn_app.engine.tasks.models import opened, token_cache
from pirn_app.engine.tools import Tools
from pirn_app.messages.events import Encoding, Event, ModelReady, Note, Trained
from pirn_app.messages.jobs import Train
from pirn_core.errors import OutputError

if TYPE_CHECKING:
    from pirn_core.data.sample import Sample
    from pirn_core.learn import Learning
    from pirn_core.nn.backbone import Backbone

READ, ENCODED, TRAINED = 0.03, 0.35, 0.98
"""Share of the whole that is done after each stage; times differ, the bar only has to go forwards."""

_MEMORY = "Choose fewer prototypes, a smaller batch, or the CPU as device."


def train(job: Train, tools: Tools) -> Generator[Event, None, str]:
    """Reads, encodes, trains, calibrates, saves; then, and only then, the new model is in force."""
    from pirn_core.devices import memory_advice
    from pirn_core.learn import Learning

    check_folder(job.out)
    samples = yield from _read(job, tools)
    yield tools.progress(READ, "Reading the backbone")
    backbone = _backbone(job)
    yield Note("info", backbone.describe())
    learning = Learning(samples, job.config, backbone, token_cache())
    with memory_advice(_MEMORY):
        _encode(learning, tools)
        yield from _steps(learning, tools)
        yield tools.progress(TRAINED, "Calibrating and saving", 0.0)
        return (yield from _install(job, learning, tools))


def check_folder(folder: Path) -> None:
    """Looks before the training, not after it.

    Raises:
        OutputError: When no file can be written there.
    """
    probe = folder / f".{uuid.uuid4().hex}.probe"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"{folder}: models cannot be written there: {reason}.", "Choose another folder.") from error


def _read(job: Train, tools: Tools) -> Generator[Event, None, list[Sample]]:
    from pirn_core.data.reading import read_sample

    samples = []
    for number, ref in enumerate(job.shots):
        yield tools.progress(READ * number / len(job.shots), f"Reading shot {number + 1} of {len(job.shots)}")
        samples.append(read_sample(ref, unit=job.unit))
    return samples


def _backbone(job: Train) -> Backbone:
    from pirn_core.devices import choose_device
    from pirn_core.nn.backbone import load_backbone

    recipe = job.config.recipe
    return load_backbone(
        job.config.backbone, input_size=recipe.input_size, grid=recipe.grid, device=choose_device(job.device)
    )


def _encode(learning: Learning, tools: Tools) -> None:
    def tell(done: int, of: int) -> None:
        tools.check()
        tools.tell(Encoding(done, of))
        fraction = READ + (ENCODED - READ) * done / of
        tools.tell(tools.progress(fraction, f"{done} of {of} shots through the backbone"))

    tell(0, len(learning.samples))
    with _stoppable(learning.backbone, tools.check):
        learning.encode(tell)


@contextmanager
def _stoppable(backbone: Backbone, check: Callable[[], None]) -> Iterator[None]:
    """Looks for the user's wish before every layer of the network: all views of a shot take seconds."""

    def look(*_: Any) -> None:
        check()

    hooks = [module.register_forward_pre_hook(look) for module in backbone.modules()]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _steps(learning: Learning, tools: Tools) -> Iterator[Event]:
    yield tools.progress(ENCODED, "Choosing prototypes")
    for step in learning.steps():
        yield Trained(step)
        fraction = ENCODED + (TRAINED - ENCODED) * step.fraction
        yield tools.progress(fraction, f"{step.stage}, step {step.step} of {step.of}", step.remaining)


def _install(job: Train, learning: Learning, tools: Tools) -> Generator[Event, None, str]:
    """The id follows from the contents: the file gets its name once it is written, read back and found whole."""
    from pirn_core import checkpoint

    temporary = job.out / f".{uuid.uuid4().hex}.pirn"
    try:
        saved = checkpoint.save(learning.model(), temporary)
        inspector, shown = opened(temporary, learning.backbone)
        path = job.out / f"{file_stem(job.name)}-{saved.id}.pirn"
        tools.settle()
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    tools.bench.put(inspector)
    yield ModelReady(replace(shown, path=path))
    return f"Model {saved.id} trained on {len(job.shots)} shots and written to {path}."


def file_stem(name: str) -> str:
    """A name as the start of a file name on every system."""
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "model"
