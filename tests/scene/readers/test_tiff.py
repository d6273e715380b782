from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import numpy as np
import pytest
import rasterio
import tifffile
from rasterio.enums import ColorInterp, Resampling

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.open import open_scene, open_stored
from napari_uhrnet.scene.readers.tiff_level import TiffLevel
from tests.scene.pictures import REAL, noise, whole, write_geotiff

LAYOUTS = {
    "strips": {},
    "one-strip-lzw": {"compression": "lzw", "rowsperstrip": 300},
    "strips-deflate": {"compression": "zlib", "rowsperstrip": 7, "predictor": True},
    "tiles": {"tile": (64, 80)},
    "tiles-lzw": {"tile": (64, 64), "compression": "lzw"},
    "big-endian": {"byteorder": ">"},
    "bigtiff": {"bigtiff": True, "tile": (128, 128), "compression": "zlib"},
    "webp": {"tile": (128, 128), "compression": "webp", "compressionargs": {"lossless": True}},
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_8_bit_rgb_passes_unchanged(tmp_path, layout):
    pixels = noise((211, 303, 3))
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", **LAYOUTS[layout])
    with open_scene(tmp_path / "a.tif") as scene:
        rgb, valid = whole(scene)
        assert np.array_equal(rgb, pixels)
        assert valid.all()
        assert np.array_equal(scene.levels[0].compute(), pixels)
        assert scene.read(Window(60, 70, 31, 97), 0)[0].tobytes() == pixels[60:91, 70:167].tobytes()


@pytest.mark.parametrize("layout", ["strips", "tiles-lzw"])
def test_planes_stored_one_after_the_other(tmp_path, layout):
    pixels = noise((90, 130, 3))
    planes = np.ascontiguousarray(np.moveaxis(pixels, 2, 0))
    path = tmp_path / "planar.tif"
    tifffile.imwrite(path, planes, photometric="rgb", planarconfig="separate", **LAYOUTS[layout])
    with open_scene(path) as scene:
        assert np.array_equal(whole(scene)[0], pixels)
        assert np.array_equal(scene.read(Window(5, 66, 80, 40), 0)[0], pixels[5:85, 66:106])


def test_channels_in_pages_of_an_ome_tiff_and_its_pixel_size(tmp_path):
    planes = noise((3, 64, 96))
    metadata = {"axes": "CYX", "PhysicalSizeX": 0.5, "PhysicalSizeXUnit": "µm"}
    tifffile.imwrite(tmp_path / "a.ome.tif", planes, photometric="minisblack", metadata=metadata)
    with open_scene(tmp_path / "a.ome.tif") as scene:
        assert np.array_equal(whole(scene)[0], np.moveaxis(planes, 0, 2))
        assert scene.pixel_size_m == pytest.approx(5e-7)


def test_grey_bits_and_white_is_zero_become_rgb(tmp_path):
    grey, bits = noise((40, 50)), noise((40, 50), "bool")
    tifffile.imwrite(tmp_path / "grey.tif", grey)
    tifffile.imwrite(tmp_path / "white.tif", grey, photometric="miniswhite")
    tifffile.imwrite(tmp_path / "bits.tif", bits, photometric="minisblack")
    for name, expected in (("grey", grey), ("white", 255 - grey), ("bits", bits * 255)):
        with open_scene(tmp_path / f"{name}.tif") as scene:
            assert np.array_equal(whole(scene)[0], np.repeat(expected[..., None], 3, 2))


def test_a_palette_becomes_its_colours(tmp_path):
    indices, table = noise((40, 50)), noise((3, 256), "uint16")
    tifffile.imwrite(tmp_path / "a.tif", indices, photometric="palette", colormap=table)
    with open_scene(tmp_path / "a.tif") as scene:
        assert np.array_equal(whole(scene)[0], (table >> 8).T[indices])
        assert scene.bands == 3


def test_alpha_is_the_valid_mask_and_near_infrared_is_not(tmp_path):
    pixels = noise((40, 50, 4))
    pixels[:20, :, 3] = 0
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", extrasamples=["unassalpha"])
    tifffile.imwrite(tmp_path / "n.tif", pixels, photometric="rgb", extrasamples=["unspecified"])
    with open_scene(tmp_path / "a.tif") as alpha, open_scene(tmp_path / "n.tif") as infrared:
        assert np.array_equal(whole(alpha)[1], pixels[..., 3] > 0)
        assert whole(infrared)[1].all()
        assert np.array_equal(whole(infrared)[0], pixels[..., :3])


def test_band_order_is_the_one_that_the_file_names(tmp_path):
    pixels = noise((30, 40, 4))
    path = write_geotiff(tmp_path / "bgrn.tif", pixels)
    with rasterio.open(path, "r+") as file:
        file.colorinterp = [
            ColorInterp.blue, ColorInterp.green, ColorInterp.red, ColorInterp.undefined
        ]  # fmt: skip
    with open_scene(path) as scene:
        assert np.array_equal(whole(scene)[0], pixels[..., 2::-1])


def test_nodata_in_all_bands_is_invalid(tmp_path):
    pixels = noise((40, 50, 3)) | 1
    pixels[5:9, 6:20] = 0
    pixels[30, 30, :2] = 0
    with open_scene(write_geotiff(tmp_path / "a.tif", pixels, nodata=0)) as scene:
        expected = np.ones((40, 50), bool)
        expected[5:9, 6:20] = False
        assert np.array_equal(whole(scene)[1], expected)


@pytest.mark.parametrize("internal", [True, False])
def test_masks_inside_and_beside_the_file(tmp_path, internal):
    mask = noise((300, 400), "bool")
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=internal):
        path = write_geotiff(tmp_path / "a.tif", noise((300, 400, 3)), tiled=True)
        with rasterio.open(path, "r+") as file:
            file.write_mask(mask)
    with open_scene(path) as scene:
        assert np.array_equal(whole(scene)[1], mask)


