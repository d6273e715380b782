"""The orientation tag of EXIF and TIFF."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.open import open_scene
from napari_uhrnet.scene.picture.bands import Bands
from napari_uhrnet.scene.picture.level import ArrayLevel
from napari_uhrnet.scene.picture.orientation import upright
from napari_uhrnet.scene.picture.picture import Georeference, Picture
from tests.scene.pictures import noise, whole


@pytest.mark.parametrize("orientation", range(2, 9))
@pytest.mark.parametrize("kind", ["png", "tif"])
def test_pixels_are_upright_as_pil_turns_them(tmp_path, kind, orientation):
    pixels, path = noise((40, 70, 3)), tmp_path / f"a.{kind}"
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray(pixels)
    if kind == "png":
        image.save(path, exif=exif)
    else:
        tag = (274, "H", 1, orientation, True)
        tifffile.imwrite(path, pixels, photometric="rgb", extratags=[tag])
    image.info["exif"] = exif.tobytes()
    turned = np.asarray(ImageOps.exif_transpose(image))
    with open_scene(path) as scene:
        assert np.array_equal(whole(scene)[0], turned)
        part = Window(5, 9, 20, 30)
        assert np.array_equal(scene.read(part, 0)[0], turned[part.slices])
        [note] = scene.notes
        assert f"({orientation})" in note


def test_a_place_on_the_ground_goes_before_the_tag():
    level = ArrayLevel(noise((40, 70, 3)))
    place = Georeference(None, (1.0, 0.0, 0.0, 0.0, -1.0, 0.0), 1.0)
    picture = upright(Picture("made", (level,), Bands.of(3), place), 3)
    assert picture.levels == (level,)
    assert "ignored" in picture.notes[0]
