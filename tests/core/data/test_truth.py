"""Ground truth: labels, masks, and where they contradict each other."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from pirn_core.data.reading import MismatchError
from pirn_core.data.sample import PartRef
from pirn_core.data.truth import read_truth
from pirn_core.errors import SampleError

SIZE = (20, 30)


def mask(path: Path, value: int = 255, dtype: type = np.uint8, channels: int = 1, size: tuple[int, int] = SIZE) -> Path:
    image = np.zeros((*size, channels), dtype)
    image[4:8, 5:9, : min(channels, 3)] = value
    if channels == 4:
        image[..., 3] = 255
    cv2.imwrite(str(path), image)
    return path


@pytest.mark.parametrize(
    ("value", "dtype", "channels"),
    [(255, np.uint8, 1), (1, np.uint8, 1), (7, np.uint16, 1), (9, np.uint8, 3), (9, np.uint8, 4)],
)
def test_every_value_above_zero_is_defective(tmp_path: Path, value: int, dtype: type, channels: int) -> None:
    truth = read_truth(PartRef("p", label="bent", mask=mask(tmp_path / "m.png", value, dtype, channels)), SIZE)
    expected = np.zeros(SIZE, bool)
    expected[4:8, 5:9] = True
    assert truth.defective and truth.mask.dtype == np.bool_ and np.array_equal(truth.mask, expected)


def test_masks_as_arrays(tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", np.eye(20, 30, dtype=np.int32))
    truth = read_truth(PartRef("p", label="bent", mask=tmp_path / "m.npy"), SIZE)
    assert np.array_equal(truth.mask, np.eye(20, 30, dtype=bool))


def test_what_the_label_says(tmp_path: Path) -> None:
    good = read_truth(PartRef("p", label="good"), SIZE)
    assert not good.defective and good.mask.shape == SIZE and not good.mask.any()
    empty = mask(tmp_path / "e.png", 0)
    assert not read_truth(PartRef("p", label="good", mask=empty), SIZE).defective
    bad = read_truth(PartRef("p", label="bent"), SIZE)
    assert bad.defective and bad.mask is None


def test_without_a_label_the_mask_decides(tmp_path: Path) -> None:
    assert read_truth(PartRef("p", mask=mask(tmp_path / "a.png")), SIZE).defective
    assert not read_truth(PartRef("p", mask=mask(tmp_path / "b.png", 0)), SIZE).defective
    with pytest.raises(SampleError, match=r"p: has no label and no mask"):
        read_truth(PartRef("p"), SIZE)


def test_contradictions(tmp_path: Path) -> None:
    with pytest.raises(MismatchError, match=r"p: is labelled good but its mask marks 16 pixels"):
        read_truth(PartRef("p", label="good", mask=mask(tmp_path / "a.png")), SIZE)
    with pytest.raises(MismatchError, match=r"b.png: 28x20 but the part is 30x20. Export both at one size"):
        read_truth(PartRef("p", label="bent", mask=mask(tmp_path / "b.png", size=(20, 28))), SIZE)


def test_a_damaged_mask(tmp_path: Path) -> None:
    path = mask(tmp_path / "a.png")
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(SampleError, match=r"a.png: the file is damaged"):
        read_truth(PartRef("p", label="bent", mask=path), SIZE)


def test_masks_of_realiad_follow_the_sample_and_lose_no_defect(tmp_path: Path) -> None:
    path = mask(tmp_path / "a.png", size=(200, 300))
    ref = PartRef("p", label="scratch", mask=path, layout="realiad_d3")
    small = read_truth(ref, SIZE)
    assert small.mask.shape == SIZE and small.mask.any()  # 4x4 pixels are less than half of one here
    assert read_truth(ref, (100, 150)).mask.sum() == pytest.approx(16 / 4, abs=3)