@pytest.mark.parametrize("external", [False, True])
def test_overviews_inside_and_beside_the_file_are_levels(tmp_path, external):
    path = write_geotiff(tmp_path / "a.tif", noise((511, 700, 3)), tiled=True, compress="deflate")
    with (
        rasterio.Env(TIFF_USE_OVR=external),
        rasterio.open(path, "r+") as file,
    ):
        file.build_overviews([2, 4], Resampling.average)
    assert (tmp_path / "a.tif.ovr").exists() == external
    with open_scene(path) as scene, rasterio.open(path, overview_level=1) as small:
        assert scene.level_shapes == [(511, 700), (256, 350), (128, 175)]
        assert np.array_equal(whole(scene, 2)[0], np.moveaxis(small.read(), 0, 2))


def test_tiles_that_are_not_stored_are_no_data(tmp_path):
    path = tmp_path / "sparse.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=600, width=600, count=3, dtype="uint8", nodata=9,
        tiled=True, blockxsize=256, blockysize=256, SPARSE_OK=True,
    ) as file:  # fmt: skip
        file.write(np.full((3, 256, 256), 50, np.uint8), window=((0, 256), (0, 256)))
    with open_scene(path) as scene:
        valid = whole(scene)[1]
        assert valid[:256, :256].all() and valid.sum() == 256**2


def test_only_the_tiles_under_a_window_are_read(tmp_path, monkeypatch):
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, noise((1024, 1024, 3)), photometric="rgb", tile=(128, 128), compression="zlib"
    )
    read = []
    true = TiffLevel._bytes

    def counting(self, page, offset, size):
        read.append(offset)
        return true(self, page, offset, size)

    monkeypatch.setattr(TiffLevel, "_bytes", counting)
    with open_scene(path) as scene:
        assert scene.levels[0].chunksize == (512, 512, 3)
        assert not read
        scene.read(Window(130, 10, 100, 200), 0)
        assert len(read) == 2
        scene.levels[0][600:610, 600:610].compute()
        assert len(read) == 2 + 16


def test_a_stack_is_refused(tmp_path):
    tifffile.imwrite(tmp_path / "stack.tif", noise((5, 40, 50)), photometric="minisblack")
    with pytest.raises(UserError, match=r"stack\.tif: .*stack of pictures"):
        open_scene(tmp_path / "stack.tif")


