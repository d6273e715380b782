"""Where the cache is, and what trimming it deletes."""

import os
from pathlib import Path

from napari_uhrnet.resources import cache_root
from napari_uhrnet.store.files.cache import LAST_USED, prediction_folder, trim
from tests.store.made import CELLS, open_store, values


def make(root, name, age):
    """A filled store that was last used ``age`` seconds after the beginning of time."""
    folder = prediction_folder(root, name)
    with open_store(folder) as store:
        for cell in CELLS:
            store.write(*cell, values(store.window(*cell)))
    os.utime(folder / LAST_USED, (age, age))
    return folder


def size(folder):
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())


def test_root_is_named_by_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("NAPARI_UHRNET_CACHE", str(tmp_path / "c"))
    assert cache_root() == tmp_path / "c"
    monkeypatch.delenv("NAPARI_UHRNET_CACHE")
    assert cache_root().name == "napari-uhrnet"


def test_folders_differ_with_any_part_of_the_key():
    root = Path("r")
    keys = [("ab", "c"), ("a", "bc"), ("abc",), ("ab", "c", "")]
    assert len({prediction_folder(root, *k) for k in keys}) == len(keys)
    assert prediction_folder(root, "ab", "c") == prediction_folder(root, "ab", "c")


def test_trim_deletes_the_longest_unused_until_the_rest_fits(tmp_path):
    old, middle, new = (make(tmp_path, n, age) for n, age in (("m", 2), ("a", 1), ("z", 3)))
    old, middle = middle, old
    assert trim(tmp_path, size(middle) + size(new)) == (old,)
    assert not old.exists() and middle.exists() and new.exists()
    assert trim(tmp_path, 0) == (middle, new)
    assert not any(f.is_dir() for f in (tmp_path / "predictions").iterdir())


def test_trim_leaves_what_is_kept_or_open(tmp_path):
    kept, used, rest = (make(tmp_path, n, age) for n, age in (("k", 1), ("u", 2), ("r", 3)))
    with open_store(used) as store:
        os.utime(used / LAST_USED, (2, 2))
        assert trim(tmp_path, 0, keep=[kept]) == (rest,)
        assert store.finished().all()
    assert trim(tmp_path, 0, keep=[kept]) == (used,)


def test_trim_removes_what_dead_processes_left(tmp_path):
    folder = make(tmp_path, "x", 1)
    left = [folder.with_name(f"{folder.name}.1{end}") for end in (".creating", ".deleting")]
    for path in left:
        (path / "c").mkdir(parents=True)
    dead = folder.with_name(f"{folder.name}.1.inuse")
    dead.touch()
    assert trim(tmp_path, 0) == (folder,)
    assert not any(p.exists() for p in (*left, dead, folder))


def test_trim_of_no_cache(tmp_path):
    assert trim(tmp_path / "none", 0) == ()
