"""Made predictions whose every pixel is known from its place, and the two writers of the tests.

Run as a script, it writes to a store in a separate process (see `main`).
"""

import os
import signal
import sys
from pathlib import Path

import numpy as np

from napari_uhrnet.store.predictions.prediction import PredictionStore

SHAPE = (1150, 1300)
ROW_EDGES = (0, 180, 333, 508, 520, 700, 1010, 1150)
COLUMN_EDGES = (0, 90, 505, 530, 800, 1024, 1300)
PLANES = ("fused/labels", "fused/confidence", "global/labels")
CELLS = [(i, j) for i in range(len(ROW_EDGES) - 1) for j in range(len(COLUMN_EDGES) - 1)]


def whole(plane):
    """(H, W) uint8 of the finished plane; every value below 255."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    k = PLANES.index(plane)
    return ((y * (3 + k) + x * 7 + (y // 64) * (x // 64)) % (7 if k != 1 else 250)).astype(np.uint8)


def values(window):
    """What to write into a rectangle."""
    return {plane: WHOLE[plane][window.slices] for plane in PLANES}


WHOLE = {plane: whole(plane) for plane in PLANES}


def open_store(folder, **changes):
    """The store of these planes."""
    arguments = {
        "shape_yx": SHAPE,
        "row_edges": ROW_EDGES,
        "column_edges": COLUMN_EDGES,
        "planes": PLANES,
        "attributes": {"model": "made"},
    }
    return PredictionStore.open(folder, **(arguments | changes))


def assert_consistent(store):
    """Finished rectangles hold what was written, others 255; in all planes, levels and counts."""
    done = np.zeros(SHAPE, bool)
    for cell in zip(*np.nonzero(store.finished()), strict=True):
        done[store.window(*cell).slices] = True
    for plane in PLANES:
        expected = np.where(done, WHOLE[plane], 255)
        for array, step in zip(store.levels(plane), store.layout.steps, strict=True):
            np.testing.assert_array_equal(array[:], expected[::step, ::step])
        if plane.endswith("labels"):
            counts = np.bincount(WHOLE[plane][done], minlength=256)
            np.testing.assert_array_equal(store.class_counts(plane), counts)
    assert store.finished_area_px() == done.sum()


def write(folder, cells, per_flush):
    """Write rectangles, a few a flush."""
    with open_store(folder) as store:
        for n, cell in enumerate(cells, 1):
            store.write(*cell, values(store.window(*cell)))
            if n % per_flush == 0:
                store.flush()


def die_at(replacement, how):
    """Make the n-th replacement of a file the last thing that this process does, or half does."""
    replace, calls = os.replace, iter(range(1, sys.maxsize))

    def replace_or_die(source, target):
        if next(calls) != replacement:
            return replace(source, target)
        if how == "half":
            os.truncate(source, os.path.getsize(source) // 2)
        if how == "after":
            replace(source, target)
        os.kill(os.getpid(), signal.SIGKILL)

    os.replace = replace_or_die


def main():
    """``crash FOLDER``: each line "n how first", die in a child; ``part FOLDER k``: write half."""
    task, folder = sys.argv[1], Path(sys.argv[2])
    if task == "part":
        open_store(folder).close()
        print("ready", flush=True)
        sys.stdin.readline()
        return write(folder, CELLS[int(sys.argv[3]) :: 2], 1)
    for line in sys.stdin:
        replacement, how, first = line.split()
        child = os.fork()
        if child == 0:
            die_at(int(replacement), how)
            write(folder, CELLS[int(first) :], 4)
            os._exit(0)
        print("killed" if os.WIFSIGNALED(os.waitpid(child, 0)[1]) else "lived", flush=True)
    return None


if __name__ == "__main__":
    main()
