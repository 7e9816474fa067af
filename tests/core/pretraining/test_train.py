from pathlib import Path

import numpy as np
import pytest
import torch

from pirn_core.errors import ConfigError
from pirn_core.pretraining.architectures import read_export, rebuild, row
from pirn_core.pretraining.distil import (
    ARCHITECTURES,
    ChannelScale,
    Student,
    distillation_loss,
    stage_cosines,
)
from pirn_core.pretraining.export import export_backbone
from pirn_core.pretraining.pictures import Picture
from pirn_core.pretraining.run import Distillation, Recipe, learning_rate
from pirn_core.pretraining.teacher import Teacher
from pirn_core.pretraining.train import checkpoint, train, training_part
from pirn_core.pretraining.views import ViewSettings, ViewStream

COSINES = {"photo": [0.1, 0.2, 0.3], "normal": [0.1, 0.2, 0.3]}


@pytest.fixture(scope="module")
def teacher() -> Teacher:
    torch.manual_seed(1)
    teacher = Teacher().eval()
    for value in teacher.parameters():
        if value.ndim == 4:
            torch.nn.init.kaiming_normal_(value)
    return teacher


@pytest.fixture(scope="module")
def stream() -> ViewStream:
    images = np.random.default_rng(0).integers(0, 256, (8, 48, 48, 3), dtype=np.uint8)
    sources = {
        "photo": [Picture(image, "photo", "a") for image in images],
        "relief": [Picture(image, "normal", "b") for image in images],
    }
    return ViewStream(sources, 0, ViewSettings())


def make(teacher: Teacher, stream: ViewStream, **changes: object) -> Distillation:
    options = {"steps": 8, "batch": 4, "crops": (32,), "lr": 3e-3, "bf16": False} | changes
    run = Distillation(Recipe(**options), teacher, stream)  # type: ignore[arg-type]
    run.measure_scale(2)
    return run


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_loss_falls(teacher: Teacher, stream: ViewStream, optimizer: str) -> None:
    run = make(teacher, stream, optimizer=optimizer, steps=8)
    losses = [run.advance() for _ in range(8)]
    assert np.mean(losses[-2:]) < 0.95 * np.mean(losses[:2])


def test_resumed_run_equals_the_whole_one(teacher: Teacher, stream: ViewStream, tmp_path: Path) -> None:
    whole = make(teacher, stream)
    for _ in range(3):
        whole.advance()
    first = make(teacher, stream)
    first.advance()
    torch.save(first.state(), tmp_path / "state.pt")
    second = Distillation(first.recipe, teacher, stream)
    second.resume(torch.load(tmp_path / "state.pt", weights_only=True))
    for _ in range(2):
        second.advance()
    assert second.step == whole.step == 3
    for name, value in whole.average.state.items():
        torch.testing.assert_close(second.average.state[name], value, msg=name)
    for mine, its in zip(second.student.parameters(), whole.student.parameters(), strict=True):
        torch.testing.assert_close(mine, its)


def test_checkpoint_of_another_run_is_refused(teacher: Teacher, stream: ViewStream) -> None:
    state = make(teacher, stream).state()
    with pytest.raises(ConfigError, match="not of adamw"):
        Distillation(Recipe(optimizer="adamw"), teacher, stream).resume(state)


def test_training_stops_at_the_end_of_its_schedule(teacher: Teacher, stream: ViewStream) -> None:
    run, saved = make(teacher, stream, steps=3), []
    assert train(run, 100.0, saved.append, lambda: COSINES) == COSINES
    assert run.step == 3 and saved == [COSINES] and run.progress == 1


def test_checkpoint_and_export_can_be_opened(teacher: Teacher, stream: ViewStream, tmp_path: Path) -> None:
    run = make(teacher, stream)
    run.advance()
    export = tmp_path / "embedded.safetensors"
    checkpoint(run, tmp_path / "state.pt", export, COSINES, "train --seed 0")
    record, tensors = read_export(export)
    assert (record["schema"], record["timm"], record["indices"]) == (1, "resnet18", [2, 3])
    assert (record["aggregate"], record["input_size"], record["grid"]) == ("concat", 448, 28)
    assert record["trained"]["steps"] == 1 and record["trained"]["seed"] == 0
    assert {value.dtype for name, value in tensors.items() if "num_batches" not in name} == {torch.float16}
    assert not any(name.startswith(("layer4", "fc")) for name in tensors)
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        maps = rebuild(record, tensors).forward_intermediates(image, indices=[2, 3], intermediates_only=True)
        expected = run.averaged()(image)[1:]
    for mine, its in zip(maps, expected, strict=True):
        torch.testing.assert_close(mine, its, rtol=0.05, atol=0.05)
    assert row(export)["cosine_photo_layer3"] == 0.3
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_weights_that_fp16_cannot_hold_are_refused(tmp_path: Path) -> None:
    target = tmp_path / "x.safetensors"
    with pytest.raises(ValueError, match=r"conv1\.weight"):
        export_backbone({"conv1.weight": torch.tensor([1e9])}, ARCHITECTURES["resnet18"], {}, target)
    assert not target.exists()


@pytest.mark.parametrize("name", ["resnet18", "convnext_atto"])
def test_students_have_the_teachers_shapes(name: str, teacher: Teacher) -> None:
    torch.manual_seed(0)
    student, image = Student(ARCHITECTURES[name]).eval(), torch.randn(1, 3, 64, 96)
    for mine, its in zip(student(image), teacher(image), strict=True):
        assert mine.shape == its.shape


def test_channel_scale_standardises(teacher: Teacher) -> None:
    scale, images = ChannelScale(), torch.randn(4, 3, 64, 64)
    scale.measure(teacher, [images])
    for maps in scale(teacher(images)):
        assert float(maps.mean((0, 2, 3)).abs().max()) < 1e-2
        assert float(maps.std((0, 2, 3)).max()) < 1.1


def test_loss_is_zero_only_for_equal_maps() -> None:
    maps = [torch.randn(2, 5, 3, 3), torch.randn(2, 7, 2, 2)]
    assert float(distillation_loss(maps, maps)) == pytest.approx(0, abs=1e-5)
    assert float(distillation_loss(maps, [-values for values in maps])) > 2
    torch.testing.assert_close(stage_cosines(maps, maps), torch.ones(2))


def test_learning_rate_rises_then_falls_to_zero() -> None:
    rates = [learning_rate(progress, 1.0) for progress in np.linspace(0, 1, 101)]
    assert max(rates) == pytest.approx(1, abs=1e-3)
    assert rates[0] < 0.05 and rates[-1] == pytest.approx(0, abs=1e-9)
    assert int(np.argmax(rates)) == 2


def test_training_part_leaves_out_held_out_pictures() -> None:
    image = np.zeros((1, 1, 3), np.uint8)
    all_pictures = [Picture(image, "photo", f"p{index}") for index in range(200)]
    kept = training_part({"photo": all_pictures})["photo"]
    assert 0 < len(kept) < 200 and not any(picture.held_out for picture in kept)
