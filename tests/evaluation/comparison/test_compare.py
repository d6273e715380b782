"""Comparisons against torchmetrics and counting on whole arrays."""

import tracemalloc

import dask.array as da
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchmetrics.classification import (
    MulticlassAccuracy,
    MulticlassConfusionMatrix,
    MulticlassJaccardIndex,
)

from napari_uhrnet.engine.segment import segment, segmented
from napari_uhrnet.errors import UserError
from napari_uhrnet.evaluation.comparison.compare import compare, run_to_end
from napari_uhrnet.evaluation.comparison.results import Result, array_result, branch_result
from napari_uhrnet.geometry.classes import NOTHING, ClassTable, LabelClass
from napari_uhrnet.geometry.polygon import Polygon
from napari_uhrnet.geometry.window import Window
from tests.engine.scenes import made_scene
from tests.evaluation.labels import KEPT, TABLE, blobs, results
from tests.models.tiny import CLASSES, tiny_model

CLASSES_ELSEWHERE = ClassTable("elsewhere", (LabelClass(0, "road", (9, 9, 9)),))
A, B, TRUTH = (blobs(90, 110, seed) for seed in (0, 1, 2))


def compared(a, b, classes=None, **options):
    return run_to_end(compare(a, b, classes, **options))


def channels(*labels, drop):
    """The labels as channel numbers 0..2, without the pixels that are to be dropped."""
    to = np.full(256, -1)
    to[KEPT.ids] = range(3)
    return [torch.from_numpy(to[v][~drop]) for v in labels]


def test_numbers_are_torchmetrics():
    found, _ = compared(*results(A, B), block_px=32)
    none = ~(np.isin(A, KEPT.ids) & np.isin(B, KEPT.ids))
    a, b = channels(A, B, drop=none)
    np.testing.assert_array_equal(found.confusion, MulticlassConfusionMatrix(3)(b, a).numpy())
    iou = MulticlassJaccardIndex(3, average=None)(b, a).numpy()
    assert found.names == ["field", "wood", "water & <ice>"] == list(found.iou)
    np.testing.assert_allclose(list(found.iou.values()), iou, atol=1e-6)
    accuracy = MulticlassAccuracy(3, average="micro")(b, a)
    assert found.agreement == pytest.approx(float(accuracy), abs=1e-6)


def test_scores_against_truth_are_torchmetrics():
    full_a, full_b = (np.where(np.isin(v, KEPT.ids), v, 3) for v in (A, B))
    a, b, truth = results(full_a, full_b, TRUTH)
    found, _ = compared(a, b, truth=truth, block_px=32)
    for scores, labels in zip(found.scores, (full_a, full_b), strict=True):
        guess, right = channels(labels, TRUTH, drop=~np.isin(TRUTH, KEPT.ids))
        iou = MulticlassJaccardIndex(3, average=None)(guess, right).numpy()
        np.testing.assert_allclose(list(scores.iou.values()), iou, atol=1e-6)
        assert scores.miou == pytest.approx(iou.mean(), abs=1e-6)
        micro = MulticlassAccuracy(3, average="micro")(guess, right)
        assert scores.accuracy == pytest.approx(float(micro), abs=1e-6)
    right, guess = channels(TRUTH, full_b, drop=~np.isin(TRUTH, KEPT.ids))
    np.testing.assert_array_equal(
        found.truth_confusion(1), MulticlassConfusionMatrix(3)(guess, right).numpy()
    )


@settings(max_examples=25)
@given(
    block_px=st.integers(5, 130),
    window=st.none()
    | st.builds(
        Window, st.integers(0, 40), st.integers(0, 40), st.integers(1, 60), st.integers(1, 90)
    ),
)
def test_blocks_of_any_size_give_the_same(block_px, window):
    a, b, truth = results(A, B, TRUTH)
    options = {"truth": truth, "window": window, "pixel_size_m": 0.5}
    found, regions = compared(a, b, block_px=block_px, **options)
    whole, expected = compared(a, b, block_px=1000, **options)
    assert found.to_dict() == whole.to_dict()
    assert regions == expected
    for name in ("a", "b", "truth", "differing"):
        np.testing.assert_array_equal(getattr(found.maps, name), getattr(whole.maps, name))
    box = (window or Window(0, 0, 90, 110)).clip(A.shape).slices
    cut, _ = compared(*results(A[box], B[box]))
    np.testing.assert_array_equal(found.confusion, cut.confusion)


@pytest.mark.parametrize("window", [None, Window(10, 20, 50, 60)])
def test_only_what_is_in_the_polygon_counts(window):
    polygon = Polygon([(-5.2, 3.1), (30.3, 100.7), (80.9, 60.2), (50.1, 40.3)])
    found, regions = compared(*results(A, B), window=window, polygon=polygon, block_px=16)
    inside = polygon.inside(Window.of_shape(A.shape))
    if window is not None:
        outside = np.ones_like(inside)
        outside[window.slices] = False
        inside &= ~outside
    masked = [np.where(inside, v, NOTHING) for v in (A, B)]
    expected, expected_regions = compared(*results(*masked))
    assert found.to_dict() == expected.to_dict()
    assert regions == expected_regions


