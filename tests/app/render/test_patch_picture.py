"""Cut-outs of training patches."""

import numpy as np

from pirn_app.render.patches import CONTEXT, SIDE, patch_picture


def test_the_patch_fills_its_share_and_is_framed():
    picture = np.full((100, 120, 3), 60, np.uint8)
    picture[40:50, 70:80] = (200, 30, 30)
    cut = patch_picture(picture, (40, 70, 50, 80))
    assert cut.shape == (SIDE, SIDE, 3) and cut.dtype == np.uint8
    assert tuple(cut[SIDE // 2, SIDE // 2]) == (200, 30, 30)
    red = (cut[..., 0] > 150) & (cut[..., 1] < 80)
    assert abs(red.sum() / SIDE**2 - (1 / CONTEXT) ** 2) < 0.02, "a quarter of the side, less the frame"
    white = (cut == 255).all(axis=2)
    rows, columns = np.nonzero(white)
    assert rows.min() == columns.min() and rows.max() == columns.max()
    assert abs((rows.max() - rows.min()) - SIDE / CONTEXT) <= 1


def test_beyond_the_image_it_is_black_and_the_picture_stays():
    picture = np.full((40, 40, 3), 90, np.uint8)
    cut = patch_picture(picture, (0, 0, 8, 8))
    assert (cut[:10] == 0).all() and (cut[-10:, -10:] == 90).all()
    assert (picture == 90).all()