@pytest.mark.parametrize("layout", ["strips", "tiles-lzw"])
def test_a_file_cut_off_is_refused_when_opened(tmp_path, layout, capfd):
    path = tmp_path / "cut.tif"
    tifffile.imwrite(path, noise((300, 300, 3)), photometric="rgb", **LAYOUTS[layout])
    os.truncate(path, path.stat().st_size * 2 // 3)
    with pytest.raises(UserError, match=r"cut\.tif: .*cut off"):
        open_scene(path)
    assert capfd.readouterr() == ("", "")


def test_a_damaged_tile_is_named_when_read(tmp_path, capfd):
    path = tmp_path / "bad.tif"
    tifffile.imwrite(
        path, noise((256, 256, 3)), photometric="rgb", tile=(128, 128), compression="zlib"
    )
    with tifffile.TiffFile(path) as file:
        offset = file.pages[0].dataoffsets[3]
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(b"\xff" * 400)
    with open_scene(path) as scene:
        scene.read(Window(0, 0, 128, 256), 0)
        with pytest.raises(UserError, match=r"bad\.tif: the block at row 128, column 128"):
            scene.read(Window(0, 0, 256, 256), 0)
    assert capfd.readouterr() == ("", "")


def test_threads_read_the_same_pixels(tmp_path):
    pixels = noise((512, 512, 3))
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, pixels, photometric="rgb", tile=(64, 64), compression="zlib")
    windows = [Window(y, x, 100, 100) for y in range(0, 400, 50) for x in range(0, 400, 50)]
    with open_scene(path) as scene, ThreadPoolExecutor(8) as pool:
        level = pool.submit(scene.levels[0].compute)
        for window, (rgb, _) in zip(
            windows, pool.map(lambda w: scene.read(w, 0), windows), strict=True
        ):
            assert np.array_equal(rgb, pixels[window.slices])
        assert np.array_equal(level.result(), pixels)


def test_aperio_slides_know_their_pixel_size():
    path = REAL / "reader_files" / "small_HE.svs"
    if not path.exists():
        pytest.skip("no test data")
    with open_scene(path) as scene:
        assert scene.pixel_size_m == pytest.approx(4.99e-7)
        assert scene.level_shapes[0] == (2967, 2220)


def test_closing_releases_the_file(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, noise((64, 64, 3)), photometric="rgb", compression="zlib")
    with open_scene(path) as scene:
        handle = scene.picture.levels[0]._file.filehandle
        assert not handle.closed
    assert handle.closed
    shutil.move(path, tmp_path / "b.tif")


def test_the_map_of_a_palette_may_hold_8_bit_values(tmp_path):
    indices, table = noise((40, 50)), noise((3, 256)).astype("uint16")
    tifffile.imwrite(tmp_path / "a.tif", indices, photometric="palette", colormap=table)
    with open_scene(tmp_path / "a.tif") as scene:
        assert np.array_equal(whole(scene)[0], table.T[indices])


