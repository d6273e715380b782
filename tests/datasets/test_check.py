"""What is wrong with a data set is found, file by file, and what is in it is counted."""

import json

import numpy as np
import pytest
from PIL import Image

from napari_uhrnet.datasets.check import check_dataset, table_of
from napari_uhrnet.datasets.class_tables import find_class_table
from napari_uhrnet.datasets.layouts import find_pairs
from tests.scene.pictures import REAL, noise

DEEPGLOBE = find_class_table("deepglobe")


def add_pair(folder, name, ids, colours=DEEPGLOBE.palette):
    """A picture and an RGB mask, official DeepGlobe names."""
    folder.mkdir(exist_ok=True)
    Image.fromarray(noise((*ids.shape, 3))).save(folder / f"{name}_sat.jpg")
    Image.fromarray(colours[ids]).save(folder / f"{name}_mask.png")


def checked(folder, table=None, **options):
    dataset = find_pairs(folder)
    return check_dataset(dataset, table_of(dataset, table), **options)


def kinds(report):
    return sorted(p.kind for p in report.problems)


@pytest.fixture
def folder(tmp_path):
    add_pair(tmp_path, "1", np.repeat([[1, 2, 2, 4]], 6, 0).astype(np.uint8))
    add_pair(tmp_path, "2", np.full((6, 4), 2, np.uint8))
    add_pair(tmp_path, "3", np.full((8, 10), 5, np.uint8))
    return tmp_path


def test_a_sound_data_set(folder):
    shares = []
    report = checked(folder, progress=shares.append)
    assert report.problems == []
    assert report.counts[[1, 2, 4, 5]].tolist() == [6, 36, 6, 80]
    assert report.counts.sum() == 128
    assert report.shares["water"] == 80 / 128
    assert report.sizes == {(6, 4): 2, (8, 10): 1}
    assert report.splits == {"none": 3}
    assert (shares[-1], shares == sorted(shares)) == (1.0, True)
    assert report.better_table is None


def test_every_problem_is_found_with_its_path(folder):
    (folder / "9_sat.jpg").write_bytes((folder / "1_sat.jpg").read_bytes())
    (folder / "8_mask.png").write_bytes((folder / "1_mask.png").read_bytes())
    add_pair(folder, "4", np.full((8, 10), 3, np.uint8))
    Image.fromarray(DEEPGLOBE.palette[np.full((5, 7), 3)]).save(folder / "4_mask.png")
    add_pair(folder, "5", np.full((8, 10), 3, np.uint8))
    (folder / "5_mask.png").write_bytes(b"no picture")
    add_pair(folder, "6", np.full((8, 10), 3, np.uint8))
    (folder / "6_sat.jpg").write_bytes((folder / "6_sat.jpg").read_bytes()[:300])
    rgb = DEEPGLOBE.palette[np.full((6, 4), 2)]
    rgb[0, :3], rgb[1, 0], rgb[2, 0] = (255, 0, 0), (250, 10, 9), (200, 200, 3)
    Image.fromarray(rgb).save(folder / "2_mask.png")
    report = checked(folder)
    assert kinds(report) == ["half", "half", "inexact", "size", "stray", "unreadable", "unreadable"]
    by_kind = {p.kind: p for p in report.problems}
    assert by_kind["stray"].text.startswith(f"{folder / '2_mask.png'}: 4 px")
    assert by_kind["stray"].colours == {"#FF0000": 3, "#FA0A09": 1}
    assert by_kind["inexact"].colours == {"#C8C803": 1}
    assert by_kind["size"].text.startswith(f"{folder / '4_mask.png'}: is 7 x 5 px")
    assert "10 x 8" in by_kind["size"].text
    texts = " ".join(p.text for p in report.problems)
    for name in ("9_sat.jpg", "8_mask.png", "5_mask.png", "6_sat.jpg"):
        assert texts.count(str(folder / name)) == 1


def test_memory_is_bounded_for_a_mask_of_very_many_colours(tmp_path):
    add_pair(tmp_path, "1", np.zeros((64, 64), np.uint8))
    Image.fromarray(noise((64, 64, 3))).save(tmp_path / "1_mask.png")
    (problem,) = checked(tmp_path, "dubai").problems
    assert problem.kind == "stray"
    assert problem.pixels > 4000
    assert len(problem.colours) == 5
    assert problem.text.endswith("and others")


def test_a_table_that_fits_better_is_named(tmp_path):
    dubai = find_class_table("dubai")
    ids = noise((20, 30)) % 6
    add_pair(tmp_path, "1", ids, dubai.palette)
    assert checked(tmp_path, "camvid").better_table == "dubai"
    assert checked(tmp_path, "dubai").better_table is None


def test_the_table_is_the_one_asked_for_the_folders_own_or_the_layouts(tmp_path):
    for kind in ("images", "gt"):
        (tmp_path / kind).mkdir()
        Image.fromarray(noise((4, 4)) // 128 * 255).save(tmp_path / kind / "a.tif")
    dataset = find_pairs(tmp_path)
    assert table_of(dataset, None).name == "inria"
    assert table_of(dataset, "voc").name == "voc"
    (tmp_path / "classes.json").write_text('{"name": "own", "classes": ["a", "b"]}')
    assert table_of(dataset, None).name == "own"


def test_the_report_as_json(folder):
    facts = json.loads(json.dumps(checked(folder).to_dict()))
    assert (facts["pairs"], facts["layout"], facts["classes"]) == (3, "deepglobe", "deepglobe")
    assert facts["pixels"]["water"] == 80
    assert {"height": 6, "width": 4, "images": 2} in facts["sizes"]
    assert facts["masks"] == {"colours": 3}


@pytest.mark.parametrize(
    ("name", "pairs", "strays"),
    [("deepglobe_tiles512", 177, 7), ("dubai", 54, 1675), ("deepglobe_full", 10, 0)],
)
def test_real_data_sets(name, pairs, strays):
    if not (REAL / name).is_dir():
        pytest.skip("needs real data")
    report = checked(REAL / name)
    assert len(report.dataset.pairs) == pairs
    assert {p.kind for p in report.problems} <= {"stray"}
    assert sum(p.pixels for p in report.problems) == strays
    assert report.better_table is None
