"""Opening files: what a file really is, and errors that name it."""

from __future__ import annotations

import errno
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from pirn_core.errors import SampleError

Kind = Literal["png", "jpeg", "bmp", "tiff", "npy", "npz", "ply", "pcd", "unknown"]

MAX_PIXELS = 50_000_000
"""Pixels (or points) above which a file is refused unless the caller allows more."""


class MismatchError(SampleError):
    """Two files of one part do not fit each other: their sizes, or a label and a mask."""


_SIGNATURES: tuple[tuple[bytes, Kind], ...] = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"BM", "bmp"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"MM\x00+", "tiff"),
    (b"\x93NUMPY", "npy"),
    (b"PK\x03\x04", "npz"),
    (b"ply\n", "ply"),
    (b"ply\r", "ply"),
    (b"# .PCD", "pcd"),
    (b"VERSION", "pcd"),
)

_SUFFIXES: dict[str, Kind] = {
    ".png": "png",
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".bmp": "bmp",
    ".tif": "tiff",
    ".tiff": "tiff",
    ".npy": "npy",
    ".npz": "npz",
    ".ply": "ply",
    ".pcd": "pcd",
}

_DAMAGED = (
    ValueError,
    RuntimeError,
    LookupError,
    AttributeError,
    TypeError,
    ArithmeticError,
    EOFError,
    AssertionError,
    MemoryError,
    SyntaxError,
    tokenize.TokenError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
)
"""What the decoders raise for broken files; their own error types derive from these."""


def short(path: Path) -> str:
    """The last three pieces of a path: enough to find the file, short enough to read."""
    return "/".join(path.parts[-3:])


@contextmanager
def guarded(path: Path) -> Iterator[None]:
    """Turns whatever goes wrong while a file is read into a SampleError that names it."""
    try:
        yield
    except OSError as error:
        raise _os_error(path, error) from error
    except _DAMAGED as error:
        raise damaged(path, str(error) or type(error).__name__) from error


def damaged(path: Path, why: str) -> SampleError:
    """The error for a file whose content is broken."""
    return SampleError(f"{short(path)}: the file is damaged: {why.strip().rstrip('.')}.", "Export or copy it again.")


def _os_error(path: Path, error: OSError) -> SampleError:
    name = short(path)
    if isinstance(error, FileNotFoundError):
        return SampleError(f"{name}: the file is not there.", "It was moved or deleted, or a link is broken.")
    if isinstance(error, IsADirectoryError):
        return SampleError(f"{name}: is a folder, not a file.", "Rename the folder.")
    if isinstance(error, PermissionError):
        return SampleError(f"{name}: you may not read this file.", "Change its permissions.")
    if error.errno == errno.ELOOP:
        return SampleError(f"{name}: the symbolic link leads back to itself.", "Remove the link.")
    return SampleError(f"{name}: cannot be read: {error.strerror or error}.", "Copy the file again.")


def sniff(path: Path) -> Kind:
    """What a file is by its first bytes, whatever its name says.

    Raises:
        SampleError: When it cannot be opened or is empty.
    """
    with guarded(path), path.open("rb") as stream:
        start = stream.read(16)
    if not start:
        raise SampleError(f"{short(path)}: the file is empty.", "Export or copy it again.")
    return next((kind for signature, kind in _SIGNATURES if start.startswith(signature)), "unknown")


def check_name(path: Path, kind: Kind, notes: list[str]) -> None:
    """Notes a file whose name promises something else than it holds."""
    promised = _SUFFIXES.get(path.suffix.lower())
    if kind != "unknown" and promised not in (None, kind):
        notes.append(f"{path.name} is a {kind} file in spite of its name; it was read as {kind}.")


def load(path: Path) -> bytes:
    """The whole file."""
    with guarded(path):
        return path.read_bytes()


def check_size(path: Path, height: int, width: int, max_pixels: int) -> None:
    """Refuses a size that the header announces, before anything is decoded.

    Raises:
        SampleError: When the size is zero or above the limit.
    """
    if height < 1 or width < 1:
        raise damaged(path, f"its size is {width}x{height}")
    if height * width > max_pixels:
        raise SampleError(
            f"{short(path)}: {width}x{height} is {height * width / 1e6:.4g} megapixels, more than the limit "
            f"of {max_pixels / 1e6:.4g}.",
            "Reduce the image, or raise max_pixels.",
        )


def check_points(path: Path, count: int, max_points: int) -> None:
    """The same for the number of points of a cloud."""
    if count < 1:
        raise SampleError(f"{short(path)}: holds no point.", "Export the scan again.")
    if count > max_points:
        raise SampleError(
            f"{short(path)}: {count} points are more than the limit of {max_points}.",
            "Thin the cloud out, or raise max_pixels.",
        )
