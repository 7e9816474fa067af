"""Fixtures of the model package's tests. What needs torch is loaded by the tests that ask for it only."""

import importlib.util
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def support():
    """The module of small parts, a small backbone and clustered tokens."""
    spec = importlib.util.spec_from_file_location("core_support", Path(__file__).parent / "support.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def backbone(support):
    return support.PatchBackbone()


@pytest.fixture(scope="session")
def plate(support):
    return support.make_plate


@pytest.fixture(scope="session")
def settings(support):
    return support.small_config


@pytest.fixture(scope="session")
def trained(support):
    """A model of three good plates and its backbone; not to be changed."""
    return support.train_plates()


@pytest.fixture(scope="session")
def frame(support):
    return support.make_frame


@pytest.fixture(scope="session")
def pool(support):
    return support.make_pool


@pytest.fixture(scope="session")
def token_clusters(support):
    return support.clusters


@pytest.fixture(scope="session")
def draw(support):
    return support.drawn
