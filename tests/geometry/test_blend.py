"""Blending: weights that add up to 1, upsampling that agrees with torch."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from napari_uhrnet.geometry.blend import axis_matrices, feather, upsampling_matrix
from napari_uhrnet.geometry.grid import PatchGrid
from napari_uhrnet.geometry.rectangles import RectangleGrid


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
@pytest.mark.parametrize(("cells", "size"), [(72, 288), (127, 508), (5, 5), (1, 7), (63, 252)])
def test_upsampling_is_torchs(cells, size, mode):
    values = torch.rand(1, 1, cells)
    torch_mode = {"nearest": "nearest", "bilinear": "linear"}[mode]
    options = {"align_corners": False} if mode == "bilinear" else {}
    expected = F.interpolate(values, size=size, mode=torch_mode, **options)[0, 0].numpy()
    ours = upsampling_matrix(cells, size, 0, size, mode) @ values[0, 0].numpy()
    np.testing.assert_allclose(ours, expected, atol=1e-5)


@given(length=st.integers(1, 400), overlap=st.integers(0, 40))
def test_weights_of_all_patches_add_up_to_one_everywhere(length, overlap):
    grid = RectangleGrid(PatchGrid((length, 48), 48, overlap))
    starts = grid.patches.starts_yx[0]
    for i in range(grid.shape[0]):
        rows, _ = grid.patches_of((i, 0))
        a, b = grid.edges_yx[0][i : i + 2]
        weights = feather([starts[r] for r in rows], 48, a, b)
        np.testing.assert_allclose(weights.sum(axis=0), 1)
        assert (weights > 0).all()


def test_a_patch_counts_less_towards_its_end():
    first, second = feather([0, 6], 10, 6, 10)
    assert (np.diff(first) < 0).all() and (np.diff(second) > 0).all()
    np.testing.assert_allclose(first, second[::-1])


def test_pixels_outside_of_a_window_are_refused():
    with pytest.raises(ValueError, match="does not cover"):
        feather([0, 8], 10, 4, 10)


def test_plain_sum_has_weights_of_one():
    one, two = axis_matrices([0, 4], 8, 8, 4, 8, upsample="nearest", blend="sum")
    assert one.sum() == two.sum() == 4
    np.testing.assert_array_equal(one, np.eye(8)[4:8])
    np.testing.assert_array_equal(two, np.eye(8)[0:4])
