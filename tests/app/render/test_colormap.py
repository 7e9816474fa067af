"""Scores as colours: the same as in saved overlays, transparent at the low end."""

import cv2
import numpy as np
import pytest

from pirn_app.render.colormap import NAMES, heat_rgba, levels, lut, share, shown_range
from pirn_app.state import display
from pirn_core.overlay import OPACITY, heat, to_share


@pytest.fixture
def scores() -> np.ndarray:
    values = np.random.default_rng(0).uniform(-0.5, 3.0, (60, 80)).astype(np.float32)
    values[:5] = np.nan
    return values


def test_every_name_of_the_display_has_a_table():
    assert set(NAMES) == set(display.ColourMap.__args__)
    for name in NAMES:
        assert lut(name).shape == (256, 3) and lut(name).dtype == np.uint8


@pytest.mark.parametrize("name", ["inferno", "viridis", "jet"])
def test_tables_are_opencvs(name):
    ramp = np.arange(256, dtype=np.uint8)[None]
    drawn = cv2.applyColorMap(ramp, getattr(cv2, f"COLORMAP_{name.upper()}"))
    assert np.array_equal(lut(name), drawn[0, :, ::-1])


def test_the_shared_table_cannot_be_spoilt():
    with pytest.raises(ValueError, match="read-only"):
        lut("cividis")[0] = 255


def test_agrees_with_saved_overlays(scores):
    colours, opacity = heat(scores, (0.5, 2.0))
    drawn = heat_rgba(scores, (0.5, 2.0), "inferno", OPACITY)
    assert np.array_equal(drawn[..., :3], colours)
    assert np.abs(drawn[..., 3] - opacity * 255).max() <= 1
    assert np.array_equal(share(scores, (0.5, 2.0)), to_share(scores, (0.5, 2.0)))


def test_low_end_and_unseen_pixels_are_transparent(scores):
    drawn = heat_rgba(scores, (0.5, 2.0), "turbo", 1.0)
    assert (drawn[np.isnan(scores), 3] == 0).all()
    assert (drawn[scores <= 0.5, 3] == 0).all()
    assert (drawn[scores >= 2.0, 3] == 255).all()
    assert heat_rgba(scores, (0.5, 2.0), "grey", 0.0)[..., 3].max() == 0


def test_share_is_monotonous_and_bounded(scores):
    placed = share(scores, (0.5, 2.0))
    assert placed.dtype == np.float32 and placed.min() == 0.0 and placed.max() == 1.0
    order = np.argsort(scores[5:].ravel())
    assert (np.diff(placed[5:].ravel()[order]) >= 0).all()
    assert levels(scores, (0.5, 2.0)).max() == 255


def test_an_empty_range_divides_nothing_by_zero(scores):
    assert np.isfinite(share(scores, (1.0, 1.0))).all()


def test_the_range_is_the_models_unless_the_user_wants_the_images(scores):
    assert shown_range((0.5, 2.0), scores) == (0.5, 2.0)
    low, high = shown_range((0.5, 2.0), scores, per_image=True)
    assert (low, high) == (np.nanmin(scores), np.nanmax(scores))
    assert shown_range((0.5, 2.0), None, per_image=True) == (0.5, 2.0)
    assert shown_range((0.5, 2.0), np.full((3, 3), np.nan, np.float32), per_image=True) == (0.5, 2.0)
    assert shown_range((0.5, 2.0), np.full((3, 3), 0.7, np.float32), per_image=True) == (0.5, 2.0)
