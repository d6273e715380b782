"""The neighbours' influence on a patch, against the network's layers applied by hand."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from napari_uhrnet.engine.inspect.neighbours import (
    check_local_fusion,
    influences,
    patch_at,
    without_local_fusion,
)
from napari_uhrnet.engine.passes.reading import read_inference
from napari_uhrnet.engine.passes.steps import decode
from napari_uhrnet.engine.segment import segment
from napari_uhrnet.errors import UserError
from napari_uhrnet.models.base.protocol import View
from napari_uhrnet.models.uhrnet.local_fusion import GatherEight
from napari_uhrnet.models.uhrnet.network import surround
from napari_uhrnet.models.uhrnet.statistics import unpacked
from napari_uhrnet.scene.array import array_scene
from tests.engine.scenes import PIXEL_SIZE_M, Bench, made_scene, picture
from tests.models.tiny import TINY, tiny_model

SHAPE = (300, 330)


@pytest.fixture(params=["aligned", "gather8"])
def bench(request, tmp_path):
    forms = {"aligned": TINY, "gather8": TINY.model_copy(update={"local_fusion_form": "gather8"})}
    return Bench(made_scene(*SHAPE), tmp_path, attentive(forms[request.param]))


def attentive(config=TINY):
    """A network whose local fusion is so strong that classes change."""
    model = tiny_model(config=config)
    model.network.local_fusion.tell.weight.mul_(20)
    return model


def by_force(bench, patch, left_out):
    """Probabilities of a patch: the mosaic is made without some neighbours, and they are marked."""
    network, grid, layout = bench.model.network, bench.layout.patches, bench.layout
    descriptors, maps = {}, {}
    with torch.inference_mode():
        for cell in (patch, *grid.neighbours(patch)):
            pixels, _ = read_inference(bench.scene, layout.inference, grid.window(cell))
            part = network.encode_patches(torch.from_numpy(pixels).permute(2, 0, 1)[None].float())
            descriptors[cell] = part.descriptors[0, : TINY.descriptor_channels]
            maps[cell] = unpacked(part.features, TINY.patch_px)
        own = _normed_together(network.local_branch.pyramid, maps, patch, left_out)
        for cell in left_out:
            descriptors[cell] = torch.zeros_like(descriptors[cell])
        mosaic, rows, columns, _ = (x[None] for x in surround(patch, grid, descriptors))
        n, fusion = TINY.descriptor_cells, network.local_fusion
        marks = torch.ones(1, 1, 3 * n, 3 * n)
        for row, column in left_out:
            i, j = row - patch[0] + 1, column - patch[1] + 1
            marks[..., i * n : (i + 1) * n, j * n : (j + 1) * n] = 0
        if isinstance(fusion, GatherEight):
            added = _gathered(fusion, mosaic, rows, columns, marks, n)
        else:
            pasted, placed = (rows @ m @ columns.transpose(1, 2) for m in (mosaic, marks))
            context = fusion.context(torch.cat([pasted, placed], dim=1))
            added = fusion.tell(context[..., n : 2 * n, n : 2 * n])
        fused = own + F.interpolate(added, own.shape[-2:], mode="bilinear", align_corners=False)
        frame = layout.frame_of(patch)
        place = layout.frames.window(frame)
        pixels, _ = read_inference(bench.scene, layout.inference, place)
        g = network.encode_frame(torch.from_numpy(pixels).permute(2, 0, 1)[None].float())
        view = View(g, grid.window(patch).relative_to(place), place.shape_yx)
        out = network.decode_patches(fused, [view])
    return {branch: logits[0].softmax(0).numpy() for branch, logits in out.items()}


def _normed_together(pyramid, maps, patch, left_out):
    """F of a patch: all patches that are used are normed side by side, as one map."""
    cells = [patch, *(cell for cell in maps if cell != patch and cell not in left_out)]
    total = 0
    for k, (_, norm, _) in enumerate(pyramid.smooth):
        side = maps[patch][k].shape[-1]
        level = norm(torch.cat([maps[cell][k] for cell in cells], dim=3))[..., :side].relu()
        size = maps[patch][0].shape[-2:]
        total = total + F.interpolate(level, size, mode="bilinear", align_corners=False)
    return total


def _gathered(fusion, mosaic, rows, columns, marks, n):
    """Nine descriptors, each with its mark, side by side."""
    parts = []
    for i in range(3):
        for j in range(3):
            cut = np.s_[..., i * n : (i + 1) * n, j * n : (j + 1) * n]
            row, column = rows[0, :, i * n : (i + 1) * n], columns[0, :, j * n : (j + 1) * n]
            parts += [mosaic[cut], marks[cut] * float(row.any() and column.any())]
    return fusion.tell(fusion.context(torch.cat(parts, dim=1)))


@pytest.mark.parametrize("patch", [(1, 2), (0, 0), (0, 1)])
def test_influences_are_those_of_leaving_a_neighbour_out(bench, patch):
    found = influences(bench.state, patch)
    around = bench.layout.patches.neighbours(patch)
    assert list(found.each) == around
    assert len(around) == {(1, 2): 8, (0, 0): 3, (0, 1): 5}[patch]
    assert found.window == bench.layout.patches.window(patch)
    full = by_force(bench, patch, [])
    cases = [([cell], found.each[cell]) for cell in around] + [(around, found.together)]
    for left_out, influence in cases:
        reduced = by_force(bench, patch, left_out)
        for branch in ("fused", "local"):
            p, q = full[branch], reduced[branch]
            assert influence.moved[branch] == pytest.approx(
                np.abs(p - q).sum(axis=0).mean() / 2, abs=1e-6
            )
            assert influence.changed[branch] == pytest.approx(
                (p.argmax(0) != q.argmax(0)).mean(), abs=1e-3
            )
        assert influence.moved["fused"] > 0
    if len(around) > 1:
        assert len({round(i.moved["fused"], 6) for i in found.each.values()}) > 1


def test_influences_change_no_prediction(bench):
    before = decode(bench.state, [(1, 1)])[1, 1].logits["fused"]
    influences(bench.state, (1, 1))
    bench.state.logits.clear()
    after = decode(bench.state, [(1, 1)])[1, 1].logits["fused"]
    assert torch.equal(before, after)


def test_batches_of_several_give_the_same(tmp_path):
    one, four = (Bench(made_scene(*SHAPE), tmp_path / str(n), batch_size=n) for n in (1, 4))
    a, b = (influences(bench.state, (1, 1)) for bench in (one, four))
    for cell in a.each:
        assert a.each[cell].moved["fused"] == pytest.approx(b.each[cell].moved["fused"], abs=1e-5)


def test_a_neighbour_without_data_is_not_used(bench, tmp_path):
    empty, patch = (0, 1), (1, 1)
    fy, fx = bench.layout.inference.factor_yx
    place = bench.layout.patches.window(empty)
    image = np.dstack([picture(*SHAPE), np.full(SHAPE, 255, np.uint8)])
    rows = slice(0, int(place.bottom * fy) + 8)
    image[rows, int(place.x * fx) - 8 : int(place.right * fx) + 8] = 0
    scene = array_scene([image], "holed", pixel_size_m=PIXEL_SIZE_M)
    found = influences(Bench(scene, tmp_path / "holed", bench.model).state, patch)
    assert found.each[empty].moved == {"fused": 0.0, "local": 0.0}
    assert all(i.moved["local"] > 0 for cell, i in found.each.items() if cell != empty)


def test_without_local_fusion_is_the_network_whose_fusion_adds_nothing(bench):
    config = bench.model.network.config.model_copy(update={"local_fusion_statistics": False})
    silent = attentive(config).network
    torch.nn.init.zeros_(silent.local_fusion.tell.weight)
    expected = segment(bench.scene, replace(bench.model, network=silent, hash="silent"))
    alone = without_local_fusion(bench.model)
    np.testing.assert_array_equal(segment(bench.scene, alone), expected)
    assert (expected != segment(bench.scene, bench.model)).any()
    assert alone.hash != bench.model.hash
    assert alone.network.branches == bench.model.network.branches


def test_a_copy_of_a_network_without_local_fusion_works(bench):
    alone = without_local_fusion(bench.model)
    again = copy.deepcopy(alone.network)
    assert not again.needs_neighbours and again.patch_px == alone.network.patch_px
    assert not alone.network.to(torch.device("cpu")).needs_neighbours


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"local_fusion": False}, "use no features of their"),
        ({"readout": "into_frame"}, "merges all patches"),
    ],
)
def test_networks_without_influences(changes, sentence):
    with pytest.raises(UserError, match=sentence):
        check_local_fusion(tiny_model(config=TINY.model_copy(update=changes)))


def test_a_single_patch_has_no_neighbours(tmp_path):
    bench = Bench(made_scene(60, 70), tmp_path)
    with pytest.raises(UserError, match="no neighbours"):
        influences(bench.state, (0, 0))


def test_the_patch_at_a_pixel_is_the_one_around_it(bench):
    layout = bench.layout
    for cell in layout.patches.cells():
        w = layout.patches.window(cell)
        factor = layout.inference.factor_yx
        y, x = (
            int((start + side / 2) * f)
            for start, side, f in zip((w.y, w.x), w.shape_yx, factor, strict=True)
        )
        assert patch_at(bench.state, y, x) == cell
    assert patch_at(bench.state, 0, 0) == (0, 0)
    last = layout.patches.rows - 1, layout.patches.columns - 1
    assert patch_at(bench.state, SHAPE[0] - 1, SHAPE[1] - 1) == last
