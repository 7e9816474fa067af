"""Devices: choosing, running out of memory, repeating."""

import pytest
import torch

from pirn_core.devices import choose_device, device_label, memory_advice, seeded
from pirn_core.errors import DeviceError


def test_choosing() -> None:
    assert choose_device("cpu") == torch.device("cpu")
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "NVIDIA L4")


@pytest.mark.usefixtures("two_gpus")
def test_choosing_among_gpus() -> None:
    assert choose_device("auto") == torch.device("cuda:0")
    assert choose_device("cuda") == torch.device("cuda:0")
    assert choose_device("cuda:1") == torch.device("cuda:1")
    with pytest.raises(DeviceError, match=r"cuda:2: this machine has 2 CUDA device.* Choose cuda:1"):
        choose_device("cuda:2")
    assert device_label(torch.device("cuda:1")) == "NVIDIA L4 (cuda:1)"


@pytest.mark.parametrize("name", ["gpu", "cuda:", "cuda:-1", "cuda:x", "", "CUDA"])
def test_names_of_no_device(name: str) -> None:
    with pytest.raises(DeviceError, match="Choose auto, cpu, cuda, cuda:N or mps"):
        choose_device(name)


def test_devices_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(DeviceError, match="no Apple GPU"):
        choose_device("mps")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "hip", None)
    monkeypatch.setattr(torch.version, "cuda", None)
    with pytest.raises(DeviceError, match="for the CPU only"):
        choose_device("cuda")
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    with pytest.raises(DeviceError, match=r"finds no CUDA device.*nvidia-smi"):
        choose_device("cuda:0")


def test_mps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose_device("mps").type == "mps"
    assert "Apple GPU" in device_label(torch.device("mps"))


def test_label_of_the_cpu() -> None:
    assert device_label(torch.device("cpu")).startswith("CPU, ")


SETTING = "Lower training.batch."


def test_the_cpus_own_allocation_failure() -> None:
    with pytest.raises(DeviceError) as caught, memory_advice(SETTING):
        torch.empty(1 << 60)
    assert caught.value.advice == SETTING
    assert "memory does not suffice" in caught.value.message
    assert "4611686018427387904" in caught.value.message


@pytest.mark.parametrize(
    ("error", "size"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has"), "2.50 GiB"),
        (RuntimeError("MPS backend out of memory (MPS allocated: 1 GB). Tried to allocate 256 MB"), "256 MB"),
        (
            RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 400 bytes."),
            "400 bytes",
        ),
        (MemoryError("Unable to allocate 3.0 TiB for an array"), "3.0 TiB"),
        (MemoryError(), ""),
    ],
)
def test_running_out_of_memory(error: Exception, size: str) -> None:
    with pytest.raises(DeviceError, match=size) as caught, memory_advice(SETTING):
        raise error
    assert caught.value.advice == SETTING
    assert caught.value.__cause__ is error


def test_other_errors_pass() -> None:
    with pytest.raises(RuntimeError, match="shapes"), memory_advice(SETTING):
        raise RuntimeError("shapes do not match")
    with memory_advice(SETTING):
        pass


def test_seeded_repeats_and_puts_all_back() -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    benchmark = torch.backends.cudnn.benchmark
    draws = []
    for seed in (7, 7, 8):
        with seeded(seed):
            assert torch.are_deterministic_algorithms_enabled()
            draws.append(torch.rand(5))
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.are_deterministic_algorithms_enabled()
    with pytest.raises(ValueError, match="inside"), seeded(1):
        raise ValueError("inside")
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.backends.cudnn.benchmark == benchmark
