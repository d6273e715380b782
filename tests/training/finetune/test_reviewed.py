"""Reviewed regions: found, held out, and cut at the network's scale."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_uhrnet.engine.passes.reading import mirrored
from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.affine import InferenceGrid, labels_to_level0
from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.array import array_scene
from napari_uhrnet.store.annotations.annotation import AnnotationStore
from napari_uhrnet.training.finetune.reviewed import (
    HELD_OUT_GAP_PX,
    Corrected,
    Region,
    ReviewedSource,
    hold_out,
    joined,
    regions_of,
)
from tests.models.tiny import CLASSES

SHAPE = (1200, 1500)
PIECES = (Window(40, 60, 130, 180), Window(500, 1010, 90, 100), Window(900, 100, 60, 300))
boxes = st.builds(
    Window, st.integers(0, 60), st.integers(0, 60), st.integers(1, 20), st.integers(1, 20)
)


def labels_of(window):
    """Ids that differ from pixel to pixel, in a pattern of the whole scene."""
    y, x = np.mgrid[window.y : window.bottom, window.x : window.right]
    return np.array([1, 4, 5], np.uint8)[(y // 3 + 2 * (x // 5)) % 3]


@pytest.fixture
def store(tmp_path):
    with AnnotationStore.create(tmp_path / "store", SHAPE, CLASSES, "made") as made:
        made.write(Window(300, 300, 50, 50), np.full((50, 50), 5, np.uint8))  # not reviewed
        for piece in PIECES:
            made.mark_reviewed(piece, labels_of(piece), "checkpoint")
        yield made


@pytest.fixture
def corrected(store):
    pixels = np.random.default_rng(0).integers(0, 255, (*SHAPE, 3)).astype(np.uint8)
    return Corrected(array_scene([pixels], "noise", pixel_size_m=1.0), store, 1.0)


def test_regions_are_boxes_around_what_is_reviewed(store):
    found = regions_of(3, store)
    assert [region.window for region in found] == list(PIECES)
    assert [region.reviewed_px for region in found] == [p.height * p.width for p in PIECES]
    assert {region.scene for region in found} == {3}


def test_where_the_scene_has_no_data_it_is_mirrored_and_not_learned(store):
    pixels = np.random.default_rng(0).integers(0, 255, (*SHAPE, 4)).astype(np.uint8)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    there = x + y < 200  # its end runs aslant through the first piece
    pixels[..., 3] = np.where(there, 255, 0)
    scene = Corrected(array_scene([pixels], "noise", pixel_size_m=1.0), store, 1.0)
    source = ReviewedSource([scene], regions_of(0, store)[:1], 1.0, side_px=128)
    place = source._places[0]
    frame = source.cut(0, Window.of_shape(source.shapes_yx[0]))
    valid = there[place.slices]
    assert valid.any() and not valid.all()
    np.testing.assert_array_equal(frame.pixels, mirrored(pixels[..., :3][place.slices], valid))
    assert (frame.labels[~valid] == NOTHING).all()
    assert (frame.labels[valid] != NOTHING).any()


def test_a_region_counts_only_reviewed_pixels(store):
    store.unmark_reviewed(Window(40, 60, 65, 180))
    store.unmark_reviewed(Window(110, 100, 10, 20))
    assert regions_of(0, store)[0] == Region(0, Window(105, 60, 65, 180), 65 * 180 - 200)


@given(st.lists(boxes, max_size=12))
@settings(max_examples=60, deadline=None)
def test_joined_boxes_cover_all_and_do_not_touch(given_boxes):
    found = joined(given_boxes)
    assert all(any(f.intersect(b) == b for f in found) for b in given_boxes)
    for k, one in enumerate(found):
        assert not any(one.expand(1).intersect(other) for other in found[k + 1 :])


def test_whole_regions_are_held_out():
    regions = [Region(0, Window(0, 100 * k, 10, 10 + k), 100 + k) for k in range(10)]
    trained, held = hold_out(regions, 0.25, seed=1)
    assert sorted(trained + held, key=lambda r: r.window) == regions
    total = sum(r.reviewed_px for r in regions)
    assert 0.25 * total <= sum(r.reviewed_px for r in held) < 0.4 * total
    assert hold_out(regions, 0.25, seed=1) == (trained, held)
    assert hold_out(regions, 0.25, seed=2) != (trained, held)


def test_something_is_left_to_train_on():
    trained, held = hold_out([Region(0, Window(0, k, 1, 1), 1) for k in (0, 5)], 0.99, seed=0)
    assert len(trained) == len(held) == 1


@pytest.mark.parametrize("size_yx", [(400, 300), (300, 400)])
def test_the_only_region_is_cut_with_a_gap(size_yx):
    region = Region(0, Window(10, 20, *size_yx), 120_000)
    (ours,), (theirs,) = hold_out([region], 0.25, seed=0)
    assert not ours.window.expand(HELD_OUT_GAP_PX - 1).intersect(theirs.window)
    assert region.window.intersect(theirs.window) == theirs.window
    share = theirs.window.height * theirs.window.width / 120_000
    assert share == pytest.approx(0.25, abs=0.05)


def test_a_small_only_region_is_not_cut():
    region = Region(0, Window(0, 0, 60, 60), 3600)
    assert hold_out([region], 0.25, seed=0) == ([region], [])
    assert hold_out([region], 0, seed=0) == ([region], [])


def test_nothing_reviewed_is_one_sentence():
    with pytest.raises(UserError, match="nothing is reviewed"):
        hold_out([], 0.25, seed=0)


@pytest.mark.parametrize("target_m", [1.0, 2.5, 0.7])
def test_labels_are_those_of_level_0_inside_of_the_region_only(corrected, target_m):
    """By brute force: all of level 0, made small by the nearest pixel."""
    regions = regions_of(0, corrected.store)
    source = ReviewedSource([corrected], regions, target_m, side_px=128)
    grid = InferenceGrid(SHAPE, 1.0 / target_m)
    whole = np.full(SHAPE, NOTHING, np.uint8)
    region = regions[0].window
    whole[region.y : region.bottom, region.x : region.right] = labels_of(region)
    rows, columns = (
        (np.arange(n) + 0.5) * n0 // n for n0, n in zip(SHAPE, grid.shape_yx, strict=True)
    )
    small = whole[np.ix_(rows.astype(int), columns.astype(int))]
    place = source._places[0]
    expected = small[place.y : place.bottom, place.x : place.right]
    frame = source.cut(0, Window.of_shape(source.shapes_yx[0]))
    np.testing.assert_array_equal(frame.labels, expected)
    counts = np.bincount(expected.ravel(), minlength=256)[:255]
    np.testing.assert_array_equal(source.counts[0], counts)
    if target_m == 1.0:  # the inverse, where there is one
        back = labels_to_level0(lambda w: small[w.y : w.bottom, w.x : w.right], grid, region)
        np.testing.assert_array_equal(back, labels_of(region))


def test_a_part_is_that_part_of_the_whole(corrected):
    source = ReviewedSource([corrected], regions_of(0, corrected.store), 1.6, side_px=96)
    for which, shape_yx in enumerate(source.shapes_yx):
        assert min(shape_yx) >= 96
        whole = source.cut(which, Window.of_shape(shape_yx))
        part = source.cut(which, Window(7, 11, 60, 50))
        np.testing.assert_array_equal(part.pixels, whole.pixels[7:67, 11:61])
        np.testing.assert_array_equal(part.labels, whole.labels[7:67, 11:61])


def test_places_hold_their_class(corrected):
    source = ReviewedSource([corrected], regions_of(0, corrected.store), 1.0, side_px=64)
    for which, places in enumerate(source.places):
        labels = source.cut(which, Window.of_shape(source.shapes_yx[which])).labels
        assert set(places) == {1, 4, 5}
        for label, at in places.items():
            assert (labels[at[:, 0], at[:, 1]] == label).all()


def test_a_region_that_would_be_far_too_much_is_cut():
    large, small = (
        Region(0, Window(0, 0, 1000, 1000), 10**6),
        Region(0, Window(0, 2000, 200, 200), 40_000),
    )
    for seed in range(4):
        trained, held = hold_out([large, small], 0.25, seed=seed)
        share = sum(r.reviewed_px for r in held) / 1_040_000
        assert 0.2 < share < 0.3
        for ours in trained:
            assert not any(ours.window.expand(8).intersect(r.window) for r in held)
