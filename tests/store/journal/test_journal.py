"""Edits that survive whatever happens, and that can be taken back."""

import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.store.annotations.annotation import AnnotationStore
from napari_uhrnet.store.journal import journal as journal_module
from napari_uhrnet.store.journal.frames import FrameFile
from napari_uhrnet.store.journal.journal import Journal
from tests.store.strokes import assert_counted, create, do, state, stroke

ROOT = Path(__file__).parents[3]
NEEDS_KILL = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills processes")


def start(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.store.strokes", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module", autouse=True)
def _no_waiting_for_the_disk():
    """A killed process leaves what it wrote to the system: only a power failure needs fsync."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """The state after each of 100 strokes, as one process makes them that nobody kills."""
    states = []
    with create(tmp_path_factory.mktemp("expected") / "s") as store, Journal(store) as journal:
        states.append(state(store))
        for number in range(100):
            do(journal, number)
            states.append(state(store))
    return states


def assert_state_after(folder, done, expected):
    """Everything whose call returned is there, and at most one stroke more; how many there are."""
    with AnnotationStore.open(folder) as store, Journal(store):
        found = state(store)
        assert_counted(store)
    for count in (done, done + 1):
        if count < len(expected) and np.array_equal(found, expected[count]):
            return count
    raise AssertionError(f"the state is neither that after {done} strokes nor after one more")


@NEEDS_KILL
@pytest.mark.parametrize("seed", range(3))
def test_killed_at_a_random_moment_every_stroke_that_returned_is_there(tmp_path, expected, seed):
    folder = tmp_path / "s"
    create(folder).close()
    kill_after = random.Random(seed).randint(1, 99)
    with start("write", folder, 0, 100) as child:
        returned = [int(child.stdout.readline()) for _ in range(kill_after)]
        child.kill()
        returned += [int(line) for line in child.stdout.read().split("\n")[:-1]]
    assert returned == list(range(len(returned)))
    assert_state_after(folder, len(returned), expected)


@NEEDS_KILL
def test_killed_at_any_call_of_the_system_nothing_is_lost(tmp_path, expected):
    chance = random.Random(1)
    folder, done, deaths = tmp_path / "s", 0, 0
    create(folder).close()
    with start("die", folder) as driver:
        for _ in range(20):
            if done > 60:
                folder.rename(tmp_path / f"full{deaths}")
                create(folder).close()
                done = 0
            how = chance.choice(("before", "after"))
            driver.stdin.write(f"{chance.randint(1, 80)} {how} {done}\n")
            driver.stdin.flush()
            last, killed = map(int, driver.stdout.readline().split())
            deaths += killed
            done = assert_state_after(folder, last + 1, expected)
        driver.stdin.close()
    assert deaths >= 10
    assert done > 0


def test_cut_at_any_byte_the_last_edit_is_whole_or_gone(tmp_path):
    folder = tmp_path / "s"
    with create(folder) as store, Journal(store) as journal:
        journal.edit(Window(0, 0, 4, 4), np.full((4, 4), 1, np.uint8))
        before = (folder / "journal.bin").stat().st_size
        journal.edit(Window(2, 2, 4, 4), np.full((4, 4), 2, np.uint8))
        whole = (folder / "journal.bin").read_bytes()
    for size in range(before, len(whole) + 1):
        (folder / "journal.bin").write_bytes(whole[:size])
        with AnnotationStore.open(folder) as store, Journal(store) as journal:
            assert len(journal.undoable) == (2 if size == len(whole) else 1)
    for place in range(before, len(whole), 5):
        damaged = bytearray(whole)
        damaged[place] ^= 0x40
        (folder / "journal.bin").write_bytes(damaged)
        with AnnotationStore.open(folder) as store, Journal(store) as journal:
            assert len(journal.undoable) == 1


class Model:
    """The same in plain numpy: three planes and two stacks of whole copies."""

    def __init__(self):
        self.now = np.zeros((3, *SMALL), np.uint8)
        self.now[0] = 255
        self.done, self.undone = [], []

    def change(self, after):
        if not np.array_equal(after, self.now):
            self.done.append(self.now)
            self.now, self.undone = after, []

    def paint(self, window, value):
        after = self.now.copy()
        after[(0, *window.slices)] = value
        if value == 255:
            after[(slice(1, 3), *window.slices)] = 0
        self.change(after)

    def review(self, window, value):
        after = self.now.copy()
        after[(slice(None), *window.slices)] = np.array([value, 1, 1])[:, None, None]
        self.change(after)

    def unreview(self, window):
        after = self.now.copy()
        after[(slice(1, 3), *window.slices)] = 0
        self.change(after)

    def undo(self):
        if self.done:
            self.undone.append(self.now)
            self.now = self.done.pop()

    def redo(self):
        if self.undone:
            self.done.append(self.now)
            self.now = self.undone.pop()


SMALL = (530, 1040)
WINDOWS = st.builds(
    lambda y, x, h, w: Window(y, x, h, w).clip(SMALL),
    st.integers(0, 529),
    st.integers(0, 1039),
    st.integers(1, 60),
    st.integers(1, 1040),
)
STEPS = st.one_of(
    st.tuples(st.just("paint"), WINDOWS, st.sampled_from([0, 1, 2, 255])),
    st.tuples(st.just("review"), WINDOWS, st.sampled_from([0, 3])),
    st.tuples(st.just("unreview"), WINDOWS),
    st.tuples(st.sampled_from(["undo", "redo", "reopen", "crash"])),
)


@settings(max_examples=20)
@given(steps=st.lists(STEPS, min_size=5, max_size=20), max_bytes=st.sampled_from([1500, 10**6]))
def test_any_sequence_is_what_plain_arrays_say(steps, max_bytes):
    model = Model()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder) / "s"
        store = create(folder, SMALL)
        journal = Journal(store, max_bytes)
        for name, *arguments in steps:
            if name in ("reopen", "crash"):
                journal, store = _open_again(journal, store, folder, max_bytes, name)
            elif name == "paint":
                window, value = arguments
                journal.edit(window, np.full(window.shape_yx, value, np.uint8))
                model.paint(window, value)
            elif name == "review":
                window, value = arguments
                journal.mark_reviewed(window, np.full(window.shape_yx, value, np.uint8), "h")
                model.review(window, value)
            elif name == "unreview":
                journal.unmark_reviewed(*arguments)
                model.unreview(*arguments)
            elif name == "redo" or journal.undoable:
                getattr(journal, name)()
                getattr(model, name)()
            # A compacted journal forgets the oldest edits, never the latest.
            kept = len(journal.undoable)
            assert kept == len(model.done) or (max_bytes < 10**6 and kept < len(model.done))
            assert len(journal.redoable) == len(model.undone)
            model.done = model.done[len(model.done) - kept :]
            np.testing.assert_array_equal(store.read_state(Window.of_shape(SMALL)), model.now)
        journal.close()
        store.close()


def _open_again(journal, store, folder, max_bytes, how):
    """Close and open; or only open, as after a crash: what was not closed is not noted."""
    if how == "reopen":
        journal.close()
    else:
        journal._frames.close()
    store.close()
    store = AnnotationStore.open(folder)
    return Journal(store, max_bytes), store


def test_what_the_store_lacks_is_replayed(tmp_path):
    folder = tmp_path / "s"
    with create(folder) as store:
        journal = Journal(store)
        journal.edit(*stroke(0))
        pixels = sorted((folder / "pixels.zarr" / "labels").rglob("[0-9]*"))
        for path in pixels:
            if path.is_file():
                path.unlink()
        assert (state(store)[0] == 255).all()
    with AnnotationStore.open(folder) as store, Journal(store):
        window, labels = stroke(0)
        np.testing.assert_array_equal(store.read(window), labels)


def test_a_group_is_one_edit_and_nothing_before_its_end(tmp_path):
    one = np.full((4, 4), 1, np.uint8)
    with create(tmp_path / "s") as store, Journal(store) as journal:
        with journal.group("region"):
            journal.edit(Window(0, 0, 4, 4), one)
            journal.edit(Window(600, 600, 4, 4), one)
            assert not (state(store)[0] == 1).any()
        assert (state(store)[0] == 1).sum() == 32
        assert journal.undoable == ("region",)
        assert journal.undo() == (Window(600, 600, 4, 4), Window(0, 0, 4, 4))
        assert (state(store)[0] == 255).all()
        with pytest.raises(RuntimeError), journal.group("region"):
            journal.edit(Window(0, 0, 4, 4), one)
            raise RuntimeError
        assert journal.redoable == ("region",)
    with AnnotationStore.open(tmp_path / "s") as store, Journal(store) as journal:
        assert (state(store)[0] == 255).all()
        journal.redo()
        assert (state(store)[0] == 1).sum() == 32


def test_a_full_disk_is_said_and_nothing_is_half_done(tmp_path, monkeypatch):
    with create(tmp_path / "s") as store, Journal(store) as journal:
        journal.edit(*stroke(0))
        before = state(store)
        with monkeypatch.context() as patch:
            patch.setattr(FrameFile, "_put", _no_space)
            with pytest.raises(UserError, match="disk is full"):
                journal.edit(*stroke(1))
        np.testing.assert_array_equal(state(store), before)
        assert len(journal.undoable) == 1
        with monkeypatch.context() as patch:
            patch.setattr("napari_uhrnet.store.files.disk.write_whole", _no_space)
            with pytest.raises(UserError, match="disk is full"):
                journal.edit(*stroke(1))
        journal.edit(*stroke(2))
        journal.undo()
        window, labels = stroke(1)
        np.testing.assert_array_equal(store.read(window), labels)


def _no_space(*_, **__):
    raise OSError(28, "No space left on device")


def test_the_journal_does_not_grow_for_ever(tmp_path):
    with create(tmp_path / "s") as store, Journal(store, max_bytes=20_000) as journal:
        for number in range(0, 70, 7):
            journal.edit(*stroke(number))
            journal.edit(*stroke(number + 1))
            assert (tmp_path / "s" / "journal.bin").stat().st_size < 30_000
        kept = len(journal.undoable)
        assert 1 <= kept < 20
        for _ in range(kept):
            assert journal.undo()
        assert journal.undo() == ()


def test_often_enough_what_is_journaled_is_stored_for_good(tmp_path, monkeypatch):
    monkeypatch.setattr(journal_module, "STORED_EVERY", 3)
    folder = tmp_path / "s"
    with create(folder) as store:
        journal = Journal(store)
        for number in range(4):
            journal.edit(*stroke(number))
        applied = []
        monkeypatch.setattr(AnnotationStore, "write_state", lambda *a: applied.append(a[1]))
    with AnnotationStore.open(folder) as store:
        Journal(store)
    assert applied == [journal_module.Change.between(stroke(3)[0], *_three(stroke(3)[1])).window]


def _three(labels):
    old = np.zeros((3, *labels.shape), np.uint8)
    old[0] = 255
    new = old.copy()
    new[0] = labels
    return old, new


def test_another_file_is_no_journal(tmp_path):
    with create(tmp_path / "s") as store:
        (tmp_path / "s" / "journal.bin").write_bytes(b"something else")
        with pytest.raises(UserError, match="no journal"):
            Journal(store)
