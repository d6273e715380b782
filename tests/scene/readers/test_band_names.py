from __future__ import annotations

import numpy as np
import pytest
import rasterio

from napari_uhrnet.scene.open import open_scene
from napari_uhrnet.scene.readers.band_names import rgb_by_name
from tests.scene.pictures import noise, whole, write_geotiff


@pytest.mark.parametrize(
    ("names", "rgb"),
    [
        (("blue", "green", "red", "nir"), (2, 1, 0)),
        (("Band 1 (Blue)", "Band 2 (Green)", "Band 3 (Red)"), (2, 1, 0)),
        (("B", "G", "R", "RE", "N"), (2, 1, 0)),
        (("Blue 490 nm", "Green 560 nm", "Red 665 nm", "Red edge 705 nm"), (2, 1, 0)),
        (
            ("coastal_blue", "blue", "green_i", "green", "yellow", "red", "rededge", "nir"),
            (5, 3, 1),
        ),
        (("B02", "B03", "B04", "B08"), (2, 1, 0)),
        (("nir", "red", "green", "blue"), (1, 2, 3)),
        (("red", "green", "blue"), (0, 1, 2)),
        (("nir", "red", "green"), None),
        (("red", "red", "green", "blue"), None),
        ((None, None, None), None),
    ],
)
def test_names_of_bands(names, rgb):
    assert rgb_by_name(names) == rgb


@pytest.mark.parametrize("photometric", ["minisblack", "rgb"])
@pytest.mark.parametrize("suffix", ["tif", "img"])
def test_a_scene_in_the_order_of_its_names(tmp_path, photometric, suffix):
    pixels = noise((40, 50, 4))
    path = tmp_path / f"a.{suffix}"
    more = {"photometric": photometric} if suffix == "tif" else {"driver": "HFA"}
    write_geotiff(path, pixels, **more)
    with rasterio.open(path, "r+") as file:
        file.descriptions = ("blue", "green", "red", "nir")
    with open_scene(path) as scene:
        assert np.array_equal(whole(scene)[0], pixels[..., [2, 1, 0]])
        assert any("3 (red), 2 (green), 1 (blue)" in note for note in scene.notes)


def test_bands_without_names_are_a_guess_that_is_said(tmp_path):
    path = write_geotiff(tmp_path / "a.tif", noise((40, 50, 5)), photometric="minisblack")
    with open_scene(path) as scene:
        assert any("the first three are used" in note for note in scene.notes)
    with open_scene(write_geotiff(tmp_path / "b.tif", noise((40, 50, 3)))) as scene:
        assert scene.notes == ()
