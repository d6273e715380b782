"""Frames: truths from official masks, at the checkpoint's scale."""

import numpy as np
import pytest
from skimage.io import imsave

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import ClassTable
from napari_uhrnet.resources import resource_path
from napari_uhrnet.training.data.frames import read_frame, read_mask

TABLE = ClassTable.from_file(resource_path("palettes", "deepglobe.json"))


def _save(path, array):
    imsave(path, array, check_contrast=False)
    return path


def test_masks_are_read_by_colour_even_if_they_were_compressed(tmp_path):
    ids = np.random.default_rng(0).integers(0, 7, (40, 50)).astype(np.uint8)
    rgb = TABLE.palette[ids].astype(int)
    noisy = np.clip(rgb + np.random.default_rng(1).integers(-90, 90, rgb.shape), 0, 255)
    path = _save(tmp_path / "m.png", noisy.astype(np.uint8))
    np.testing.assert_array_equal(read_mask(path, TABLE), ids)


def test_a_colour_that_is_no_class_is_not_learned(tmp_path):
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 0] = 255
    assert (read_mask(_save(tmp_path / "m.png", red), TABLE) == 255).all()


def test_a_frame_is_scaled_with_its_truth_and_unknown_is_not_learned(tmp_path):
    ids = np.repeat(np.array([[1, 0, 5, 4]], np.uint8), 30, axis=0).repeat(25, axis=1)
    image = _save(tmp_path / "i.png", TABLE.palette[ids])
    mask = _save(tmp_path / "m.png", TABLE.palette[ids])
    frame = read_frame(image, mask, TABLE, pixel_size_m=0.5, target_m=1.25)
    assert frame.labels.shape == (12, 40) and frame.pixels.shape == (12, 40, 3)
    np.testing.assert_array_equal(frame.labels[5, 4::10], [1, 255, 5, 4])
    np.testing.assert_array_equal(frame.pixels[5, 24], TABLE.palette[5])


def test_where_a_picture_has_no_data_it_is_mirrored_and_not_learned(tmp_path):
    ids = np.random.default_rng(2).integers(1, 7, (40, 60)).astype(np.uint8)
    alpha = np.full(ids.shape, 255, np.uint8)
    alpha[:, 45:] = 0
    image = _save(tmp_path / "i.png", np.dstack([TABLE.palette[ids], alpha]))
    mask = _save(tmp_path / "m.png", TABLE.palette[ids])
    frame = read_frame(image, mask, TABLE, 1.0, 1.0)
    expected = np.pad(TABLE.palette[ids][:, :45], ((0, 0), (0, 15), (0, 0)), mode="reflect")
    np.testing.assert_array_equal(frame.pixels, expected)
    np.testing.assert_array_equal(frame.labels, np.where(alpha == 0, 255, ids))


def test_a_mask_of_another_size_is_refused_by_name(tmp_path):
    image = _save(tmp_path / "i.png", np.zeros((20, 30, 3), np.uint8))
    mask = _save(tmp_path / "m.png", np.zeros((20, 31, 3), np.uint8))
    with pytest.raises(UserError, match=r"m\.png: has 31 x 20 px, its image 30 x 20"):
        read_frame(image, mask, TABLE, 1.0, 1.0)
