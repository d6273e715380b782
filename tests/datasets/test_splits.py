"""Published lists, and keeping only the pairs of one part."""

import json
from itertools import combinations
from pathlib import Path

import pytest

from napari_uhrnet.datasets.layouts import find_pairs
from napari_uhrnet.datasets.splits import published_split, restrict
from napari_uhrnet.errors import UserError

REAL = Path(__file__).parents[2] / ".." / "shared" / "data"


@pytest.mark.parametrize(
    ("name", "counts"), [("deepglobe", [454, 207, 142]), ("inria", [126, 27, 27])]
)
def test_published_lists_are_disjoint_and_of_the_published_lengths(name, counts):
    parts = published_split(name)
    assert list(parts) == ["train", "val", "test"]
    assert (
        [len(set(ids)) for ids in parts.values()] == [len(ids) for ids in parts.values()] == counts
    )
    assert not any(set(a) & set(b) for a, b in combinations(parts.values(), 2))


def test_published_ids_are_those_of_the_test_and_validation_lists():
    parts = published_split("deepglobe")
    assert {"10452", "114473"} <= set(parts["test"])
    assert {"102122", "114577"} <= set(parts["val"])
    assert {"vienna3", "chicago10"} <= set(published_split("inria")["test"])
    with pytest.raises(UserError, match="there are deepglobe and inria"):
        published_split("mars")


@pytest.fixture
def dataset(tmp_path):
    for name in ("1", "2", "10452"):
        (tmp_path / f"{name}_sat.jpg").touch()
        (tmp_path / f"{name}_mask.png").touch()
    return find_pairs(tmp_path)


def names(dataset):
    return [p.name for p in dataset.pairs]


def test_restrict_by_a_published_split_and_by_files(dataset, tmp_path):
    assert names(restrict(dataset, "deepglobe", "test")) == ["10452"]
    flat, grouped = tmp_path / "flat.json", tmp_path / "grouped.json"
    flat.write_text(json.dumps({"train": ["1"], "val": ["2", "3"]}))
    grouped.write_text(
        json.dumps({"train": {"full": ["1"], "tiles": ["2"]}, "val": {"full": ["10452"]}})
    )
    assert names(restrict(dataset, flat, "val")) == ["2"]
    assert names(restrict(dataset, str(grouped), "train")) == ["1", "2"]
    lines = tmp_path / "val.txt"
    lines.write_text("2\n\nland-train/1_sat.jpg\tland-train/1_mask.png\n")
    assert names(restrict(dataset, lines, None)) == ["1", "2"]


def test_restrict_says_what_is_wrong(dataset, tmp_path):
    path = tmp_path / "split.json"
    path.write_text(json.dumps({"train": ["1"], "val": ["99"]}))
    with pytest.raises(UserError, match=r"no part 'test'; there are train, val"):
        restrict(dataset, path, "test")
    with pytest.raises(UserError, match="no pair belongs to the part 'val'"):
        restrict(dataset, path, "val")
    with pytest.raises(UserError, match="no pair belongs to the part 'val' of its folders"):
        restrict(dataset, None, "val")
    path.write_text("[1, 2")
    with pytest.raises(UserError, match="not a split"):
        restrict(dataset, path, "val")
    with pytest.raises(UserError, match="cannot be read"):
        restrict(dataset, tmp_path / "nothing.json", "val")


def test_restrict_by_the_folders_of_the_data_set_and_by_ids_below_them(tmp_path):
    for split in ("train", "val"):
        for kind in ("images", "masks"):
            (tmp_path / split / kind).mkdir(parents=True)
            (tmp_path / split / kind / "1.png").touch()
    dataset = find_pairs(tmp_path)
    assert [p.split for p in restrict(dataset, None, "val").pairs] == ["val"]
    ids = tmp_path / "ids.txt"
    ids.write_text("1")
    assert len(restrict(dataset, ids, None).pairs) == 2


def test_the_development_split_of_real_tiles():
    if not (REAL / "deepglobe_split.json").is_file():
        pytest.skip("needs real data")
    dataset = find_pairs(REAL / "deepglobe_tiles512")
    parts = [names(restrict(dataset, REAL / "deepglobe_split.json", p)) for p in ("train", "val")]
    assert [len(p) for p in parts] == [137, 40]
