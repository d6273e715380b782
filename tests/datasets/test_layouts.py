"""Every layout of the field is recognised by its folders; halves are named with their paths."""

from collections import Counter
from pathlib import Path

import pytest

from napari_uhrnet.datasets.layouts import LAYOUTS, find_pairs
from napari_uhrnet.errors import UserError

REAL = Path(__file__).parents[2] / ".." / "shared" / "data"


def made(root, *names):
    """Empty files; only names matter."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def found(root):
    """Layout and {name: (image, mask, split)}, paths relative to the folder."""
    data = find_pairs(root)
    assert data.layout in LAYOUTS
    assert [p.name for p in data.pairs] == sorted(p.name for p in data.pairs)
    assert len({p.name for p in data.pairs}) == len(data.pairs)
    relative = {
        p.name: (
            p.image.relative_to(root).as_posix(),
            p.mask.relative_to(root).as_posix(),
            p.split,
        )
        for p in data.pairs
    }
    return data.layout, relative


def test_official_deepglobe_of_any_extension(tmp_path):
    made(
        tmp_path, "7_sat.jpg", "7_mask.png", "12_sat.tif", "12_mask.tif", "notes.txt", "._7_sat.jpg"
    )
    assert found(tmp_path) == (
        "deepglobe",
        {
            "12": ("12_sat.tif", "12_mask.tif", None),
            "7": ("7_sat.jpg", "7_mask.png", None),
        },
    )
    assert find_pairs(tmp_path).problems == ()


def test_deepglobe_as_it_is_downloaded_where_only_train_has_masks(tmp_path):
    made(tmp_path, "train/1_sat.jpg", "train/1_mask.png", "valid/2_sat.jpg", "test/3_sat.jpg")
    layout, pairs = found(tmp_path)
    assert layout == "deepglobe"
    assert pairs == {"1": ("train/1_sat.jpg", "train/1_mask.png", "train")}
    assert find_pairs(tmp_path).problems == ()


def test_glnet_and_its_misspelt_test_folder(tmp_path):
    for folder, number in (("train", 1), ("crossvali", 2), ("offical_crossvali", 3)):
        made(
            tmp_path,
            f"{folder}/Sat/{number}_sat.jpg",
            f"{folder}/Label/{number}_mask.png",
        )
    layout, pairs = found(tmp_path)
    assert layout == "glnet"
    assert {name: split for name, (_, _, split) in pairs.items()} == {
        "1": "train",
        "2": "val",
        "3": "test",
    }
    assert pairs["3"][:2] == (
        "offical_crossvali/Sat/3_sat.jpg",
        "offical_crossvali/Label/3_mask.png",
    )


def test_fctl_inria_with_tif_images(tmp_path):
    made(tmp_path, "train/Sat/austin1_sat.tif", "train/Label/austin1_mask.png")
    assert found(tmp_path)[1] == {
        "austin1": ("train/Sat/austin1_sat.tif", "train/Label/austin1_mask.png", "train")
    }


@pytest.mark.parametrize("root", ["data", "data/deepglobe"])
def test_magnet_with_lists(tmp_path, root):
    land = "data/deepglobe/land-train"
    made(tmp_path, *(f"{land}/{n}_{kind}" for n in (1, 2, 3) for kind in ("sat.jpg", "mask.png")))
    lists = tmp_path / "data" / "list" / "deepglobe"
    lists.mkdir(parents=True)
    line = "land-train/{0}_sat.jpg\tland-train/{0}_mask.png"
    (lists / "train.txt").write_text(f"{line.format(2)}\n{line.format(1)}")
    (lists / "val.txt").write_text(f"{line.format(3)}\n{line.format(4)}\n")
    data = find_pairs(tmp_path / root)
    assert data.layout == "magnet"
    assert [(p.name, p.split) for p in data.pairs] == [("1", "train"), ("2", "train"), ("3", "val")]
    assert data.pairs[0].mask == tmp_path / land / "1_mask.png"
    (problem,) = data.problems
    assert "4_sat.jpg" in problem


def test_magnet_without_lists(tmp_path):
    made(tmp_path, "land-train/1_sat.jpg", "land-train/1_mask.png", "land-train/2_sat.jpg")
    layout, pairs = found(tmp_path)
    assert (layout, list(pairs)) == ("magnet", ["1"])
    assert find_pairs(tmp_path).problems == (f"{tmp_path / 'land-train/2_sat.jpg'}: has no mask",)


@pytest.mark.parametrize(
    ("images", "masks", "layout"),
    [
        ("img_dir", "rgb2id", "isdnet"),
        ("imgs", "labels", "isdnet"),
        ("img_dir", "ann_dir", "f2net"),
    ],
)
def test_isdnet_and_f2net(tmp_path, images, masks, layout):
    for split, number in (("train", 1), ("val", 2), ("test", 3)):
        made(
            tmp_path,
            f"{images}/{split}/{number}_sat.jpg",
            f"{masks}/{split}/{number}_mask.png",
        )
    made(tmp_path, f"{images}/val/9_sat.jpg")
    expected = {
        str(n): (f"{images}/{split}/{n}_sat.jpg", f"{masks}/{split}/{n}_mask.png", split)
        for n, split in ((1, "train"), (2, "val"), (3, "test"))
    }
    assert found(tmp_path) == (layout, expected)
    assert find_pairs(tmp_path).problems == (f"{tmp_path / images / 'val/9_sat.jpg'}: has no mask",)


def test_a_split_whose_labels_are_secret_is_no_problem(tmp_path):
    made(tmp_path, "img_dir/train/1.png", "ann_dir/train/1.png", "img_dir/test/2.png")
    assert find_pairs(tmp_path).problems == ()


@pytest.mark.parametrize("inside", ["", "train/"])
def test_official_inria(tmp_path, inside):
    made(tmp_path, f"{inside}images/austin1.tif", f"{inside}gt/austin1.tif", "test/images/x.tif")
    layout, pairs = found(tmp_path)
    split = "train" if inside else None
    assert layout == "inria"
    assert pairs == {"austin1": (f"{inside}images/austin1.tif", f"{inside}gt/austin1.tif", split)}


@pytest.mark.parametrize("kind", ["labelIds", "labelTrainIds"])
def test_cityscapes(tmp_path, kind):
    for split, city in (("train", "aachen"), ("val", "ulm")):
        made(
            tmp_path,
            f"leftImg8bit/{split}/{city}/{city}_0_1_leftImg8bit.png",
            f"gtFine/{split}/{city}/{city}_0_1_gtFine_{kind}.png",
            f"gtFine/{split}/{city}/{city}_0_1_gtFine_color.png",
            f"gtFine/{split}/{city}/{city}_0_1_gtFine_instanceIds.png",
        )
    layout, pairs = found(tmp_path)
    assert layout == "cityscapes"
    assert pairs["ulm_0_1"] == (
        "leftImg8bit/val/ulm/ulm_0_1_leftImg8bit.png",
        f"gtFine/val/ulm/ulm_0_1_gtFine_{kind}.png",
        "val",
    )
    assert pairs["aachen_0_1"][2] == "train"
    assert find_pairs(tmp_path).problems == ()


def test_cityscapes_train_ids_are_preferred_and_both_are_no_problem(tmp_path):
    made(
        tmp_path,
        "leftImg8bit/train/a/a_leftImg8bit.png",
        "gtFine/train/a/a_gtFine_labelIds.png",
        "gtFine/train/a/a_gtFine_labelTrainIds.png",
    )
    data = find_pairs(tmp_path)
    assert [p.mask.name for p in data.pairs] == ["a_gtFine_labelTrainIds.png"]
    assert data.problems == ()


def test_tiles_with_the_same_names_in_each_folder(tmp_path):
    for tile in ("Tile 1", "Tile 2"):
        made(tmp_path, f"{tile}/images/part_1.jpg", f"{tile}/masks/part_1.png")
    layout, pairs = found(tmp_path)
    assert layout == "tiles"
    assert pairs["Tile 2/part_1"] == ("Tile 2/images/part_1.jpg", "Tile 2/masks/part_1.png", None)
    assert len(pairs) == 2


@pytest.mark.parametrize("images", ["images", "image", "img", "Images"])
@pytest.mark.parametrize("masks", ["masks", "mask", "labels", "label", "gt"])
def test_plain_folders(tmp_path, images, masks):
    made(tmp_path, f"{images}/b.jpg", f"{masks}/b.png", f"{images}/a.png", f"{masks}/a.tif")
    layout, pairs = found(tmp_path)
    assert layout == "folders"
    assert pairs["a"] == (f"{images}/a.png", f"{masks}/a.tif", None)
    assert list(pairs) == ["a", "b"]


def test_plain_folders_inside_of_splits_and_splits_inside_of_them(tmp_path):
    made(
        tmp_path / "one",
        "val/images/a.png",
        "val/masks/a.png",
        "train/images/b.png",
        "train/masks/b.png",
    )
    made(
        tmp_path / "two",
        "images/val/a.png",
        "masks/val/a.png",
        "images/train/b.png",
        "masks/train/b.png",
    )
    for root in (tmp_path / "one", tmp_path / "two"):
        assert {n: p[2] for n, p in found(root)[1].items()} == {"a": "val", "b": "train"}


def test_names_that_occur_in_two_splits_stay_apart(tmp_path):
    made(tmp_path, *(f"{s}/{k}/1.png" for s in ("train", "val") for k in ("images", "masks")))
    assert set(found(tmp_path)[1]) == {"train/images/1", "val/images/1"}


def test_a_picture_beside_its_mask(tmp_path):
    made(tmp_path, "town.tif", "town_mask.tif", "farm_rgb.png", "farm_label.png")
    layout, pairs = found(tmp_path)
    assert layout == "side by side"
    assert pairs == {
        "farm": ("farm_rgb.png", "farm_label.png", None),
        "town": ("town.tif", "town_mask.tif", None),
    }


def test_missing_halves_and_second_masks_are_named(tmp_path):
    made(
        tmp_path,
        *("images/a.png", "images/b.png", "images/d.png"),
        *("masks/a.png", "masks/a.tif", "masks/c.png", "masks/d.png"),
    )
    data = find_pairs(tmp_path)
    assert [p.name for p in data.pairs] == ["a", "d"]
    assert data.problems == (
        f"{tmp_path / 'images/b.png'}: has no mask",
        f"{tmp_path / 'masks/a.tif'}: a second mask of {tmp_path / 'images/a.png'}",
        f"{tmp_path / 'masks/c.png'}: has no image",
    )


def test_a_folder_without_pairs_and_one_that_is_not_there(tmp_path):
    made(tmp_path, "images/a.png", "masks/b.png", "readme.txt")
    with pytest.raises(UserError, match=r"no image with a mask was found; looked for .*images"):
        find_pairs(tmp_path)
    with pytest.raises(UserError, match=r"nowhere: there is no such folder"):
        find_pairs(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("name", "layout", "count"),
    [
        ("deepglobe_tiles512", "deepglobe", 177),
        ("deepglobe_full", "deepglobe", 10),
        ("dubai", "tiles", 54),
        ("loveda", "f2net", 2),
        ("dronedeploy_scene", "side by side", 1),
    ],
)
def test_real_folders(name, layout, count):
    if not (REAL / name).is_dir():
        pytest.skip("needs real data")
    data = find_pairs(REAL / name)
    assert (data.layout, len(data.pairs), data.problems) == (layout, count, ())
    assert Counter(p.name for p in data.pairs).most_common(1)[0][1] == 1
