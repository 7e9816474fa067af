"""The way from shots to a model, step by step: what the command line and the application both call."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version

import torch

from pirn_core import __version__
from pirn_core.config import PirnConfig
from pirn_core.data.sample import PartRef, Sample
from pirn_core.errors import NotFittedError
from pirn_core.files import sha256
from pirn_core.model import BackboneIdentity, Shot, TrainedModel
from pirn_core.nn.backbone import Backbone
from pirn_core.shots import Shots, Tell, encode_shots
from pirn_core.tokens import TokenCache
from pirn_core.training import Trainer, TrainStep


@dataclass
class Learning:
    """One training run.

    Attributes:
        samples: The shots, read.
        config: Settings.
        backbone: Frozen, on the device to train on.
        cache: Of tokens.
        shots: Set by `encode`.
        trainer: Set by `encode`.
    """

    samples: Sequence[Sample]
    config: PirnConfig
    backbone: Backbone
    cache: TokenCache | None = None
    shots: Shots | None = field(default=None, init=False)
    trainer: Trainer | None = field(default=None, init=False)

    def encode(self, tell: Tell | None = None) -> Shots:
        """Tokens of all views of all shots; the slow part on a CPU, unless they are in the cache."""
        self.shots = encode_shots(self.samples, self.config, self.backbone, self.cache, tell)
        self.trainer = Trainer(self.shots.pool.to(self.backbone.device), self.config)
        return self.shots

    def steps(self) -> Iterator[TrainStep]:
        """Trains; stopping means not asking for the next step."""
        if self.trainer is None:
            self.encode()
        assert self.trainer is not None
        yield from self.trainer.steps()

    def model(self) -> TrainedModel:
        """The trained and calibrated model, not yet saved (and so without an id).

        Raises:
            NotFittedError: When training has not run to its end.
        """
        if self.shots is None or self.trainer is None:
            raise NotFittedError("Training has not begun.", "Ask for its steps first.")
        pirn, records, report = self.trainer.result()
        return TrainedModel(
            config=self.config,
            fitted=self.shots.fitted,
            backbone=identity_of(self.backbone),
            pirn=pirn,
            records=records,
            shots=tuple(Shot(s.ref.id, content_hash(s.ref)) for s in self.samples),
            history={
                "program": __version__,
                "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                "device": str(self.backbone.device),
                "backbone": self.backbone.describe(),
                "versions": versions(),
                "training": asdict(report),
                "gates": pirn.gates(),
                "warnings": list(self.shots.warnings),
            },
        )


def identity_of(backbone: Backbone) -> BackboneIdentity:
    """What a model keeps of its backbone."""
    return BackboneIdentity(
        backbone.name,
        backbone.timm_name,
        backbone.weights_sha256,
        backbone.channels,
        backbone.input_size,
        backbone.grid,
    )


def content_hash(ref: PartRef) -> str:
    """Hex digest of a part's image and scan, to recognise it in another place."""
    return sha256(*(path for path in (ref.rgb, ref.xyz, ref.normals) if path is not None))


def versions() -> dict[str, str]:
    """Versions of the libraries that figures depend on."""
    found = {"python": platform.python_version(), "torch": torch.__version__}
    for name in ("timm", "numpy", "scikit-learn", "opencv-python-headless", "open3d"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