def test_areas_count_all_pixels_of_each():
    a = np.array([[2, 2, 3, NOTHING]], np.uint8)
    b = np.array([[2, 3, NOTHING, 7]], np.uint8)
    areas = compared(*results(a, b), pixel_size_m=0.5)[0].to_dict()["area"]
    assert areas["field"] == {
        **{"a_px": 2, "b_px": 1, "difference_px": -1},
        **{"a_m2": 0.5, "b_m2": 0.25, "difference_m2": -0.25},
    }
    assert areas["water & <ice>"]["b_px"] == 1
    assert compared(*results(a, b))[0].to_dict()["area"]["wood"]["a_m2"] is None


def test_nothing_to_compare_is_no_agreement():
    nothing = np.full((4, 5), NOTHING, np.uint8)
    found, regions = compared(*results(nothing, nothing))
    assert found.agreement == 0 and regions.total == 0


def test_classes_meet_by_name():
    other = ClassTable(
        "other", (LabelClass(0, "wood", (0, 9, 0)), LabelClass(3, "road", (9, 9, 9)))
    )
    a = array_result(np.array([[3, 3, 2]], np.uint8), TABLE, "A")
    b = array_result(np.array([[0, 3, 0]], np.uint8), other, "B")
    found, _ = compared(a, b)
    assert found.confusion.tolist() == [[0, 1, 0], [0, 1, 0], [0, 0, 0]]
    assert (found.a.unmatched, found.b.unmatched) == ((), ("road",))
    assert compared(a, b, other)[0].names == ["wood", "road"]
    with pytest.raises(UserError, match="field, wood, "):
        compared(a, b, CLASSES_ELSEWHERE)


def test_what_cannot_be_compared():
    a, b = results(A, B[:, :-1])
    with pytest.raises(UserError, match="109 x 90 px"):
        compared(a, b)
    a, b = results(A, B)
    with pytest.raises(UserError, match="no pixel"):
        compared(a, b, window=Window(200, 0, 5, 5))
    with pytest.raises(UserError, match="float"):
        array_result(A.astype(float), TABLE, "A")


def test_values_that_are_no_ids_are_nothing():
    wide = array_result(np.array([[-1, 2, 256, 255, 2**20, 3]]), TABLE, "layer")
    assert wide.read(Window(0, 0, 1, 6)).tolist() == [[255, 2, 255, 255, 255, 3]]


def test_closing_cancels_and_shares_rise_to_one():
    steps = compare(*results(A, B), block_px=50)
    assert next(steps) == pytest.approx(2500 / 9900)
    steps.close()
    assert next(steps, None) is None
    seen = []
    run_to_end(compare(*results(A, B), block_px=50), seen.append)
    assert seen == sorted(seen) and seen[-1] == 1 and len(seen) == 6


def test_branches_of_a_model_at_the_scenes_own_pixels():
    scene, model = made_scene(150, 190), tiny_model()
    with segmented(scene, model) as done:
        a, b = branch_result(done, "fused"), branch_result(done, "local")
        found, _ = compared(a, b, block_px=64)
        with pytest.raises(UserError, match="no branch"):
            branch_result(done, "psychic")
    labels = [segment(scene, model, branch=branch) for branch in ("fused", "local")]
    expected, _ = compared(*results(*labels, table=CLASSES))
    assert found.to_dict() == expected.to_dict()
    assert (a.title, b.title) == ("for tests", "for tests (local branch)")
    assert 0 < found.agreement < 1


@pytest.mark.parametrize("kind", ["function", "dask"])
def test_memory_does_not_grow_with_the_scene(kind):
    side = 20_000
    peaks = []
    for height in (512, 1536):
        a, b = (_lazy(side, step_px, kind) for step_px in (50, 77))
        tracemalloc.start()
        found, regions = compared(a, b, window=Window(300, 700, height, 512), block_px=256)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert found.confusion.sum() == height * 512 and regions.total > 50
    assert peaks[1] < 1.3 * peaks[0] < 50e6


def _lazy(side, step_px, kind):
    """Labels that are made when they are read."""
    if kind == "dask":
        y, x = (da.arange(side, chunks=500, dtype=np.uint16) // step_px for _ in range(2))
        return array_result((y[:, None] + x[None, :]) % 2 + 2, TABLE, "big")

    def read(window):
        y, x = np.mgrid[window.slices] // step_px
        return ((y + x) % 2 + 2).astype(np.uint8)

    return Result("big", (side, side), TABLE, read)
