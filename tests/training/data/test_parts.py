"""What is held out of data that come in no part to validate on."""

import json

import pytest

from napari_uhrnet.datasets.layouts import find_pairs
from napari_uhrnet.datasets.splits import restrict
from napari_uhrnet.errors import UserError
from napari_uhrnet.training.data.parts import HOLD_OUT, SPLIT, find_parts
from napari_uhrnet.training.run.config import TrainConfig
from napari_uhrnet.training.run.config_file import load_config, new_config
from napari_uhrnet.training.run.setup import prepare
from tests.training.runs import data_set, run, settings


def plain(folder, count):
    """Pairs 0, 1, ... in folders that say nothing of parts."""
    return find_pairs(data_set(folder, count, size_px=20, part=""))


def parts(*datasets, share=HOLD_OUT, split=None, notes=None):
    note = ([] if notes is None else notes).append
    return find_parts(datasets, split, "train", "val", share, note)


def names(datasets):
    return [[pair.name for pair in d.pairs] for d in datasets]


def test_the_last_pairs_by_name_are_held_out(tmp_path):
    notes = []
    found = parts(plain(tmp_path / "a", 9), share=0.25, notes=notes)
    assert names(found.train) == [[str(k) for k in range(7)]]
    assert names(found.val) == [["7", "8"]]
    assert notes == [
        f"{tmp_path / 'a'}: has no part 'val': 2 of its 9 pairs are held out, the last by name; "
        "split.json in the run folder names them"
    ]


@pytest.mark.parametrize(
    ("count", "share", "held"), [(4, 0.01, 1), (3, 0.5, 0), (20, 0.15, 3), (5, 0.99, 4)]
)
def test_how_many_are_held_out(count, share, held, tmp_path):
    found = parts(plain(tmp_path / "a", count), share=share)
    assert (len(found.val[0].pairs), len(found.train[0].pairs)) == (held, count - held)


def test_nothing_is_held_out_if_not_wanted(tmp_path):
    notes = []
    found = parts(plain(tmp_path / "a", 9), share=0, notes=notes)
    assert names(found.val) == [[]] and len(found.train[0].pairs) == 9
    assert notes == [f"{tmp_path / 'a'}: has no part 'val': nothing is validated on it"]
    found.keep(tmp_path)
    assert not (tmp_path / SPLIT).exists()


def test_folders_that_say_what_to_validate_on_are_believed(tmp_path):
    data_set(tmp_path, 6, size_px=20)
    data_set(tmp_path, 2, size_px=20, part="val")
    notes = []
    found = parts(find_pairs(tmp_path), notes=notes)
    assert names(found.train) == [[f"train{k}" for k in range(6)]]
    assert names(found.val) == [["val0", "val1"]]
    assert not notes and not found.held_out


def test_a_test_part_is_neither_trained_on_nor_held_out(tmp_path):
    data_set(tmp_path, 6, size_px=20)
    data_set(tmp_path, 2, size_px=20, part="test")
    found = parts(find_pairs(tmp_path))
    assert names(found.train) == [[f"train{k}" for k in range(5)]]
    assert names(found.val) == [["train5"]]


def test_a_split_is_believed(tmp_path):
    data, split = plain(tmp_path / "a", 9), tmp_path / "own.json"
    split.write_text(json.dumps({"train": ["8"], "val": ["0", "1"]}))
    found = parts(data, split=str(split))
    assert (names(found.train), names(found.val)) == ([["8"]], [["0", "1"]])
    assert not found.held_out


def test_a_place_is_held_out_of_all_folders_that_show_it(tmp_path):
    tiles, full, more = (plain(tmp_path / k, n) for k, n in [("a", 10), ("b", 3), ("c", 15)])
    found = parts(tiles, full, more, share=0.2)
    held = {"7", "8", "9"}  # three of the fifteen, of which "10" to "14" come before "2"
    assert set(found.held_out) == held
    for dataset in found.train:
        assert not held & {pair.name for pair in dataset.pairs}
    assert [set(own) for own in names(found.val)] == [held, set(), held]
    assert not set(found.beside) & held


def test_a_split_that_was_kept_gives_the_same_parts(tmp_path):
    data = plain(tmp_path / "a", 9)
    found = parts(data)
    found.keep(tmp_path)
    for part, wanted in (("train", found.train), ("val", found.val)):
        assert restrict(data, tmp_path / SPLIT, part).pairs == wanted[0].pairs
    found.keep(tmp_path)


def _run_on_plain(tmp_path, **changes):
    data_set(tmp_path / "plain", 4, part="")
    return settings(tmp_path, data=[{"folder": tmp_path / "plain", "pixel_size_m": 2.0}], **changes)


def test_a_run_is_scored_on_what_it_held_out(tmp_path):
    out = tmp_path / "run"
    config = _run_on_plain(tmp_path)
    run(out, config)
    assert (out / "scores.csv").exists() and (out / "best.safetensors").exists()
    assert json.loads((out / SPLIT).read_text()) == {"train": ["0", "1", "2"], "val": ["3"]}
    setup = prepare(new_config(TrainConfig, config), lambda message: None)
    try:
        assert (len(setup.train[0].shapes_yx), len(setup.val[0].shapes_yx)) == (3, 1)
    finally:
        setup.close()


def test_a_run_does_not_go_on_if_other_pairs_would_be_held_out(tmp_path):
    out = tmp_path / "run"

    class Crash(Exception):
        pass

    def crash():
        raise Crash

    with pytest.raises(Crash):
        run(out, _run_on_plain(tmp_path), at=4, action=crash)
    data_set(tmp_path / "plain", 5, part="")
    before = (out / SPLIT).read_bytes(), (out / "state.pt").read_bytes()
    with pytest.raises(UserError, match=r"split\.json: other pairs were held out"):
        run(out, load_config(TrainConfig, out))
    assert ((out / SPLIT).read_bytes(), (out / "state.pt").read_bytes()) == before
