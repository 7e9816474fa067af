"""Prototypes and tokens: what is asked of the engine, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from pirn_app.messages.events import Event
from pirn_app.messages.jobs import Job
from pirn_core.data.sample import BoolArray, ByteArray, FloatArray, LengthUnit, Modality, PartRef

if TYPE_CHECKING:
    from pirn_core.data.fitting import FittedRecipe
    from pirn_core.explain.atlas import Atlas, Tokens  # come with torch
    from pirn_core.explain.embedding import Layout
    from pirn_core.explain.health import Health

Method = Literal["tsne", "pca"]
Scope = Literal["part", "all"]


@dataclass(frozen=True)
class Space:
    """A feature space: tokens and prototypes of different ones cannot be compared.

    Attributes:
        model: Id of the model.
        modality: Whose tokens.
        layer: Decoder layer, from 0.
    """

    model: str
    modality: Modality
    layer: int


@dataclass(frozen=True)
class SurveyPrototypes(Job):
    """Gathers the shots' tokens, then looks at the codebook; latest wins.

    Answers: `AtlasMade`, then `HealthMade`; or `PrototypesUnavailable`.

    Attributes:
        space: Of the model in force.
        refs: All open parts, among which the model's shots are looked for by content.
        unit: Forced unit.
        seed: Of all draws.
    """

    space: Space
    refs: tuple[PartRef, ...]
    unit: LengthUnit | None = None
    seed: int = 0


@dataclass(frozen=True)
class LayOutPrototypes(Job):
    """Fits a plane to tokens and prototypes; latest wins. Answer: `PrototypesLaidOut`."""

    space: Space
    atlas: Atlas
    method: Method


@dataclass(frozen=True)
class PlaceTokens(Job):
    """Places the tokens of parts into a layout; latest wins. Answer: `TokensPlaced`.

    Attributes:
        space: Of the layout.
        layout: The layout.
        refs: The parts.
        scope: What the parts are.
        most: Tokens in all, drawn at random beyond.
        unit: Forced unit.
        seed: Of the draw.
    """

    space: Space
    layout: Layout
    refs: tuple[PartRef, ...]
    scope: Scope
    most: int = 3000
    unit: LengthUnit | None = None
    seed: int = 0


@dataclass(frozen=True)
class Source:
    """A patch to show: its part, its pixel box (row0, col0, row1, col1), its cosine to the prototype."""

    ref: PartRef
    box: tuple[int, int, int, int]
    cosine: float


@dataclass(frozen=True)
class PicturePrototype(Job):
    """Cuts the training patches nearest to a prototype out of their shots; latest wins. Answer: `PrototypePictured`."""

    space: Space
    index: int
    sources: tuple[Source, ...]
    fitted: FittedRecipe
    unit: LengthUnit | None = None


@dataclass(frozen=True)
class AtlasMade(Event):
    """The shots' tokens.

    Attributes:
        space: Their space.
        atlas: Drawn tokens and prototypes.
        shots: The model's shots as found among the open parts, by the shots' ids.
        missing: Ids of shots that were not found.
    """

    space: Space
    atlas: Atlas
    shots: Mapping[str, PartRef]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class HealthMade(Event):
    """Use of the prototypes."""

    space: Space
    health: Health


@dataclass(frozen=True)
class PrototypesUnavailable(Event):
    """Why nothing can be shown."""

    space: Space
    message: str
    advice: str


@dataclass(frozen=True)
class PrototypesLaidOut(Event):
    """Where the points lie.

    Attributes:
        space: Their space.
        layout: Of the fitted points: the atlas's tokens first, then its fitted prototypes.
        prototypes: Places of all prototypes, (K, 2).
        seconds: That it took.
    """

    space: Space
    layout: Layout
    prototypes: FloatArray
    seconds: float


@dataclass(frozen=True)
class TokensPlaced(Event):
    """Tokens of inspected parts in a layout.

    Attributes:
        space: Of the layout.
        method: Of the layout.
        scope: What the parts are.
        asked: Ids of the parts that were asked for.
        tokens: Without their vectors.
        of: Number of tokens before drawing.
        places: (M, 2).
        scores: Value of the fused map at every token's centre, NaN where nothing was seen, (M,).
        defect: Whether the ground truth marks a fifth of the patch or more, (M,); None where no part has one.
    """

    space: Space
    method: Method
    scope: Scope
    asked: tuple[str, ...]
    tokens: Tokens
    of: int
    places: FloatArray
    scores: FloatArray
    defect: BoolArray | None

    def of_part(self, part: str) -> NDArray[np.intp]:
        """Indices of one part's tokens."""
        names = self.tokens.parts
        return np.flatnonzero(self.tokens.part == names.index(part)) if part in names else np.zeros(0, np.intp)


@dataclass(frozen=True)
class PatchPicture:
    """A training patch with its surroundings; the patch itself is framed.

    Attributes:
        part: Id of the shot's part.
        box: Of the patch in its image.
        cosine: To the prototype.
        rgb: uint8 (S, S, 3); None without colour.
        normals: The same of the surface normals; None without 3D.
    """

    part: str
    box: tuple[int, int, int, int]
    cosine: float
    rgb: ByteArray | None
    normals: ByteArray | None


@dataclass(frozen=True)
class PrototypePictured(Event):
    """The nearest training patches of a prototype."""

    space: Space
    index: int
    patches: tuple[PatchPicture, ...]
