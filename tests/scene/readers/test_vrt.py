from __future__ import annotations

import numpy as np
import pytest
from rasterio.shutil import copy

from napari_uhrnet.errors import UserError
from napari_uhrnet.scene.open import open_scene
from tests.scene.pictures import noise, whole, write_geotiff

BAND = '<VRTRasterBand dataType="Byte" band="1"{more}>{inside}</VRTRasterBand>'
SOURCE = (
    "<SimpleSource><SourceFilename relativeToVRT={relative}>{name}</SourceFilename>"
    "<SourceBand>1</SourceBand></SimpleSource>"
)


def mosaic(path, inside, more="", start="", size=60):
    band = BAND.format(inside=inside, more=more)
    path.write_text(
        f'{start}<VRTDataset rasterXSize="{size}" rasterYSize="{size}">{band}</VRTDataset>'
    )
    return path


def source(name, relative=1):
    return SOURCE.format(name=name, relative=f'"{relative}"')


def refused(path):
    with pytest.raises(UserError) as caught:
        open_scene(path).close()
    return str(caught.value)


def test_a_mosaic_of_files_beside_and_below_is_opened(tmp_path):
    pixels = noise((60, 60, 3))
    (tmp_path / "tiles").mkdir()
    write_geotiff(tmp_path / "tiles" / "a.tif", pixels, crs="EPSG:32633")
    copy(tmp_path / "tiles" / "a.tif", tmp_path / "m.vrt", driver="VRT")
    with open_scene(tmp_path / "m.vrt") as scene:
        assert np.array_equal(whole(scene)[0], pixels)
        assert scene.pixel_size_m == 0.5
    (tmp_path / "tiles" / "a.tif").unlink()
    assert "tiles/a.tif that it takes pixels from is missing" in refused(tmp_path / "m.vrt")


@pytest.mark.parametrize("name", ["m.vrt", "m.tif", "m.png"])
@pytest.mark.parametrize(
    "inside",
    [
        source("../outside.tif"),
        source("/etc/passwd", 0),
        source("/vsicurl/http://127.0.0.1:9/a.tif", 0),
        source("http://127.0.0.1:9/a.tif", 0),
        source("secret.txt"),
        source("nested.vrt"),
        source("a.tif", "01"),
        source("a.tif").replace("relativeToVRT", 'relativetoVRT="0" relativeToVRT'),
        source("a.tif").replace("SimpleSource", "KernelFilteredSource"),
        source("a.tif").replace("<SourceBand>", "<OpenOptions/><SourceBand>"),
        '<SimpleSource SourceFilename="/etc/passwd"/>',
        "<PixelFunctionType>f</PixelFunctionType>",
    ],
)
def test_nothing_else_is_followed(tmp_path, name, inside):
    folder = tmp_path / "folder"
    folder.mkdir()
    write_geotiff(tmp_path / "outside.tif", noise((60, 60, 1)))
    write_geotiff(folder / "a.tif", noise((60, 60, 1)))
    mosaic(folder / "nested.vrt", source("a.tif"))
    (folder / "secret.txt").write_text("secret " * 1000)
    assert "only plain mosaics" in refused(mosaic(folder / name, inside))


@pytest.mark.parametrize(
    "kind", ["VRTRawRasterBand", "VRTDerivedRasterBand", "VRTWarpedRasterBand"]
)
def test_bands_of_other_kinds_are_refused(tmp_path, kind):
    path = mosaic(tmp_path / "m.vrt", "", f' subClass="{kind}"')
    assert f"it holds a {kind}" in refused(path)


def test_entities_damage_and_vrts_in_disguise(tmp_path):
    bomb = '<!DOCTYPE a [<!ENTITY a "aaaa">]>'
    assert "declares entities" in refused(mosaic(tmp_path / "m.vrt", "", start=bomb))
    (tmp_path / "n.vrt").write_text("<VRTDataset><a></VRTDataset>")
    assert "the VRT is damaged" in refused(tmp_path / "n.vrt")
    inner = mosaic(tmp_path / "inner.tif", source("/etc/passwd", 0), start="II*\0")
    assert "damaged" in refused(mosaic(tmp_path / "o.vrt", source(inner.name)))


def test_a_source_is_checked_like_a_scene(tmp_path):
    write_geotiff(tmp_path / "a.tif", noise((60, 60, 1)))
    (tmp_path / "a.tif.ovr").write_text("<GDAL_WMS/>")
    assert "beside it is no TIFF" in refused(mosaic(tmp_path / "m.vrt", source("a.tif")))


def test_a_header_that_declares_far_more_than_is_stored(tmp_path):
    assert "is not possible" in refused(mosaic(tmp_path / "m.vrt", "", size=2_000_000_000))
    assert "far more than it stores" in refused(mosaic(tmp_path / "n.vrt", "", size=50_000))
