"""The backbones on offer and what of them is on this machine. Listing imports neither torch nor timm."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pirn_core.errors import BackboneError
from pirn_core.nn import location
from pirn_core.nn.embedded import EMBEDDED, embedded_entry
from pirn_core.nn.entry import BackboneEntry, paper_blocks

PAPER = "dinov2-base"
"""The paper's backbone; `auto` takes it where its weights are on this machine."""

DINOV3_LICENCE = "DINOv3 License (ai.meta.com/resources/models-and-libraries/dinov3-license)"

Place = Literal["embedded", "cached", "download", "missing"]
"""`embedded`: ships with the program; `cached`: on this machine; `download`: has to be fetched or imported;
`missing`: should ship with the program but does not."""


def _transformer(name: str, timm: str, channels: int, parameters: int, description: str) -> BackboneEntry:
    """A ViT of 12 blocks on 16x16 tokens, as in the paper."""
    older = "dinov2" in timm
    tagged = f"{timm}.lvd142m" if older else f"{timm}.lvd1689m"
    return BackboneEntry(
        name=name,
        timm=tagged,
        licence="Apache-2.0" if older else DINOV3_LICENCE,
        parameters=parameters,
        size_mb=parameters * 4 / 1e6,
        input_size=224 if older else 256,
        grid=16,
        indices=paper_blocks(12),
        aggregate="mean",
        channels=channels,
        description=description,
        hub=f"timm/{tagged}",
        fixed_size=True,
    )


CATALOGUE: dict[str, BackboneEntry] = {
    entry.name: entry
    for entry in (
        _transformer(PAPER, "vit_base_patch14_dinov2", 768, 86_579_712, "DINOv2 ViT-B/14, the paper's"),
        _transformer("dinov2-small", "vit_small_patch14_dinov2", 384, 22_056_192, "DINOv2 ViT-S/14, four times faster"),
        _transformer("dinov2-base-reg", "vit_base_patch14_reg4_dinov2", 768, 86_582_016, "DINOv2 ViT-B/14, registers"),
        _transformer(
            "dinov2-small-reg", "vit_small_patch14_reg4_dinov2", 384, 22_057_344, "DINOv2 ViT-S/14, registers"
        ),
        _transformer("dinov3-base", "vit_base_patch16_dinov3", 768, 85_641_216, "DINOv3 ViT-B/16; licence differs"),
        _transformer("dinov3-small", "vit_small_patch16_dinov3", 384, 21_586_944, "DINOv3 ViT-S/16; licence differs"),
    )
}
"""The named backbones besides `embedded`; any other timm name works too."""


@dataclass(frozen=True)
class BackboneState:
    """A backbone and where its weights are.

    Attributes:
        entry: What it is.
        place: Whether its weights are here.
        path: The weight file, if it is here.
        size_mb: Size of that file, else of the download, in MB (10^6 bytes).
    """

    entry: BackboneEntry
    place: Place
    path: Path | None
    size_mb: float

    @property
    def name(self) -> str:
        """Name of the backbone."""
        return self.entry.name

    @property
    def licence(self) -> str:
        """Licence of its weights."""
        return self.entry.licence


def backbone_entry(name: str) -> BackboneEntry:
    """The entry of a catalogue name, of `embedded`, or of any model of timm (`timm:NAME` or `NAME`).

    Raises:
        BackboneError: When there is no such backbone, or the embedded one is not readable.
    """
    if name == EMBEDDED:
        return embedded_entry(location.embedded_path())
    bare = name.removeprefix("timm:")
    known = {entry.timm: entry for entry in CATALOGUE.values()} | CATALOGUE
    if bare in known:
        return known[bare]
    from pirn_core.nn.architecture import timm_entry

    entry = timm_entry(bare)
    if entry is None:
        raise _unknown(name)
    return known.get(entry.timm, entry)


def _unknown(name: str) -> BackboneError:
    names = [EMBEDDED, *CATALOGUE]
    close = difflib.get_close_matches(name, names, n=1)
    hint = f"Did you mean {close[0]}? " if close else ""
    return BackboneError(
        f"there is no backbone {name!r}.",
        f"{hint}Choose one of auto, {', '.join(names)}, or the name of a timm model with its weights' tag.",
    )


def backbone_state(entry: BackboneEntry) -> BackboneState:
    """Where the weights of `entry` are."""
    path = location.locate(entry)
    if path is None:
        return BackboneState(entry, "download", None, entry.size_mb)
    place: Place = "embedded" if path == location.embedded_path() else "cached"
    return BackboneState(entry, place, path, path.stat().st_size / 1e6)


def list_backbones() -> tuple[BackboneState, ...]:
    """The embedded backbone, the catalogue, and what else was imported on this machine."""
    named = (*CATALOGUE.values(), *(e for e in location.imported_entries() if e.name not in CATALOGUE))
    return (_embedded_state(), *(backbone_state(entry) for entry in named))


def _embedded_state() -> BackboneState:
    try:
        return backbone_state(backbone_entry(EMBEDDED))
    except BackboneError as error:
        nothing = BackboneEntry(EMBEDDED, "", "", 0, 0.0, 0, 1, (0,), "concat", 0, description=str(error))
        return BackboneState(nothing, "missing", None, 0.0)


def resolve(name: str) -> BackboneEntry:
    """As `backbone_entry`, and `auto`: the paper's backbone if its weights are here, else the embedded one.

    Raises:
        BackboneError: As `backbone_entry`.
    """
    if name != "auto":
        return backbone_entry(name)
    paper = CATALOGUE[PAPER]
    return paper if location.locate(paper) is not None else backbone_entry(EMBEDDED)
