from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import rasterio
from PIL import Image

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.open import open_scene
from napari_uhrnet.scene.readers import image
from napari_uhrnet.scene.readers.raster import RasterLevel
from tests.scene.pictures import noise, whole, write_geotiff


def test_png_and_jpeg_as_pil_decodes_them(tmp_path):
    pixels = noise((90, 130, 3))
    for name in ("a.png", "a.jpg"):
        Image.fromarray(pixels).save(tmp_path / name)
        with open_scene(tmp_path / name) as scene:
            expected = np.asarray(Image.open(tmp_path / name).convert("RGB"))
            assert np.array_equal(whole(scene)[0], expected)
            assert whole(scene)[1].all()


def test_grey_palette_alpha_and_16_bit_png(tmp_path):
    rgba = noise((30, 40, 4))
    rgba[:10, :, 3] = 0
    Image.fromarray(rgba).save(tmp_path / "rgba.png")
    Image.fromarray(rgba[..., 0]).save(tmp_path / "grey.png")
    palette = Image.fromarray(rgba[..., 0] % 8).convert("P")
    palette.putpalette(noise((8, 3)).tobytes())
    palette.save(tmp_path / "palette.png")
    with open_scene(tmp_path / "rgba.png") as scene:
        rgb, valid = whole(scene)
        assert np.array_equal(rgb, rgba[..., :3])
        assert np.array_equal(valid, rgba[..., 3] > 0)
    with open_scene(tmp_path / "grey.png") as scene:
        assert np.array_equal(whole(scene)[0], np.repeat(rgba[..., :1], 3, 2))
    with open_scene(tmp_path / "palette.png") as scene:
        assert np.array_equal(whole(scene)[0], np.asarray(palette.convert("RGB")))


def test_a_png_is_decoded_once_and_only_when_read(tmp_path, monkeypatch):
    Image.fromarray(noise((3000, 1500, 3))).save(tmp_path / "a.png")
    decoded = []
    true = image.DecodedLevel.__init__

    def counting(self, level, decode=None):
        true(self, level, decode)
        inner = self._decode
        self._decode = lambda: (decoded.append(1), inner())[1]

    monkeypatch.setattr(image.DecodedLevel, "__init__", counting)
    with open_scene(tmp_path / "a.png") as scene:
        assert scene.level_shapes == [(3000, 1500), (1500, 750), (750, 375)]
        assert not decoded
        for level in (0, 1, 2):
            scene.read(Window(3, 4, 50, 60), level)
        assert len(decoded) == 1


def test_a_jpeg_cut_off_is_refused_when_read(tmp_path, capfd):
    Image.fromarray(noise((300, 400, 3))).save(tmp_path / "a.jpg")
    content = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(content[: len(content) // 2])
    with open_scene(tmp_path / "a.jpg") as scene, pytest.raises(UserError, match=r"a\.jpg: .*dam"):
        whole(scene)
    assert capfd.readouterr() == ("", "")


def test_a_png_cut_off_is_refused_when_opened(tmp_path, capfd):
    Image.fromarray(noise((300, 400, 3))).save(tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match=r"a\.png: .*cut off"):
        open_scene(tmp_path / "a.png")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("driver", ["ENVI", "HFA"])
def test_other_gdal_formats_are_read_by_window(tmp_path, driver):
    pixels = noise((200, 300, 3))
    path = write_geotiff(tmp_path / "a.img", pixels, "EPSG:32633", driver=driver)
    with open_scene(path) as scene:
        assert scene.picture.format == driver
        assert np.array_equal(scene.read(Window(17, 30, 100, 200), 0)[0], pixels[17:117, 30:230])
        assert scene.pixel_size_m == pytest.approx(0.5)


def test_threads_take_turns_with_a_dataset(tmp_path):
    pixels = noise((512, 512, 3))
    path = write_geotiff(tmp_path / "a.img", pixels, driver="HFA", compress="yes")
    windows = [Window(y, x, 90, 90) for y in range(0, 420, 30) for x in range(0, 420, 30)]
    with open_scene(path) as scene, ThreadPoolExecutor(8) as pool:
        for window, (rgb, _) in zip(
            windows, pool.map(lambda w: scene.read(w, 0), windows), strict=True
        ):
            assert np.array_equal(rgb, pixels[window.slices])


class OneAtATime:
    """A dataset that notes when a thread comes in while another one is there.

    Whoever comes in waits a while for somebody else, so that nobody slips by.
    """

    name, count, width, height = "made", 3, 64, 64
    dtypes, block_shapes = ("uint8",) * 3, [(64, 64)] * 3

    def __init__(self):
        self.two, self.met, self.entered = threading.Barrier(2), False, 0

    def _enter(self):
        self.entered += 1
        try:
            self.two.wait(timeout=0.2)
            self.met = True
        except threading.BrokenBarrierError:
            self.two.reset()

    def read(self, window):
        self._enter()
        return np.zeros((3, window.height, window.width), np.uint8)

    def dataset_mask(self, window):
        self._enter()
        return np.full((window.height, window.width), 255, np.uint8)


def test_no_two_threads_are_inside_of_gdal_with_one_dataset():
    """Also for the mask: GDAL's datasets are not made for it and give wrong pixels at times."""
    dataset = OneAtATime()
    level = RasterLevel(dataset, True, None)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(level.read, [Window(k, k, 5, 6) for k in range(4)]))
    assert dataset.entered == 8
    assert not dataset.met
    assert [pixels.shape for pixels in found] == [(5, 6, 4)] * 4


def test_overviews_of_gdal_formats_are_levels(tmp_path):
    path = write_geotiff(tmp_path / "a.img", noise((400, 600, 3)), driver="HFA")
    with rasterio.open(path, "r+") as file:
        file.build_overviews([2])
    with open_scene(path) as scene, rasterio.open(path, overview_level=0) as small:
        assert scene.level_shapes == [(400, 600), (200, 300)]
        assert np.array_equal(whole(scene, 1)[0], np.moveaxis(small.read(), 0, 2))


def test_a_tiff_that_tifffile_does_not_decode_goes_to_gdal(tmp_path):
    path = write_geotiff(
        tmp_path / "a.tif", noise((64, 64, 4)), photometric="CMYK", compress="deflate"
    )
    with open_scene(path) as scene:
        assert scene.picture.format == "GTiff"
        assert whole(scene)[0].shape == (64, 64, 3)


def test_a_damaged_png_is_refused_when_read(tmp_path, capfd):
    Image.fromarray(noise((300, 400, 3))).save(tmp_path / "a.png")
    content = bytearray((tmp_path / "a.png").read_bytes())
    content[len(content) // 2 : len(content) // 2 + 200] = bytes(200)
    (tmp_path / "a.png").write_bytes(content)
    with open_scene(tmp_path / "a.png") as scene, pytest.raises(UserError, match=r"a\.png: .*dam"):
        whole(scene)
    assert capfd.readouterr() == ("", "")
