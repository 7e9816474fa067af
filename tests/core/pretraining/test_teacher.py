from pathlib import Path

import numpy as np
import pytest
import torch

from pirn_core.errors import BackboneError
from pirn_core.pretraining.compare import teacher_network
from pirn_core.pretraining.teacher import Teacher, load_teacher, teacher_from_arrays

REAL = Path(__file__).parents[3] / "../shared/data/teacher/resnet18_imagenet_conv1_to_layer3_fp16.npz"


def random_arrays() -> dict[str, np.ndarray]:
    torch.manual_seed(0)
    return {name: value.numpy() for name, value in Teacher().state_dict().items()}


def test_maps_of_three_stages(tmp_path: Path) -> None:
    path = tmp_path / "teacher.npz"
    np.savez(path, **{name: value.astype(np.float16) for name, value in random_arrays().items()})
    maps = load_teacher(path)(torch.randn(2, 3, 64, 96))
    assert [tuple(stage.shape) for stage in maps] == [(2, 64, 16, 24), (2, 128, 8, 12), (2, 256, 4, 6)]
    assert all(not stage.requires_grad and float(stage.min()) >= 0 for stage in maps)


def test_bad_files_say_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(BackboneError, match=r"absent\.npz"):
        load_teacher(tmp_path / "absent.npz")
    text = tmp_path / "text.npz"
    text.write_text("no archive")
    with pytest.raises(BackboneError, match="no readable teacher"):
        load_teacher(text)
    arrays = random_arrays()
    del arrays["layer2.0.conv1.weight"]
    with pytest.raises(BackboneError, match=r"layer2\.0\.conv1\.weight"):
        teacher_from_arrays(arrays)


def assert_timm_gives_the_same_maps(teacher: Teacher) -> None:
    image = torch.randn(1, 3, 96, 96)
    with torch.no_grad():
        network = teacher_network(teacher).eval()
        expected = network.forward_intermediates(image, indices=[1, 2, 3], intermediates_only=True)
    for mine, its in zip(teacher(image), expected, strict=True):
        torch.testing.assert_close(mine, its, rtol=1e-3, atol=1e-3)


def test_timm_network_equals_the_teacher() -> None:
    assert_timm_gives_the_same_maps(teacher_from_arrays(random_arrays()))


def test_timm_network_equals_the_real_teacher() -> None:
    if not REAL.is_file():
        pytest.skip("the teacher file is not here: ../shared/data is absent")
    assert_timm_gives_the_same_maps(load_teacher(REAL))
