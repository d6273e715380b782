"""Masks of every kind become ids; what is no class is 255 and counted."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from napari_uhrnet.datasets import masks as truth_module
from napari_uhrnet.datasets.class_tables import find_class_table
from napari_uhrnet.datasets.masks import open_truth
from napari_uhrnet.datasets.truth_codes import ColourCode
from napari_uhrnet.errors import UserError
from napari_uhrnet.export.maps.mask import write_mask
from napari_uhrnet.geometry.classes import ClassTable, LabelClass
from napari_uhrnet.geometry.window import Window
from tests.scene.pictures import REAL, write_geotiff

DEEPGLOBE = find_class_table("deepglobe")
DUBAI = find_class_table("dubai")
INRIA = find_class_table("inria")
FOREST = ClassTable(
    "forest", (LabelClass(0, "other", (9, 9, 9)), LabelClass(1, "forest", (0, 99, 0)))
)


def ids_of(count, shape=(23, 31), seed=0):
    return np.random.default_rng(seed).integers(0, count, shape, np.uint8)


def saved(path, pixels, **options):
    Image.fromarray(pixels).save(path, **options)
    return path


def read(path, classes):
    """Kind, and `read_counted` of the whole mask."""
    with open_truth(path, classes) as truth:
        return truth.kind, truth.read_counted(Window.of_shape(truth.shape_yx))


def test_colours_of_a_table(tmp_path):
    ids = ids_of(6)
    rgb = DUBAI.palette[ids]
    rgb[3, 4] = 1, 2, 3
    rgb[5, :3] = 226, 169, 42
    expected = ids.copy()
    expected[3, 4] = expected[5, :3] = 255
    for path in (saved(tmp_path / "a.png", rgb), saved(tmp_path / "a.tif", rgb)):
        kind, counted = read(path, DUBAI)
        assert kind == "colours"
        assert np.array_equal(counted.ids, expected)
        assert counted.stray == {"#E2A92A": 3, "#010203": 1}
        assert (counted.stray_px, counted.inexact_px) == (4, 0)


def test_compressed_deepglobe_masks_are_binarised_and_the_rounding_is_counted(tmp_path):
    ids = np.repeat(np.repeat(ids_of(7, (4, 5)), 16, 0), 16, 1)
    noisy = DEEPGLOBE.palette[ids].astype(int)
    noisy += np.random.default_rng(1).integers(-100, 100, noisy.shape)
    exact = ids == 0
    noisy[exact] = 0
    path = saved(tmp_path / "a.png", np.clip(noisy, 0, 255).astype(np.uint8))
    kind, counted = read(path, DEEPGLOBE)
    assert kind == "colours"
    assert np.array_equal(counted.ids, ids)
    assert counted.stray_px == 0
    assert 0 < counted.inexact_px <= (~exact).sum()
    assert sum(counted.inexact.values()) <= counted.inexact_px


def test_the_one_colour_that_deepglobe_lacks_is_stray(tmp_path):
    rgb = DEEPGLOBE.palette[ids_of(7)]
    rgb[0, :5] = 255, 0, 0
    _, counted = read(saved(tmp_path / "a.png", rgb), DEEPGLOBE)
    assert (counted.ids[0, :5] == 255).all()
    assert (counted.stray, counted.stray_px) == ({"#FF0000": 5}, 5)


def test_ids_with_nothing_and_with_stray_values(tmp_path):
    ids = ids_of(7)
    ids[0, :4], ids[1, :2] = 255, 17
    expected = np.where(ids == 17, 255, ids)
    for path in (saved(tmp_path / "a.png", ids), write_geotiff(tmp_path / "a.tif", ids[..., None])):
        kind, counted = read(path, DEEPGLOBE)
        assert kind == "ids"
        assert np.array_equal(counted.ids, expected)
        assert (counted.stray, counted.stray_px) == ({"value 17": 2}, 2)


def test_ids_stored_as_16_bit_or_as_three_equal_channels(tmp_path):
    ids = ids_of(7)
    wide = ids.astype(np.uint16)
    wide[0, 0] = 700
    tifffile.imwrite(tmp_path / "a.tif", wide)
    _, counted = read(tmp_path / "a.tif", DEEPGLOBE)
    assert np.array_equal(counted.ids.ravel()[1:], ids.ravel()[1:])
    assert counted.stray == {"value 700": 1}
    kind, counted = read(saved(tmp_path / "a.png", np.stack([ids] * 3, 2)), DEEPGLOBE)
    assert kind == "ids"
    assert np.array_equal(counted.ids, ids)


def with_palette(path, indices, colours, **options):
    image = Image.fromarray(indices).convert("P")
    image.putdata(indices.ravel().tolist())
    image.putpalette(np.asarray(colours, np.uint8).tobytes())
    image.save(path, **options)
    return path


def test_a_palette_that_is_the_tables_holds_ids(tmp_path):
    ids = ids_of(7)
    ids[2, :6] = 255
    path = with_palette(tmp_path / "a.png", ids, DEEPGLOBE.palette)
    kind, counted = read(path, DEEPGLOBE)
    assert kind == "palette"
    # The palette's colour of 255 is black, which is also that of "unknown".
    assert np.array_equal(counted.ids, ids)
    assert counted.stray_px == 0


def test_a_palette_in_another_order_is_looked_up_by_colour(tmp_path):
    ids = ids_of(6)
    order = np.array([3, 1, 5, 0, 2, 4])
    colours = [*DUBAI.palette[order], (1, 1, 1)]
    indices = np.argsort(order)[ids].astype(np.uint8)
    indices[0, 0] = 6
    _, counted = read(with_palette(tmp_path / "a.png", indices, colours), DUBAI)
    assert np.array_equal(counted.ids.ravel()[1:], ids.ravel()[1:])
    assert counted.ids[0, 0] == 255
    assert counted.stray == {"#010101": 1}


def test_a_grey_palette_holds_ids(tmp_path):
    ids = ids_of(8)
    Image.fromarray(ids).convert("P").save(tmp_path / "a.png")
    loveda = find_class_table("loveda")
    assert Image.open(tmp_path / "a.png").mode == "P"
    assert np.array_equal(read(tmp_path / "a.png", loveda)[1].ids, ids)


def test_tiff_palette_is_read_as_indices(tmp_path):
    ids = ids_of(7)
    path = write_geotiff(tmp_path / "a.tif", ids[..., None])
    with rasterio.open(path, "r+") as file:
        file.write_colormap(1, {k: (*map(int, c), 255) for k, c in enumerate(DEEPGLOBE.palette)})
    kind, counted = read(path, DEEPGLOBE)
    assert kind == "palette"
    assert np.array_equal(counted.ids, ids)


@pytest.mark.parametrize("name", ["mask.png", "mask.tif"])
def test_what_the_plugin_writes_is_read_back(tmp_path, name):
    ids = ids_of(7, (120, 200))
    ids[10:20] = 255
    path = tmp_path / name
    write_mask(path, lambda w: ids[w.slices], ids.shape, DEEPGLOBE)
    _, counted = read(path, DEEPGLOBE)
    assert np.array_equal(counted.ids, ids)
    assert counted.stray_px == 0


@pytest.mark.parametrize("table", [INRIA, FOREST])
def test_binary_masks_of_0_and_255_and_of_0_and_1(tmp_path, table):
    ids = ids_of(2)
    kind, counted = read(saved(tmp_path / "full.png", ids * 255), table)
    assert kind == "binary"
    assert np.array_equal(counted.ids, ids)
    kind, counted = read(saved(tmp_path / "one.png", ids), table)
    assert kind == "ids"
    assert np.array_equal(counted.ids, ids)
    ids[0, :5] = 255
    kind, counted = read(saved(tmp_path / "nothing.png", ids), table)
    assert kind == "ids"
    assert np.array_equal(counted.ids, ids)


def test_a_binary_mask_of_one_bit_of_rgb_and_compressed(tmp_path):
    ids = np.repeat(np.repeat(ids_of(2, (6, 7)), 13, 0), 13, 1)
    Image.fromarray(ids.astype(bool)).save(tmp_path / "bit.png")
    tifffile.imwrite(tmp_path / "bit.tif", ids.astype(bool), photometric="minisblack")
    saved(tmp_path / "rgb.png", np.stack([ids * 255] * 3, 2))
    saved(tmp_path / "lossy.jpg", ids * 255, quality=60)
    saved(tmp_path / "lossy_rgb.jpg", np.stack([ids * 255] * 3, 2), quality=60)
    for path in sorted(tmp_path.iterdir()):
        assert np.array_equal(read(path, INRIA)[1].ids, ids), path.name
        assert np.array_equal(read(path, FOREST)[1].ids, ids), path.name
    assert read(tmp_path / "lossy.jpg", INRIA)[1].inexact_px > 0


def test_a_third_value_in_a_mask_of_two_classes_is_stray(tmp_path):
    _, counted = read(saved(tmp_path / "a.png", np.array([[0, 1, 2, 0]], np.uint8)), INRIA)
    assert counted.ids.tolist() == [[0, 1, 255, 0]]
    assert counted.stray == {"value 2": 1}


def test_cityscapes_labels_become_train_ids_by_name_or_by_value(tmp_path):
    table = find_class_table("cityscapes")
    raw = np.array([[7, 8, 11, 33, 0, 29, 6, 40]], np.uint8)
    named = saved(tmp_path / "a_gtFine_labelIds.png", raw)
    for path in (named, saved(tmp_path / "a.png", raw)):
        kind, counted = read(path, table)
        assert kind == "labelIds"
        assert counted.ids.tolist() == [[0, 1, 2, 18, 255, 255, 255, 255]]
        assert counted.stray == {"value 40": 1}
    low = np.array([[7, 8, 11]], np.uint8)
    assert read(saved(tmp_path / "b_gtFine_labelIds.png", low), table)[1].ids.tolist() == [
        [0, 1, 2]
    ]
    train = saved(tmp_path / "a_gtFine_labelTrainIds.png", low)
    assert read(train, table)[1].ids.tolist() == [[7, 8, 11]]
    assert read(saved(tmp_path / "c.png", low), table)[0] == "ids"


def test_transparent_pixels_and_no_data_are_nothing_and_not_stray(tmp_path):
    rgba = np.dstack([DUBAI.palette[ids_of(6)], np.full((23, 31), 255, np.uint8)])
    rgba[0, :3] = 0
    _, counted = read(saved(tmp_path / "a.png", rgba), DUBAI)
    assert (counted.ids[0, :3] == 255).all()
    assert counted.stray_px == 0
    ids = ids_of(7)
    ids[1, 0] = 99
    path = write_geotiff(tmp_path / "a.tif", ids[..., None], nodata=99)
    _, counted = read(path, DEEPGLOBE)
    assert (counted.ids[1, 0], counted.stray_px) == (255, 0)
    path = write_geotiff(tmp_path / "b.tif", ids_of(7)[..., None], nodata=3)
    assert np.array_equal(read(path, DEEPGLOBE)[1].ids, ids_of(7))


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 99), st.integers(0, 79), st.integers(1, 99), st.integers(1, 79))
def test_any_window_is_the_part_of_the_whole(tmp_path_factory, y, x, height, width):
    path = tmp_path_factory.getbasetemp() / "windows.tif"
    ids = ids_of(7, (100, 80))
    if not path.exists():
        tifffile.imwrite(path, DEEPGLOBE.palette[ids], tile=(32, 32), photometric="rgb")
    window = Window(y, x, height, width).clip((100, 80))
    with open_truth(path, DEEPGLOBE) as truth:
        assert truth.shape_yx == (100, 80)
        assert np.array_equal(truth.read(window), ids[window.slices])


def test_a_large_tiff_is_surveyed_in_parts_and_covered_by_bounded_blocks(tmp_path, monkeypatch):
    ids = ids_of(2, (3000, 2500)) * 255
    tifffile.imwrite(tmp_path / "a.tif", ids, tile=(256, 256))
    monkeypatch.setattr(truth_module, "_SURVEYED_PX", 1 << 22)
    looked = []
    true = truth_module.level_blocks

    def counting(level):
        for window in true(level):
            looked.append(window)
            yield window

    monkeypatch.setattr(truth_module, "level_blocks", counting)
    with open_truth(tmp_path / "a.tif", INRIA) as truth:
        assert truth.kind == "binary"
        seen = np.zeros(truth.shape_yx, int)
        for window in truth.blocks():
            assert window.area_px <= 1 << 22
            seen[window.slices] += 1
    assert len(looked) > 2
    assert (seen == 1).all()


def test_the_survey_of_a_large_mask_reads_only_part_of_it(tmp_path, monkeypatch):
    tifffile.imwrite(tmp_path / "a.tif", ids_of(2, (4000, 2500)) * 255, tile=(256, 256))
    monkeypatch.setattr(truth_module, "_SURVEYED_PX", 1 << 22)
    read_px = []
    true = truth_module._survey

    def measured(picture):
        for raw in true(picture):
            read_px.append(raw.shape[0] * raw.shape[1])
            yield raw

    monkeypatch.setattr(truth_module, "_survey", measured)
    open_truth(tmp_path / "a.tif", INRIA).close()
    assert 0 < sum(read_px) < 0.6 * 4000 * 2500


def test_what_is_no_mask_is_refused_with_its_path(tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no picture")
    tifffile.imwrite(tmp_path / "float.tif", np.zeros((8, 8), np.float32))
    tifffile.imwrite(tmp_path / "deep.tif", np.zeros((8, 8, 3), np.uint16), photometric="rgb")
    for name in ("broken.png", "float.tif", "deep.tif", "absent.png"):
        with pytest.raises(UserError) as refused:
            open_truth(tmp_path / name, DEEPGLOBE)
        assert str(refused.value).count(name) == 1
        assert str(refused.value).startswith(str(tmp_path / name))


def test_a_damaged_mask_is_refused_with_its_path_when_read(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, ids_of(7, (256, 256)), tile=(64, 64), compression="zlib")
    with tifffile.TiffFile(path) as file:
        offset, size = file.pages[0].dataoffsets[5], file.pages[0].databytecounts[5]
    data = bytearray(path.read_bytes())
    data[offset : offset + size] = b"\xff" * size
    path.write_bytes(data)
    with open_truth(path, DEEPGLOBE) as truth, pytest.raises(UserError, match="damaged") as refused:
        truth.read(Window.of_shape(truth.shape_yx))
    assert str(refused.value).startswith(str(path))


def test_two_classes_of_one_colour_are_the_first():
    table = ClassTable("t", (LabelClass(2, "a", (7, 7, 7)), LabelClass(5, "b", (7, 7, 7))))
    assert ColourCode(table).decode(np.full((1, 1, 3), 7, np.uint8)).ids.tolist() == [[2]]


def real(*parts):
    path = Path(REAL, *parts)
    if not path.exists():
        pytest.skip("needs real data")
    return path


def test_real_deepglobe_mask():
    rgb = np.asarray(Image.open(real("deepglobe_tiles512", "0000_mask.png")))
    _, counted = read(real("deepglobe_tiles512", "0000_mask.png"), DEEPGLOBE)
    assert np.array_equal(DEEPGLOBE.palette[counted.ids], rgb)
    assert (counted.stray_px, counted.inexact_px) == (0, 0)


def test_real_dubai_masks_with_and_without_a_palette():
    for tile, kind in (("Tile 2", "palette"), ("Tile 5", "colours")):
        path = real("dubai", tile, "masks", "image_part_001.png")
        rgb = np.asarray(Image.open(path).convert("RGB"))
        found, counted = read(path, DUBAI)
        assert found == kind
        assert np.array_equal(DUBAI.palette[counted.ids], rgb)


def test_real_loveda_and_drone_masks_are_their_own_ids():
    path = real("loveda", "ann_dir", "0.png")
    assert np.array_equal(
        read(path, find_class_table("loveda"))[1].ids, np.asarray(Image.open(path))
    )
    path = real("dronedeploy_scene", "ec09_west_label.png")
    names = ("building", "clutter", "vegetation", "water", "ground", "car")
    table = ClassTable("d", tuple(LabelClass(k, n, (k, 0, 9)) for k, n in enumerate(names)))
    kind, counted = read(path, table)
    assert kind == "ids"
    assert np.array_equal(counted.ids, np.asarray(Image.open(path)))
    assert counted.stray_px == 0


def test_index_255_of_a_palette_is_nothing_unless_its_colour_is_a_class(tmp_path):
    colours = np.full((256, 3), 77, np.uint8)
    colours[:6] = DUBAI.palette[[5, 4, 3, 2, 1, 0]]
    indices = np.array([[0, 5, 255, 9]], np.uint8)
    _, counted = read(with_palette(tmp_path / "a.png", indices, colours), DUBAI)
    assert counted.ids.tolist() == [[5, 0, 255, 255]]
    assert counted.stray == {"#4D4D4D": 1}


VOC = np.array(
    [
        [sum(((n >> (3 * k + c)) & 1) << (7 - k) for k in range(3)) for c in range(3)]
        for n in range(256)
    ],
    np.uint8,
)
"""The palette that labelme and mmseg write into masks of any classes."""


def test_a_palette_of_other_colours_holds_ids(tmp_path):
    ids = ids_of(7)
    kind, counted = read(with_palette(tmp_path / "a.png", ids, VOC), DEEPGLOBE)
    assert (kind, counted.stray_px) == ("palette", 0)
    assert np.array_equal(counted.ids, ids)


def test_a_palette_that_is_neither_colours_nor_ids_is_stray_and_refused(tmp_path):
    beyond = np.array([[0, 1, 7, 7]], np.uint8)
    mixed = VOC.copy()
    mixed[1] = DEEPGLOBE.palette[4]
    for path in (
        with_palette(tmp_path / "beyond.png", beyond, VOC),
        with_palette(tmp_path / "mixed.png", np.array([[0, 1, 2, 2]], np.uint8), mixed),
    ):
        with open_truth(path, DEEPGLOBE) as truth:
            counted = truth.read_counted(Window.of_shape(truth.shape_yx))
            assert counted.stray_px >= 2 and (counted.ids[0, 2:] == 255).all()
            assert counted.inexact_px == 0
            strays = truth_module.Strays(truth)
            strays.add(counted)
            with pytest.raises(UserError, match="is no class of the table 'deepglobe'"):
                strays.check(DEEPGLOBE)


def test_a_palette_is_never_rounded(tmp_path):
    nearly = DEEPGLOBE.palette.copy()
    nearly[5] = 0, 0, 250
    ids = np.array([[4, 5, 5]], np.uint8)
    _, counted = read(with_palette(tmp_path / "a.png", ids, nearly), DEEPGLOBE)
    assert counted.ids.tolist() == [[4, 255, 255]]
    assert counted.stray == {"#0000FA": 2}


@pytest.mark.parametrize("value", [2, 100, 127, 128, 254])
@pytest.mark.parametrize("as_rgb", [False, True])
def test_a_third_value_beside_0_and_255_is_unknown(tmp_path, value, as_rgb):
    pixels = np.array([[0, 255, value, 255]], np.uint8)
    path = saved(tmp_path / "a.png", np.stack([pixels] * 3, 2) if as_rgb else pixels)
    with open_truth(path, FOREST) as truth:
        counted = truth.read_counted(Window.of_shape(truth.shape_yx))
        assert (truth.kind, counted.ids.tolist()) == ("binary", [[0, 1, 255, 1]])
        assert (counted.stray_px, counted.inexact_px) == (1, 0)
        strays = truth_module.Strays(truth)
        strays.add(counted)
        strays.check(FOREST)
        [text] = strays.notes()
    assert text.startswith("1 px of a.png are unknown (")


def test_the_middle_of_a_compressed_binary_mask_is_unknown(tmp_path):
    noise = np.random.default_rng(0).integers(0, 12, (40, 40))
    pixels = np.array([0, 127, 255]).repeat(40)[:, None].repeat(40, 1)
    for k, sign in enumerate((1, 1, -1)):
        pixels[40 * k : 40 * k + 40] += sign * noise
    kind, counted = read(saved(tmp_path / "a.png", pixels.astype(np.uint8)), FOREST)
    assert kind == "binary"
    assert [np.unique(counted.ids[k : k + 40]).tolist() for k in (0, 40, 80)] == [[0], [255], [1]]
