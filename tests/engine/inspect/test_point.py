"""Readings of points against the maps that are stored when the scene is segmented."""

import numpy as np
import pytest

from napari_uhrnet.engine.inspect import point as module
from napari_uhrnet.engine.inspect.point import (
    BranchReading,
    Reading,
    approach,
    point_state,
    probabilities_at,
)
from napari_uhrnet.engine.passes.blending import LEVELS, plane_names
from napari_uhrnet.engine.segment import segmented
from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.affine import labels_to_level0
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.array import array_scene
from tests.engine.scenes import PIXEL_SIZE_M, Bench, made_scene, picture
from tests.models.tiny import CLASSES, TINY, tiny_model

SHAPE = (311, 207)


def stored_maps(scene, model, **settings):
    """(H, W) uint8 of every stored plane, at level 0."""
    with segmented(scene, model, **settings) as done:
        return {
            plane: labels_to_level0(
                lambda w, plane=plane: done.store.read(plane, w),
                done.state.layout.inference,
                done.window,
            )
            for plane in plane_names(model.branches)
        }


def as_stored(reading):
    """The bytes that a reading stands for, by plane."""
    if reading is None:
        return None
    found = {}
    for name, branch in reading.branches.items():
        found[f"{name}/labels"] = branch.class_id
        found[f"{name}/confidence"] = round(branch.confidence * LEVELS)
    fused = reading.branches["fused"]
    found["fused/margin"] = round(fused.margin * LEVELS)
    found["fused/entropy"] = round(fused.entropy * LEVELS)
    order = np.argsort(-fused.probabilities, kind="stable")
    found["fused/runner_up"] = int(reading.classes.ids[order[1]])
    return found


def points_of(state):
    """Level-0 pixels at the scene's corners and on both sides of every edge of a patch."""
    factor = state.layout.inference.factor_yx
    axes = []
    for edges, f, n in zip(
        state.layout.rectangles.edges_yx, factor, state.scene.shape_yx, strict=True
    ):
        near = {round((edge + by) * f) for edge in edges for by in (-1, 0, 1)}
        axes.append(sorted({0, n - 1} | {k for k in near if 0 <= k < n}))
    return [(y, x) for y in axes[0][::3] for x in axes[1][::2]] + [(SHAPE[0] - 1, SHAPE[1] - 1)]


def assert_same(state, maps, points):
    for y, x in points:
        expected = {plane: int(values[y, x]) for plane, values in maps.items()}
        assert as_stored(probabilities_at(state, y, x)) == expected, (y, x)


@pytest.mark.parametrize(
    "change", [{}, {"readout": "into_frame"}, {"use_global": False}, {"use_local": False,
    "local_fusion": False}]
)  # fmt: skip
def test_points_say_what_is_stored(change):
    scene, model = made_scene(*SHAPE), tiny_model(config=TINY.model_copy(update=change))
    maps, state = stored_maps(scene, model), point_state(scene, model)
    points = points_of(state)
    overlaps = {
        len(module.patches_under(module._rectangle_at(state, y, x)[0], state.layout))
        for y, x in points
    }
    assert overlaps == {1, 2, 4} and (0, 0) in points
    assert_same(state, maps, points)


def test_probabilities_are_those_of_all_classes():
    scene, model = made_scene(*SHAPE), tiny_model()
    reading = probabilities_at(point_state(scene, model), 150, 100)
    assert set(reading.branches) == {"fused", "global", "local"}
    for branch in reading.branches.values():
        p = branch.probabilities
        assert p.dtype == np.float32 and p.shape == (3,)
        assert p.sum() == pytest.approx(1) and (p > 0).all()
        first, second, _ = sorted(p, reverse=True)
        assert branch.confidence == first
        assert branch.margin == pytest.approx(first - second)
        assert branch.class_id == CLASSES.ids[p.argmax()]
        assert branch.entropy == pytest.approx(-(p * np.log(p)).sum() / np.log(3), abs=1e-6)


def test_another_pixel_size_is_another_prediction():
    scene, model = made_scene(*SHAPE), tiny_model()
    maps = stored_maps(scene, model, pixel_size_m=1.0)
    state = point_state(scene, model, 1.0)
    assert state.layout.pixel_size_m == 1.0
    assert_same(state, maps, [(0, 0), (310, 206), (155, 103)])
    assert point_state(scene, model).layout.pixel_size_m == PIXEL_SIZE_M


def test_where_no_data_is_nothing_is_predicted():
    pixels = np.dstack([picture(*SHAPE), np.full(SHAPE, 255, np.uint8)])
    pixels[100:180, 60:150, 3] = 0
    scene, model = array_scene([pixels], "holed", pixel_size_m=2.0), tiny_model()
    maps, state = stored_maps(scene, model), point_state(scene, model)
    assert maps["fused/labels"][140, 100] == 255
    assert probabilities_at(state, 140, 100) is None
    assert probabilities_at(state, 100, 60) is None
    assert_same(state, maps, [(99, 60), (100, 59), (180, 149), (179, 150)])


def test_points_nearby_cost_nothing_and_caches_are_bounded():
    scene, model = made_scene(*SHAPE), tiny_model()
    state = point_state(scene, model)
    shares = list(approach(state, 150, 100))
    assert shares[-1] == 1 and shares == sorted(set(shares))
    before = dict(state.counts)
    probabilities_at(state, 150, 100)
    probabilities_at(state, 151, 101)
    assert state.counts == before and before["frames"] >= 1
    limits = {cache.limit_bytes for cache in (state.logits, state.frames, state.descriptors)}
    assert limits == {module.CACHE_BYTES}
    assert state.encoded.limit_bytes == module.FEATURE_BYTES


def test_a_state_that_forgets_everything_says_the_same(tmp_path):
    scene, model = made_scene(*SHAPE), tiny_model()
    tiny = Bench(scene, tmp_path, model, cache_bytes=1, feature_bytes=1).state
    state = point_state(scene, model)
    for y, x in ((0, 0), (150, 100), (310, 206), (149, 100)):
        assert as_stored(probabilities_at(tiny, y, x)) == as_stored(probabilities_at(state, y, x))


@pytest.mark.parametrize("point", [(-1, 0), (0, -1), (311, 0), (0, 207)])
def test_pixels_outside_are_refused(point):
    state = point_state(made_scene(*SHAPE), tiny_model())
    with pytest.raises(UserError, match="311 rows and 207 columns"):
        probabilities_at(state, *point)
    with pytest.raises(UserError, match="not inside of made"):
        next(approach(state, *point))


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ({"fused": 1, "global": 1, "local": 4}, "global"),
        ({"fused": 4, "global": 1, "local": 4}, "local"),
        ({"fused": 4, "global": 4, "local": 4}, "both"),
        ({"fused": 5, "global": 4, "local": 4}, "neither"),
        ({"fused": 5, "global": 5}, "global"),
        ({"fused": 5, "global": 1}, "neither"),
        ({"fused": 5}, ""),
    ],
)
def test_decided_by_is_the_branch_with_the_fused_class(ids, expected):
    some = np.zeros(3, np.float32)
    branches = {name: BranchReading(some, k, 0.0, 0.0, 0.0) for name, k in ids.items()}
    assert Reading(CLASSES, branches).decided_by == expected


def test_window_of_a_point_is_one_pixel():
    state = point_state(made_scene(*SHAPE), tiny_model())
    rectangle, (row, column) = module._rectangle_at(state, 150, 100)
    place = state.layout.rectangles.window(rectangle)
    pixel = state.layout.inference.from_level0(Window(150, 100, 1, 1))
    assert (place.y + row, place.x + column) == (pixel.y, pixel.x)
