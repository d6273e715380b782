"""Whether painting is as quick in a huge scene as in a small one.

    python benchmarks/brush.py

Stamps of a 32 px brush, each committed (journal on the disk, then store), and moves of the editable
window with a commit, in a scene of 2 448 px and in one of 100 000 px, in turn so that both meet the
same machine. Prints the medians and their ratio, and how the time of a stamp is shared between the
journal (which must be on the disk before the call returns) and the store (which a second thread
could write).
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

from napari_uhrnet.geometry.classes import ClassTable, LabelClass
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.session.correct.corrections import Corrections
from napari_uhrnet.store.annotations.annotation import AnnotationStore
from napari_uhrnet.store.journal.frames import FrameFile
from napari_uhrnet.store.journal.journal import Journal

SIDES_PX = (2_448, 100_000)
BRUSH_PX = 32
STAMPS = 60
MOVES = 30
VIEW_PX = 1_200
CLASSES = ClassTable("made", tuple(LabelClass(i, f"class {i}", (i, i, i)) for i in range(7)))


def main() -> None:
    """Paint, move, compare, print."""
    with tempfile.TemporaryDirectory() as folder:
        scenes = {side: corrections(Path(folder) / str(side), side) for side in SIDES_PX}
        stamps, moves = ({side: [] for side in SIDES_PX} for _ in range(2))
        journals, stores = (
            watched(FrameFile, "append"),
            watched(AnnotationStore, "write_state"),
        )
        rng = np.random.default_rng(0)
        for _ in range(STAMPS):
            for side, scene in scenes.items():
                stamps[side].append(stamp(scene, rng))
        shares = [1e3 * median(seconds) for seconds in (journals, stores)]
        for k in range(MOVES):
            for side, scene in scenes.items():
                moves[side].append(move(scene, side, k, rng))
        report("brush stamp of 32 px with its commit", stamps)
        print(f"of a stamp: journal {shares[0]:.1f} ms, store {shares[1]:.1f} ms (medians)")
        report("change of the editable window with a commit", moves)


def watched(kind: type, name: str) -> list[float]:
    """Seconds of every call of a method from now on."""
    method, seconds = getattr(kind, name), []

    def timed(*args, **kwargs):
        started = time.perf_counter()
        try:
            return method(*args, **kwargs)
        finally:
            seconds.append(time.perf_counter() - started)

    setattr(kind, name, timed)
    return seconds


def corrections(folder: Path, side: int) -> Corrections:
    """An empty scene whose prediction is class 1, with its middle checked out."""
    journal = Journal(AnnotationStore.create(folder, (side, side), CLASSES, "made"))
    scene = Corrections(journal, lambda window: np.ones(window.shape_yx, np.uint8))
    scene.move(Window(side // 2 - 600, side // 2 - 600, VIEW_PX, VIEW_PX))
    return scene


def stamp(scene: Corrections, rng: np.random.Generator) -> float:
    """Seconds from a painted array to a commit that lasts."""
    out = scene.checked_out
    painted = out.labels.copy()
    y, x = (int(n) for n in rng.integers(0, np.array(out.window.shape_yx) - BRUSH_PX))
    painted[y : y + BRUSH_PX, x : x + BRUSH_PX] = rng.choice([0, 2, 3])
    within = Window(out.window.y + y, out.window.x + x, BRUSH_PX, BRUSH_PX)
    started = time.perf_counter()
    scene.commit(painted, within=within)
    return time.perf_counter() - started


def move(scene: Corrections, side: int, k: int, rng: np.random.Generator) -> float:
    """Seconds to commit a stroke and check the next window out, now in one corner, now opposite."""
    painted = scene.checked_out.labels.copy()
    painted[100:400, 100:700] = rng.choice([4, 5, 6])
    corner = 0 if k % 2 else side - VIEW_PX
    started = time.perf_counter()
    moved = scene.move(Window(corner, corner, VIEW_PX, VIEW_PX), painted)
    seconds = time.perf_counter() - started
    if moved is None:
        raise RuntimeError("the window did not move")
    return seconds


def report(what: str, seconds: dict[int, list[float]]) -> None:
    """Medians, the longest, and the ratio of the medians."""
    small, large = (median(seconds[side]) for side in SIDES_PX)
    for side in SIDES_PX:
        times = seconds[side]
        print(
            f"{what}, scene of {side} px: median {1e3 * median(times):.1f} ms, "
            f"longest {1e3 * max(times):.1f} ms"
        )
    print(f"{what}: ratio {large / small:.2f}")


if __name__ == "__main__":
    main()
