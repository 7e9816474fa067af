"""The sample set on the disk, in the layout of MVTec 3D-AD.

`FOLDER/<part type>/{train,validation,test}/<class>/{rgb/NNN.png, xyz/NNN.tiff, gt/NNN.png}`; gt: `test`.
"""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tifffile

from pirn_core.errors import SampleError
from pirn_core.files import atomic_path
from pirn_core.synthetic import readme
from pirn_core.synthetic.camera import Camera
from pirn_core.synthetic.defects import DEFECTS
from pirn_core.synthetic.manifest import begin, finish
from pirn_core.synthetic.render import LARGEST_IMAGE, SMALLEST_IMAGE, RenderedPart, render_part

SET_DEFECTS = {
    "flange": ("stain", "scratch", "dent", "crack", "contamination"),
    "housing": ("stain", "dent", "bump", "chip", "contamination"),
}
"""The class folders of each part type beside `good`."""

CLASS_IDS = {name: 255 - index for index, name in enumerate(DEFECTS)}
"""Value of a defect's pixels in the gt images; 0 is background."""

_MOST = 999


@dataclass(frozen=True)
class DemoSummary:
    """What `generate` did.

    Attributes:
        folder: The sample set.
        part_types: Folder of each part type; each is a part set of its own.
        parts: Parts in the set.
        written: Parts rendered by this call; 0 when the set was there already.
        seconds: Time it took.
    """

    folder: Path
    part_types: dict[str, Path]
    parts: int
    written: int
    seconds: float


@dataclass(frozen=True)
class _Place:
    """One part of the set: where it goes and what it shows."""

    kind: str
    split: str
    label: str
    index: int

    @property
    def files(self) -> dict[str, Path]:
        """Path of each file, relative to the set's folder."""
        folder, stem = Path(self.kind, self.split, self.label), f"{self.index:03d}"
        files = {"rgb": folder / "rgb" / f"{stem}.png", "xyz": folder / "xyz" / f"{stem}.tiff"}
        return {**files, "gt": folder / "gt" / f"{stem}.png"} if self.split == "test" else files

    def render(self, size: int, seed: int) -> RenderedPart:
        """The part; its seed does not depend on how many parts the set has."""
        words = (zlib.crc32(word.encode()) for word in (self.kind, self.split, self.label))
        own = np.random.SeedSequence(seed, spawn_key=(*words, self.index))
        return render_part(self.kind, own, size, None if self.label == "good" else self.label)


@dataclass(frozen=True)
class _Order:
    """What set is wanted; the fields are the arguments of `generate`."""

    parts: tuple[str, ...]
    train: int
    validation: int
    good: int
    defective_per_kind: int
    size: int
    seed: int

    def check(self) -> None:
        """Raises a SampleError for what cannot be rendered."""
        unknown = [kind for kind in self.parts if kind not in SET_DEFECTS]
        if unknown or not self.parts or len(set(self.parts)) < len(self.parts):
            named = ", ".join(self.parts) or "none"
            raise SampleError(f"part types: {named}.", f"Choose from {', '.join(SET_DEFECTS)}, each once.")
        counts = ("train", "validation", "good", "defective_per_kind")
        ranges = dict.fromkeys(counts, (0, _MOST)) | {"size": (SMALLEST_IMAGE, LARGEST_IMAGE)}
        for name, (low, high) in ranges.items():
            if not low <= getattr(self, name) <= high:
                raise SampleError(f"{name} is {getattr(self, name)}.", f"Choose a number from {low} to {high}.")
        if self.seed < 0:
            raise SampleError(f"the seed is {self.seed}.", "Choose 0 or a larger number.")

    @property
    def parameters(self) -> dict[str, Any]:
        """For the manifest."""
        return {**asdict(self), "parts": list(self.parts)}

    def places(self) -> Iterator[_Place]:
        """Every part, in the order in which they are written."""
        for kind in self.parts:
            wanted = [("train", "good", self.train), ("validation", "good", self.validation)]
            wanted += [("test", "good", self.good)]
            wanted += [("test", name, self.defective_per_kind) for name in SET_DEFECTS[kind]]
            for split, label, count in wanted:
                yield from (_Place(kind, split, label, index) for index in range(count))

    def side_files(self) -> dict[Path, bytes]:
        """Class numbers, and the camera in MVTec's form: metres, centre in pixels, no distortion."""
        files = {Path(readme.NAME): readme.TEXT.encode()}
        for kind in self.parts:
            numbers = {"0": "good"} | {str(CLASS_IDS[name]): name for name in SET_DEFECTS[kind]}
            files[Path(kind, "class_ids.json")] = json.dumps(numbers, indent=2).encode()
            camera = json.dumps(_camera_parameters(self.size), indent=2).encode()
            files[Path(kind, "calibration", "camera_parameters.json")] = camera
        return files


