"""The engine's promises: the same prediction whatever was looked at, in any order; nothing lost."""

from itertools import product

import numpy as np
import pytest
import torch

from napari_uhrnet.engine.planning.work import patches_under
from napari_uhrnet.geometry.affine import labels_to_level0
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.models.frames import segment_frames
from tests.engine.scenes import Bench, made_scene
from tests.models.tiny import tiny_model

# 3 x 3 frames and more, odd sizes, a scale of 0.685.
HEIGHT, WIDTH = 521, 583


@pytest.fixture(scope="module")
def scene():
    return made_scene(HEIGHT, WIDTH)


@pytest.fixture(scope="module")
def whole(scene, tmp_path_factory):
    bench = Bench(scene, tmp_path_factory.mktemp("whole"))
    return bench, bench.all_of()


def _windows(count, seed=0):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        y, x = int(rng.integers(HEIGHT - 60)), int(rng.integers(WIDTH - 60))
        h, w = int(rng.integers(40, HEIGHT - y)), int(rng.integers(40, WIDTH - x))
        yield Window(y, x, h, w)


def test_the_scene_of_these_tests(whole):
    bench, maps = whole
    assert bench.layout.frames.rows >= 3 and bench.layout.frames.columns >= 3
    assert all(plane.shape == bench.layout.inference.shape_yx for plane in maps.values())
    for plane in maps.values():
        assert (plane != 255).all()
    found = set(np.unique(maps["fused/labels"]))
    assert found <= {1, 4, 5} and len(found) > 1


def test_twelve_windows_in_random_order_give_the_whole_scenes_maps(scene, whole, tmp_path):
    _, expected = whole
    bench = Bench(scene, tmp_path)
    windows = list(_windows(12))
    for window in windows:
        for _ in bench.run(window):
            pass
        place = bench.layout.inference.from_level0(window)
        for plane, values in expected.items():
            np.testing.assert_array_equal(
                bench.store.read(plane, place), values[place.slices], err_msg=plane
            )
        labels = labels_to_level0(
            lambda w: bench.store.read("fused/labels", w), bench.layout.inference, window
        )
        assert labels.shape == window.shape_yx
    assert bench.state.counts["encoded"] <= len(bench.layout.patches)


@pytest.mark.parametrize("seed", range(6))
def test_a_window_computes_exactly_what_it_depends_on(scene, tmp_path, seed):
    bench = Bench(scene, tmp_path)
    window = next(_windows(1, seed=seed))
    near = bench.layout.inference.from_level0(window)
    bench.all_of(window)
    # By brute force, from the definition.
    grid = bench.layout.patches
    seen = {
        c
        for r in bench.layout.rectangles.cells_touching(near)
        for c in patches_under(r, bench.layout)
    }
    assert seen == {c for c in grid.cells() if grid.window(c).intersect(near)}
    around = {(r + i, c + j) for (r, c), i, j in product(seen, (-1, 0, 1), (-1, 0, 1))} & set(
        grid.cells()
    )
    frames = {bench.layout.frame_of(c) for c in seen}
    assert bench.state.counts == {
        "encoded": len(around),
        "decoded": len(seen),
        "frames": len(frames),
    }
    # Asking again computes nothing.
    bench.all_of(window)
    assert bench.state.counts["decoded"] == len(seen)


def test_the_engine_gives_what_all_patches_of_a_frame_at_once_give(tmp_path):
    scene = made_scene(190, 201)
    bench = Bench(scene, tmp_path)
    assert len(bench.layout.frames) == 1
    maps = bench.all_of()
    pixels = torch.from_numpy(_inference_pixels(bench)).permute(2, 0, 1)[None].float()
    with torch.inference_mode():
        together = segment_frames(bench.model.network, pixels)
    for branch in bench.model.branches:
        expected = _blend(bench, together[branch])
        channel = np.argsort(expected, axis=0)
        clear = np.take_along_axis(expected, channel, 0)
        clear = clear[-1] - clear[-2] > 1e-3  # rounding may decide elsewhere
        ids = bench.model.classes.ids[channel[-1]]
        np.testing.assert_array_equal(maps[f"{branch}/labels"][clear], ids[clear])
        assert clear.mean() > 0.9


def _inference_pixels(bench):
    from napari_uhrnet.engine.passes.reading import read_inference

    whole = Window.of_shape(bench.layout.inference.shape_yx)
    return read_inference(bench.scene, bench.layout.inference, whole)[0]


def _blend(bench, patches):
    """By another way: upsample with torch, weigh by the distance to the edge, add up, divide."""
    grid = bench.layout.patches
    height, width = grid.shape_yx
    total, weight = np.zeros((3, height, width)), np.zeros((height, width))
    edge = np.minimum(np.arange(64) + 0.5, 64 - np.arange(64) - 0.5)
    for cell, logits in patches.items():
        up = torch.nn.functional.interpolate(logits, size=64, mode="bilinear")[0].numpy()
        place = grid.window(cell).slices
        total[(slice(None), *place)] += up * np.outer(edge, edge)
        weight[place] += np.outer(edge, edge)
    return total / weight


def test_a_tiny_cache_gives_the_same_maps_and_counts_what_it_repeats(scene, whole, tmp_path):
    big, expected = whole
    bench = Bench(scene, tmp_path, cache_bytes=40_000, feature_bytes=40_000)
    for plane, values in bench.all_of().items():
        np.testing.assert_array_equal(values, expected[plane], err_msg=plane)
    assert bench.state.counts["decoded"] > big.state.counts["decoded"]
    # With room for them, nothing is done twice, and no features are left over.
    assert big.state.counts["encoded"] == big.state.counts["decoded"] == len(big.layout.patches)
    assert len(big.state.encoded) == 0


