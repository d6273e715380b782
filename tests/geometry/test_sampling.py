"""Sampling matrices: RoI-align for axis-aligned boxes, and the context of local fusion."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchvision.ops import roi_align

from napari_uhrnet.geometry.sampling import context_matrix, sampling_matrix


@given(start=st.floats(0, 20), size=st.floats(8, 30), cells=st.integers(1, 9))
def test_it_is_torchvisions_roi_align(start, size, cells):
    features = torch.rand(1, 2, 16, 16, dtype=torch.float64)
    box = torch.tensor([[0, start, start, start + size, start + size]], dtype=torch.float64)
    expected = roi_align(features, box, cells, spatial_scale=0.25, sampling_ratio=1, aligned=True)
    matrix = sampling_matrix(0, 4, 16, start, size / cells, cells, beyond=True).astype(float)
    ours = matrix @ features[0].numpy() @ matrix.T
    np.testing.assert_allclose(ours, expected[0].numpy(), atol=1e-5)


def test_centres_outside_give_zeros_or_the_outermost_value():
    none = sampling_matrix(0, 1, 4, -2, 1, 8, beyond=False)
    assert none[:2].sum() == 0 and none[6:].sum() == 0
    np.testing.assert_allclose(none[2:6], np.eye(4))
    edge = sampling_matrix(0, 1, 4, -2, 1, 8, beyond=True)
    np.testing.assert_allclose(edge[:3, 0], 1)


def test_neighbours_are_pasted_at_their_true_offsets():
    # Patches of 40 px with 4 cells; the neighbours are 30 px away: one cell is shared.
    matrix = context_matrix((-30, 0, 30), 40, 4)
    position = np.concatenate([np.arange(4) * 10 + 5 + o for o in (-30, 0, 30)])
    covered = matrix.sum(axis=1) > 0
    np.testing.assert_allclose(matrix.sum(axis=1)[covered], 1)
    target = np.arange(12) * 10 + 5 - 40
    # A field that is linear in the true position comes back at the true position.
    np.testing.assert_allclose((matrix @ position)[covered], target[covered], atol=1e-4)
    np.testing.assert_array_equal(covered, (target > -30) & (target < 70))


def test_absent_neighbours_leave_zeros():
    matrix = context_matrix((None, 0, 30), 40, 4)
    assert matrix[:4].sum() == 0
    assert (matrix[4:11].sum(axis=1) > 0.999).all()
    assert matrix[:, :4].sum() == 0
