"""The feature view of a frame against a brute-force computation."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from napari_uhrnet.engine.inspect import components
from napari_uhrnet.engine.inspect.components import FeatureMap, as_colours, principal_components
from napari_uhrnet.engine.inspect.features import FeatureView, frame_at, run_features
from napari_uhrnet.engine.passes.reading import read_inference
from napari_uhrnet.engine.passes.state import EngineState
from napari_uhrnet.engine.planning.layout import SceneLayout
from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.models.base.config import BaselineConfig, GLNetConfig
from napari_uhrnet.models.base.protocol import Surroundings, View
from napari_uhrnet.models.glnet.tiled import TiledGLNet
from napari_uhrnet.models.regimes import RegimeBaseline
from napari_uhrnet.models.uhrnet.network import surround
from napari_uhrnet.scene.array import array_scene
from tests.engine.scenes import PIXEL_SIZE_M, Bench, made_scene, picture
from tests.models.tiny import TINY, tiny_model
from tests.models.tiny_baselines import TINY as TINY_BASELINES
from tests.models.uhrnet.test_ablations import ROWS

STRIDE_PX = 4
FRAME_CELL_PX = 8
SHAPE = (431, 467)


def state_of(scene, model=None, **settings):
    model = model or tiny_model()
    layout = SceneLayout.build(scene.shape_yx, scene.pixel_size_m, model)
    return EngineState(scene, layout, model, **settings)


def view_of(state, frame=(0, 0)):
    *shares, view = run_features(state, frame)
    assert shares == sorted(shares)
    assert all(0 < share <= 1 for share in shares)
    assert isinstance(view, FeatureView)
    return view


def pixels(state, window):
    """(1, 3, h, w) of a window of the inference grid."""
    read, _ = read_inference(state.scene, state.layout.inference, window)
    return torch.from_numpy(read).permute(2, 0, 1)[None].float()


def overlap(a, b):
    return max(0.0, min(a[1], b[1]) - max(a[0], b[0]))


def shares_of_cells(start, count, cells):
    """(cells, count): what a patch's cells share with a grid's, times nearness to its middle."""
    out = np.zeros((cells, count))
    for i in range(cells):
        for j in range(count):
            own = start + STRIDE_PX * j, start + STRIDE_PX * (j + 1)
            nearness = min(j + 0.5, count - j - 0.5)
            out[i, j] = nearness * overlap(own, (STRIDE_PX * i, STRIDE_PX * (i + 1)))
    return out


def local_by_force(state, frame):
    """(C, h, w): F' of every patch of the scene; those in the frame cell by cell on one grid."""
    grid, network = state.layout.patches, state.network
    part = {cell: network.encode_patches(pixels(state, grid.window(cell))) for cell in grid.cells()}
    descriptors = {cell: found.descriptors[0] for cell, found in part.items()}
    place = state.layout.frames.window(frame)
    shape = [math.ceil(side / STRIDE_PX) for side in place.shape_yx]
    total, weight = np.zeros((TINY.feature_channels, *shape)), np.zeros(shape)
    for cell, found in part.items():
        box = grid.window(cell).relative_to(place)
        if not Window.of_shape(place.shape_yx).contains(box):
            continue
        used = {c: descriptors[c] for c in (cell, *grid.neighbours(cell))}
        around = Surroundings(*(x[None] for x in surround(cell, grid, used)))
        fused = network.fuse_neighbours(found.features, around)[0].numpy().astype(float)
        rows = shares_of_cells(box.y, fused.shape[1], shape[0])
        columns = shares_of_cells(box.x, fused.shape[2], shape[1])
        total += np.einsum("ij,cjk,lk->cil", rows, fused, columns)
        weight += np.outer(rows.sum(1), columns.sum(1))
    assert weight.any()
    return np.where(weight > 0, total / np.maximum(weight, 1e-30), np.nan)


