"""MVTec 3D-AD: `category/{train,validation,test}/<class>/{rgb,xyz,gt}/<stem>`.

Bergmann et al., The MVTec 3D-AD Dataset for Unsupervised 3D Anomaly Detection and Localization, 2022. The
points are an organised float32 tiff in metres, a missing point is exactly (0, 0, 0); the ground truth's
pixel value is the class id, so every value above 0 is defective.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pirn_core.data.layouts.layout import Layout
from pirn_core.data.layouts.partset import Listing, Problem
from pirn_core.data.layouts.scan import IMAGES, POINTS, Roles, by_stem, missing, scan, subfolder
from pirn_core.data.sample import PartRef

NAME = "mvtec3d"
SPLITS = ("train", "validation", "test")


def categories(root: Path) -> Mapping[str, Path]:
    """The root itself, or those of its folders that are a category."""
    if _is_category(root):
        return {root.name: root}
    return {name: path for name, path in scan(root).folders.items() if _is_category(path)}


def _is_category(folder: Path) -> bool:
    for split in SPLITS:
        found = subfolder(folder, split)
        for label in scan(found).folders.values() if found else ():
            if subfolder(label, "rgb") or subfolder(label, "xyz"):
                return True
    return False


def listing(folder: Path, _lighting: str = "") -> Listing:
    """All parts of a category folder."""
    refs: list[PartRef] = []
    problems: list[Problem] = []
    for split in SPLITS:
        found = subfolder(folder, split)
        for label, path in scan(found).folders.items() if found else ():
            part = list_class(path, split, label)
            refs += part.refs
            problems += part.problems
    return Listing(tuple(refs), tuple(problems))


def list_class(folder: Path, split: str, label: str) -> Listing:
    """The parts of one class folder; pairs `rgb`, `xyz` and `gt` by stem."""
    rgb = by_stem(subfolder(folder, "rgb"), IMAGES)
    xyz = by_stem(subfolder(folder, "xyz"), POINTS)
    gt = by_stem(subfolder(folder, "gt"), IMAGES)
    refs, problems = [], []
    for name in sorted(rgb.keys() | xyz.keys()):
        roles = Roles().add("rgb", rgb.get(name, ())).add("xyz", xyz.get(name, ())).add("mask", gt.get(name, ()))
        part = f"{split}/{label}/{name}"
        chosen = roles.chosen
        refs.append(PartRef(part, split, label, **chosen, extra=roles.extra, layout=NAME))
        wanted = {"colour image": chosen.get("rgb"), "3D file": chosen.get("xyz")}
        problems += roles.problems(part) + missing(part, wanted, bool(rgb) and bool(xyz))
        if split == "test" and label != "good" and "mask" not in chosen:
            problems.append(Problem("missing", part, f"{name}, labelled {label}, has no ground truth mask."))
    for name in sorted(gt.keys() - rgb.keys() - xyz.keys()):
        problems.append(Problem("unused", "", f"the mask {name} belongs to no part.", gt[name][0]))
    return Listing(tuple(refs), tuple(problems))


LAYOUT = Layout(NAME, "<category>/{train,validation,test}/<class>/{rgb,xyz,gt}", categories, listing)
