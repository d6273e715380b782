"""What local fusion is shown of a patch's surroundings."""

import pytest
import torch

from napari_uhrnet.geometry.grid import PatchGrid
from napari_uhrnet.models.uhrnet.local_fusion import GatherEight, LocalFusion
from napari_uhrnet.models.uhrnet.network import surround
from tests.models.tiny import TINY

GRID = PatchGrid((64 + 2 * 48, 64 + 2 * 48), TINY.patch_px, TINY.min_overlap_px)
N, WIDTH = TINY.descriptor_cells, TINY.descriptor_channels


def _shown(fusion, cell):
    """The input of the context's convolutions for a patch of the grid, (channels, h, w)."""
    seen = []
    fusion.context.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    descriptors = {c: torch.full((WIDTH, N, N), 7.0) for c in (cell, *GRID.neighbours(cell))}
    around = (part[None] for part in surround(cell, GRID, descriptors))
    fusion(torch.zeros(1, TINY.feature_channels, 16, 16), *around)
    return seen[0][0]


@pytest.mark.parametrize("cell", GRID.cells())
def test_where_no_neighbour_is_there_is_nothing_and_the_mark_is_0(cell):
    """The context is three patches wide; the patch is its middle, the scene may end around it."""
    *pasted, mark = _shown(LocalFusion(TINY), cell)
    top, left = (N if k == 0 else 0 for k in cell)
    bottom, right = (2 * N if k == 2 else 3 * N for k in cell)
    inside = torch.zeros(3 * N, 3 * N, dtype=torch.bool)
    inside[top:bottom, left:right] = True
    assert (mark[~inside] == 0).all()
    assert (mark[N : 2 * N, N : 2 * N] == 1).all()
    for plane in pasted:
        torch.testing.assert_close(plane, 7 * mark)
    # Neighbours reach a whole patch less their overlap far.
    assert (mark[inside] == 1).float().mean() > 0.5


@pytest.mark.parametrize("cell", GRID.cells())
def test_a_direction_without_a_neighbour_has_nothing_and_the_mark_0(cell):
    shown = _shown(GatherEight(TINY), cell).reshape(3, 3, WIDTH + 1, N, N)
    for i in range(3):
        for j in range(3):
            there = (cell[0] + i - 1, cell[1] + j - 1) in GRID.cells()
            assert (shown[i, j, :-1] == 7 * there).all()
            assert (shown[i, j, -1] == there).all()
