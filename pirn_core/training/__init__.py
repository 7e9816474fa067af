"""Training: from the shots' tokens to a model that is calibrated on good parts it has not seen."""

from pirn_core.training.pool import Probes, TokenPool
from pirn_core.training.trainer import Trainer, TrainingReport, TrainStep

__all__ = ["Probes", "TokenPool", "TrainStep", "Trainer", "TrainingReport"]
