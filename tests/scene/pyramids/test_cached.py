from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_uhrnet.errors import UserError
from napari_uhrnet.scene import open as opening
from napari_uhrnet.scene.open import open_scene
from napari_uhrnet.scene.picture.bands import Bands
from napari_uhrnet.scene.picture.picture import Picture
from napari_uhrnet.scene.pyramids import cached as pyramid_cache
from napari_uhrnet.scene.pyramids.in_memory import halve
from napari_uhrnet.scene.readers import raster
from tests.scene.pictures import noise, whole

if TYPE_CHECKING:
    from napari_uhrnet.geometry.window import Window


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The cache folder, for files that count as large from a million pixels on."""
    folder = tmp_path / "cache"
    monkeypatch.setattr(pyramid_cache, "cache_folder", lambda: folder)
    monkeypatch.setattr(opening, "SMALL_PX", 1_000_000)
    monkeypatch.setattr(raster, "SMALL_PX", 1_000_000)
    return folder


@pytest.fixture(params=["tiles", "strips"])
def flat(request, tmp_path):
    path = tmp_path / "flat.tif"
    layout = {"tile": (256, 256)} if request.param == "tiles" else {"rowsperstrip": 3}
    pixels = noise((2503, 1301, 3))
    tifffile.imwrite(path, pixels, photometric="rgb", compression="zlib", **layout)
    return path, pixels


def pyramids(folder):
    return [p for p in folder.iterdir() if p.is_dir()]


def test_levels_are_built_once_and_are_means(cache, flat):
    path, pixels = flat
    done = []
    with open_scene(path, progress=done.append) as scene:
        assert scene.level_shapes == [(2503, 1301), (1252, 651), (626, 326)]
        assert np.array_equal(whole(scene)[0], pixels)
        half = halve(pixels, Bands.of(3))
        assert np.array_equal(whole(scene, 1)[0], half)
        assert np.array_equal(whole(scene, 2)[0], halve(half, Bands.of(3)))
    assert done == sorted(done) and done[0] > 0 and done[-1] == pytest.approx(1, abs=0.1)
    again = []
    with open_scene(path, progress=again.append) as scene:
        assert np.array_equal(whole(scene, 1)[0], half)
    assert not again and len(pyramids(cache)) == 1


def test_another_file_gets_another_pyramid(cache, flat, tmp_path):
    path, pixels = flat
    open_scene(path).close()
    changed = pixels.copy()
    changed[1000, 1000] ^= 255
    tifffile.imwrite(tmp_path / "b.tif", changed, photometric="rgb", compression="zlib")
    with open_scene(tmp_path / "b.tif") as scene:
        assert np.array_equal(whole(scene, 1)[0], halve(changed, Bands.of(3)))


def test_a_file_edited_between_the_sampled_blocks_gets_a_new_pyramid(cache, tmp_path):
    path = tmp_path / "a.tif"
    pixels = noise((2503, 1301, 3))
    tifffile.imwrite(path, pixels, photometric="rgb")
    with open_scene(path) as scene:
        before = scene.fingerprint
    written = path.stat().st_mtime_ns
    pixels[1000, 1000] ^= 255
    tifffile.imwrite(path, pixels, photometric="rgb")
    os.utime(path, ns=(written + 10**9,) * 2)
    with open_scene(path) as scene:
        assert scene.fingerprint == before
        assert np.array_equal(whole(scene, 1)[0], halve(pixels, Bands.of(3)))


def test_cancelling_leaves_nothing_and_the_next_time_works(cache, flat):
    path, _ = flat

    class Cancelled(Exception):
        pass

    def cancel(_fraction):
        raise Cancelled

    with pytest.raises(Cancelled):
        open_scene(path, progress=cancel)
    assert not pyramids(cache)
    open_scene(path).close()
    assert len(pyramids(cache)) == 1


def test_cancelling_closes_the_file(cache, flat, monkeypatch):
    closed = []
    true = opening._read

    def watched(path):
        picture = true(path)
        return replace(picture, close=lambda: (picture.close(), closed.append(path)))

    monkeypatch.setattr(opening, "_read", watched)
    with pytest.raises(ZeroDivisionError):
        open_scene(flat[0], progress=lambda fraction: fraction / 0)
    assert closed == [flat[0]]


def test_what_a_crash_left_half_built_is_not_used(cache, flat):
    path, pixels = flat
    open_scene(path).close()
    (built,) = pyramids(cache)
    built.rename(built.with_name(built.name + ".partial"))
    with open_scene(path) as scene:
        assert np.array_equal(whole(scene, 1)[0], halve(pixels, Bands.of(3)))
    assert pyramids(cache) == [built]


def test_two_at_once_build_it_once(cache, flat):
    path, _ = flat
    steps = []
    with ThreadPoolExecutor(2) as pool:
        scenes = list(pool.map(lambda _: open_scene(path, progress=steps.append), range(2)))
    assert len(steps) == len(set(steps))
    assert np.array_equal(whole(scenes[0], 2)[0], whole(scenes[1], 2)[0])
    for scene in scenes:
        scene.close()


def test_a_large_png_is_copied_in_bands_and_never_decoded_whole(cache, tmp_path, monkeypatch):
    pixels = noise((1500, 1100, 3))
    Image.fromarray(pixels).save(tmp_path / "a.png")
    largest = []
    true = raster.RasterLevel.read

    def watching(self, window: Window):
        largest.append(window.area_px)
        return true(self, window)

    monkeypatch.setattr(raster.RasterLevel, "read", watching)
    monkeypatch.setattr(pyramid_cache, "_BLOCK_BYTES", 1 << 20)
    with open_scene(tmp_path / "a.png") as scene:
        assert np.array_equal(whole(scene)[0], pixels)
        assert np.array_equal(whole(scene, 1)[0], halve(pixels, Bands.of(3)))
    assert max(largest) * 3 <= 1 << 20


def test_a_folder_that_cannot_be_written_is_named(cache, flat):
    cache.parent.mkdir(exist_ok=True)
    cache.write_text("a file where the folder should be")
    with pytest.raises(UserError, match=r"flat\.tif: its smaller levels cannot be stored"):
        open_scene(flat[0])


def test_blocks_are_bounded_however_wide_the_scene():
    class Wide:
        shape, dtype, chunk_yx = (100_000, 200_000, 4), np.dtype("uint8"), (1, 200_000)

        def read(self, window):
            raise AssertionError

    picture = Picture("wide", (Wide(),), Bands.of(4))
    rows, columns = pyramid_cache._block_shape(picture.levels[0])
    assert columns == 200_000 and rows * columns * 4 <= 32 << 20
    tiled = replace(picture, levels=(type("Tiled", (Wide,), {"chunk_yx": (512, 512)})(),))
    assert pyramid_cache._block_shape(tiled.levels[0]) == (2048, 2048)


def test_what_a_killed_build_left_is_deleted_and_what_is_being_built_is_not(cache, flat):
    from filelock import FileLock

    left, building = cache / "left.partial", cache / "building.partial"
    for folder in (left, building):
        folder.mkdir(parents=True)
    with FileLock(cache / "building.lock"), open_scene(flat[0]):
        pass
    assert not left.exists()
    assert building.exists()


def test_pyramids_lie_in_the_cache_folder_that_the_user_names(tmp_path, monkeypatch):
    monkeypatch.setenv("NAPARI_UHRNET_CACHE", str(tmp_path / "mine"))
    assert pyramid_cache.cache_folder() == tmp_path / "mine" / "pyramids"
