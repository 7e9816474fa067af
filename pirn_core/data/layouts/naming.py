"""What folder and file names of a plain folder say: split, label, and the role of a file."""

from __future__ import annotations

from pirn_core.data.layouts.scan import stem, suffix

_SPLIT_NAMES = {
    "train": ("train", "training"),
    "validation": ("validation", "val", "valid"),
    "test": ("test", "testing"),
}
_ROLE_NAMES = {
    "rgb": ("rgb", "image", "images", "img", "imgs", "color", "colour", "colors", "colours", "photos"),
    "xyz": ("xyz", "cloud", "clouds", "pointcloud", "pointclouds", "points", "pcd", "ply"),
    "depth": ("depth", "depths"),
    "normals": ("normals", "normalmap", "sn"),
    "mask": ("gt", "mask", "masks", "groundtruth", "ground_truth"),
    "intrinsics": ("intrinsics", "intrinsic", "camera", "calibration"),
}
_PREFIXES = ("rgb", "xyz", "depth", "normals", "mask")
"""Words that also count in front (`depth_003.png`); `image_003` is rather a name."""

GOOD_NAMES = ("good", "ok", "normal")
BAD_NAMES = ("bad", "ng", "nok", "defect", "defects", "defective", "anomaly", "anomalous", "faulty")

SPLITS = {name: split for split, names in _SPLIT_NAMES.items() for name in names}
ROLES = {name: role for role, names in _ROLE_NAMES.items() for name in names}

_PICTURE, _EITHER, _CLOUD, _TEXT = "picture", "either", "cloud", "text"
_KINDS = {
    **dict.fromkeys((".jpg", ".jpeg", ".bmp"), _PICTURE),
    **dict.fromkeys((".png", ".tif", ".tiff"), _EITHER),
    **dict.fromkeys((".npy", ".npz", ".ply", ".pcd"), _CLOUD),
    **dict.fromkeys((".json", ".yaml", ".yml", ".txt"), _TEXT),
}
_FITTING = {
    "rgb": (_PICTURE, _EITHER),
    "xyz": (_CLOUD, _EITHER),
    "depth": (_CLOUD, _EITHER),
    "normals": (_PICTURE, _EITHER, _CLOUD),
    "mask": (_PICTURE, _EITHER, _CLOUD),
    "intrinsics": (_TEXT,),
}
_DEFAULT = {_PICTURE: "rgb", _CLOUD: "xyz"}


def split_of(folder: str) -> str | None:
    """`train`, `validation` or `test` when the folder is named like that."""
    return SPLITS.get(folder.lower())


def role_of(folder: str) -> str | None:
    """The role that a folder's name gives its files."""
    return ROLES.get(folder.lower())


def role_and_stem(name: str, folder_role: str | None) -> tuple[str, str] | None:
    """Role and part stem of a file; None for a file of no use here.

    The role `tiff` is left to the caller: such a file is a colour image or 3D data. A stem of `` means that
    the whole name is the role, as in `part_17/rgb.png`.
    """
    kind = _KINDS.get(suffix(name))
    if kind is None:
        return None
    base = stem(name)
    role, rest = _named_role(base)
    if role and kind in _FITTING[role]:
        return role, rest
    if kind == _TEXT:
        return None
    if folder_role and kind in _FITTING[folder_role]:
        return folder_role, base
    return _DEFAULT.get(kind, "rgb" if suffix(name) == ".png" else "tiff"), base


def _named_role(base: str) -> tuple[str | None, str]:
    """`003_depth` and `depth_003` give (depth, 003), `rgb` gives (rgb, ``), `bolt_3` gives (None, bolt_3)."""
    if role := ROLES.get(base.lower()):
        return role, ""
    head, _, last = base.rpartition("_")
    if head and (role := ROLES.get(last.lower())):
        return role, head
    first, _, rest = base.partition("_")
    if rest and first.lower() in _PREFIXES:
        return ROLES[first.lower()], rest
    return None, base


def verdict_level(folders: tuple[str, ...]) -> int | None:
    """How deep the first folder lies that is named like a verdict; its siblings are labels too."""
    return next((n for n, name in enumerate(folders) if name.lower() in (*GOOD_NAMES, *BAD_NAMES)), None)


def label_at(folders: tuple[str, ...], level: int) -> str:
    """The label that the folder at `level` gives: `good`, its name, or below `bad` the next folder's name."""
    if len(folders) <= level:
        return ""
    name = folders[level]
    if name.lower() in GOOD_NAMES:
        return "good"
    return folders[level + 1] if name.lower() in BAD_NAMES and len(folders) > level + 1 else name
