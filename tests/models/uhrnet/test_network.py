"""What makes a UHRNet one: what influences what, and what starts as the identity."""

import pytest
import torch

from napari_uhrnet.geometry.grid import PatchGrid
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.models.base.config import PAPER
from napari_uhrnet.models.base.protocol import FrameFeatures, View
from napari_uhrnet.models.baselines.reflect import reflect_to
from napari_uhrnet.models.frames import segment_frames
from napari_uhrnet.models.uhrnet.network import UHRNet, look
from napari_uhrnet.training.loop.stages import train_mode
from tests.models.tiny import TINY, tiny_network, without_neighbours

SIDE = 64 + 4 * 48
GRID = PatchGrid((SIDE, SIDE), TINY.patch_px, TINY.min_overlap_px)


def test_the_grid_of_these_tests():
    assert (GRID.rows, GRID.columns) == (5, 5)


def _frames(count=1, seed=0):
    return torch.rand(count, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(seed)) * 255


def _local_of(network, frames, cell=(2, 2)):
    with torch.inference_mode():
        return segment_frames(network, frames)["local"][cell]


def _own_pixels(cell):
    """Pixels of the scene that only this patch sees."""
    window = GRID.window(cell)
    return (slice(None), slice(None), *window.expand(-20).slices)


@pytest.mark.parametrize("cell", GRID.neighbours((2, 2)))
def test_each_of_the_eight_neighbours_is_used(cell):
    network, frames = tiny_network(), _frames()
    before = _local_of(network, frames)
    frames[_own_pixels(cell)] = 0
    assert (_local_of(network, frames) != before).any()


@pytest.mark.parametrize("cell", [(0, 0), (0, 2), (2, 4), (4, 1)])
def test_patches_farther_away_are_not_used(cell):
    network, frames = tiny_network(), _frames()
    before = _local_of(network, frames)
    frames[_own_pixels(cell)] = 0
    torch.testing.assert_close(_local_of(network, frames), before, rtol=0, atol=0)


def test_what_an_untrained_local_fusion_adds_is_nothing():
    config = TINY.model_copy(update={"local_fusion_statistics": False})
    network, frames = tiny_network(listening=False, config=config), _frames()
    with torch.inference_mode():
        with_neighbours = segment_frames(network, frames)
        for cell in ((0, 0), (2, 2)):
            window = GRID.window(cell)
            patch = frames[..., window.y : window.bottom, window.x : window.right]
            features = network.encode_patches(patch).features
            view = View(network.encode_frame(frames), window, (SIDE, SIDE))
            alone = network.decode_patches(features, [view])
            for branch in network.branches:
                torch.testing.assert_close(
                    alone[branch], with_neighbours[branch][cell], rtol=1e-4, atol=1e-4
                )


def test_an_untrained_network_shares_statistics():
    """Weights at random: each of the nine patches changes F'; without neighbours, none."""
    network, frames = tiny_network(listening=False), _frames()
    before = _local_of(network, frames), _local_of(without_neighbours(network), frames)
    frames[_own_pixels((1, 3))] = 0
    assert (_local_of(network, frames) != before[0]).any()
    assert torch.equal(_local_of(without_neighbours(network), frames), before[1])


def test_statistics_are_not_shared_in_training():
    network, frames = tiny_network(listening=False), _frames()
    alone = _local_of(without_neighbours(network), frames)
    assert not torch.allclose(_local_of(network, frames), alone, atol=1e-3)
    train_mode(network)
    torch.testing.assert_close(_local_of(network, frames), alone, rtol=1e-3, atol=1e-3)


def test_all_the_same_patches_share_what_each_of_them_has():
    """Then it makes no difference whether neighbours are used."""
    network = tiny_network(listening=False)
    one = torch.rand(1, 3, 48, 48, generator=torch.Generator().manual_seed(3)) * 255
    frames = one.repeat(1, 1, 6, 6)[..., :SIDE, :SIDE]
    torch.testing.assert_close(
        _local_of(network, frames),
        _local_of(without_neighbours(network), frames),
        rtol=1e-4,
        atol=1e-4,
    )


