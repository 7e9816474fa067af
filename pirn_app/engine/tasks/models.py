"""Opening and saving model files, and what the window is told about a model."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

from pirn_app.engine.tools import Tools
from pirn_app.messages.events import Event, Model, ModelReady, ModelSaved
from pirn_app.messages.jobs import OpenModel, SaveModel

if TYPE_CHECKING:
    from pirn_core.inspector import Inspector
    from pirn_core.nn.backbone import Backbone
    from pirn_core.tokens import TokenCache


def open_model(job: OpenModel, tools: Tools) -> Generator[Event, None, str]:
    """Loads a model and its backbone; only when both are whole they take the place of the former ones."""
    from pirn_core import checkpoint
    from pirn_core.devices import choose_device, memory_advice
    from pirn_core.inspector import backbone_of

    yield tools.progress(None, "Reading the model")
    model = checkpoint.load(job.path)
    yield tools.progress(None, f"Reading the backbone {model.backbone.name}")
    with memory_advice("Choose the CPU as device."):
        inspector, shown = opened(job.path, backbone_of(model, choose_device(job.device)))
    tools.settle()
    tools.bench.put(inspector)
    yield ModelReady(shown)
    return f"Model {shown.card.id} opened from {job.path.name}."


def save_model(job: SaveModel, tools: Tools) -> Generator[Event, None, str]:
    """Writes the model in force, with the user's threshold; what is in force stays."""
    from pirn_core import checkpoint

    model = tools.bench.inspector.model
    if job.threshold != model.threshold:
        model = model.with_threshold(tools.bench.at(job.threshold).model.threshold)
    tools.settle()
    saved = checkpoint.save(model, job.path)
    yield ModelSaved(job.path, saved.id)
    return ""


def opened(path: Path, backbone: Backbone) -> tuple[Inspector, Model]:
    """The inspector of a model file on a backbone that is loaded, and its description.

    Read back from the file, after training too: what is in force is then what `pirn inspect` finds, bit by bit.
    """
    from pirn_core import checkpoint
    from pirn_core.inspector import Inspector

    inspector = Inspector(checkpoint.load(path), backbone, token_cache())
    return inspector, describe(inspector, path)


def describe(inspector: Inspector, path: Path) -> Model:
    """A model in words and numbers."""
    from pirn_core.card import card_of
    from pirn_core.checkpoint import read_meta
    from pirn_core.devices import device_label

    model = inspector.model
    scores = model.calibration.scores
    return Model(
        card=card_of(read_meta(path)),
        path=path,
        config=model.config,
        fitted=model.fitted,
        sure=model.calibration.sure,
        threshold=model.calibration.threshold,
        own_threshold=model.threshold,
        colour_range=model.calibration.colour_range,
        shot_scores={r.part: scores[r.part] for r in model.records if r.source == "held-out shot"},
        shot_hashes={shot.id: shot.sha256 for shot in model.shots},
        device=device_label(inspector.backbone.device),
    )


def token_cache() -> TokenCache:
    """The cache of tokens on this machine, the command line's too."""
    from pirn_core.files import cache_dir
    from pirn_core.tokens import TokenCache

    return TokenCache(cache_dir("tokens"))
