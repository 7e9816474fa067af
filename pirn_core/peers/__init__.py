"""Other detectors over the same tokens, to compare with under the same conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import Tensor

    from pirn_core.data.sample import Modality


class TokenDetector(Protocol):
    """A detector that sees only tokens: V views of the shots to fit, B parts to inspect, N tokens each.

    Attributes:
        name: Short name for tables.
    """

    name: str

    def fit(self, tokens: Mapping[Modality, Tensor], foreground: Tensor, *, seed: int) -> None:
        """Learns what is normal.

        Args:
            tokens: Tokens of the shots' views per modality, shape (V, N, C).
            foreground: Which tokens lie on the part, bool, shape (V, N); the others are not learned.
            seed: Of everything random.
        """
        ...

    def residuals(self, tokens: Mapping[Modality, Tensor], foreground: Tensor) -> Mapping[Modality, Tensor]:
        """How far each token is from normal.

        Args:
            tokens: Tokens per modality, shape (B, N, C); a modality may be missing.
            foreground: Which tokens lie on the part, bool, shape (B, N).

        Returns:
            Residuals per modality that was given, shape (B, N), >= 0, higher is worse.
        """
        ...
