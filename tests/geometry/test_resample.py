"""Scaling: independent of the window, right on average, closed at nodata."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from napari_uhrnet.geometry.resample import scale_window, source_window
from napari_uhrnet.geometry.window import Window


def _scale(image, valid, target_shape, target):
    source = image.shape[:2]
    read = source_window(source, target_shape, target)
    return scale_window(image[read.slices], valid[read.slices], source, target_shape, target)


@settings(deadline=None)
@given(
    source=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    target=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    data=st.data(),
)
def test_a_pixel_is_the_same_whichever_window_was_read(source, target, data):
    rng = np.random.default_rng(1)
    image = rng.integers(0, 256, (*source, 3), dtype=np.uint8)
    valid = rng.random(source) > data.draw(st.sampled_from([-1, 0.4]))
    whole, mask = _scale(image, valid, target, Window.of_shape(target))
    y, x = (data.draw(st.integers(0, n - 1)) for n in target)
    h, w = data.draw(st.integers(1, target[0] - y)), data.draw(st.integers(1, target[1] - x))
    window = Window(y, x, h, w)
    part, part_mask = _scale(image, valid, target, window)
    np.testing.assert_array_equal(part_mask, mask[window.slices])
    np.testing.assert_array_equal(part, whole[window.slices])


def test_shrinking_is_torchs_antialiased_bilinear():
    image = np.random.default_rng(0).integers(0, 256, (97, 61, 3), dtype=np.uint8)
    ours, _ = _scale(image, np.ones((97, 61), bool), (40, 26), Window(0, 0, 40, 26))
    values = torch.from_numpy(image).permute(2, 0, 1)[None].float()
    expected = F.interpolate(
        values, size=(40, 26), mode="bilinear", align_corners=False, antialias=True
    )
    np.testing.assert_allclose(ours, expected[0].permute(1, 2, 0).numpy(), atol=0.51)


def test_nodata_does_not_bleed():
    image = np.full((20, 20, 3), 200, np.uint8)
    valid = np.ones((20, 20), bool)
    image[:, 10:], valid[:, 10:] = 0, False
    pixels, mask = _scale(image, valid, (8, 8), Window(0, 0, 8, 8))
    assert (pixels[mask] == 200).all()
    assert mask[:, :4].all() and not mask[:, 4:].any()
