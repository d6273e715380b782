"""Which pairs are evaluated."""

import json

import pytest

from napari_uhrnet.errors import UserError
from napari_uhrnet.evaluation.scoring.truth_pairs import Source, folder_names, gather
from tests.evaluation.truths import TRUTH, write_pair


@pytest.fixture
def folders(tmp_path):
    for folder, names in (("one", "ab"), ("two", "cd")):
        for name in names:
            write_pair(tmp_path / folder, name, (20, 20))
        (tmp_path / folder / "classes.json").write_text(json.dumps(TRUTH.to_dict()))
    return tmp_path / "one", tmp_path / "two"


def test_folders_with_their_pixel_sizes(folders):
    one, two = folders
    pairs, table = gather([Source.parse(f"{one}@0.5"), Source.parse(str(two))])
    assert [(p.folder, p.name, p.pixel_size_m) for p in pairs] == [
        ("one", "a", 0.5),
        ("one", "b", 0.5),
        ("two", "c", None),
        ("two", "d", None),
    ]
    assert pairs[0].mask == one / "a_mask.png"
    assert table.classes == TRUTH.classes


def test_an_at_sign_may_be_part_of_a_name(tmp_path):
    (tmp_path / "set@2").mkdir()
    assert Source.parse(str(tmp_path / "set@2")).pixel_size_m is None
    assert Source.parse(f"{tmp_path / 'set@2'}@3") == Source(tmp_path / "set@2", 3.0)
    assert Source.parse("a@b").pixel_size_m is None
    with pytest.raises(UserError, match="not possible"):
        Source.parse("a@0")


def test_a_part_of_a_split_and_dropped_pairs(folders, tmp_path):
    split = tmp_path / "split.json"
    split.write_text(json.dumps({"val": {"x": ["a", "b"], "y": ["d"]}, "train": ["c"]}))
    sources = [Source(f) for f in folders]
    assert [p.name for p in gather(sources, split, "val")[0]] == ["a", "b", "d"]
    assert [p.name for p in gather(sources, split, "val", ["b", "c"])[0]] == ["a", "d"]
    with pytest.raises(UserError, match="e: no pair of this name"):
        gather(sources, split, "val", ["e"])
    with pytest.raises(UserError, match="no pair is left"):
        gather(sources[:1], drop=["a", "b"])
    with pytest.raises(UserError, match="no pair belongs to the part 'train'"):
        gather(sources, split, "train")


def test_folders_of_other_classes_are_not_added_up(folders):
    one, two = folders
    (two / "classes.json").unlink()
    with pytest.raises(UserError, match=r"two: its classes are not those of .*one"):
        gather([Source(one), Source(two)])
    assert gather([Source(one), Source(two)], classes="deepglobe")[1].name == "deepglobe"


def test_wrong_folders_are_named(tmp_path):
    with pytest.raises(UserError, match="nowhere: there is no such folder"):
        gather([Source(tmp_path / "nowhere")])


def test_folders_of_the_same_name_are_distinguished(folders):
    one, two = folders
    assert folder_names([one, two]) == ["one", "two"]
    assert folder_names([one, two / ".." / "x" / ".." / "one"]) == [
        str(one),
        str(two / ".." / "x" / ".." / "one"),
    ]
