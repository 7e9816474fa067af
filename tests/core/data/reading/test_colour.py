"""Colour images: every bit depth and channel count, and every way of being broken."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pirn_core.data.reading import read_sample
from pirn_core.data.sample import PartRef, Sample
from pirn_core.errors import SampleError


def read(path: Path, **options: int) -> Sample:
    return read_sample(PartRef("p", rgb=path), **options)


def save(path: Path, image: np.ndarray, *args: int) -> Path:
    """Writes with OpenCV by way of bytes, so that any path works."""
    order = image[..., [2, 1, 0, *range(3, image.shape[2])]] if image.ndim == 3 else image
    path.write_bytes(cv2.imencode(path.suffix, order, args)[1].tobytes())
    return path


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tif", "日本 ü.PNG"])
def test_lossless_formats_give_every_pixel_back(tmp_path: Path, picture: np.ndarray, name: str) -> None:
    path = tmp_path / name
    if path.suffix == ".tif":
        tifffile.imwrite(path, picture, photometric="rgb")
    else:
        save(path, picture)
    sample = read(path)
    assert np.array_equal(sample.rgb, picture) and sample.rgb.dtype == np.uint8
    assert sample.warnings == () and sample.xyz is None and sample.normals is None
    assert sample.valid.shape == (40, 50) and not sample.valid.any() and sample.unit == ""


def test_jpeg_keeps_the_order_of_the_channels(tmp_path: Path) -> None:
    image = np.zeros((32, 32, 3), np.uint8)
    image[..., 0] = 200
    sample = read(save(tmp_path / "a.jpg", image, cv2.IMWRITE_JPEG_QUALITY, 95))
    assert np.allclose(sample.rgb.mean((0, 1)), (200, 0, 0), atol=4)


def test_black_and_white(tmp_path: Path, picture: np.ndarray) -> None:
    bits = picture[..., 0] > 128
    sample = read(_tiff(tmp_path / "a.tif", bits, photometric="minisblack"))
    assert np.array_equal(sample.rgb[..., 1], bits * np.uint8(255)) and "grey image" in sample.warnings[0]


def test_16_bit_colours_become_8_bit_by_the_full_range(tmp_path: Path, picture: np.ndarray) -> None:
    deep = picture.astype(np.uint16) * 257
    for sample in (
        read(save(tmp_path / "a.png", deep)),
        read(_tiff(tmp_path / "a.tif", deep, photometric="rgb")),
    ):
        assert np.array_equal(sample.rgb, picture)
        assert any("16 bits per channel" in text for text in sample.warnings)
    dark = read(save(tmp_path / "b.png", picture.astype(np.uint16)))
    assert dark.rgb.max() <= 1 and any("lowest 12" in text for text in dark.warnings)


def test_grey_alpha_and_palette(tmp_path: Path, picture: np.ndarray) -> None:
    grey = read(save(tmp_path / "grey.png", picture[..., 0]))
    assert np.array_equal(grey.rgb, np.repeat(picture[..., :1], 3, axis=2))
    assert any("grey image" in text for text in grey.warnings)
    alpha = read(save(tmp_path / "alpha.png", np.dstack((picture, picture[..., 0]))))
    assert np.array_equal(alpha.rgb, picture) and any("alpha channel" in text for text in alpha.warnings)
    assert any("grey" in text for text in read(save(tmp_path / "g.jpg", picture[..., 0])).warnings)


def _tiff(path: Path, image: np.ndarray, **options: object) -> Path:
    tifffile.imwrite(path, image, **options)
    return path


def test_planes_one_after_another_are_turned(tmp_path: Path, picture: np.ndarray) -> None:
    path = _tiff(tmp_path / "a.tif", np.moveaxis(picture, -1, 0), photometric="rgb", planarconfig="separate")
    assert np.array_equal(read(path).rgb, picture)


def test_wrong_types_and_channels(tmp_path: Path, picture: np.ndarray) -> None:
    real = _tiff(tmp_path / "float.tif", picture / np.float32(255), photometric="rgb")
    with pytest.raises(SampleError, match=r"float.tif: the colour image holds float32 pixels.*8 bits"):
        read(real)
    many = _tiff(
        tmp_path / "many.tif",
        np.zeros((40, 50, 5), np.uint8),
        photometric="minisblack",
        planarconfig="contig",
    )
    with pytest.raises(SampleError, match=r"has 5 channels; a colour image has 3"):
        read(many)
    stack = _tiff(tmp_path / "stack.tif", np.zeros((6, 40, 50, 3), np.uint8), photometric="rgb")
    with pytest.raises(SampleError, match="6x40x50x3, which is no single image"):
        read(stack)


def test_further_images_in_a_tiff_are_mentioned(tmp_path: Path, picture: np.ndarray) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        tiff.write(picture, photometric="rgb")
        tiff.write(picture[:10, :10], photometric="rgb")
    sample = read(tmp_path / "a.tif")
    assert np.array_equal(sample.rgb, picture)
    assert sample.warnings == ("a.tif holds 2 images; the first one was read.",)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.bmp", "a.tif"])
@pytest.mark.parametrize("kept", [0.0, 0.004, 0.02, 0.3, 0.7, 0.99])
def test_files_that_were_cut_off_are_refused(tmp_path: Path, picture: np.ndarray, name: str, kept: float) -> None:
    path = tmp_path / name
    whole = _encoded(name, picture)
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(SampleError, match=f"{name}: (the file is (damaged|empty)|is of an unknown kind)"):
        read(path)


def _encoded(name: str, picture: np.ndarray) -> bytes:
    """A tiff made here has its directory first: a cut file keeps all its tags but not all its pixels."""
    if name.endswith(".tif"):
        stream = io.BytesIO()
        tifffile.imwrite(stream, picture, photometric="rgb")
        return stream.getvalue()
    return cv2.imencode(name[1:], picture)[1].tobytes()


def test_fill_bytes_and_bare_markers_in_a_jpeg(tmp_path: Path, picture: np.ndarray) -> None:
    whole = _encoded("a.jpg", picture)
    path = tmp_path / "a.jpg"
    path.write_bytes(whole[:2] + b"\xff\xff" + b"\xff\x01" + whole[2:])
    assert read(path).shape == (40, 50)
    path.write_bytes(whole[:20] + b"not a marker" + whole[20:])
    with pytest.raises(SampleError, match=r"a.jpg: the file is damaged: it ends in its header"):
        read(path)


def test_a_cut_jpeg_with_a_thumbnail_is_refused(tmp_path: Path, picture: np.ndarray) -> None:
    """The thumbnail's own end marker must not pass for the picture's."""
    whole = _encoded("a.jpg", picture)
    thumbnail = _encoded("a.jpg", picture[:8, :8])
    segment = b"\xff\xe1" + struct.pack(">H", 2 + len(thumbnail)) + thumbnail
    path = tmp_path / "a.jpg"
    path.write_bytes(whole[:2] + segment + whole[2:])
    assert read(path).shape == (40, 50)
    path.write_bytes((whole[:2] + segment + whole[2:])[:-200])
    with pytest.raises(SampleError, match="cut off"):
        read(path)


def test_a_flipped_bit_in_a_png_is_noticed(tmp_path: Path, picture: np.ndarray) -> None:
    data = bytearray(_encoded("a.png", picture))
    data[len(data) // 2] ^= 1
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(SampleError, match="checksum of its IDAT chunk"):
        read(tmp_path / "a.png")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


@pytest.mark.parametrize("rows", [0, 20])
def test_a_png_with_too_few_rows_behind_right_checksums(tmp_path: Path, rows: int) -> None:
    pixels = zlib.compress(bytes(rows * 151))
    (tmp_path / "a.png").write_bytes(_png_header(50, 40) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b""))
    with pytest.raises(SampleError, match=r"a.png: the file is damaged: its png data cannot be decoded"):
        read(tmp_path / "a.png")


def test_what_the_decoder_refuses(tmp_path: Path) -> None:
    data = _png_header(40_000, 40_000) + _chunk(b"IDAT", b"") + _chunk(b"IEND", b"")
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(SampleError, match=r"a.png: the file is damaged: .*CV_IO_MAX_IMAGE"):
        read(tmp_path / "a.png", max_pixels=2 * 10**9)


def test_a_tiff_without_an_image_and_a_jpeg_without_segments(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(b"II*\x00" + bytes(12))
    (tmp_path / "b.jpg").write_bytes(b"\xff\xd8\xff" + bytes(60))
    for name in ("a.tif", "b.jpg"):
        with pytest.raises(SampleError, match=f"{name}: the file is damaged"):
            read(tmp_path / name)


def _png_header(width: int, height: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))


def test_100_megapixels_are_refused_by_the_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def decode(*_: object) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr(cv2, "imdecode", decode)
    (tmp_path / "a.png").write_bytes(_png_header(10_000, 10_000))
    with pytest.raises(SampleError, match=r"10000x10000 is 100 megapixels, more than the limit of 50.*max_pixels"):
        read(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(_png_header(2**31 - 1, 2**31 - 1))
    with pytest.raises(SampleError, match="megapixels"):
        read(tmp_path / "b.png")
    (tmp_path / "c.png").write_bytes(_png_header(0, 5))
    with pytest.raises(SampleError, match="its size is 0x5"):
        read(tmp_path / "c.png")


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.bmp", "a.tif"])
def test_the_limit_can_be_raised_and_lowered(tmp_path: Path, picture: np.ndarray, name: str) -> None:
    (tmp_path / name).write_bytes(_encoded(name, picture))
    with pytest.raises(SampleError, match=r"50x40 is 0.002 megapixels"):
        read(tmp_path / name, max_pixels=1999)
    assert read(tmp_path / name, max_pixels=2000).shape == (40, 50)


def test_a_name_that_promises_something_else(tmp_path: Path, picture: np.ndarray) -> None:
    (tmp_path / "a.tiff").write_bytes(_encoded("a.jpg", picture))
    sample = read(tmp_path / "a.tiff")
    assert sample.shape == (40, 50)
    assert sample.warnings == ("a.tiff is a jpeg file in spite of its name; it was read as jpeg.",)
    (tmp_path / "b.png").write_bytes(b"ply\nformat ascii 1.0\n")
    with pytest.raises(SampleError, match=r"b.png: is a ply file, no image"):
        read(tmp_path / "b.png")
    (tmp_path / "c.png").write_bytes(b"<html>404</html>")
    with pytest.raises(SampleError, match=r"c.png: is of an unknown kind, no image"):
        read(tmp_path / "c.png")


def test_files_that_cannot_be_opened(tmp_path: Path, picture: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SampleError, match=r"a.png: the file is not there"):
        read(tmp_path / "a.png")
    (tmp_path / "b.png").mkdir()
    with pytest.raises(SampleError, match=r"b.png: is a folder, not a file"):
        read(tmp_path / "b.png")
    (tmp_path / "c.png").symlink_to(tmp_path / "c.png")
    with pytest.raises(SampleError, match=r"c.png: the symbolic link leads back to itself"):
        read(tmp_path / "c.png")
    (tmp_path / "d.png").touch()
    with pytest.raises(SampleError, match=r"d.png: the file is empty"):
        read(tmp_path / "d.png")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    save(tmp_path / "e.png", picture)
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(SampleError, match=r"e.png: you may not read this file"):
        read(tmp_path / "e.png")


def test_a_failing_disk(tmp_path: Path, picture: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    save(tmp_path / "a.png", picture)
    monkeypatch.setattr(Path, "read_bytes", fail)
    with pytest.raises(SampleError, match=r"a.png: cannot be read: Input/output error"):
        read(tmp_path / "a.png")


def test_reading_changes_nothing(tmp_path: Path, picture: np.ndarray) -> None:
    path = save(tmp_path / "a.png", picture)
    before, stat = path.read_bytes(), path.stat()
    read(path)
    assert path.read_bytes() == before and path.stat().st_mtime_ns == stat.st_mtime_ns
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.png"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["a.png", "a.jpg", "a.bmp", "a.tif"]),
    at=st.floats(0, 1, exclude_max=True),
    value=st.integers(0, 255),
    cut=st.floats(0, 1),
)
def test_broken_bytes_give_a_sample_or_a_sample_error(
    tmp_path: Path, picture: np.ndarray, name: str, at: float, value: int, cut: float
) -> None:
    data = bytearray(_encoded(name, picture))
    data[int(at * len(data))] = value
    path = tmp_path / name
    path.write_bytes(data if cut > 0.5 else data[: int(2 * cut * len(data))])
    try:
        sample = read(path, max_pixels=100_000)
    except SampleError as error:
        assert path.name in error.message and error.message.endswith(".")
    else:
        assert sample.rgb is not None and sample.rgb.dtype == np.uint8 and sample.rgb.shape[2] == 3
