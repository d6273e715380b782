"""Peak memory of a comparison of two label maps that are made as they are read.

``python benchmarks/compare_memory.py [SIDE_PX]``; no labels of the scene's size ever exist.
"""

import sys
import tracemalloc

import dask.array as da
import numpy as np

from napari_uhrnet.evaluation.comparison.compare import compare, run_to_end
from napari_uhrnet.evaluation.comparison.results import Result, array_result
from napari_uhrnet.geometry.classes import ClassTable, LabelClass

TABLE = ClassTable("made", tuple(LabelClass(i, f"class {i}", (40 * i, 0, 0)) for i in range(6)))


def made(side_px: int, step_px: int) -> Result:
    """A lazy checkerboard of six classes."""
    y, x = (da.arange(side_px, chunks=1024, dtype=np.uint32) // step_px for _ in range(2))
    return array_result((7 * y[:, None] + 3 * x[None, :]) % 6, TABLE, f"steps of {step_px} px")


def measure(side_px: int) -> None:
    """Print the peak of a whole comparison, regions and small maps included."""
    a, b = made(side_px, 90), made(side_px, 130)
    tracemalloc.start()
    found, regions = run_to_end(compare(a, b))
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(
        f"{side_px} x {side_px} px: peak {peak_bytes / 1e6:.0f} MB, two whole maps would be "
        f"{2 * side_px**2 / 1e6:.0f} MB; agreement {found.agreement:.3f}, {regions.total} regions"
    )


if __name__ == "__main__":
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
