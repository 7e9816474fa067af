"""A tiny drawn sample set, a model of it, and the command line called in this process."""

import io
import json
import shutil
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from pirn_core.nn import location

SMALL = (
    *("--set", "recipe.input_size=112", "--set", "recipe.grid=14", "--set", "decoder.prototypes=30"),
    *("--set", "augmentation.rotations=2", "--set", "training.epochs=1", "--set", "training.batch=512"),
)
"""Settings that train in seconds."""


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


def call(*arguments):
    """Runs `pirn` with these arguments."""
    from pirn_core.cli.app import run

    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run([str(argument) for argument in arguments])
    return Outcome(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="session")
def pirn(tmp_path_factory):
    """The command line, with a cache and a copy of the embedded weights of its own."""
    folder = tmp_path_factory.mktemp("cache")
    weights = shutil.copy(location.embedded_path(), folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIRN_CACHE", str(folder))
        patch.setattr(location, "embedded_path", lambda: Path(weights))
        yield call


@pytest.fixture(scope="session")
def small():
    return SMALL


@pytest.fixture(scope="session")
def sample_set(tmp_path_factory, pirn):
    """The category `flange`: 4 training and 4 validation parts, 2 good and 5 defective test parts."""
    folder = tmp_path_factory.mktemp("set")
    done = pirn("demo", folder, "--parts", "flange", "--train", 4, "--good", 2, "--defective", 1, "--size", 128)
    assert done.code == 0, done.err
    return folder / "flange"


@pytest.fixture(scope="session")
def training(tmp_path_factory, pirn, sample_set):
    """The outcome of a training, with its model file beside; neither is to be changed."""
    path = tmp_path_factory.mktemp("models") / "flange.pirn"
    done = pirn("train", sample_set, "--shots", 3, "--seed", 1, "--out", path, "--json", *SMALL)
    assert done.code == 0, done.err
    return path, done


@pytest.fixture(scope="session")
def model(training):
    return training[0]
