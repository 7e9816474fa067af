"""How this panel writes numbers, times and counts."""

from __future__ import annotations

from pirn_app.state.results import PartResult
from pirn_app.state.statistics import Counts, Scored, decimals
from pirn_core.data.sample import Modality
from pirn_core.results import Region

NAMES: dict[Modality, str] = {"rgb": "Colour", "sn": "Surface"}
_MINUS = "\N{MINUS SIGN}"


def plural(number: int, one: str, many: str = "") -> str:
    """`1 part`, `2 parts`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def left(seconds: float | None) -> str:
    """`7 s left`; `` where unknown."""
    if seconds is None:
        return ""
    whole = max(1, round(seconds))
    if whole < 100:
        return f"{whole} s left"
    return f"{whole / 60:.0f} min left" if whole < 5400 else f"{whole / 3600:.1f} h left"


def joined(*texts: str) -> str:
    """The texts that are not empty, with commas."""
    return ", ".join(text for text in texts if text)


def score_pair(score: float, threshold: float) -> tuple[str, str]:
    """Score and threshold with as many decimals as it takes to see which is larger."""
    places = decimals(threshold)
    while places < 6 and score != threshold and f"{score:.{places}f}" == f"{threshold:.{places}f}":
        places += 1
    return f"{score:.{places}f}", f"{threshold:.{places}f}"


def signed(value: float, places: int = 1) -> str:
    """`+0.4`, `−2.3`; what rounds to nothing has no sign."""
    text = f"{abs(value):.{places}f}"
    if float(text) == 0:
        return text
    return ("+" if value > 0 else _MINUS) + text


def size(value: float) -> str:
    """A length or an area with about three digits."""
    return f"{value:.{2 if value < 1 else 1 if value < 100 else 0}f}"


def extent(longest: float, across: float) -> str:
    """`6.1 × 3.0`, `62 × 30`: two digits, so that a narrow column holds it."""
    places = 1 if longest < 10 else 0
    return f"{longest:.{places}f} × {across:.{places}f}"


def verdicts(counts: Counts, scored: Scored) -> str:
    """`12 OK · 1 unsure · 9 NG of 22 inspected`."""
    if not counts.all:
        return "No part inspected yet."
    text = f"{counts.ok:,} OK · {counts.unsure:,} unsure · {counts.ng:,} NG of {counts.all:,} inspected"
    return text + (f", without {plural(scored.shots, 'shot')}" if scored.shots else "")


def mistakes(counts: Counts) -> str:
    """`2 good parts NG, 1 defective part OK`; `` where no label is known."""
    if not counts.good + counts.defective:
        return ""
    good = f"{plural(counts.good_ng, 'good part')} NG" if counts.good_ng else ""
    bad = f"{plural(counts.defective_ok, 'defective part')} OK" if counts.defective_ok else ""
    if good or bad:
        return joined(good, bad) + "."
    known = joined(
        f"none of {counts.good:,} good NG" if counts.good else "",
        f"none of {counts.defective:,} defective OK" if counts.defective else "",
    )
    return known[0].upper() + known[1:] + "."


def height_words(height: float | None) -> str:
    """A region's offset from its surroundings, in words."""
    if height is None:
        return ""
    if abs(height) < 0.05:
        return "level with its surroundings"
    return f"{size(abs(height))} mm {'above' if height > 0 else 'below'} its surroundings"


def region_words(region: Region) -> str:
    """A region in one sentence, for its tooltip."""
    row, column = region.peak_at
    sides = "" if region.extent_mm is None else f"{extent(*region.extent_mm)} mm"
    area = plural(region.pixels, "pixel") if region.area_mm2 is None else f"{size(region.area_mm2)} mm²"
    where = f"highest score at row {row}, column {column}"
    return f"Region {region.label}: {joined(area, sides, height_words(region.height_mm), where)}."


def shares(found: PartResult, region: Region | None) -> dict[Modality, float]:
    """Share of each modality in a region, else in the part's highest scores; sums to 1, empty where unknown."""
    values = found.scores if region is None else region.share
    total = sum(max(value, 0.0) for value in values.values())
    return {name: max(value, 0.0) / total for name, value in values.items()} if total > 0 else {}
