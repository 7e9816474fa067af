"""Sizes and completeness of png, jpeg and bmp files, from their structure and before decoding.

The decoders return half an image for a file that was cut off, at best with a line on stderr; so the
structure is checked here.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pirn_core.data.reading.source import damaged

_PNG_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_BARE = frozenset(range(0xD0, 0xD9)) | {0x01}


@dataclass(frozen=True)
class Header:
    """What an image file announces.

    Attributes:
        height: Rows.
        width: Columns.
        channels: Channels as stored: 1 grey, 2 grey and alpha, 3 colour (or a palette), 4 colour and alpha.
    """

    height: int
    width: int
    channels: int


def png_header(path: Path, data: bytes) -> Header:
    """Size and channels of a png file."""
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise damaged(path, "it ends in its header")
    width, height, _, colour = struct.unpack(">IIBB", data[16:26])
    return Header(height, width, _PNG_CHANNELS.get(colour, 3))


def check_png(path: Path, data: bytes) -> None:
    """Walks all chunks and their checksums.

    Raises:
        SampleError: When the file ends before its end chunk, or a chunk is damaged.
    """
    at = 8
    while at + 12 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        end = at + 8 + length
        if end + 4 > len(data):
            break
        if zlib.crc32(data[at + 4 : end]) != int.from_bytes(data[end : end + 4], "big"):
            raise damaged(path, f"the checksum of its {kind.decode('latin-1')} chunk is wrong")
        if kind == b"IEND":
            return
        at = end + 4
    raise damaged(path, f"it was cut off after {len(data)} bytes")


def jpeg_header(path: Path, data: bytes) -> Header:
    """Size and channels of a jpeg file."""
    for marker, start, _ in _jpeg_segments(data):
        if marker in _JPEG_FRAMES and start + 6 <= len(data):
            height, width, channels = struct.unpack(">HHB", data[start + 1 : start + 6])
            return Header(height, width, channels)
    raise damaged(path, "it ends in its header")


def check_jpeg(path: Path, data: bytes) -> None:
    """Looks for the end marker behind the start of the picture; a thumbnail has one of its own before it.

    Raises:
        SampleError: When the file was cut off.
    """
    scan = next((end for marker, _, end in _jpeg_segments(data) if marker == 0xDA), None)
    if scan is None or data.rfind(b"\xff\xd9") < scan:
        raise damaged(path, f"it was cut off after {len(data)} bytes")


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of the content of each segment, up to the first scan."""
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            return
        marker = data[at + 1]
        if marker in _JPEG_BARE or marker == 0xFF:
            at += 1 if marker == 0xFF else 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        yield marker, at + 4, at + 2 + length
        if marker == 0xDA or length < 2:
            return
        at += 2 + length


def bmp_header(path: Path, data: bytes) -> Header:
    """Size and channels of a bmp file."""
    if len(data) < 30:
        raise damaged(path, "it ends in its header")
    width, height, _, bits = struct.unpack("<iiHH", data[18:30])
    return Header(abs(height), abs(width), {32: 4}.get(bits, 3))


def check_bmp(path: Path, data: bytes) -> None:
    """Compares the pixels of an uncompressed file with its length.

    Raises:
        SampleError: When the file was cut off.
    """
    offset, _, width, height, _, bits, packing = struct.unpack("<IIiiHHI", data[10:34].ljust(24, b"\0"))
    needed = offset + (abs(width) * bits + 31) // 32 * 4 * abs(height)
    if packing == 0 and len(data) < needed:
        raise damaged(path, f"it was cut off after {len(data)} of {needed} bytes")
