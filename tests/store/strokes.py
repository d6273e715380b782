"""Numbered strokes over a made scene, and processes that are killed while they make them.

``python -m tests.store.strokes write FOLDER FIRST COUNT`` makes strokes and prints the number of
each one after its call returned; ``die FOLDER`` reads lines "call how first" and has a child for
each that continues the strokes and kills itself at that call of the operating system.
"""

import os
import signal
import sys
from pathlib import Path

import numpy as np

from napari_uhrnet.geometry.classes import ClassTable, LabelClass
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.store.annotations.annotation import AnnotationStore
from napari_uhrnet.store.journal.journal import Journal

SHAPE = (1100, 1300)
CLASSES = ClassTable("made", tuple(LabelClass(i, f"class {i}", (i, i, i)) for i in range(7)))


def create(folder, shape=SHAPE):
    """An empty store."""
    return AnnotationStore.create(folder, shape, CLASSES, "print")


def stroke(number):
    """(window, labels or None for reviewed) of a stroke; the same for the same number."""
    rng = np.random.default_rng(number)
    height, width = (int(n) for n in rng.integers(1, 260, 2))
    y, x = int(rng.integers(SHAPE[0] - height)), int(rng.integers(SHAPE[1] - width))
    labels = np.full((height, width), number % 7, np.uint8)
    labels[rng.random(labels.shape) < 0.1] = 255
    return Window(y, x, height, width), labels


def do(journal, number):
    """Every kind of edit in turn: paint, review, two blocks at once, undo, redo."""
    window, labels = stroke(number)
    if number % 7 == 3:
        journal.mark_reviewed(window, labels, "hash")
    elif number % 7 == 5:
        with journal.group("two"):
            half = window.width // 2
            left = Window(window.y, window.x, window.height, half)
            right = Window(window.y, window.x + half, window.height, window.width - half)
            journal.edit(left, labels[:, :half])
            journal.edit(right, 6 - np.minimum(labels[:, half:], 6))
    elif number % 11 == 8:
        journal.undo()
    elif number % 11 == 9:
        journal.redo()
    else:
        journal.edit(window, labels)


def state(store):
    """(3, H, W) of everything."""
    return store.read_state(Window.of_shape(SHAPE))


def assert_counted(store):
    """What is counted is what is there."""
    labels, reviewed, source = state(store)
    counts = store.counts()
    for mask, counted in ((labels < 255, counts.labelled_px), (reviewed > 0, counts.reviewed_px)):
        expected = np.bincount(labels[mask], minlength=256)
        assert {int(i): int(expected[i]) for i in np.flatnonzero(expected)} == counted
    assert not ((reviewed > 0) & (labels == 255)).any()
    np.testing.assert_array_equal(reviewed > 0, source > 0)


def write(folder, first, count):
    """Strokes first .. first + count - 1, each printed when its call has returned."""
    with AnnotationStore.open(folder) as store, Journal(store, max_bytes=200_000) as journal:
        for number in range(first, first + count):
            do(journal, number)
            print(number, flush=True)


def die_at(call, how):
    """Make the n-th change of a file the last thing this process does, or half does."""
    counter = iter(range(1, sys.maxsize))
    original_fsync, original_replace, original_unlink = os.fsync, os.replace, os.unlink

    def dying(function):
        def maybe(*args, **kwargs):
            mine = next(counter) == call
            if mine and how == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            result = function(*args, **kwargs)
            if mine:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return maybe

    os.fsync, os.replace = dying(original_fsync), dying(original_replace)
    os.unlink = dying(original_unlink)


def main():
    """See the top of the file."""
    task, folder = sys.argv[1], Path(sys.argv[2])
    if task == "write":
        return write(folder, int(sys.argv[3]), int(sys.argv[4]))
    for line in sys.stdin:
        call, how, first = line.split()
        read, written = os.pipe()
        child = os.fork()
        if child == 0:
            os.dup2(written, 1)
            die_at(int(call), how)
            write(folder, int(first), 20)
            os._exit(0)
        os.close(written)
        with os.fdopen(read) as pipe:
            numbers = pipe.read().split()
        killed = os.WIFSIGNALED(os.waitpid(child, 0)[1])
        print(numbers[-1] if numbers else int(first) - 1, int(killed), flush=True)
    return None


if __name__ == "__main__":
    main()
