"""Reading a window is reading the whole and cutting it out, whatever the file looks like."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.open import open_scene
from tests.scene.pictures import noise, whole, write_geotiff

SHAPE = (137, 191)


def _tiff(path, dtype, **options):
    pixels = noise((*SHAPE, 3), dtype)
    photometric = "rgb" if dtype != "bool" else "minisblack"
    tifffile.imwrite(path, pixels if dtype != "bool" else pixels[..., 0], photometric=photometric,
                     **options)  # fmt: skip


def _zarr(path):
    group = zarr.open_group(path, mode="w", zarr_format=2)
    group.create_array("0", data=noise((3, *SHAPE)), chunks=(1, 50, 64))
    axes = [{"name": "c"}, {"name": "y"}, {"name": "x"}]
    group.attrs["multiscales"] = [{"axes": axes, "datasets": [{"path": "0"}]}]


WRITERS = {
    "tiles-uint8.tif": lambda p: _tiff(p, "uint8", tile=(32, 48)),
    "tiles-zlib-uint16.tif": lambda p: _tiff(p, "uint16", tile=(64, 64), compression="zlib"),
    "strips-float32.tif": lambda p: _tiff(p, "float32"),
    "strips-lzw-int16.tif": lambda p: _tiff(p, "int16", compression="lzw", rowsperstrip=9),
    "bits.tif": lambda p: _tiff(p, "bool"),
    "planar.tif": lambda p: write_geotiff(p, noise((*SHAPE, 4)), interleave="band", tiled=True,
                                          blockxsize=64, blockysize=32),
    "envi.img": lambda p: write_geotiff(p, noise((*SHAPE, 3), "uint16"), driver="ENVI"),
    "a.png": lambda p: Image.fromarray(noise((*SHAPE, 4))).save(p),
    "a.jpg": lambda p: Image.fromarray(noise((*SHAPE, 3))).save(p),
    "a.zarr": _zarr,
}  # fmt: skip


@pytest.fixture(scope="module", params=WRITERS)
def scene(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("windows") / request.param
    WRITERS[request.param](path)
    with open_scene(path) as scene:
        yield scene


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(corners=st.tuples(*[st.integers(0, n) for n in SHAPE * 2]))
def test_any_window_is_that_part_of_the_whole(scene, corners):
    top, bottom = sorted(corners[0::2])
    left, right = sorted(corners[1::2])
    window = Window.between(top, left, bottom, right)
    for got, expected in zip(scene.read(window, 0), whole(scene), strict=True):
        assert np.array_equal(got, expected[window.slices])
    assert np.array_equal(
        scene.levels[0][window.slices].compute(), scene.levels[0].compute()[window.slices]
    )