@pytest.mark.parametrize("work", [{"by_frames": True}, {"ring": True}])
def test_the_order_of_work_does_not_matter(scene, whole, tmp_path, work):
    _, expected = whole
    maps = Bench(scene, tmp_path).all_of(**work)
    for plane, values in expected.items():
        np.testing.assert_array_equal(maps[plane], values, err_msg=plane)


def test_visible_patches_come_first_and_nearest_to_the_centre_first(scene, tmp_path):
    bench = Bench(scene, tmp_path)
    window = Window(150, 180, 200, 200)
    near = bench.layout.inference.from_level0(window)
    from napari_uhrnet.engine.planning.work import Work, put_in_order

    order = put_in_order(Work(window, ring=True), bench.layout, bench.store)
    grid = bench.layout.patches
    visible = [bool(grid.window(c).intersect(near)) for c in order.patches]
    count = sum(visible)
    assert all(visible[:count]) and not any(visible[count:])
    assert count == len(grid.cells_touching(near))
    ring = {n for c in grid.cells_touching(near) for n in grid.neighbours(c)}
    assert ring <= set(order.patches)
    centre = np.array([near.y + near.height / 2, near.x + near.width / 2])
    middle = [
        np.array([grid.window(c).y + 32, grid.window(c).x + 32]) for c in order.patches[:count]
    ]
    distances = [float(((m - centre) ** 2).sum()) for m in middle]
    assert distances == sorted(distances)


def test_closing_keeps_what_is_finished_and_a_second_run_goes_on(scene, whole, tmp_path):
    _, expected = whole
    bench = Bench(scene, tmp_path)
    steps = bench.run()
    seen = [next(steps) for _ in range(30)]
    steps.close()
    done = bench.state.counts["decoded"]
    assert done == seen[-1].patches_done == 30
    finished = bench.store.finished()
    assert 0 < finished.sum() < finished.size
    reopened = Bench(scene, tmp_path)
    np.testing.assert_array_equal(reopened.store.finished(), finished)
    for (i, j), is_done in np.ndenumerate(finished):
        if is_done:
            place = bench.layout.rectangles.window((i, j))
            got = reopened.store.read("fused/labels", place)
            np.testing.assert_array_equal(got, expected["fused/labels"][place.slices])
    np.testing.assert_array_equal(bench.all_of()["fused/labels"], expected["fused/labels"])
    assert bench.state.counts["decoded"] == len(bench.layout.patches)


def test_every_rectangle_is_written_once_and_reported_once(scene, tmp_path, monkeypatch):
    bench = Bench(scene, tmp_path)
    written = []
    write = bench.store.write
    monkeypatch.setattr(
        bench.store, "write", lambda i, j, values: (written.append((i, j)), write(i, j, values))
    )
    finished = [w for step in bench.run() for w in step.finished]
    assert len(written) == len(set(written)) == np.prod(bench.layout.rectangles.shape)
    assert sum(w.area_px for w in finished) == np.prod(bench.layout.inference.shape_yx)


def test_progress_counts_up_and_ends_without_time_left(scene, tmp_path):
    steps = list(Bench(scene, tmp_path).run(Window(0, 0, 100, 100)))
    assert [s.patches_done for s in steps] == list(range(1, len(steps) + 1))
    assert steps[-1].patches_done == steps[-1].patches_total
    assert steps[-1].seconds_left == 0


def test_pixels_without_data_stay_empty(tmp_path):
    image = np.dstack([_image(200, 230), np.full((200, 230), 255, np.uint8)])
    image[:, 120:, 3] = 0
    from napari_uhrnet.scene.array import array_scene

    scene = array_scene([image], "half", pixel_size_m=2.0)
    maps = Bench(scene, tmp_path).all_of()
    for values in maps.values():
        assert (values[:, 120:] == 255).all()
        assert (values[:, :120] != 255).all()


def test_what_lies_under_pixels_without_data_says_nothing(tmp_path):
    """A slanted end of the data: black, white or noise beyond it, the predictions are the same."""
    from napari_uhrnet.scene.array import array_scene

    y, x = np.indices((200, 230))
    there = x + y < 260
    predictions = []
    for name, under in (("black", 0), ("white", 255), ("noise", _image(200, 230)[::-1])):
        image = np.where(there[..., None], _image(200, 230), under).astype(np.uint8)
        image = np.dstack([image, np.where(there, 255, 0).astype(np.uint8)])
        scene = array_scene([image], name, pixel_size_m=2.0)
        predictions.append(Bench(scene, tmp_path / name).all_of())
    for other in predictions[1:]:
        for key, values in predictions[0].items():
            assert np.array_equal(values, other[key]), key
    fused = predictions[0]["fused/labels"]
    assert len(np.unique(fused[fused != 255])) > 1


def _image(height, width):
    from tests.engine.scenes import picture

    return picture(height, width)


@pytest.mark.parametrize("shape", [(1, 1), (20, 300), (64, 64), (65, 63)])
def test_scenes_as_small_as_one_pixel(tmp_path, shape):
    bench = Bench(made_scene(*shape), tmp_path)
    maps = bench.all_of()
    assert maps["fused/labels"].shape == bench.layout.inference.shape_yx
    assert set(np.unique(maps["fused/labels"])) <= {1, 4, 5}


def test_another_checkpoint_or_pixel_size_has_a_store_of_its_own(scene, tmp_path):
    folders = {
        Bench(s, tmp_path, model=m).store.folder
        for s, m in (
            (scene, tiny_model()),
            (scene, tiny_model(seed=1)),
            (scene.with_pixel_size(1.0), tiny_model()),
        )
    }
    assert len(folders) == 3
