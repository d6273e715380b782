"""Corrections on disk."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import zarr

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.store.annotations.annotation import AnnotationStore
from tests.store.strokes import CLASSES, SHAPE, assert_counted, create, state, stroke

ROOT = Path(__file__).parents[3]


def test_what_is_written_is_read_by_any_window_and_the_rest_is_untouched(tmp_path):
    whole = np.full(SHAPE, 255, np.uint8)
    with create(tmp_path / "s") as store:
        for number in range(12):
            window, labels = stroke(number)
            store.write(window, labels)
            whole[window.slices] = labels
        for window in (Window.of_shape(SHAPE), Window(500, 1000, 120, 300), Window(3, 7, 0, 5)):
            np.testing.assert_array_equal(store.read(window), whole[window.slices])
        assert_counted(store)
    with AnnotationStore.open(tmp_path / "s") as again:
        assert (again.shape_yx, again.classes, again.fingerprint) == (SHAPE, CLASSES, "print")
        np.testing.assert_array_equal(again.read(Window.of_shape(SHAPE)), whole)
    group = zarr.open_group(tmp_path / "s" / "pixels.zarr", mode="r")
    np.testing.assert_array_equal(group["labels"][:], whole)
    assert not group["reviewed"][:].any()


def test_a_reviewed_pixel_has_a_label_and_says_where_it_came_from(tmp_path):
    window = Window(505, 10, 20, 20)
    shown = np.full((20, 20), 3, np.uint8)
    shown[:5] = 255
    mask = np.zeros((20, 20), bool)
    mask[:, :10] = True
    with create(tmp_path / "s") as store:
        store.write(Window(520, 15, 1, 10), np.full((1, 10), 6, np.uint8))
        store.mark_reviewed(window, shown, "abc", mask)
        store.mark_reviewed(Window(600, 0, 2, 2), np.full((2, 2), 1, np.uint8), "def")
        expected = mask & (shown == 3)
        np.testing.assert_array_equal(store.reviewed(window), expected)
        np.testing.assert_array_equal(store.read(window)[expected], 3)
        assert (store.read(window)[15, 10:15] == 6).all()
        assert store.checkpoints == ("abc", "def")
        assert store.read_state(window)[2].max() == 1
        assert (store.read_state(Window(600, 0, 2, 2))[2] == 2).all()
        assert store.counts().reviewed_px == {3: 150, 1: 4}
        assert store.counts().reviewed_share == 154 / (SHAPE[0] * SHAPE[1])
        store.write(Window(515, 10, 5, 1), np.full((5, 1), 255, np.uint8))
        assert store.counts().reviewed_px == {3: 145, 1: 4}
        assert_counted(store)
        store.unmark_reviewed(window)
        assert not store.reviewed(window).any()
        assert (store.read(window)[5:, :10][:5] == 3).all()
        assert store.counts().reviewed_px == {1: 4}
    assert AnnotationStore.open(tmp_path / "s").checkpoints == ("abc", "def")


def test_a_huge_scene_takes_the_space_of_what_was_touched(tmp_path):
    shape = (100_000, 100_001)
    with create(tmp_path / "s", shape) as store:
        corner = Window(99_990, 99_991, 10, 10)
        store.write(corner, np.full((10, 10), 4, np.uint8))
        store.write(Window(511, 511, 2, 2), np.full((2, 2), 1, np.uint8))
        assert list(store.touched_windows()) == [
            Window(0, 0, 512, 512),
            Window(0, 512, 512, 512),
            Window(512, 0, 512, 512),
            Window(512, 512, 512, 512),
            Window(99_840, 99_840, 160, 161),
        ]
        assert store.counts().labelled_px == {1: 4, 4: 100}
        store.write(corner, np.full((10, 10), 255, np.uint8))
        assert len(list(store.touched_windows())) == 4
        assert store.counts().labelled_px == {1: 4}
    files = [f for f in (tmp_path / "s").rglob("*") if f.is_file()]
    assert len(files) < 16
    assert sum(f.stat().st_size for f in files) < 20_000


def test_chunks_of_a_writer_that_died_are_counted_again(tmp_path):
    with create(tmp_path / "s") as store:
        store.write(*stroke(0))
        (tmp_path / "s" / "counts" / "0.json").unlink(missing_ok=True)
        for row in (tmp_path / "s" / "counts").glob("*.json"):
            row.write_text("{}")
    cells = [[i, j] for i in range(3) for j in range(3)]
    (tmp_path / "s" / "pending.json").write_text(json.dumps(cells))
    with AnnotationStore.open(tmp_path / "s") as store:
        store.claim()
        assert_counted(store)
        assert store.counts().labelled_px
    assert not (tmp_path / "s" / "pending.json").exists()


def test_only_one_writes_and_all_read(tmp_path):
    code = (
        "import sys; from pathlib import Path;"
        "from napari_uhrnet.errors import UserError;"
        "from napari_uhrnet.store.annotations.annotation import AnnotationStore;"
        "from napari_uhrnet.geometry.window import Window;"
        "s = AnnotationStore.open(Path(sys.argv[1])); w = Window(0, 0, 2, 2);"
        "print(s.read(w).max())\n"
        "try: s.write(w, s.read(w)); print('written')\n"
        "except UserError as e: print(e)"
    )
    predictions = []
    store = create(tmp_path / "s")
    store.write(Window(0, 0, 2, 2), np.full((2, 2), 5, np.uint8))
    for _ in range(2):
        run = subprocess.run(
            [sys.executable, "-c", code, tmp_path / "s"],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        )
        predictions.append(run.stdout.splitlines())
        store.close()
    assert predictions[0] == [
        "5",
        f"{tmp_path / 's'}: another program is correcting this scene: close it there first",
    ]
    assert predictions[1] == ["5", "written"]


@pytest.mark.parametrize("content", [None, b"{", b'{"attributes": {}}'])
def test_a_folder_without_corrections_is_said_in_a_sentence(tmp_path, content):
    if content is not None:
        (tmp_path / "pixels.zarr").mkdir()
        (tmp_path / "pixels.zarr" / "zarr.json").write_bytes(content)
    with pytest.raises(UserError, match="no corrections that can be read"):
        AnnotationStore.open(tmp_path)


def test_a_newer_format_is_not_guessed_at(tmp_path):
    create(tmp_path / "s")
    about = tmp_path / "s" / "pixels.zarr" / "zarr.json"
    data = json.loads(about.read_text())
    data["attributes"]["napari_uhrnet_annotation"]["format"] = 2
    about.write_text(json.dumps(data))
    with pytest.raises(UserError, match="newer"):
        AnnotationStore.open(tmp_path / "s")
    with pytest.raises(UserError, match="something already"):
        create(tmp_path / "s")


def test_windows_outside_and_wrong_shapes_are_bugs(tmp_path):
    with create(tmp_path / "s") as store:
        with pytest.raises(ValueError, match="pixels for"):
            store.read(Window(-1, 0, 5, 5))
        with pytest.raises(ValueError, match="pixels for"):
            store.read(Window(SHAPE[0] - 2, 0, 5, 5))
        with pytest.raises(ValueError, match="pixels for"):
            store.write_state(Window(0, 0, 2, 2), np.zeros((3, 2, 3), np.uint8))
        assert (state(store)[0] == 255).all()