@pytest.mark.parametrize("readout", ["into_patches", "into_frame"])
@pytest.mark.parametrize("corrects", ["mean", "local"])
def test_a_fusion_that_corrects_begins_with_what_it_corrects(corrects, readout):
    """Its heads have random weights here, so the branches do not agree."""
    changes = {"fusion_corrects": corrects, "readout": readout}
    network, frames = UHRNet(TINY.model_copy(update=changes)).eval(), _frames()
    with torch.inference_mode():
        predicted = segment_frames(network, frames)
        for cell, fused in predicted["fused"].items():
            begin = predicted["local"][cell]
            if corrects == "mean":
                begin = (predicted["global"][cell] + begin) / 2
            torch.testing.assert_close(fused, begin, rtol=0, atol=0)
        assert (predicted["global"][2, 2] != predicted["local"][2, 2]).any()
        torch.nn.init.normal_(network.fused_head.weight)
        after = segment_frames(network, frames)
    assert (after["fused"][2, 2] != predicted["fused"][2, 2]).any()
    assert torch.equal(after["local"][2, 2], predicted["local"][2, 2])


def test_the_whole_frame_counts_through_the_global_branch():
    network, frames = tiny_network(), _frames()
    with torch.inference_mode():
        before = segment_frames(network, frames)
        frames[..., :40, :40] = 0
        after = segment_frames(network, frames)
    far = (4, 4)
    assert torch.equal(before["local"][far], after["local"][far])
    assert not torch.equal(before["fused"][far], after["fused"][far])


def test_gradients_reach_every_part():
    network = tiny_network()
    out = segment_frames(network, _frames(2))
    sum(v.square().mean() for patches in out.values() for v in patches.values()).backward()
    without = [n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert without == []


def test_frames_of_a_batch_do_not_mix():
    network = tiny_network()
    both = torch.cat([_frames(seed=1), _frames(seed=2)])
    with torch.inference_mode():
        together = segment_frames(network, both)["fused"][1, 3]
        alone = segment_frames(network, both[1:])["fused"][1, 3]
    torch.testing.assert_close(together[1:], alone, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("shape", [(300, 500), (30, 90), (64, 64), (65, 161)])
def test_any_size_runs_and_every_patch_has_logits_of_each_branch(shape):
    network = tiny_network()
    with torch.inference_mode():
        out = segment_frames(network, torch.rand(1, 3, *shape) * 255)
    cells = PatchGrid(shape, TINY.patch_px, TINY.min_overlap_px).cells()
    assert set(out) == {"fused", "global", "local"}
    for patches in out.values():
        assert list(patches) == cells
        assert all(v.shape == (1, 3, 16, 16) for v in patches.values())


def test_global_features_are_seen_where_they_are():
    # A map that is its own x coordinate in frame pixels comes back as the x of the patch's cells.
    x = (torch.arange(40) + 0.5) * 8.5
    features = x.expand(1, 1, 30, 40)
    frame = FrameFeatures(features, features, (8.5, 8.5))
    seen = look(View(frame, Window(31, 57, 64, 64), (255, 340)), features, (16, 16))
    torch.testing.assert_close(seen[0, 0, 3], 57 + (torch.arange(16) + 0.5) * 4)


def test_reflection_is_numpys_however_small_the_picture():
    import numpy as np

    for height, width in ((1, 1), (2, 3), (5, 4)):
        values = torch.rand(1, 2, height, width)
        missing = ((0, 0), (0, 0), (0, 11 - height), (0, 9 - width))
        expected = np.pad(values.numpy(), missing, mode="reflect")
        np.testing.assert_array_equal(reflect_to(values, (11, 9)).numpy(), expected)


def test_the_paper_sized_network_has_the_parameters_of_the_reconstruction():
    with torch.device("meta"):
        network = UHRNet(PAPER)
    count = sum(p.numel() for p in network.parameters()) / 1e6
    # Two ResNet-50 and two pyramids; local fusion without a convolution of the features; one
    # global-local fusion of 128 channels; three heads.
    fusion = 1024 * 128 + 9 * 128 * 128 + 2 * (128 + 128) + 7 * (9 * 128 + 1)
    heads = 2 * 7 * (9 * 512 + 1)
    listening = (512 + 2) * 128 + 9 * 129 * 128 + 2 * 9 * 128**2 + 3 * 256 + 129 * 512
    expected = 2 * (23.508e6 + 4.5245e6) + fusion + heads + listening
    assert count == pytest.approx(expected / 1e6, abs=0.02)
    features, _ = network.local_branch(torch.empty(1, 3, 508, 508, device="meta"))
    assert features.shape == (1, 512, 127, 127)
    pyramid = dict(network.global_branch.pyramid.state_dict())
    assert pyramid["smooth4_2.weight"].shape == (128, 256, 3, 3)
