"""A part given directly, as a file or a folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pirn_core.data.layouts import eyecandies, mvtec3d, plain, realiad_d3
from pirn_core.data.layouts.naming import role_and_stem, role_of
from pirn_core.data.layouts.opening import open_parts
from pirn_core.data.sample import PartRef
from pirn_core.errors import SampleError


def part_from_path(path: Path) -> tuple[PartRef, ...]:
    """The parts at a path: all of a folder, or the one that a file belongs to.

    A file's partners are looked for where its layout puts them, e.g. `rgb/003.png` finds `xyz/003.tiff`;
    without a partner the part has that file only.

    Raises:
        SampleError: When there is nothing at the path, or nothing that can be a part.
    """
    path = Path(path)
    if path.is_dir():
        return tuple(open_parts(path).refs)
    if not path.exists() and not path.is_symlink():
        raise SampleError(f"{path}: there is no such file or folder.", "Check the path.")
    path = path.absolute()
    known = role_and_stem(path.name, role_of(path.parent.name))
    if known is None or known[0] in ("mask", "intrinsics"):
        raise SampleError(
            f"{path}: is no colour image and no 3D file.",
            "Give a png, jpg, bmp, tiff, npy, npz, ply or pcd file.",
        )
    ref = _eyecandies(path) or realiad_d3.single(path) or _mvtec3d(path) or _plain(path) or _alone(path)
    return (ref,)


def _eyecandies(path: Path) -> PartRef | None:
    match = eyecandies.ITEM.match(path.name)
    if not match or path.parent.name != "data":
        return None
    folder = path.parent.parent.name
    items = eyecandies.group(path.parent)[match[1]]
    lighting = match[2] if match[2].startswith("image_") else eyecandies.DEFAULT_LIGHTING
    return eyecandies.part(match[1], items, eyecandies.SPLITS.get(folder, ""), lighting)


def _mvtec3d(path: Path) -> PartRef | None:
    label = path.parent.parent
    if path.parent.name not in ("rgb", "xyz") or label.parent.name not in mvtec3d.SPLITS:
        return None
    return _holding(path, mvtec3d.list_class(label, label.parent.name, label.name).refs)


def _plain(path: Path) -> PartRef | None:
    """Looks through the folder, or the one above where the folder is named after a role."""
    folder = path.parent.parent if role_of(path.parent.name) else path.parent
    return _holding(path, plain.nearby(folder).refs)


def _holding(path: Path, refs: tuple[PartRef, ...]) -> PartRef | None:
    for ref in refs:
        other = ref.extra.get("duplicate")
        if path in (ref.rgb, ref.xyz, ref.normals):
            twin = other is not None and (other.parent, other.stem) == (path.parent, path.stem)
            return _without_duplicate(ref) if twin else ref
        if path == other:
            chosen = replace(ref, rgb=path) if _is_picture(path) else replace(ref, xyz=path)
            return _without_duplicate(chosen)
    return None


def _without_duplicate(ref: PartRef) -> PartRef:
    """The user named the file outright, so there is no doubt which one is meant."""
    return replace(ref, extra={key: value for key, value in ref.extra.items() if key != "duplicate"})


def _is_picture(path: Path) -> bool:
    known = role_and_stem(path.name, role_of(path.parent.name))
    return known is not None and known[0] == "rgb"


def _alone(path: Path) -> PartRef:
    return PartRef(path.stem, rgb=path) if _is_picture(path) else PartRef(path.stem, xyz=path)
