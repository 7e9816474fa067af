"""What a threshold can promise from few parts, where to put it, and which part to look at next. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pirn_core.calibration import thresholds
from pirn_core.config import ScoringConfig
from pirn_core.errors import ConfigError, NotFittedError


@dataclass(frozen=True)
class Rate:
    """A share of parts, and what so few of them can say about all others.

    Attributes:
        count: Parts for which it happened.
        of: Parts that were looked at.
        low: Lower end of the interval, 0 to 1.
        high: Upper end.
    """

    count: int
    of: int
    low: float
    high: float


def rate(count: int, of: int, confidence: float = 0.95) -> Rate:
    """A share with its exact two-sided interval (Clopper and Pearson, Biometrika 26 (1934), 404-413).

    With no case among n parts the upper end is near 3.7 / n at 95 % (one-sided 3 / n, the "rule of three"): five good
    shots cannot promise fewer than every second false reject.

    Raises:
        ConfigError: When the counts or the confidence make no sense.
    """
    if not 0 <= count <= of or not 0.0 < confidence < 1.0:
        raise ConfigError(f"{count} of {of} parts at confidence {confidence} is no share.", "Count again.")
    from scipy.special import betaincinv  # quantiles of the beta distribution; all of scipy.stats takes long to import

    tail = (1.0 - confidence) / 2
    low = float(betaincinv(count, of - count + 1, tail)) if count else 0.0
    high = float(betaincinv(count + 1, of - count, 1.0 - tail)) if count < of else 1.0
    return Rate(count, of, low, high)


@dataclass(frozen=True)
class Advice:
    """Where the threshold should be.

    Attributes:
        threshold: Advised.
        reason: One sentence.
        false_rejects: At `threshold`, among good parts that the model has not seen.
        escapes: At `threshold`, among parts labelled as defective; None without any.
        separable: Whether the labels leave a threshold without any mistake; None without defective ones.
    """

    threshold: float
    reason: str
    false_rejects: Rate
    escapes: Rate | None
    separable: bool | None


def advise(
    held_out: Sequence[float], good: Sequence[float], defective: Sequence[float], config: ScoringConfig
) -> Advice:
    """A threshold from held-out scores of good parts, and from labels when there are some.

    Without defective parts: the calibrated rule over all good scores (largest good score and a margin of robust
    standard deviations, see `calibration.thresholds`). With some: the calibrated one where it makes no mistake, else
    the middle of the gap between good and defective scores, or, where they overlap, the threshold with the fewest
    mistakes, an escape counting as much as a false reject.

    Args:
        held_out: Scores of shots by models that had not seen them; at least one of these or of `good`.
        good: Scores of inspected parts labelled as good that the model was not trained on.
        defective: Scores of inspected parts labelled as defective.
        config: Quantile and margin.

    Raises:
        NotFittedError: Without any good score.
    """
    known = np.asarray([*held_out, *good], np.float64)
    if not len(known):
        raise NotFittedError("No score of a good part is known.", "Label inspected parts as good.")
    bad = np.asarray(defective, np.float64)
    usual = thresholds(known.tolist(), config)[1]
    largest, least = float(known.max()), float(bad.min()) if len(bad) else float("inf")
    if not len(bad):
        value, reason = usual, f"The highest of {_scores(len(known))}, and a margin for those not seen yet."
    elif usual <= least:
        value, reason = usual, f"The margin over {_scores(len(known))} misses none of {len(bad)} defective."
    elif largest < least:
        value, reason = (largest + least) / 2, "The middle of the gap between good and defective parts."
    else:
        value, reason = _fewest(known, bad), "Good and defective scores overlap: here the mistakes are fewest."
    return Advice(
        threshold=value,
        reason=reason,
        false_rejects=rate(int((known >= value).sum()), len(known)),
        escapes=rate(int((bad < value).sum()), len(bad)) if len(bad) else None,
        separable=largest < least if len(bad) else None,
    )


def next_part(scores: Mapping[str, float], good: Iterable[str], taken: Iterable[str]) -> str | None:
    """The most informative good part to add: the one that looks least normal to the model.

    Args:
        scores: Of inspected parts.
        good: Parts labelled as good.
        taken: Shots and confirmed parts, which the model knows already.

    Returns:
        Its id; None where no labelled good part is left.
    """
    known = set(taken)
    left = [part for part in good if part not in known and part in scores and np.isfinite(scores[part])]
    return max(left, key=lambda part: (scores[part], part), default=None)


def _fewest(
    good: np.ndarray[tuple[int], np.dtype[np.float64]], bad: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> float:
    values = np.unique(np.concatenate([good, bad]))
    middles = [*((values[:-1] + values[1:]) / 2), float(np.nextafter(values[-1], np.inf))]
    costs = [int((good >= t).sum() + (bad < t).sum()) for t in (values[0], *middles)]
    return float((values[0], *middles)[int(np.argmin(costs))])


def _scores(count: int) -> str:
    return "1 good score" if count == 1 else f"{count} good scores"
