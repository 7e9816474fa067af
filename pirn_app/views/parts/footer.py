"""The line of figures under the list."""

from __future__ import annotations

from collections.abc import Mapping


def footer(shots: int, parts: int, shown: int, counts: Mapping[str, int]) -> str:
    """For example `10 shots · 25 parts · 4 NG, 1 unsure, 12 OK`.

    Args:
        shots: Number of shots.
        parts: Number of all parts.
        shown: Number of those that filter and search let through.
        counts: Number of parts by verdict, and `failed`.
    """
    words = [_many(shots, "shot"), _many(parts, "part") if shown == parts else f"{shown} of {_many(parts, 'part')}"]
    found = [f"{counts[name]} {name}" for name in ("NG", "unsure", "OK", "failed") if counts.get(name)]
    if found:
        words.append(", ".join(found))
    return " · ".join(words)


def _many(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
