"""Backbones by name, and what of them is on this machine."""

import json
import os
import subprocess
import sys
from pathlib import Path

import huggingface_hub.constants
import pytest
import timm
import torch
from safetensors.torch import save_file
from timm.models import get_pretrained_cfg

from pirn_core.errors import BackboneError
from pirn_core.nn import location
from pirn_core.nn.catalogue import CATALOGUE, PAPER, backbone_entry, backbone_state, list_backbones, resolve
from pirn_core.nn.entry import paper_blocks

ROOT = Path(__file__).parents[3]
RECORD = {
    "schema": 1,
    "name": "embedded",
    "timm": "resnet10t",
    "kwargs": {},
    "indices": [2, 3],
    "aggregate": "concat",
    "input_size": 64,
    "grid": 4,
    "mean": [0.4, 0.5, 0.6],
    "std": [0.2, 0.2, 0.2],
    "licence": "Apache-2.0",
    "description": "for tests",
}


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any weights."""
    monkeypatch.setenv("PIRN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(location, "embedded_path", lambda: tmp_path / "embedded.safetensors")
    return tmp_path


def embedded(folder: Path, **changes: object) -> Path:
    path = folder / "embedded.safetensors"
    record = {**RECORD, **changes}
    save_file({"weight": torch.zeros(3)}, path, metadata={"pirn_backbone": json.dumps(record)})
    return path


def cached_on_hub(machine: Path, file: str = "model.safetensors", refs: bool = True) -> Path:
    repository = machine / "hub" / f"models--{CATALOGUE[PAPER].hub.replace('/', '--')}"
    path = repository / "snapshots" / ("a" * 40) / file
    path.parent.mkdir(parents=True)
    path.write_bytes(b"weights")
    if refs:
        (repository / "refs").mkdir()
        (repository / "refs" / "main").write_text("a" * 40)
    return path


def test_listing_imports_neither_torch_nor_timm(machine: Path) -> None:
    program = (
        "import sys; from pirn_core.nn.catalogue import list_backbones, resolve;"
        "names = [state.name for state in list_backbones()]; assert resolve('dinov2-base').grid == 16;"
        "assert not {'torch', 'timm'} & set(sys.modules), 'slow'; print(*names)"
    )
    environment = {
        **os.environ,
        "PIRN_CACHE": str(machine),
        "HF_HUB_CACHE": str(machine),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-c", program]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == ["embedded", *CATALOGUE]


@pytest.mark.parametrize("name", CATALOGUE)
def test_entries_agree_with_timm(name: str) -> None:
    entry = CATALOGUE[name]
    config = get_pretrained_cfg(entry.timm)
    with torch.device("meta"):
        model = timm.create_model(entry.timm, pretrained=False)
    assert entry.parameters == sum(value.numel() for value in model.parameters())
    assert entry.size_mb == pytest.approx(sum(value.numel() for value in model.state_dict().values()) * 4e-6)
    assert entry.hub == config.hf_hub_id
    assert (entry.mean, entry.std) == (config.mean, config.std)
    assert entry.fixed_size is config.fixed_input_size
    assert ("DINOv3" in entry.licence) == (config.license == "dinov3-license")
    assert ("Apache-2.0" in entry.licence) == (config.license == "apache-2.0")
    assert len(model.blocks) == 12
    assert entry.patch == model.patch_embed.patch_size[0]
    assert entry.channels == model.num_features
    assert entry.input_size == entry.grid * entry.patch
    assert backbone_entry(entry.timm) is entry


def test_the_papers_backbone() -> None:
    entry = resolve("dinov2-base")
    assert (entry.timm, entry.input_size, entry.grid) == ("vit_base_patch14_dinov2.lvd142m", 224, 16)
    assert entry.indices == tuple(range(1, 10))
    assert entry.layers == "mean of blocks 2 to 10"
    assert entry.grid_at(448) == 32


def test_layers_scale_with_depth() -> None:
    assert paper_blocks(12) == tuple(range(1, 10))
    assert paper_blocks(24) == tuple(range(3, 20))
    assert paper_blocks(1) == (0,)
    for depth in range(1, 50):
        blocks = paper_blocks(depth)
        assert blocks and blocks[0] >= 0 and blocks[-1] < depth


def test_other_models_of_timm() -> None:
    stages = backbone_entry("timm:resnet10t")
    assert (stages.name, stages.indices, stages.aggregate) == ("timm:resnet10t.c3_in1k", (2, 3), "concat")
    assert (stages.input_size, stages.grid, stages.channels) == (448, 28, 128 + 256)
    assert stages.layers == "stages 2 + 3"
    blocks = backbone_entry("vit_tiny_patch16_224")
    assert (blocks.aggregate, blocks.input_size, blocks.grid, blocks.channels) == ("mean", 224, 14, 192)
    assert blocks.mean == (0.5, 0.5, 0.5)
    assert blocks.hub == "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k"
    # The default weights of an architecture of the catalogue are the catalogue's.
    assert backbone_entry("vit_base_patch14_dinov2") is CATALOGUE["dinov2-base"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("dinov2-bse", "Did you mean dinov2-base"),
        ("nothing-like-it", "Choose one of auto, embedded"),
        ("hf-hub:someone/model", "there is no backbone"),
        ("resnet10t.wrong", "Choose one of resnet10t.c3_in1k"),
    ],
)
def test_unknown_names(name: str, says: str) -> None:
    with pytest.raises(BackboneError, match=says):
        resolve(name)


def test_auto_prefers_the_papers_backbone(machine: Path) -> None:
    embedded(machine)
    assert resolve("auto").name == "embedded"
    cached_on_hub(machine)
    assert resolve("auto").name == PAPER


def test_auto_without_any_backbone_says_so() -> None:
    with pytest.raises(BackboneError, match="embedded backbone is not there"):
        resolve("auto")


def test_states(machine: Path) -> None:
    shipped = embedded(machine)
    on_hub = cached_on_hub(machine)
    imported = location.imported_path(CATALOGUE["dinov2-small"], ".pt")
    imported.parent.mkdir(parents=True)
    imported.write_bytes(b"x" * 2_000_000)
    states = {state.name: state for state in list_backbones()}
    assert [(states[name].place, states[name].path) for name in ("embedded", PAPER, "dinov2-small")] == [
        ("embedded", shipped),
        ("cached", on_hub),
        ("cached", imported),
    ]
    assert states["dinov2-small"].size_mb == 2.0
    missing = states["dinov3-base"]
    assert (missing.place, missing.path) == ("download", None)
    assert missing.size_mb == pytest.approx(342.6, abs=0.1)
    assert "DINOv3" in missing.licence
    assert states["embedded"].licence == "Apache-2.0"


def test_an_unreadable_embedded_backbone_is_listed_with_its_fault(machine: Path) -> None:
    assert list_backbones()[0].place == "missing"
    (machine / "embedded.safetensors").write_bytes(b"no weights")
    assert "not a whole safetensors file" in list_backbones()[0].entry.description


def test_a_copied_hub_cache_without_branch_names(machine: Path) -> None:
    path = cached_on_hub(machine, refs=False)
    assert backbone_state(CATALOGUE[PAPER]).path == path


def test_older_repositories_hold_pickles(machine: Path) -> None:
    path = cached_on_hub(machine, file="pytorch_model.bin")
    assert location.locate(CATALOGUE[PAPER]) == path


def test_imported_before_cached(machine: Path) -> None:
    cached_on_hub(machine)
    path = location.imported_path(CATALOGUE[PAPER], ".safetensors")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"weights")
    assert location.locate(CATALOGUE[PAPER]) == path


def test_other_imported_models_are_listed(machine: Path) -> None:
    entry = backbone_entry("resnet10t")
    location.remember(entry)
    location.imported_path(entry, ".safetensors").write_bytes(b"weights")
    (location.imported_path(entry, ".json").parent / "damaged.json").write_text("{")
    state = list_backbones()[-1]
    assert state.entry == entry
    assert state.place == "cached"


def test_the_record_of_an_embedded_backbone(machine: Path) -> None:
    embedded(machine, trained={"steps": 3})
    entry = backbone_entry("embedded")
    assert (entry.timm, entry.indices, entry.aggregate) == ("resnet10t", (2, 3), "concat")
    assert (entry.input_size, entry.grid, entry.patch, entry.grid_at(128)) == (64, 4, 16, 8)
    assert (entry.mean, entry.licence) == ((0.4, 0.5, 0.6), "Apache-2.0")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"schema": 2}, "has schema 2, this program knows up to 1. Update"),
        ({"aggregate": "sum"}, "record is damaged"),
        ({"indices": []}, "record is damaged"),
        ({"mean": [0.5]}, "record is damaged"),
        ({"input_size": "large"}, "record is damaged"),
        ({"std": [0.2, 0.0, 0.2]}, "all must be positive"),
        ({"grid": 65}, "65 tokens over 64 px"),
        ({"kwargs": {"pretrained": True}}, "'pretrained', which reads other files"),
        ({"kwargs": {"checkpoint_path": "/etc/passwd"}}, "'checkpoint_path', which reads other files"),
        ({"timm": "hf-hub:someone/model"}, "'hf-hub:someone/model', which reads other files"),
    ],
)
def test_records_that_are_refused(machine: Path, changes: dict[str, object], says: str) -> None:
    embedded(machine, **changes)
    with pytest.raises(BackboneError, match=says):
        backbone_entry("embedded")


def test_foreign_and_truncated_embedded_files(machine: Path) -> None:
    path = machine / "embedded.safetensors"
    save_file({"weight": torch.zeros(3)}, path)
    with pytest.raises(BackboneError, match="has no 'pirn_backbone' record"):
        backbone_entry("embedded")
    embedded(machine)
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(BackboneError, match="not a whole safetensors file"):
        backbone_entry("embedded")
    save_file({"weight": torch.zeros(3)}, path, metadata={"pirn_backbone": "{schema"})
    with pytest.raises(BackboneError, match="record is damaged"):
        backbone_entry("embedded")
