"""Reader, sample data, and scenes of layers."""

import numpy as np
import pytest
import tifffile
from napari.layers import Image, Layer

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.widgets.reader import get_reader, read
from napari_uhrnet.widgets.sample_data import sample_scene
from napari_uhrnet.widgets.segment.layer_scene import scene_of


@pytest.mark.parametrize("name", ["a.tif", "a.TIFF", "a.svs", "a.png", "a.jpg", "a.jpeg", "a.zarr"])
def test_takes_scenes(name):
    assert get_reader(name) is not None
    assert get_reader([name, name]) is not None


@pytest.mark.parametrize("path", ["a.csv", "a", [], ["a.tif", "b.npy"]])
def test_leaves_the_rest_to_others(path):
    assert get_reader(path) is None


def test_rgb_is_shown_as_stored_and_carries_its_scene(tmp_path, picture):
    path = tmp_path / "town.tif"
    tifffile.imwrite(path, picture, tile=(128, 128), photometric="rgb")
    [(levels, kwargs, kind)] = read(str(path))
    layer = Layer.create(levels, kwargs, kind)
    assert layer.rgb and layer.name == "town.tif"
    finest = layer.data[0] if layer.multiscale else layer.data
    np.testing.assert_array_equal(np.asarray(finest), picture)
    assert scene_of(layer) is kwargs["metadata"]["scene"]


@pytest.mark.parametrize("bands", [3, 4, 5])
def test_16_bits_are_shown_as_the_networks_see_them(tmp_path, bands):
    raw = np.random.default_rng(0).integers(200, 4000, (300, 200, bands), np.uint16)
    path = tmp_path / "deep.tif"
    tifffile.imwrite(path, raw, photometric="minisblack", planarconfig="contig")
    [(levels, kwargs, kind)] = read([str(path)])
    layer = Layer.create(levels, kwargs, kind)
    finest = np.asarray(layer.data[0] if layer.multiscale else layer.data)
    seen, _ = scene_of(layer).read(Window(0, 0, 300, 200), 0)
    assert finest.dtype == np.uint8 and finest.shape == (300, 200, 3)
    np.testing.assert_array_equal(finest, seen)
    assert np.ptp(finest) > 200


def test_a_broken_file_is_one_sentence(tmp_path):
    path = tmp_path / "broken.tif"
    path.write_bytes(b"II*\0 nothing of use")
    with pytest.raises(UserError, match=r"broken\.tif"):
        get_reader(str(path))(str(path))


def test_layers_of_others_become_scenes(picture):
    assert scene_of(Image(picture)).shape_yx == (512, 640)
    grey = scene_of(Image(picture[..., 0], name="grey"))
    assert (grey.bands, grey.name) == (1, "grey")
    levels = [picture, picture[::2, ::2]]
    assert scene_of(Image(levels, multiscale=True)).level_shapes[:2] == [(512, 640), (256, 320)]


def test_stacks_are_refused_with_a_sentence():
    with pytest.raises(UserError, match="stack: has 3 axes"):
        scene_of(Image(np.zeros((9, 20, 20)), name="stack"))


def test_sample_scene_comes_with_its_truth():
    image, truth = (Layer.create(*data) for data in sample_scene())
    assert image.rgb and not truth.visible
    assert scene_of(image).shape_yx == truth.data.shape
    assert set(np.unique(truth.data)) <= set(range(7))
