"""Thumbnails: what is read first, what is kept, and what cannot be read."""

import os
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PySide6.QtGui import QImage

from pirn_app.thumbnails import SIDE, Thumbnails, store
from pirn_app.thumbnails.disk import DiskCache
from pirn_app.thumbnails.reading import read_picture
from pirn_core.data.sample import PartRef


@pytest.fixture
def thumbnails(qapp, tmp_path):
    made = Thumbnails(folder=tmp_path / "cache")
    yield made
    made.close()


@pytest.fixture
def picture(tmp_path):
    """Writes a picture: left half red, right half green."""

    def make(name="a.png", height=60, width=120, dtype=np.uint8):
        top = np.iinfo(dtype).max
        image = np.zeros((height, width, 3), dtype)
        image[:, : width // 2, 0] = top
        image[:, width // 2 :, 1] = top
        path = tmp_path / name
        if path.suffix == ".tiff":
            tifffile.imwrite(path, image)
        else:
            assert cv2.imwrite(str(path), image[..., ::-1])
        return PartRef(path.stem, rgb=path)

    return make


def colour(image, column, row):
    return image.pixelColor(column, row).getRgb()


def fetch(qtbot, thumbnails, ref):
    with qtbot.waitSignal(thumbnails.ready, timeout=5000, check_params_cb=lambda part: part == ref.id):
        assert thumbnails.get(ref) is None
    return thumbnails.get(ref)


@pytest.mark.parametrize(
    ("name", "dtype"), [("a.png", np.uint8), ("a.jpg", np.uint8), ("a.png", np.uint16), ("a.tiff", np.uint16)]
)
def test_letterboxed_to_one_square_with_the_aspect_kept(qtbot, thumbnails, picture, name, dtype):
    image = fetch(qtbot, thumbnails, picture(name, dtype=dtype))
    assert (image.width(), image.height()) == (SIDE, SIDE)
    assert colour(image, SIDE // 2, 4)[3] == 0 and colour(image, SIDE // 2, SIDE - 5)[3] == 0  # bars are clear
    red, green = colour(image, 20, SIDE // 2), colour(image, SIDE - 20, SIDE // 2)
    assert red[0] > 230 and red[1] < 25 and red[3] == 255
    assert green[1] > 230 and green[0] < 25
    assert colour(image, 20, SIDE // 4 + 3)[3] == 255  # 2:1 fills half of the square


def test_a_missing_file_is_a_fault_with_a_reason(qtbot, thumbnails, tmp_path):
    ref = PartRef("x", rgb=tmp_path / "nowhere.png")
    assert not thumbnails.failed(ref)
    assert fetch(qtbot, thumbnails, ref) is None
    assert thumbnails.failed(ref)
    assert "nowhere.png" in thumbnails.reason(ref) and "not there" in thumbnails.reason(ref)


def test_a_damaged_file_and_a_part_without_files_are_faults(qtbot, thumbnails, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nrubbish")
    for ref in (PartRef("x", rgb=broken), PartRef("y")):
        fetch(qtbot, thumbnails, ref)
        assert thumbnails.failed(ref) and thumbnails.get(ref) is None


def test_a_giant_is_refused_before_it_is_decoded(qtbot, thumbnails, tmp_path):
    """12,000 x 12,000 by its header, with next to nothing behind it: whoever decodes it first needs 400 MB."""
    header = struct.pack(">IIBBBBB", 12_000, 12_000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    data = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
    giant = tmp_path / "giant.png"
    giant.write_bytes(b"\x89PNG\r\n\x1a\n" + data)
    ref = PartRef("giant", rgb=giant)
    fetch(qtbot, thumbnails, ref)
    assert thumbnails.failed(ref) and "144 megapixels" in thumbnails.reason(ref)


def test_a_photograph_is_turned_as_its_camera_says(qtbot, thumbnails, tmp_path):
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"  # 6: turn clockwise
    image = np.zeros((40, 80, 3), np.uint8)
    image[:, :40] = (0, 0, 255)  # red on the left comes to the top
    data = cv2.imencode(".jpg", image)[1].tobytes()
    (tmp_path / "turned.jpg").write_bytes(data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:])
    got = fetch(qtbot, thumbnails, PartRef("turned", rgb=tmp_path / "turned.jpg"))
    assert colour(got, SIDE // 2, 20)[0] > 200 and colour(got, SIDE // 2, SIDE - 20)[0] < 50
    assert colour(got, 5, SIDE // 2)[3] == 0


def test_a_part_without_colours_shows_its_surface(qtbot, thumbnails, tmp_path):
    rows, columns = np.mgrid[:200, :200].astype(np.float32)
    radius2 = (rows - 100) ** 2 + (columns - 100) ** 2
    z = 500 - np.sqrt(np.clip(70.0**2 - radius2, 0, None))
    xyz = np.stack([columns, rows, z], axis=-1).astype(np.float32)
    xyz[:20, :20] = 0  # no points
    tifffile.imwrite(tmp_path / "dome.tiff", xyz, photometric="rgb")
    image = fetch(qtbot, thumbnails, PartRef("dome", xyz=tmp_path / "dome.tiff"))
    grey = np.array([[colour(image, c, r)[:3] for c in range(SIDE)] for r in range(SIDE)])
    assert (grey == grey[..., :1]).mean() > 0.95  # grey
    assert grey[2, 2, 0] < 15  # a hole is black
    upper_left, lower_right = grey[40:50, 40:50].mean(), grey[78:88, 78:88].mean()
    assert upper_left > lower_right + 60  # lit from the upper left: a dome, not a dent


def test_newest_request_is_read_first_and_the_oldest_are_dropped(qtbot, thumbnails, picture, monkeypatch):
    monkeypatch.setattr(store, "_WAITING", 3)
    held_up = store.threading.Event()
    real = store.read_picture
    monkeypatch.setattr(store, "read_picture", lambda ref: (held_up.wait(5), real(ref))[1])
    refs = [picture(f"{k}.png") for k in range(6)]
    seen = []
    thumbnails.ready.connect(seen.append)
    thumbnails.get(refs[0])
    qtbot.waitUntil(lambda: thumbnails._busy is not None)
    for ref in refs[1:]:
        thumbnails.get(ref)
    thumbnails.get(refs[3])  # in view again
    held_up.set()
    qtbot.waitUntil(lambda: len(seen) == 4)
    assert seen == ["0", "3", "5", "4"]
    assert fetch(qtbot, thumbnails, refs[1]) is not None  # dropped, not lost


def test_memory_is_bounded_and_gives_back_the_least_used(qtbot, thumbnails, picture, monkeypatch):
    monkeypatch.setattr(store, "_HELD", 2)
    a, b, c = (picture(f"{name}.png") for name in "abc")
    fetch(qtbot, thumbnails, a)
    fetch(qtbot, thumbnails, b)
    thumbnails.get(a)
    fetch(qtbot, thumbnails, c)
    assert len(thumbnails._held) == 2
    assert thumbnails.get(a) is not None and ("b", str(b.rgb)) not in thumbnails._held


def test_a_second_start_reads_the_cache_and_not_the_file(qtbot, tmp_path, picture, monkeypatch):
    ref = picture()
    first = Thumbnails(folder=tmp_path / "cache")
    fetch(qtbot, first, ref)
    first.close()
    monkeypatch.setattr(store, "read_picture", lambda ref: pytest.fail("read again"))
    second = Thumbnails(folder=tmp_path / "cache")
    image = fetch(qtbot, second, ref)
    second.close()
    assert image is not None and colour(image, 20, SIDE // 2)[0] > 220


def test_a_changed_file_is_read_anew(qtbot, tmp_path, picture):
    cache = DiskCache(tmp_path / "cache")
    ref = picture()
    cache.save(ref.rgb, read_picture(ref))
    assert cache.load(ref.rgb) is not None
    os.utime(ref.rgb, (1, 1))
    assert cache.load(ref.rgb) is None


def test_a_broken_cache_file_is_ignored_and_taken_away(tmp_path, picture):
    cache = DiskCache(tmp_path / "cache")
    ref = picture()
    cache.save(ref.rgb, read_picture(ref))
    kept = cache.path(ref.rgb)
    kept.write_bytes(b"no picture")
    assert cache.load(ref.rgb) is None
    assert not kept.exists()


def test_the_cache_is_bounded_and_the_oldest_make_room(tmp_path, picture):
    refs = [picture(f"{k}.png") for k in range(12)]
    probe = DiskCache(tmp_path / "probe")
    probe.save(refs[0].rgb, read_picture(refs[0]))
    size = probe.path(refs[0].rgb).stat().st_size
    cache = DiskCache(tmp_path / "small", limit=5 * size)
    for age, ref in enumerate(refs):
        cache.save(ref.rgb, read_picture(ref))
        if (path := cache.path(ref.rgb)).exists():
            os.utime(path, (age + 1, age + 1))
    files = list((tmp_path / "small").glob("*/*.jpg"))
    assert 0 < sum(path.stat().st_size for path in files) <= 5 * size
    assert cache.load(refs[-1].rgb) is not None and cache.load(refs[0].rgb) is None


def test_a_cache_that_cannot_be_written_stops_no_picture(qtbot, tmp_path, picture):
    (tmp_path / "file").write_text("in the way")
    thumbnails = Thumbnails(folder=tmp_path / "file")
    assert fetch(qtbot, thumbnails, picture()) is not None
    thumbnails.close()


def test_the_cache_follows_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("PIRN_CACHE", str(tmp_path))
    assert DiskCache().folder == tmp_path / "thumbnails"


def test_parts_of_one_id_in_two_folders_are_two_pictures(qtbot, thumbnails, picture, tmp_path):
    first = picture("a.png")
    (tmp_path / "other").mkdir()
    second = PartRef("a", rgb=tmp_path / "other" / "a.png")
    cv2.imwrite(str(second.rgb), np.full((40, 40, 3), 255, np.uint8))
    fetch(qtbot, thumbnails, first)
    assert colour(fetch(qtbot, thumbnails, second), SIDE // 2, SIDE // 2)[:3] == (255, 255, 255)


def test_clear_forgets_faults_so_that_a_mended_file_is_seen(qtbot, thumbnails, picture, tmp_path):
    ref = PartRef("a", rgb=tmp_path / "a.png")
    fetch(qtbot, thumbnails, ref)
    assert thumbnails.failed(ref)
    picture("a.png")
    thumbnails.clear()
    assert fetch(qtbot, thumbnails, ref) is not None


def test_an_answer_from_before_clear_is_not_taken(qtbot, thumbnails, picture):
    ref = picture()
    thumbnails._tell(thumbnails._epoch, ("a", str(ref.rgb)), QImage(8, 8, QImage.Format.Format_RGB32), "")
    thumbnails.clear()
    thumbnails._arrived(thumbnails._epoch - 1, ("a", str(ref.rgb)), QImage(8, 8, QImage.Format.Format_RGB32), "")
    assert not thumbnails._held


def test_an_unexpected_error_is_a_fault_and_the_thread_goes_on(qtbot, thumbnails, picture, monkeypatch):
    bad, fine = picture("bad.png"), picture("fine.png")
    real = store.read_picture
    monkeypatch.setattr(store, "read_picture", lambda ref: real(ref) if ref is fine else 1 // 0)
    fetch(qtbot, thumbnails, bad)
    assert thumbnails.failed(bad)
    assert fetch(qtbot, thumbnails, fine) is not None


def test_pixmap_is_made_for_the_screen_and_kept(qtbot, thumbnails, picture):
    ref = picture()
    assert thumbnails.pixmap(ref, 40) is None
    qtbot.waitUntil(lambda: thumbnails.get(ref) is not None)
    made = thumbnails.pixmap(ref, 40, 2.0)
    assert made.width() == 80 and made.devicePixelRatio() == 2.0
    assert thumbnails.pixmap(ref, 40, 2.0).cacheKey() == made.cacheKey()


def test_asking_costs_the_window_next_to_nothing(qtbot, thumbnails, tmp_path):
    refs = [PartRef(str(k), rgb=Path(tmp_path, f"{k}.png")) for k in range(2000)]
    start = time.perf_counter()
    for ref in refs:
        thumbnails.get(ref)
    assert time.perf_counter() - start < 0.5


def test_the_list_and_an_ordinary_picture_import_nothing_slow():
    """The first folder opens while the window is still settling."""
    code = (
        "import sys, pirn_app.views.parts, pirn_app.views.shots\n"
        "from pirn_app.thumbnails.reading import read_picture\n"
        "from pirn_core.data.sample import PartRef\n"
        "from PySide6.QtGui import QImage\n"
        "image = QImage(300, 200, QImage.Format.Format_RGB32); image.fill(7); image.save(sys.argv[1])\n"
        "assert read_picture(PartRef('a', rgb=__import__('pathlib').Path(sys.argv[1]))).width() == 128\n"
        "print([name for name in ('torch', 'open3d', 'sklearn', 'scipy.ndimage', 'tifffile') if name in sys.modules])"
    )
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", code, f"{folder}/a.png"],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        )
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