def colours_by_force(globally, local):
    """Singular vectors of all vectors at once, a large cell's as often as it covers small ones."""
    times = (FRAME_CELL_PX // STRIDE_PX) ** 2
    known = ~np.isnan(local[0])
    vectors = np.concatenate([globally.reshape(len(globally), -1)] * times + [local[:, known]], 1).T
    mean = vectors.mean(axis=0)
    _, sizes, axes = np.linalg.svd(vectors - mean, full_matrices=False)
    axes = axes[:3] * np.sign([axis[np.abs(axis).argmax()] for axis in axes[:3]])[:, None]
    places = (vectors - mean) @ axes.T
    low, high = np.percentile(places, (2, 98), axis=0, method="inverted_cdf")

    def colour(values):
        values = np.moveaxis(values, 0, -1)
        return 255 * np.clip(((values - mean) @ axes.T - low) / (high - low), 0, 1)

    return colour(globally), colour(local), known, sizes[:3] ** 2 / (sizes**2).sum()


@pytest.mark.parametrize("frame", [(0, 0), (1, 1)])
def test_the_view_is_what_brute_force_gives(frame):
    state = state_of(made_scene(*SHAPE))
    assert len(state.layout.frames) >= 4
    view = view_of(state, frame)
    place = state.layout.frames.window(frame)
    with torch.inference_mode():
        g = state.network.encode_frame(pixels(state, place)).features[0].numpy().astype(float)
        local = local_by_force(state, frame)
    globally = g[:, : place.height // FRAME_CELL_PX, : place.width // FRAME_CELL_PX]
    *expected, known, explained = colours_by_force(globally, local)
    for branch, colours in zip(("global", "local"), expected, strict=True):
        rgba = view.pictures[branch].rgba
        there = known if branch == "local" else np.ones(colours.shape[:2], bool)
        assert rgba.shape[:2] == there.shape
        assert (rgba[..., 3] == 255 * there).all()
        assert np.abs(rgba[there][:, :3] - colours[there]).max() <= 1
        assert rgba[there][:, :3].std(axis=0).min() > 10
    assert view.explained == pytest.approx(explained, abs=1e-6)


@given(
    seed=st.integers(0, 1000),
    channels=st.integers(3, 9),
    shapes=st.lists(st.tuples(st.integers(2, 9), st.integers(2, 9)), min_size=1, max_size=3),
    block=st.integers(1, 200),
)
def test_components_in_blocks_are_those_of_all_vectors_at_once(seed, channels, shapes, block):
    rng = np.random.default_rng(seed)
    maps = [
        FeatureMap(
            (rng.normal(3 * k, 1, (channels, *shape)) * (1 + np.arange(channels))[:, None, None])
            .astype(np.float32),
            rng.random(shape) < 0.8,
            (1.0, float(k + 1)),
        )
        for k, shape in enumerate(shapes)
    ]  # fmt: skip
    maps[0].known[:] = True
    vectors = np.concatenate(
        [m.values[:, m.known].T.repeat(k + 1, axis=0) for k, m in enumerate(maps)]
    ).astype(float)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(components, "BLOCK_VECTORS", block)
        basis = principal_components(maps)
    centred = vectors - vectors.mean(axis=0)
    np.testing.assert_allclose(basis.mean, vectors.mean(axis=0), atol=1e-9)
    sizes = np.linalg.svd(centred, compute_uv=False)
    variances = np.pad(sizes**2 / (sizes**2).sum(), (0, 3))[:3]
    np.testing.assert_allclose(basis.explained, variances, atol=1e-9)
    np.testing.assert_allclose(basis.axes @ basis.axes.T, np.eye(3), atol=1e-9)
    along = ((centred @ basis.axes.T) ** 2).sum(axis=0) / (centred**2).sum()
    np.testing.assert_allclose(along, variances, atol=1e-9)
    assert (basis.axes[np.arange(3), np.abs(basis.axes).argmax(axis=1)] > 0).all()


def test_features_that_are_all_the_same_have_one_colour():
    part = FeatureMap(np.ones((5, 4, 6), np.float32), np.ones((4, 6), bool), (4.0, 4.0))
    basis = principal_components([part])
    assert basis.explained.tolist() == [0, 0, 0]
    (rgba,) = as_colours([part], basis)
    assert len(np.unique(rgba.reshape(-1, 4), axis=0)) == 1


@pytest.mark.parametrize("shape", [SHAPE, (431, 200), (150, 120), (60, 50)])
def test_cells_lie_where_the_network_saw_them(shape):
    """Both pictures begin at the frame's corner; they end less than a cell behind its end."""
    state = state_of(made_scene(*shape))
    factor = np.asarray(state.layout.inference.factor_yx)
    for frame in state.layout.frames.cells():
        window = state.layout.frames.window(frame)
        for branch, found in view_of(state, frame).pictures.items():
            cell, corner = np.asarray(found.cell_yx_px), np.asarray(found.corner_yx_px)
            np.testing.assert_allclose(corner, factor * (window.y, window.x))
            if branch == "local":
                np.testing.assert_allclose(cell, STRIDE_PX * factor)
            else:
                small = np.round(np.asarray(window.shape_yx) / TINY.frame_shrink)
                np.testing.assert_allclose(
                    cell, STRIDE_PX * factor * np.asarray(window.shape_yx) / small
                )
            beyond = corner + cell * found.rgba.shape[:2] - factor * (window.bottom, window.right)
            assert (beyond > -1e-6).all()
            assert (beyond < cell).all()


def test_nothing_depends_on_what_was_looked_at_before(tmp_path):
    scene = made_scene(*SHAPE)
    expected = view_of(state_of(scene), (1, 0))
    bench = Bench(scene, tmp_path)
    bench.all_of(Window(180, 30, 90, 120))
    view_of(bench.state, (0, 0))
    for state in (bench.state, state_of(scene, cache_bytes=1, feature_bytes=1)):
        again = view_of(state, (1, 0))
        assert again.explained == expected.explained
        for branch, found in expected.pictures.items():
            np.testing.assert_array_equal(again.pictures[branch].rgba, found.rgba)


def test_the_frame_is_the_one_that_a_pixel_lies_deepest_in():
    layout = state_of(made_scene(*SHAPE)).layout
    height, width = layout.inference.shape_yx

    def depth(cell, y, x):
        w = layout.frames.window(cell)
        return min(
            math.inf if w.y == 0 else y - w.y,
            math.inf if w.x == 0 else x - w.x,
            math.inf if w.bottom == height else w.bottom - y - 1,
            math.inf if w.right == width else w.right - x - 1,
        )

    for y, x in np.random.default_rng(0).integers(0, SHAPE, (40, 2)):
        frame = frame_at(layout, int(y), int(x))
        inside = (
            int(y * height / SHAPE[0] + 0.5 * height / SHAPE[0]),
            int(x * width / SHAPE[1] + 0.5 * width / SHAPE[1]),
        )
        assert depth(frame, *inside) == max(depth(c, *inside) for c in layout.frames.cells())


@pytest.mark.parametrize("row", ROWS)
def test_every_row_of_the_ablation_shows_the_branches_it_has(row):
    state = state_of(made_scene(200, 210), tiny_model(config=TINY.model_copy(update=ROWS[row][0])))
    view = view_of(state)
    assert set(view.pictures) == ROWS[row][1] - {"fused"}
    assert 0 < sum(view.explained) <= 1 + 1e-9


def glnet(mode):
    torch.manual_seed(0)
    config = GLNetConfig(
        mode=mode, backbone="lcnet_035", width=8, size_px=64, frame_px=160, classes=3
    )
    return replace(tiny_model(), network=TiledGLNet(config).eval().requires_grad_(False))


@pytest.mark.parametrize("mode", [1, 2, 3])
def test_glnets_branches_are_shown_in_one_basis(mode):
    model = glnet(mode)
    view = view_of(state_of(made_scene(*SHAPE), model), (0, 1))
    assert set(view.pictures) == ({"global"} if mode == 1 else {"global", "local"})


def test_of_glnets_patches_the_last_features_are_shown():
    network = glnet(2).network
    frame = torch.from_numpy(picture(160, 160)).permute(2, 0, 1)[None].float()
    found, box = network.encode_frame(frame), Window(96, 40, 64, 64)
    patch = frame[..., box.y : box.bottom, box.x : box.right]
    shown = network.encode_patches(patch, [View(found, box, (160, 160))]).shown
    maps = network.network.encode_patches(patch / 255, found.extra.maps, [box], (160, 160))
    assert torch.equal(shown, maps.features)
    assert shown.shape[1] == found.features.shape[1]


@pytest.mark.parametrize("regime", ["patches", "downsampled"])
def test_a_baseline_is_refused_with_a_sentence(regime):
    config = BaselineConfig(
        baseline="unet", regime=regime, frame_px=160, patch_px=64, size=TINY_BASELINES["unet"]
    )
    model = replace(tiny_model(), network=RegimeBaseline(config).eval())
    with pytest.raises(UserError, match="choose a UHRNet or a GLNet"):
        next(run_features(state_of(made_scene(200, 200), model), (0, 0)))


def test_where_the_scene_has_no_data_nothing_is_shown():
    image = np.dstack([picture(233, 233), np.full((233, 233), 255, np.uint8)])
    image[:, 100:, 3] = 0
    state = state_of(array_scene([image], "half", pixel_size_m=PIXEL_SIZE_M))
    for found in view_of(state).pictures.values():
        middle = (np.arange(found.rgba.shape[1]) + 0.5) * found.cell_yx_px[1]
        near = np.abs(middle - 100) < 2 * PIXEL_SIZE_M
        there = found.rgba[..., 3] == 255
        assert (there == (middle < 100))[:, ~near].all()
        assert not found.rgba[~there].any()
    image[..., 3] = 0
    empty = state_of(array_scene([image], "empty", pixel_size_m=PIXEL_SIZE_M))
    with pytest.raises(UserError, match="no data"):
        list(run_features(empty, (0, 0)))


def test_a_frame_without_a_whole_patch_is_refused_with_a_sentence():
    model = tiny_model(config=TINY.model_copy(update={"frame_px": 72}))
    state = state_of(made_scene(200, 200), model)
    holds = state.layout.frame_of((0, 0))
    assert set(view_of(state, holds).pictures) == {"global", "local"}
    lonely = next(cell for cell in state.layout.frames.cells() if cell[0] == 2)
    with pytest.raises(UserError, match="No patch lies whole"):
        list(run_features(state, lonely))
