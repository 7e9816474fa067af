"""A part's files to a sample: read, compared with each other, and brought to one size and one unit."""

from __future__ import annotations

import cv2
import numpy as np

from pirn_core.data.reading.colour import read_colour
from pirn_core.data.reading.given_normals import read_normals
from pirn_core.data.reading.scan import Scan, read_scan
from pirn_core.data.reading.source import MAX_PIXELS, MismatchError, short
from pirn_core.data.sample import ByteArray, FloatArray, LengthUnit, PartRef, Sample
from pirn_core.errors import SampleError

RESIZED_LAYOUTS = ("realiad_d3",)
"""Layouts whose colour image and scan have different sizes by design; their own code resizes both to one."""


def read_sample(ref: PartRef, *, unit: LengthUnit | None = None, max_pixels: int = MAX_PIXELS) -> Sample:
    """Reads a part; never writes.

    Args:
        ref: The part. Colour alone and 3D alone are allowed.
        unit: Unit of the 3D file; None: stated in its files, known from the layout, or guessed from the
            extent.
        max_pixels: Refuse an image (or a cloud) with more pixels (points), by its header and before decoding.

    Raises:
        SampleError: For everything that is wrong with the files; it names the file, the value and the way
            out.
    """
    _refuse_duplicate(ref)
    notes: list[str] = []
    colour = read_colour(ref.rgb, max_pixels, notes) if ref.rgb else None
    size = (int(colour.shape[0]), int(colour.shape[1])) if colour is not None else None
    scan = None
    if ref.xyz:
        scan = read_scan(ref, ref.xyz, size=size, unit=unit, max_pixels=max_pixels, notes=notes)
    if colour is None and scan is not None:
        colour = scan.colours
    if colour is None and scan is None:
        raise SampleError(f"{ref.id}: has neither a colour image nor a 3D file.", "Add one of them.")
    if colour is not None and scan is not None:
        colour, scan = _one_size(ref, colour, scan, notes)
    return _sample(ref, colour, scan, max_pixels, notes)


def _refuse_duplicate(ref: PartRef) -> None:
    other = ref.extra.get("duplicate")
    if other is not None:
        twin = next((p for p in (ref.rgb, ref.xyz, ref.normals, ref.mask) if p and p.stem == other.stem), None)
        names = f"{short(twin)} and {other.name}" if twin else short(other)
        raise SampleError(f"{names} are both there for the part {ref.id}.", "Keep one of them.")


def _sample(ref: PartRef, colour: ByteArray | None, scan: Scan | None, max_pixels: int, notes: list[str]) -> Sample:
    holder = scan.xyz if scan else colour
    assert holder is not None  # read_sample has looked
    size = (int(holder.shape[0]), int(holder.shape[1]))
    valid = np.isfinite(scan.xyz[..., 2]) if scan else np.zeros(size, np.bool_)
    return Sample(
        ref=ref,
        rgb=colour,
        xyz=scan.xyz if scan else None,
        normals=_normals(ref, size, max_pixels, notes),
        valid=valid,
        unit=scan.unit if scan else "",
        warnings=tuple(notes),
    )


def _normals(ref: PartRef, size: tuple[int, int], max_pixels: int, notes: list[str]) -> FloatArray | None:
    if ref.normals is None:
        return None
    return read_normals(ref.normals, size, max_pixels, notes, fit=ref.layout in RESIZED_LAYOUTS)


def _one_size(ref: PartRef, colour: ByteArray, scan: Scan, notes: list[str]) -> tuple[ByteArray, Scan]:
    image, points = colour.shape[:2], scan.xyz.shape[:2]
    if image == points:
        return colour, scan
    assert ref.xyz is not None  # colours that come with the scan have its size
    if ref.layout not in RESIZED_LAYOUTS:
        raise MismatchError(
            f"{short(ref.xyz)}: {points[1]}x{points[0]} but the image is {image[1]}x{image[0]}.",
            "Export both at one size.",
        )
    if abs(image[1] / image[0] / (points[1] / points[0]) - 1) > 0.05:
        notes.append("Image and scan differ in their aspect ratio; they may not show the same field.")
    notes.append(
        f"The image ({image[1]}x{image[0]}) and the scan ({points[1]}x{points[0]}) were brought to "
        "the smaller size, as the data set's own code does."
    )
    if image[0] * image[1] > points[0] * points[1]:
        smaller = cv2.resize(colour, (points[1], points[0]), interpolation=cv2.INTER_AREA)
        return np.asarray(smaller, dtype=np.uint8), scan
    xyz = cv2.resize(scan.xyz, (image[1], image[0]), interpolation=cv2.INTER_NEAREST)
    return colour, Scan(np.asarray(xyz, dtype=np.float32), None, scan.unit)