@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
def test_masks_keep_the_values_that_are_stored(tmp_path, photometric):
    grey, bits = noise((40, 50)), noise((40, 50), "bool")
    for name, values in (("grey", grey), ("bits", bits)):
        tifffile.imwrite(tmp_path / f"{name}.tif", values, photometric=photometric)
        with closing(open_stored(tmp_path / f"{name}.tif")) as picture:
            assert np.array_equal(picture.levels[0].read(Window(0, 0, 40, 50))[..., 0], values)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_few_bits_are_scaled_as_brightness_and_kept_as_ids(tmp_path, bits):
    values = noise((40, 50, 1)) % 2**bits
    path = write_geotiff(tmp_path / "a.tif", values, NBITS=bits)
    with open_scene(path) as scene, closing(open_stored(path)) as picture:
        assert np.array_equal(whole(scene)[0][..., :1], values * (255 // (2**bits - 1)))
        assert np.array_equal(picture.levels[0].read(Window(0, 0, 40, 50)), values)


def test_planes_of_jpeg_are_read_by_gdal(tmp_path):
    smooth = np.add.outer(np.arange(128), np.arange(128)).astype(np.uint8) // 2
    pixels = np.stack([smooth, smooth.T // 2, 255 - smooth], axis=2)
    options = {"interleave": "band", "compress": "jpeg", "tiled": True}
    path = write_geotiff(tmp_path / "a.tif", pixels, blockxsize=64, blockysize=64, **options)
    with open_scene(path) as scene, rasterio.open(path) as file:
        assert np.array_equal(whole(scene)[0], np.moveaxis(file.read(), 0, 2))


def test_the_largest_image_is_opened_and_the_others_are_named(tmp_path):
    big = noise((200, 300, 3))
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(big[::8, ::8], photometric="rgb", subfiletype=1)
        file.write(big, photometric="rgb")
    with open_scene(tmp_path / "a.tif") as scene:
        assert np.array_equal(whole(scene)[0], big)
        [note] = scene.notes
        assert "38 x 25" in note


def test_the_pixel_size_is_that_of_the_image_that_is_opened(tmp_path):
    size = {"PhysicalSizeX": 0.5, "PhysicalSizeY": 2.0}
    for name, first, second in (("a", size, {}), ("b", {}, size)):
        with tifffile.TiffWriter(tmp_path / f"{name}.ome.tif", ome=True) as file:
            axes = {"axes": "YXS"}
            file.write(noise((90, 80, 3)), photometric="rgb", metadata=axes | first)
            file.write(noise((30, 40, 3)), photometric="rgb", metadata=axes | second)
    with open_scene(tmp_path / "a.ome.tif") as scene, open_scene(tmp_path / "b.ome.tif") as other:
        assert scene.pixel_size_m == pytest.approx(1e-6)
        assert other.pixel_size_m is None


@pytest.mark.parametrize(
    ("unit", "size_m"), [("um", 2.5e-7), ("\\u00B5m", 2.5e-7), ("pixel", None)]
)
def test_the_unit_of_imagej(tmp_path, unit, size_m):
    pixels = noise((40, 50, 3))
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, pixels, imagej=True, resolution=(4, 4), metadata={"unit": unit})
    with open_scene(path) as scene:
        assert scene.pixel_size_m == (None if size_m is None else pytest.approx(size_m))


@pytest.mark.parametrize("size", ["0", "-1", "nan", "inf", "1e-300", "wide"])
@pytest.mark.parametrize("kind", ["ome", "svs"])
def test_impossible_pixel_sizes_are_unknown(tmp_path, kind, size):
    path = tmp_path / f"a.{kind}.tif"
    pixels = '<Pixels SizeX="50" SizeY="40" SizeC="1" SizeZ="1" SizeT="1" Type="uint8"'
    xml = f'<OME><Image>{pixels} DimensionOrder="XYCZT" PhysicalSizeX="{size}"/></Image></OME>'
    text = xml if kind == "ome" else f"Aperio |MPP = {size}"
    tifffile.imwrite(path, noise((40, 50)), description=text, metadata=None)
    with open_scene(path) as scene:
        assert scene.pixel_size_m is None and scene.picture.format == "TIFF"


def test_ome_xml_that_does_not_parse_is_no_metadata(tmp_path):
    xml = "<OME><Image><Pixels SizeX=&broken; PhysicalSizeX='1'/></Image></OME>"
    tifffile.imwrite(tmp_path / "a.tif", noise((40, 50)), description=xml, metadata=None)
    with open_scene(tmp_path / "a.tif") as scene:
        assert scene.pixel_size_m is None


def test_complex_values_are_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.ones((40, 50), np.complex64))
    with pytest.raises(UserError, match="complex"):
        open_scene(tmp_path / "a.tif")


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_each_page_of_an_ome_tiff_in_several_files_is_read_from_its_own(tmp_path, compression):
    planes = noise((3, 40, 50))
    data = "".join(
        f'<TiffData FirstC="{k}" IFD="0" PlaneCount="1"><UUID FileName="c{k}.ome.tif">urn:uuid:{k}'
        "</UUID></TiffData>"
        for k in range(3)
    )
    channels = "".join(f'<Channel ID="Channel:0:{k}" SamplesPerPixel="1"/>' for k in range(3))
    for k in range(3):
        xml = (
            f'<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:{k}">'
            '<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint8" '
            f'SizeX="50" SizeY="40" SizeC="3" SizeZ="1" SizeT="1">{channels}{data}</Pixels>'
            "</Image></OME>"
        )
        path = tmp_path / f"c{k}.ome.tif"
        options = {"description": xml, "metadata": None, "compression": compression}
        tifffile.imwrite(path, planes[k], photometric="minisblack", **options)
    with open_scene(tmp_path / "c0.ome.tif") as scene:
        assert scene.picture.format == "TIFF"
        assert np.array_equal(whole(scene)[0], np.moveaxis(planes, 0, 2))
