"""What opening a large scene costs: seconds and memory over an empty napari window.

    python benchmarks/opening.py [SCENE]

Without a scene, a tiled pyramidal TIFF of 20 480 x 20 480 px is made for the occasion. Torch is
loaded in both cases, as the dock widget does.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np


def resident_mb() -> float:
    """Memory of this process that is in use, in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmRSS")


def make_scene(path: Path) -> Path:
    """Tiles of the sample scene side by side, with overviews, 20 480 px a side."""
    import tifffile

    from napari_uhrnet.resources import resource_path

    tile = tifffile.imread(resource_path("scenes", "landcover.tif"))[:2048, :2048]
    side = 20480
    with tifffile.TiffWriter(path, bigtiff=True) as tiff:
        for level in range(6):
            step, width = 2**level, side // 2**level
            one = np.ascontiguousarray(tile[::step, ::step])

            def tiles(one=one, width=width):
                for y in range(0, width, 256):
                    for x in range(0, width, 256):
                        rows = (np.arange(y, min(y + 256, width))) % len(one)
                        columns = (np.arange(x, min(x + 256, width))) % len(one)
                        yield np.ascontiguousarray(one[np.ix_(rows, columns)])

            tiff.write(
                tiles(),
                shape=(width, width, 3),
                dtype=np.uint8,
                tile=(256, 256),
                photometric="rgb",
                compression="zlib",
                subifds=5 if level == 0 else 0,
                subfiletype=1 if level else 0,
            )
    return path


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(sys.argv[1]) if len(sys.argv) > 1 else make_scene(Path(folder) / "big.tif")
        measure(path)


def measure(path: Path) -> None:
    """Open a scene in a real window."""
    import napari
    from qtpy.QtWidgets import QApplication

    from napari_uhrnet.session.libraries import load_triton_apart

    load_triton_apart()
    import torch  # noqa: F401

    viewer = napari.Viewer(show=True)
    settle(viewer, 2)
    empty_mb = resident_mb()
    started = time.perf_counter()
    viewer.open(str(path), plugin="napari-uhrnet")
    QApplication.processEvents()
    opened_s = time.perf_counter() - started
    settle(viewer, 3)
    opened_mb = resident_mb()
    viewer.scene.camera.zoom = 1
    settle(viewer, 3)
    print(f"{path.name}: opened in {opened_s:.2f} s")
    print(f"empty window {empty_mb:.0f} MB, with the scene x {opened_mb / empty_mb:.2f}", end="")
    print(f" (+{opened_mb - empty_mb:.0f} MB), at 1:1 x {resident_mb() / empty_mb:.2f}")
    viewer.close()


def settle(viewer, seconds: float) -> None:
    """Let the window do what it has to do."""
    from qtpy.QtWidgets import QApplication

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.01)


if __name__ == "__main__":
    main()
