"""GLNet gives the numbers of the published code, and names what is wrong with other files."""

import itertools
import zlib

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch.nn import functional as F

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.grid import axis_starts
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.models.glnet import (
    FrameMerge,
    GLNet,
    published_inference,
    shrink_frame,
)
from napari_uhrnet.models.glnet.places import cells_of, coverage, crop
from napari_uhrnet.models.glnet.pyramid import SharedMaps
from tests.models.glnet_made import (
    DATA,
    SHAPES,
    literal_scores,
    literal_starts,
    made_network,
    made_picture,
)


@pytest.fixture(scope="module")
def golden():
    with np.load(DATA / "glnet_604.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def networks(golden):
    """The network and the frozen one of mode 3, left in training mode on purpose."""
    seed = int(golden["seed"])
    return made_network(seed).train(), made_network(seed + 1).train()


@pytest.fixture(scope="module")
def picture(golden):
    image = made_picture(int(golden["h"]), int(golden["w"]), int(golden["seed"]))
    assert zlib.crc32(image.tobytes()) == golden["picture_crc32"]
    return image


def test_keys_and_shapes_are_those_of_a_published_checkpoint():
    with torch.device("meta"):
        ours = GLNet().state_dict()
    assert {f"module.{key}": list(value.shape) for key, value in ours.items()} == SHAPES
    assert len(SHAPES) == 718


@pytest.mark.parametrize("mode", [1, 2, 3])
def test_golden_numbers_of_the_published_code(mode, golden, networks, picture):
    network, frozen = networks
    scores = published_inference(network, picture, int(golden["size"]), mode, frozen)
    branches = ["global"] if mode == 1 else ["global", "local", "fused"]
    if mode == 1:
        logits = scores.pop("global_logits")
        np.testing.assert_allclose(logits, golden["mode1_global_logits"], rtol=0, atol=1e-3)
    assert list(scores) == branches
    for branch, values in scores.items():
        assert values.shape == (7, *picture.shape[:2]) and values.dtype == np.float32
        same = values.argmax(0) == golden[f"mode{mode}_{branch}_labels"]
        assert same.mean() >= 0.999, branch
        if branch != "global":
            expected = golden[f"mode{mode}_{branch}_scores_every16"]
            np.testing.assert_allclose(values[:, ::16, ::16], expected, rtol=0, atol=1e-3)


# Sides that are odd, so that maps do not divide evenly; lying and standing.
@pytest.mark.parametrize("mode", [2, 3])
@pytest.mark.parametrize("shape", [(101, 123), (123, 92)])
def test_other_sizes_agree_with_a_literal_restatement(mode, shape, networks):
    network, frozen = networks
    image = made_picture(*shape, seed=3)
    with torch.inference_mode():
        expected = literal_scores(network, image, 70, mode, frozen)
    scores = published_inference(network, image, 70, mode, frozen)
    for branch, values in expected.items():
        np.testing.assert_allclose(scores[branch], values, rtol=0, atol=1e-3, err_msg=branch)


def test_the_frozen_network_is_what_the_patches_of_mode_3_see(networks):
    network, frozen = networks
    image = made_picture(90, 90, seed=4)
    into_frame = published_inference(network, image, 70, 3, network)
    into_patches = published_inference(network, image, 70, 2)
    np.testing.assert_array_equal(into_frame["local"], into_patches["local"])
    other = published_inference(network, image, 70, 3, frozen)
    assert not np.allclose(other["local"], into_frame["local"], atol=1e-2)


def test_a_side_of_two_patches_where_the_published_code_stops(networks):
    # The last crop would be one cell beyond the map: it ends with the map instead.
    scores = published_inference(*networks[:1], made_picture(140, 140, 5), 70, 3, networks[1])
    assert all(np.isfinite(values).all() for values in scores.values())


@pytest.mark.parametrize(
    ("shape", "size_px", "mode", "sentence"),
    [
        ((90, 90, 4), 70, 1, r"\(height, width, 3\) uint8"),
        ((90, 90), 70, 1, r"\(height, width, 3\) uint8"),
        ((70, 90, 3), 70, 2, "image of 90 x 70 px cannot be cut into patches of 70 px"),
        ((90, 70, 3), 70, 3, "smaller than both sides"),
        ((90, 90, 3), 50, 2, "more than 50 px"),
    ],
)
def test_images_that_have_no_published_prediction(shape, size_px, mode, sentence, networks):
    with pytest.raises(UserError, match=sentence):
        published_inference(networks[0], np.zeros(shape, np.uint8), size_px, mode, networks[1])


def test_types_and_modes_that_there_are_not(networks):
    image = np.zeros((90, 90, 3))
    with pytest.raises(UserError, match="float64"):
        published_inference(networks[0], image, 70, 1)
    with pytest.raises(ValueError, match="not 4"):
        published_inference(networks[0], image.astype(np.uint8), 70, 4)
    with pytest.raises(ValueError, match="frozen_global"):
        published_inference(networks[0], image.astype(np.uint8), 70, 3)


def test_a_frame_is_made_small_in_8_bits():
    small = shrink_frame(made_picture(40, 90, 0), 16)
    assert small.shape == (1, 3, 16, 16)
    np.testing.assert_allclose(small * 255, np.rint(small * 255), atol=1e-4)


@given(st.integers(51, 700), st.integers(1, 9000))
def test_patches_start_where_the_published_code_starts_them(size, more):
    assert list(axis_starts(size + more, size, 50)) == literal_starts(size + more, size)


@given(st.data(), st.integers(1, 130), st.integers(52, 9000))
def test_crops_are_rounded_to_cells_and_stay_on_the_map(data, cells, length):
    size = data.draw(st.integers(51, length))
    start = data.draw(st.integers(0, length - size))
    seen = cells_of(Window(start, 0, size, 1), (length, 1), (cells, 1))
    assert 0 <= seen.y < seen.bottom <= cells
    first, count = int(np.round(start / length * cells)), int(np.round(cells * (size / length)))
    assume(count > 0 and first + count <= cells)
    assert (seen.y, seen.height) == (first, count)


def test_crops_of_several_patches_come_in_their_order():
    x = torch.arange(8.0).expand(1, 1, 8, 8)
    boxes = [Window(0, 50, 50, 50), Window(50, 0, 50, 50)]
    seen = crop(x, boxes, (100, 100), (4, 4))
    assert seen[0, 0, 0].tolist() == [4, 5, 6, 7]
    assert seen[1, 0, 0].tolist() == [0, 1, 2, 3]


@given(st.integers(101, 300), st.integers(101, 300), st.integers(1, 40), st.integers(1, 40))
def test_coverage_is_the_resized_image_of_counts(height, width, rows, columns):
    starts = itertools.product(literal_starts(height, 100), literal_starts(width, 100))
    boxes = [Window(y, x, 100, 100) for y, x in starts]
    counts = torch.zeros(1, 1, height, width)
    for box in boxes:
        counts[:, :, *box.slices] += 1
    expected = F.interpolate(counts, (rows, columns), mode="bilinear", align_corners=False)[0, 0]
    ours = coverage(boxes, (height, width), (rows, columns))
    # torch resizes in single precision: a cell's place is off by some 1e-5 pixels of the picture.
    np.testing.assert_allclose(ours, expected, rtol=1e-3, atol=1e-3)


def test_cells_without_a_patch_are_zero_and_overlaps_are_averaged():
    def maps(count, side, value):
        x = torch.full((count, 1, side, side), value)
        return SharedMaps(*((x, x, x, x) for _ in range(4)))

    merge = FrameMerge(maps(1, 10, 0.0), (100, 100))
    merge.add(maps(2, 4, 3.0), [Window(0, 0, 40, 40), Window(20, 0, 40, 40)])
    merge.add(maps(1, 4, 6.0), [Window(0, 0, 40, 40)])
    merged = merge.result().smooth_1[2][0, 0]
    assert merged[0, 0] == pytest.approx(4.5)  # 3 and 6
    assert merged[2, 0] == pytest.approx(4.0)  # 3, 3 and 6
    assert merged[5, 3] == pytest.approx(3.0)
    assert not merged[7:].any() and not merged[:, 5:].any()
