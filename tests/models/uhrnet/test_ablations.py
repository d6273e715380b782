"""The five rows of the ablation, both read-outs, and the options of local fusion."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from napari_uhrnet.geometry.grid import PatchGrid
from napari_uhrnet.geometry.sampling import averaging_matrix
from napari_uhrnet.models.base.config import UHRNetConfig
from napari_uhrnet.models.frames import segment_frames
from tests.models.tiny import TINY, tiny_network, without_neighbours

ROWS = {
    "local": ({"use_global": False, "local_fusion": False}, {"fused", "local"}),
    "local+llf": ({"use_global": False}, {"fused", "local"}),
    "global": ({"use_local": False}, {"fused", "global"}),
    "both": ({"local_fusion": False}, {"fused", "global", "local"}),
    "both+llf": ({}, {"fused", "global", "local"}),
    "both, into frame": (
        {"local_fusion": False, "readout": "into_frame"},
        {"fused", "global", "local"},
    ),
    "both+llf, into frame": ({"readout": "into_frame"}, {"fused", "global", "local"}),
    "both+llf of c5": ({"local_fusion_from": "c5"}, {"fused", "global", "local"}),
    "both+llf by direction": ({"local_fusion_form": "gather8"}, {"fused", "global", "local"}),
    "both+llf, itself": ({"local_fusion_hears": "itself"}, {"fused", "global", "local"}),
    "both+llf by direction, itself": (
        {"local_fusion_hears": "itself", "local_fusion_form": "gather8"},
        {"fused", "global", "local"},
    ),
}
SIDE = 64 + 3 * 48
GRID = PatchGrid((SIDE, SIDE), TINY.patch_px, TINY.min_overlap_px)


def _network(row):
    return tiny_network(config=TINY.model_copy(update=ROWS[row][0]))


def _frames():
    return torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0)) * 255


def _influence(row, cell, target, branch="fused"):
    """Whether the pixels that only one patch sees change the prediction of another."""
    network, frames = _network(row), _frames()
    with torch.inference_mode():
        before = segment_frames(network, frames)[branch][target]
        frames[(slice(None), slice(None), *GRID.window(cell).expand(-20).slices)] = 0
        after = segment_frames(network, frames)[branch][target]
    return not torch.equal(before, after)


@pytest.mark.parametrize("row", ROWS)
def test_each_row_has_its_branches_and_trains_all_of_its_parts(row):
    network = _network(row)
    out = segment_frames(network, _frames())
    assert set(out) == set(network.branches) == ROWS[row][1]
    sum(v.square().mean() for patches in out.values() for v in patches.values()).backward()
    assert [n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()] == []


@pytest.mark.parametrize("row", ["local", "local+llf", "global"])
def test_with_one_branch_its_prediction_is_the_final_one(row):
    out = segment_frames(_network(row), _frames())
    other = next(b for b in out if b != "fused")
    assert all(torch.equal(out["fused"][c], out[other][c]) for c in GRID.cells())


def test_a_neighbour_is_used_with_local_fusion_and_not_without():
    assert not _influence("local", (0, 0), (1, 1))
    assert not _influence("both", (0, 0), (1, 1), "local")
    for row in ("local+llf", "both+llf of c5", "both+llf by direction"):
        assert _influence(row, (0, 0), (1, 1), "local"), row
        assert _influence(row, (2, 1), (1, 1), "local"), row
        assert not _influence(row, (0, 0), (2, 2), "local"), row


@pytest.mark.parametrize("row", ["both+llf", "both+llf by direction"])
def test_the_control_has_the_parameters_of_local_fusion_and_uses_no_neighbour(row):
    sizes = [[p.shape for p in _network(r).parameters()] for r in (row, f"{row}, itself")]
    assert sizes[0] == sizes[1]
    for cell in ((0, 0), (0, 1), (1, 0), (2, 1)):
        assert not _influence(f"{row}, itself", cell, (1, 1), "local"), cell
    network, frames = _network(f"{row}, itself"), _frames()
    with torch.inference_mode():
        complete = segment_frames(network, frames)["local"][1, 1]
        without = segment_frames(without_neighbours(network), frames)["local"][1, 1]
    assert not torch.allclose(complete, without)  # it fuses its own features


def test_the_frame_is_used_with_a_global_branch_only():
    assert not _influence("local+llf", (0, 0), (3, 3))
    for row in ("global", "both", "both+llf"):
        assert _influence(row, (0, 0), (3, 3)), row


def test_the_readout_into_the_frame_uses_far_patches_in_full_resolution():
    # A change that the shrunken frame cannot show: neighbouring pixels swap.
    for row, present in (("both", False), ("both, into frame", True)):
        network, frames = _network(row), _frames().round()
        place = GRID.window((0, 0)).expand(-20)
        block = frames[..., place.y : place.bottom, place.x : place.right]
        checks = (torch.arange(24)[:, None] + torch.arange(24)) % 2 * 200.0
        block[:] = checks
        with torch.inference_mode():
            before = segment_frames(network, frames)["fused"][3, 3]
            block[:] = 200.0 - checks
            after = segment_frames(network, frames)["fused"][3, 3]
        difference = (before - after).abs().max()
        assert (difference > 1e-5) == present, row


@pytest.mark.parametrize("row", ["both+llf", "both+llf of c5", "both+llf by direction"])
def test_what_local_fusion_adds_is_nothing_at_first(row):
    changes = {**ROWS[row][0], "local_fusion_statistics": False}
    network = tiny_network(config=TINY.model_copy(update=changes), listening=False)
    with torch.inference_mode():
        complete = segment_frames(network, _frames())
        alone = segment_frames(without_neighbours(network), _frames())
    for branch, patches in complete.items():
        for cell, logits in patches.items():
            torch.testing.assert_close(logits, alone[branch][cell], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "wrong",
    [
        {"use_local": False, "use_global": False},
        {"use_global": False, "readout": "into_frame"},
        {"patch_px": 1024},
        {"pyramid": "glnet"},
        {"pyramid": "glnet", "feature_channels": 512},
        {"min_overlap_px": 288},
        {"stray": 1},
    ],
)
def test_configs_that_make_no_network(wrong):
    with pytest.raises(ValidationError):
        UHRNetConfig(**wrong)


def test_averaging_conserves_what_is_inside_and_marks_what_is_not():
    matrix = averaging_matrix(10, 4, 16, 0, 8.5, 12)
    np.testing.assert_allclose(matrix.sum(axis=0) * 8.5, 4, rtol=1e-5)
    covered = matrix.sum(axis=1)
    np.testing.assert_allclose(covered[2:8], 1, rtol=1e-5)
    assert covered[0] == 0 and 0 < covered[1] < 1 and covered[9:].sum() == 0
