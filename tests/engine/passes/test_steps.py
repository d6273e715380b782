"""What a patch is given of its neighbours."""

from dataclasses import replace
from itertools import product

import numpy as np
import torch

from napari_uhrnet.engine.passes.steps import decode
from napari_uhrnet.scene.array import array_scene
from tests.engine.scenes import Bench, picture
from tests.models.tiny import TINY, tiny_model

SIDE_PX = 64 + 3 * 48


class Listening:
    """Notes the surroundings that patches are fused with."""

    def __init__(self, network):
        self.network, self.given = network, []

    def __getattr__(self, name):
        return getattr(self.network, name)

    def fuse_neighbours(self, features, surroundings):
        self.given.append(surroundings)
        return self.network.fuse_neighbours(features, surroundings)


def _bench(folder, without_data):
    """4 x 4 patches, of which some hold no data."""
    image = np.dstack([picture(SIDE_PX, SIDE_PX), np.full((SIDE_PX, SIDE_PX), 255, np.uint8)])
    model = tiny_model()
    model = replace(model, network=Listening(model.network))
    bench = Bench(array_scene([image], "made", pixel_size_m=2.0), folder, model=model)
    assert bench.layout.inference.shape_yx == (SIDE_PX, SIDE_PX)
    for cell in without_data:
        rows, columns = bench.layout.patches.window(cell).slices
        image[rows, columns, 3] = 0
    return bench


def _check(bench, cell, there):
    """The nine parts of a patch's mosaic: a descriptor and 1 where ``there``, else 0 and 0."""
    decode(bench.state, [cell])
    given, n = bench.model.network.given[-1], TINY.descriptor_cells
    for i, j in product(range(3), range(3)):
        other = cell[0] + i - 1, cell[1] + j - 1
        part = given.mosaic[0, :, i * n : (i + 1) * n, j * n : (j + 1) * n]
        assert given.present[0, i, j] == there(other), (cell, other)
        if there(other):
            assert torch.equal(part, bench.state.descriptors.get(other).descriptor)
            assert part.any()
        else:
            assert not part.any(), (cell, other)


def test_absence_beyond_the_edge_of_a_scene_is_marked(tmp_path):
    bench = _bench(tmp_path, ())
    cells = bench.layout.patches.cells()
    assert len(cells) == 16
    for cell in cells:
        _check(bench, cell, lambda other: other in cells)
    absent = [int((given.present == 0).sum()) for given in bench.model.network.given]
    assert absent == [5, 3, 3, 5, 3, 0, 0, 3, 3, 0, 0, 3, 5, 3, 3, 5]


def test_a_neighbour_without_data_is_absent_and_a_patch_itself_is_always_there(tmp_path):
    empty = {(0, 0), (2, 1)}
    bench = _bench(tmp_path, empty)
    cells = bench.layout.patches.cells()
    for cell in cells:
        _check(bench, cell, lambda o, cell=cell: o in cells and (o not in empty or o == cell))
