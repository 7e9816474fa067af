from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console

from pirn_core.pretraining.architectures import write_table
from pirn_core.pretraining.compare import SCORES, backbones, means, table
from pirn_core.pretraining.distil import ARCHITECTURES, Student
from pirn_core.pretraining.export import export_backbone
from pirn_core.pretraining.teacher import Teacher


def line(tokens: str, draw: int, score: float) -> dict[str, object]:
    return {"category": "nut", "tokens": tokens, "shots": 2, "draw": draw, **dict.fromkeys(SCORES, score)}


ROWS = [line("teacher", 0, 0.8), line("teacher", 1, 0.6), line("student", 0, 0.5), line("student", 1, 0.76)]


def test_means_over_the_draws() -> None:
    found = means(ROWS)
    assert found["nut", "teacher"] == pytest.approx([0.7] * len(SCORES))
    assert found["nut", "student"] == pytest.approx([0.63] * len(SCORES))


def test_a_missing_score_is_not_a_number() -> None:
    assert np.isnan(means([line("teacher", 0, 0.8) | {SCORES[0]: "needs masks"}])["nut", "teacher"][0])


def test_table_shows_the_share_of_the_teacher() -> None:
    console = Console(width=140, record=True, quiet=True)
    with console.capture() as shown:
        console.quiet = False
        console.print(table(ROWS))
    assert "90 %" in shown.get() and "100 %" in shown.get()


def test_rows_become_a_csv(tmp_path: Path) -> None:
    write_table(ROWS, tmp_path / "x.csv")
    lines = (tmp_path / "x.csv").read_text().splitlines()
    assert len(lines) == 5 and lines[0].startswith("category,tokens,shots,draw")


def test_three_backbones_give_tokens_of_one_shape(tmp_path: Path) -> None:
    torch.manual_seed(0)
    arrays = {name: value.numpy().astype(np.float16) for name, value in Teacher().state_dict().items()}
    np.savez(tmp_path / "teacher.npz", **arrays)
    architecture = ARCHITECTURES["resnet18"]
    student = tmp_path / "student.safetensors"
    export_backbone(Student(architecture).backbone.state_dict(), architecture, {}, student)
    built = backbones(tmp_path / "teacher.npz", student, torch.float32)
    assert list(built) == ["teacher", "student", "random"]
    images = torch.rand(1, 3, 448, 448)
    assert {tuple(backbone(images).shape) for backbone in built.values()} == {(1, 784, 384)}
