"""Strokes that survive kill -9: fifty times, at a random moment.

    python benchmarks/kill_strokes.py [TIMES]

A child makes 100 strokes and prints the number of each when its call has returned; it is killed
after a random one. Then everything whose call returned must be in the reopened store, and at most
one stroke more.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from napari_uhrnet.geometry.classes import ClassTable, LabelClass
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.store.annotations.annotation import AnnotationStore
from napari_uhrnet.store.journal.journal import Journal

SHAPE = (3_000, 4_000)
STROKES = 100
CLASSES = ClassTable("made", tuple(LabelClass(i, f"class {i}", (i, i, i)) for i in range(7)))


def main() -> None:
    """Child: make strokes. Parent: kill and look, many times."""
    if sys.argv[1:2] == ["child"]:
        make_strokes(Path(sys.argv[2]))
        return
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    chance, found = random.Random(0), []
    for k in range(times):
        with tempfile.TemporaryDirectory() as folder:
            found.append(kill_and_look(Path(folder) / "s", chance))
        print(f"{k + 1}: {found[-1][0]} strokes returned, {found[-1][1]} found")
    print(f"killed {times} times: no stroke lost; {sum(b - a for a, b in found)} found that were "
          "on the disk before their call returned")  # fmt: skip


def stroke(number: int) -> tuple[Window, np.ndarray]:
    """Window and labels of a stroke."""
    rng = np.random.default_rng(number)
    height, width = (int(n) for n in rng.integers(8, 200, 2))
    y, x = int(rng.integers(SHAPE[0] - height)), int(rng.integers(SHAPE[1] - width))
    return Window(y, x, height, width), rng.integers(0, 7, (height, width)).astype(np.uint8)


def make_strokes(folder: Path) -> None:
    """One after the other, each printed when it is safe."""
    with AnnotationStore.open(folder) as store, Journal(store) as journal:
        for number in range(STROKES):
            journal.edit(*stroke(number))
            print(number, flush=True)


def kill_and_look(folder: Path, chance: random.Random) -> tuple[int, int]:
    """How many calls returned, and how many strokes are found."""
    AnnotationStore.create(folder, SHAPE, CLASSES, "made").close()
    command = [sys.executable, __file__, "child", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        returned = sum(bool(child.stdout.readline()) for _ in range(chance.randint(1, STROKES - 1)))
        time.sleep(chance.random() * 0.02)
        os.kill(child.pid, 9)
        returned += len(child.stdout.read().splitlines())
    whole = Window.of_shape(SHAPE)
    with AnnotationStore.open(folder) as store, Journal(store):
        labels = store.read(whole)
    expected = np.full(SHAPE, 255, np.uint8)
    for number in range(returned):
        window, values = stroke(number)
        expected[window.slices] = values
    if np.array_equal(labels, expected):
        return returned, returned
    window, values = stroke(returned)
    expected[window.slices] = values
    if not np.array_equal(labels, expected):
        raise RuntimeError(f"a stroke is lost or torn after {returned}")
    return returned, returned + 1


if __name__ == "__main__":
    main()