def generate(
    folder: Path,
    *,
    parts: tuple[str, ...] = ("flange", "housing"),
    train: int = 16,
    validation: int = 4,
    good: int = 6,
    defective_per_kind: int = 4,
    size: int = 400,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> DemoSummary:
    """Writes the sample set, or finishes one that was interrupted; a complete one is left as it is.

    The same arguments give the same bytes on one machine and one set of library versions.

    Args:
        folder: A new or empty folder, or one of an earlier call with the same arguments.
        parts: Part types, of `SET_DEFECTS`.
        train: Good parts to learn from, per part type.
        validation: Good parts to validate with.
        good: Good parts in `test`.
        defective_per_kind: Defective parts in `test`, per defect of `SET_DEFECTS`.
        size: Side of the images in pixels.
        seed: Of everything that is drawn.
        progress: Called with the parts done and the parts in all; may raise to stop, e.g. `Cancelled`.

    Raises:
        SampleError: For an unknown part type, a number out of range, a folder that holds anything else, or
            one that cannot be written.
    """
    began = time.perf_counter()
    order = _Order(tuple(parts), train, validation, good, defective_per_kind, size, seed)
    order.check()
    try:
        written = _fulfil(order, folder, progress)
    except OSError as error:
        raise SampleError(f"{folder}: cannot be written: {error}.", "Choose another folder.") from error
    kinds = {kind: folder / kind for kind in order.parts}
    return DemoSummary(folder, kinds, len(list(order.places())), written, time.perf_counter() - began)


def _fulfil(order: _Order, folder: Path, progress: Callable[[int, int], None] | None) -> int:
    """Writes what is missing; the number of parts rendered."""
    places, sides, written = list(order.places()), order.side_files(), 0
    wanted = {path for place in places for path in place.files.values()} | set(sides)
    if begin(folder, order.parameters, wanted):
        return 0
    for done, place in enumerate(places):
        if progress is not None:
            progress(done, len(places))
        if not all((folder / path).is_file() for path in place.files.values()):
            _write_part(folder, place.files, place.render(order.size, order.seed))
            written += 1
    for path, content in sides.items():
        _write(folder / path, content)
    finish(folder, order.parameters)
    if progress is not None:
        progress(len(places), len(places))
    return written


def _write_part(folder: Path, files: dict[str, Path], part: RenderedPart) -> None:
    _write(folder / files["rgb"], _png(part.rgb[..., ::-1]))
    if "gt" in files:
        _write(folder / files["gt"], _png(part.mask.astype(np.uint8) * np.uint8(CLASS_IDS.get(part.label, 0))))
    with atomic_path(folder / files["xyz"]) as target:
        settings = {"compression": "zlib", "compressionargs": {"level": 1}, "predictor": 3}
        tifffile.imwrite(target, part.xyz, photometric="rgb", metadata=None, software="PIRN", **settings)


def _png(image: np.ndarray[Any, np.dtype[np.uint8]]) -> bytes:
    fine, content = cv2.imencode(".png", np.ascontiguousarray(image))
    assert fine
    return bytes(content)


def _write(path: Path, content: bytes) -> None:
    with atomic_path(path) as target:
        target.write_bytes(content)


def _camera_parameters(size: int) -> dict[str, str | float]:
    camera, pitch = Camera(size), 3.45e-6
    return {
        "camera_type": "area_scan_division",
        "focus": camera.focal * pitch,
        "kappa": 0.0,
        "sx": pitch,
        "sy": pitch,
        "cx": camera.centre,
        "cy": camera.centre,
        "image_width": size,
        "image_height": size,
    }
