"""Words of the prototype view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pirn_core.data.sample import Modality

if TYPE_CHECKING:
    from pirn_app.messages.prototypes import AtlasMade, TokensPlaced
    from pirn_core.explain.embedding import Layout
    from pirn_core.explain.health import Health, Rule

NAMES: dict[Modality, str] = {"rgb": "colour", "sn": "surface"}
RULES: dict[Rule, str] = {"softmax": "softmax", "balanced": "balanced transport", "in force": "in force"}

MAP_HELP = (
    "Points are patches (tokens), diamonds are prototypes, the patterns of normal parts that the model learnt; near "
    "points look alike to the model, but distances across the plane mean nothing in t-SNE. A part's patches are drawn "
    "between the fitted points that they resemble most, however little that is: so look which normal pattern a defect "
    "is taken for, and trust its score for how unlike it is. Click a point to see it in the pictures, hold Shift and "
    "drag (or use the lasso) to mark many, drag to move, wheel to zoom."
)
USE_HELP = (
    "Prototypes stand sorted by how many patches of the shots they explain, 1 being an even share. A few that take all "
    "and many dead ones mean a collapsed codebook: train with more varied shots or fewer prototypes. Balanced "
    "transport makes the mass even by construction; whose strongest prototype each one is shows what that changes."
)
COMPARE_HELP = (
    "Both planes show the same patches and prototypes; only the rule by which patches are shared among prototypes "
    "differs. Softmax lets each patch choose freely, so that some prototypes grow and others die; the paper's balanced "
    "transport gives all the same mass. Many hollow diamonds under the rule in force mean wasted prototypes."
)


def plural(count: int, word: str) -> str:
    """A number with its word."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def caption(atlas: AtlasMade, layout: Layout, placed: TokensPlaced | None) -> str:
    """How the points of the plane came about."""
    pieces = [atlas.atlas.caption, layout.caption]
    if placed is not None and not placed.tokens.parts:
        pieces.append("This part has no patches in this modality.")
    elif placed is not None and placed.scope == "all":
        drawn = "" if placed.of == len(placed.tokens) else f"{len(placed.tokens):,} of "
        pieces.append(f"Shown: {drawn}{placed.of:,} patches of {plural(len(placed.tokens.parts), 'inspected part')}.")
    if atlas.missing:
        pieces.append(f"{plural(len(atlas.missing), 'shot')} of the model not in this folder: {listed(atlas.missing)}.")
    return " ".join(pieces)


def listed(names: Sequence[str], most: int = 3) -> str:
    """The first few of them."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def rule_name(health: Health, rule: Rule) -> str:
    """A rule in words, with whether it is the one in force."""
    if rule == "in force":
        return f"{health.rule} (in force)"
    return f"{RULES[rule]} (in force)" if health.uses[rule] is health.uses["in force"] else RULES[rule]


def rules(health: Health) -> tuple[Rule, ...]:
    """Those that differ, the one in force last."""
    own = health.uses["in force"]
    others: tuple[Rule, ...] = tuple(r for r in ("balanced", "softmax") if health.uses[r] is not own)
    same: tuple[Rule, ...] = tuple(r for r in ("balanced", "softmax") if health.uses[r] is own)
    return (*others, *(same or ("in force",)))


def figures(health: Health) -> str:
    """The table of figures as rich text; numbers of prototypes are links."""
    head = "".join(f"<td align='right' style='padding-left:14px'>{t}</td>" for t in
                   ("evenness", "entropy", "dead", "never strongest"))  # fmt: skip
    rows = []
    for rule in rules(health):
        use = health.uses[rule]
        cells = (f"{use.evenness:.0%}", f"{use.entropy:.2f} nats", f"{len(use.dead):,}", f"{use.never_first:,}")
        values = "".join(f"<td align='right' style='padding-left:14px'>{cell}</td>" for cell in cells)
        rows.append(f"<tr><td>{rule_name(health, rule)}</td>{values}</tr>")
    return f"<table cellspacing='0'><tr><td></td>{head}</tr>{''.join(rows)}</table>"


def remarks(health: Health) -> str:
    """Dead and doubled prototypes as links, and what the figures rest on."""
    dead = health.uses["in force"].dead
    pieces = []
    if len(dead):
        links = ", ".join(f"<a href='{k}'>{k}</a>" for k in dead[:6].tolist())
        pieces.append(f"Dead (below {health.dead_below:.0%} of an even share): {links}{' …' if len(dead) > 6 else '.'}")
    pairs = health.duplicates
    if len(pairs):
        links = ", ".join(f"<a href='{a}'>{a}</a> = <a href='{b}'>{b}</a>" for a, b in pairs[:3].tolist())
        more = " …" if len(pairs) > 3 else "."
        pieces.append(
            f"{plural(len(pairs), 'near-duplicate pair')} (cosine above {health.duplicate_above:g}): {links}{more}"
        )
    else:
        pieces.append(f"No near-duplicates (cosine above {health.duplicate_above:g}).")
    count = f"{health.tokens:,}" if health.tokens == health.of else f"{health.tokens:,} of {health.of:,}"
    pieces.append(
        f"{plural(len(health.uses['in force'].mass), 'prototype')}, {count} patches of "
        f"{plural(len(health.shots), 'shot')} together, temperature {health.eps:.3g}."
    )
    return " ".join(pieces)
