"""The one-call API."""

import numpy as np
import pytest

import napari_uhrnet
from napari_uhrnet.engine.segment import check_window, segment
from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.window import Window
from tests.engine.scenes import made_scene
from tests.models.tiny import tiny_model


def test_names_of_the_package_are_those_of_the_engine():
    assert napari_uhrnet.segment is segment
    assert {"open_scene", "load_model", "segment"} <= set(napari_uhrnet.__all__)
    with pytest.raises(AttributeError, match="no attribute 'segmnet'"):
        napari_uhrnet.segmnet  # noqa: B018


def test_a_window_is_that_part_of_the_whole_for_every_branch():
    scene, model = made_scene(311, 207), tiny_model()
    window = Window(77, 31, 150, 122)
    predictions = {}
    for branch in model.branches:
        whole = segment(scene, model, branch=branch)
        assert whole.shape == (311, 207) and whole.dtype == np.uint8
        part = segment(scene, model, (77, 31, 150, 122), branch=branch)
        np.testing.assert_array_equal(part, whole[window.slices])
        predictions[branch] = whole
    assert (predictions["global"] != predictions["local"]).any()
    assert (predictions["fused"] != predictions["local"]).any()


def test_progress_and_a_store_that_is_kept(tmp_path):
    scene, model, steps, again = made_scene(200, 200), tiny_model(), [], []
    first = segment(scene, model, store_root=tmp_path, progress=steps.append)
    second = segment(scene, model, store_root=tmp_path, progress=again.append)
    assert steps[-1].patches_done == steps[-1].patches_total > 1
    assert [s.patches_total for s in again] == [0]
    np.testing.assert_array_equal(first, second)


def test_the_pixel_size_decides_on_the_scale():
    scene, model = made_scene(200, 200), tiny_model()
    totals = {}
    for size_m in (1.0, 4.0):
        steps = []
        segment(scene, model, pixel_size_m=size_m, progress=steps.append)
        totals[size_m] = steps[-1].patches_total
    assert totals[4.0] > totals[1.0]
    with pytest.raises(UserError, match="check the pixel size"):
        segment(scene, model, pixel_size_m=9.0)


@pytest.mark.parametrize("window", [(0, 0, 101, 5), (-1, 0, 5, 5), (0, 0, 0, 5), (100, 100, 1, 1)])
def test_windows_that_are_not_inside_are_refused(window):
    with pytest.raises(UserError, match="100 rows and 100 columns"):
        check_window(made_scene(100, 100), window)


def test_a_branch_that_is_none_is_refused():
    with pytest.raises(UserError, match="no branch 'middle'"):
        segment(made_scene(100, 100), tiny_model(), branch="middle")
