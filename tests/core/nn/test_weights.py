"""Weight files: what is read, what is refused, what is imported."""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub.constants
import pytest
import timm
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from pirn_core.errors import BackboneError
from pirn_core.nn import catalogue, location, weights
from pirn_core.nn.catalogue import CATALOGUE, backbone_entry, backbone_state
from pirn_core.nn.network import loaded_network, mismatch_of
from pirn_core.nn.weights import checked_sha256, import_file, load_network, read_tensors, recognise

VIT = "vit_tiny_patch16_224"
CNN = "resnet10t"


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A machine without any weights."""
    monkeypatch.setenv("PIRN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield tmp_path
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def vit_state() -> dict[str, Tensor]:
    torch.manual_seed(0)
    return dict(timm.create_model(VIT, pretrained=False).state_dict())


@pytest.fixture(scope="module")
def cnn_state() -> dict[str, Tensor]:
    torch.manual_seed(0)
    return dict(timm.create_model(CNN, pretrained=False).state_dict())


@pytest.fixture
def small_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two small models in the place of the catalogue's large ones."""
    entries = {entry.name: entry for entry in map(backbone_entry, (VIT, CNN))}
    monkeypatch.setattr(catalogue, "CATALOGUE", entries)
    monkeypatch.setattr(weights, "CATALOGUE", entries)


def meta_state(timm_name: str) -> dict[str, Tensor]:
    with torch.device("meta"):
        return dict(timm.create_model(timm_name, pretrained=False).state_dict())


# --- reading -------------------------------------------------------------------------------------


def test_reads_safetensors_and_torch_files_alike(machine: Path, cnn_state: dict[str, Tensor]) -> None:
    save_file(cnn_state, machine / "a.safetensors")
    torch.save(cnn_state, machine / "b.pth")
    wrapped = {f"module.{name}": value for name, value in cnn_state.items()}
    torch.save({"state_dict": wrapped, "epoch": 3}, machine / "c.pth")
    for file in ("a.safetensors", "b.pth", "c.pth"):
        found = read_tensors(machine / file)
        assert found.keys() == cnn_state.keys()
        assert all(torch.equal(found[name], value) for name, value in cnn_state.items())


def test_the_content_decides_not_the_ending(machine: Path) -> None:
    save_file({"a": torch.ones(2)}, machine / "weights.bin")
    assert torch.equal(read_tensors(machine / "weights.bin")["a"], torch.ones(2))


