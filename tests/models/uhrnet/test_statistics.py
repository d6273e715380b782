"""Norm statistics that patches share: those of all of them, as if they were one map."""

import pytest
import torch
from torch import nn

from napari_uhrnet.models.uhrnet.statistics import (
    averaged,
    normed,
    packed,
    statistics,
    unpacked,
)


def _norm(groups=2, channels=8):
    torch.manual_seed(1)
    norm = nn.GroupNorm(groups, channels)
    nn.init.uniform_(norm.weight, 0.5, 2)
    nn.init.normal_(norm.bias)
    return norm


def _map(seed, mean=0.0, spread=1.0):
    rng = torch.Generator().manual_seed(seed)
    return mean + spread * torch.randn(2, 8, 6, 5, generator=rng)


def test_with_its_own_statistics_a_map_is_normed_as_ever():
    x, norm = _map(0, 3, 0.2), _norm()
    found = normed(x, norm, statistics(x, norm))
    torch.testing.assert_close(found, norm(x), rtol=0, atol=1e-3)


def test_with_shared_statistics_maps_are_normed_as_if_they_were_one():
    parts, norm = [_map(0, 3, 0.2), _map(1, -1, 2), _map(2)], _norm()
    told = torch.stack([statistics(x, norm) for x in parts]).mean(0)
    found = torch.cat([normed(x, norm, told) for x in parts], dim=3)
    torch.testing.assert_close(found, norm(torch.cat(parts, dim=3)))


def test_a_map_without_any_contrast_is_normed_to_the_bias():
    x, norm = torch.full((2, 8, 6, 5), 7.3), _norm()
    found = normed(x, norm, statistics(x, norm))
    torch.testing.assert_close(found, norm.bias[:, None, None].expand_as(x), atol=1e-2, rtol=0)


@pytest.mark.parametrize(("patch_px", "sides"), [(64, (16, 8, 4, 2)), (100, (25, 13, 7, 4))])
def test_packed_maps_come_out_as_they_went_in(patch_px, sides):
    maps = [torch.rand(3, 8, side, side) for side in sides]
    values = packed(maps)
    assert values.shape == (3, 8, sum(side**2 for side in sides))
    for x, again in zip(maps, unpacked(values, patch_px), strict=True):
        assert torch.equal(x, again)


def test_only_patches_that_are_present_count():
    present = torch.tensor([[[0, 0, 0], [1, 1, 1], [0, 0, 0]], [[0, 0, 0], [0, 1, 1], [0, 1, 1]]])
    nine = torch.arange(9.0).expand(2, 1, 9).view(2, 1, 3, 3)
    assert averaged(nine, present).tolist() == [[4.0], [6.0]]