class Code:
    """Runs a command when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch executed",)


def test_code_in_a_pickle_is_refused_and_not_run(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(machine)
    torch.save({"a": torch.ones(2), "b": Code()}, machine / "evil.pth")
    with pytest.raises(BackboneError, match=r"evil.pth: asks to run \w+\.system, .* not opened"):
        read_tensors(machine / "evil.pth")
    torch.save({"a": Code()}, machine / "old.pth", _use_new_zipfile_serialization=False)
    with pytest.raises(BackboneError, match="asks to run"):
        read_tensors(machine / "old.pth")
    assert not (machine / "executed").exists()


def test_truncated_files(machine: Path) -> None:
    save_file({"a": torch.ones(1000)}, machine / "whole.safetensors")
    torch.save({"a": torch.ones(1000)}, machine / "whole.pth")
    for file, keep in (("whole.safetensors", -100), ("whole.safetensors", 30), ("whole.pth", -500)):
        path = machine / f"cut{keep}{Path(file).suffix}"
        path.write_bytes((machine / file).read_bytes()[:keep])
        with pytest.raises(BackboneError, match=r"cut.*(not a whole safetensors|damaged torch) file.*once more"):
            read_tensors(path)


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"version https://git-lfs.github.com/spec/v1"])
def test_files_of_another_kind(machine: Path, content: bytes) -> None:
    path = machine / "page.safetensors"
    path.write_bytes(content)
    with pytest.raises(BackboneError, match="neither a safetensors file nor one saved by torch"):
        read_tensors(path)


def test_a_damaged_pickle(machine: Path) -> None:
    path = machine / "noise.pth"
    path.write_bytes(b"\x80\x02" + bytes(range(60, 200)))
    with pytest.raises(BackboneError, match="damaged torch file"):
        read_tensors(path)


def test_no_state_dict(machine: Path) -> None:
    torch.save({"epoch": 3, "loss": 0.5}, machine / "log.pth")
    torch.save([torch.ones(2)], machine / "list.pth")
    for file in ("log.pth", "list.pth"):
        with pytest.raises(BackboneError, match="holds no state dict"):
            read_tensors(machine / file)


def test_no_file(machine: Path) -> None:
    with pytest.raises(BackboneError, match="there is no such file"):
        read_tensors(machine / "nothing.pth")


def test_no_permission(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (machine / "a.pth").write_bytes(b"weights")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(BackboneError, match=r"a\.pth: cannot be read \(Permission denied\)"):
        read_tensors(machine / "a.pth")


def test_numbers_that_are_not_finite(machine: Path) -> None:
    save_file({"a": torch.ones(3), "b": torch.tensor([1.0, float("nan")])}, machine / "a.safetensors")
    with pytest.raises(BackboneError, match="b holds numbers that are not finite"):
        read_tensors(machine / "a.safetensors")


# --- fitting -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CATALOGUE)
def test_weights_fit_their_own_entry_only(name: str) -> None:
    state = meta_state(CATALOGUE[name].timm)
    assert [other for other, entry in CATALOGUE.items() if not mismatch_of(entry, state)] == [name]


def test_the_authors_dinov2_files_fit() -> None:
    state = meta_state(CATALOGUE["dinov2-base"].timm)
    assert not mismatch_of(CATALOGUE["dinov2-base"], {**state, "mask_token": torch.empty(1, 768, device="meta")})
    state = meta_state(CATALOGUE["dinov2-base-reg"].timm)
    state["register_tokens"] = state.pop("reg_token")
    state["pos_embed"] = torch.empty(1, 1370, 768, device="meta")
    state["mask_token"] = torch.empty(1, 768, device="meta")
    assert not mismatch_of(CATALOGUE["dinov2-base-reg"], state)


def test_names_the_first_tensor_that_differs(machine: Path, vit_state: dict[str, Tensor]) -> None:
    entry = backbone_entry(VIT)
    state = {**vit_state, "blocks.3.attn.qkv.bias": torch.zeros(12), "extra": torch.zeros(1)}
    del state["blocks.0.norm1.weight"]
    save_file(state, machine / "a.safetensors")
    with pytest.raises(BackboneError) as caught:
        load_network(entry, 64, machine / "a.safetensors")
    said = str(caught.value)
    assert f"a.safetensors: these are not weights of {entry.name}" in said
    assert "blocks.3.attn.qkv.bias is 12 where 576 is expected" in said
    assert "blocks.0.norm1.weight is missing" in said
    assert "extra is unexpected" in said
    assert "pirn backbones import FILE" in said


def test_one_wrong_tensor_alone_is_refused(cnn_state: dict[str, Tensor]) -> None:
    entry = backbone_entry(CNN)
    name = "layer2.0.conv1.weight"
    missing = {key: value for key, value in cnn_state.items() if key != name}
    assert mismatch_of(entry, missing).missing == (name,)
    assert mismatch_of(entry, {**cnn_state, "more": torch.zeros(1)}).unexpected == ("more",)
    assert mismatch_of(entry, {**cnn_state, name: torch.zeros(1)}).shapes[0][0] == name
    assert not mismatch_of(entry, cnn_state)


def test_nothing_stays_random_where_timm_is_not_strict() -> None:
    # timm loads this family with strict=False: a missing tensor would silently stay random.
    entry = backbone_entry("dla34")
    state = meta_state(entry.timm)
    assert not mismatch_of(entry, state)
    del state["level3.tree1.tree1.conv1.weight"]
    assert mismatch_of(entry, state).missing == ("level3.tree1.tree1.conv1.weight",)


def test_any_classifier_or_none(cnn_state: dict[str, Tensor]) -> None:
    entry = backbone_entry(CNN)
    fine_tuned = {**cnn_state, "fc.weight": torch.zeros(7, 512), "fc.bias": torch.zeros(7)}
    headless = {name: value for name, value in cnn_state.items() if not name.startswith("fc.")}
    for state in (fine_tuned, headless):
        network = loaded_network(entry, 64, state)
        kept = network.state_dict()
        assert all(torch.equal(value, cnn_state[name]) for name, value in kept.items())
        assert not any(name.startswith(("fc.", "layer4.")) for name in kept)


def test_an_empty_file_is_no_reason_to_download(machine: Path) -> None:
    assert "no tensors" in str(mismatch_of(backbone_entry(CNN), {}))


def test_the_network_does_not_keep_a_second_copy_of_the_weights(vit_state: dict[str, Tensor]) -> None:
    network = loaded_network(backbone_entry(VIT), 64, vit_state)
    assert "state_dict" not in network.pretrained_cfg


# --- importing -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("small_catalogue")
def test_import_recognises_and_keeps_the_file(machine: Path, vit_state: dict[str, Tensor]) -> None:
    torch.save(vit_state, machine / "download(1).pth")
    state = import_file(machine / "download(1).pth")
    entry = backbone_entry(VIT)
    assert (state.name, state.place) == (entry.name, "cached")
    assert state.path is not None
    assert state.path.parent == machine / "cache" / "backbones"
    assert state.path.read_bytes() == (machine / "download(1).pth").read_bytes()
    assert backbone_state(entry) == state
    assert any(listed == state for listed in catalogue.list_backbones())


def test_a_new_import_replaces_the_former(machine: Path, cnn_state: dict[str, Tensor]) -> None:
    torch.save(cnn_state, machine / "a.pth")
    save_file(
        {**cnn_state, "conv1.0.weight": torch.ones_like(cnn_state["conv1.0.weight"])},
        machine / "b.safetensors",
    )
    first = import_file(machine / "a.pth", CNN)
    second = import_file(machine / "b.safetensors", CNN)
    third = import_file(machine / "a.pth", CNN)
    for state, source in ((second, "b.safetensors"), (third, "a.pth"), (first, "a.pth")):
        assert state.path is not None
        assert state.path.suffix == (".pt" if source == "a.pth" else ".safetensors")
    assert second.path is not None and not second.path.exists()
    assert third.path is not None and import_file(third.path, CNN) == third


def test_a_failed_import_changes_nothing(machine: Path, cnn_state: dict[str, Tensor]) -> None:
    torch.save(cnn_state, machine / "a.pth")
    before = import_file(machine / "a.pth", CNN)
    torch.save({"a": torch.ones(1)}, machine / "b.pth")
    with pytest.raises(BackboneError, match="are not weights of timm:resnet10t"):
        import_file(machine / "b.pth", CNN)
    assert backbone_state(backbone_entry(CNN)) == before
    assert checked_sha256(before.path or machine) == hashlib.sha256((machine / "a.pth").read_bytes()).hexdigest()


@pytest.mark.usefixtures("small_catalogue")
def test_weights_of_an_unlisted_model_must_be_named(machine: Path) -> None:
    save_file({"some.weight": torch.ones(2)}, machine / "a.safetensors")
    with pytest.raises(BackboneError, match=r"fits none of .*'some.weight'.*--name timm:MODEL"):
        import_file(machine / "a.safetensors")


def test_embedded_files_are_not_imported(machine: Path) -> None:
    record = {"pirn_backbone": json.dumps({"schema": 1})}
    save_file({"a": torch.ones(2)}, machine / "a.safetensors", metadata=record)
    for name in (None, "resnet10t", "embedded"):
        with pytest.raises(BackboneError, match="an embedded backbone is not imported"):
            import_file(machine / "a.safetensors", name)


@pytest.mark.usefixtures("small_catalogue")
def test_recognise(machine: Path, cnn_state: dict[str, Tensor]) -> None:
    half = {name: value.half() if value.is_floating_point() else value for name, value in cnn_state.items()}
    save_file(half, machine / "a.safetensors")
    assert recognise(machine / "a.safetensors") == backbone_entry(CNN)


# --- checksums -----------------------------------------------------------------------------------


def test_a_damaged_file_in_the_hub_cache(machine: Path) -> None:
    content = b"weights" * 100
    blob = machine / "blobs" / hashlib.sha256(content).hexdigest()
    blob.parent.mkdir()
    blob.write_bytes(content)
    link = machine / "snapshots" / "model.safetensors"
    link.parent.mkdir()
    link.symlink_to(Path("..", "blobs", blob.name))
    assert checked_sha256(link) == blob.name
    blob.write_bytes(content[:-1] + b"!")
    with pytest.raises(BackboneError, match="does not match the hub's checksum"):
        checked_sha256(link)
    assert checked_sha256(blob) != blob.name


def test_imported_files_keep_their_hash(machine: Path, cnn_state: dict[str, Tensor]) -> None:
    save_file(cnn_state, machine / "a.safetensors")
    state = import_file(machine / "a.safetensors", CNN)
    assert state.path is not None
    assert checked_sha256(state.path) == checked_sha256(machine / "a.safetensors")
    assert load_file(state.path).keys() == cnn_state.keys()
    assert location.locate(backbone_entry(CNN)) == state.path
