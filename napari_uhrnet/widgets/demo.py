"""Segment a scene in a real window: ``python -m napari_uhrnet.widgets.demo``.

Opens the sample scene (or one drawn from ``--seed``), opens the dock, clicks Segment, waits for the
end, and leaves ``screenshot.png`` and ``mask.tif`` in a folder. Needs a screen (or Xvfb).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from napari_uhrnet.errors import UserError
from napari_uhrnet.widgets import words

if TYPE_CHECKING:
    import numpy as np
    from napari.viewer import Viewer
    from numpy.typing import NDArray

    from napari_uhrnet.scene.base import Scene
    from napari_uhrnet.widgets.main import UHRNetWidget

WINDOW_PX = (1500, 960)
LONGEST_S = 1800


def main(arguments: list[str] | None = None) -> int:
    """Run the demonstration; the exit code."""
    parser = argparse.ArgumentParser(prog="napari_uhrnet.widgets.demo", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("demo"), help="folder of the results")
    parser.add_argument("--seed", type=int, help="draw a scene instead of opening the sample")
    parser.add_argument("--stay", action="store_true", help="leave the window open")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    try:
        demonstrate(options.out, options.seed, options.stay)
    except UserError as error:
        print(words.failed(error), file=sys.stderr)
        return 1
    return 0


def demonstrate(out: Path, seed: int | None, stay: bool) -> None:
    """Open, click, wait, save, compare."""
    import napari

    viewer = napari.Viewer()
    viewer.window.resize(*WINDOW_PX)
    try:
        scene, ground_truth = _open(viewer, out, seed)
        widget = _open_dock(viewer)
        _click_segment(widget)
        labels = _save(viewer, widget, scene, out)
        known = ground_truth > 0
        share = float((labels == ground_truth)[known].mean())
        print(words.accuracy(share, int(known.sum())))
        print(f"{out / 'screenshot.png'}\n{out / 'mask.tif'}")
        if stay:
            napari.run()
    finally:
        if not stay:
            viewer.close()


def _open(viewer: Viewer, out: Path, seed: int | None) -> tuple[Scene, NDArray[np.uint8]]:
    from napari.layers import Layer

    from napari_uhrnet.widgets.reader import read
    from napari_uhrnet.widgets.sample_data import ground_truth_labels, sample_scene

    if seed is None:
        layers, ground_truth = sample_scene(), ground_truth_labels()
    else:
        path, ground_truth = _draw(out, seed)
        layers = read(str(path))
    for data in layers:
        viewer.add_layer(Layer.create(*data))
    return layers[0][1]["metadata"]["scene"], ground_truth


def _draw(out: Path, seed: int) -> tuple[Path, NDArray[np.uint8]]:
    import tifffile

    from napari_uhrnet.scene.made.compose import make_scene

    made = make_scene(seed)
    path = out / f"made_{seed}.tif"
    per_cm = 0.01 / made.pixel_size_m
    tifffile.imwrite(
        path, made.image, tile=(512, 512), photometric="rgb",
        resolution=(per_cm, per_cm), resolutionunit="CENTIMETER",
    )  # fmt: skip
    return path, made.labels


def _open_dock(viewer: Viewer) -> UHRNetWidget:
    from qtpy.QtCore import QSettings

    from napari_uhrnet.widgets.main import UHRNetWidget

    # Always the same start, whatever was used last.
    settings = QSettings("napari-uhrnet", "demo")
    settings.clear()
    widget = UHRNetWidget(viewer, settings=settings)
    viewer.window.add_dock_widget(widget, name=words.MAIN_DOCK, area="right")
    return widget


def _click_segment(widget: UHRNetWidget) -> None:
    """Press the button with the mouse, and wait until the run is over."""
    from qtpy.QtCore import QEventLoop, Qt, QTimer
    from qtpy.QtTest import QTest

    QTest.qWaitForWindowExposed(widget.window())
    # The window finds its size, and the view with it.
    QTest.qWait(500)
    loop = QEventLoop()

    def leave_when_over() -> None:
        if not widget.state.status.busy:
            loop.quit()

    widget.state.events.status.connect(leave_when_over)
    QTimer.singleShot(1000 * LONGEST_S, loop.quit)
    QTest.mouseClick(widget.run_panel.segment, Qt.MouseButton.LeftButton)
    if widget.state.status.busy:
        loop.exec()
    widget.state.events.status.disconnect(leave_when_over)
    status = widget.state.status
    if status.phase != "idle":
        raise UserError(f"the run ended as {status.phase}: {status.message}")


def _save(viewer: Viewer, widget: UHRNetWidget, scene: Scene, out: Path) -> NDArray[np.uint8]:
    """(H, W) uint8 labels of level 0, after writing them and the screenshot."""
    from qtpy.QtTest import QTest

    from napari_uhrnet.export.maps.mask import write_mask
    from napari_uhrnet.geometry.affine import labels_to_level0
    from napari_uhrnet.geometry.window import Window

    widget.parts.overlay.refresh()
    QTest.qWait(500)
    viewer.window.screenshot(str(out / "screenshot.png"), canvas_only=False, flash=False)
    where = widget.parts.controller.workspace
    if where is None:
        raise UserError("no store was opened: see the message in the dock")

    def read(window: Window) -> NDArray[np.uint8]:
        return labels_to_level0(
            lambda w: where.store.read("fused/labels", w), where.layout.inference, window
        )

    write_mask(
        out / "mask.tif",
        read,
        scene.shape_yx,
        where.model.classes,
        crs=scene.crs,
        transform=scene.transform,
    )
    return read(Window.of_shape(scene.shape_yx))


if __name__ == "__main__":
    sys.exit(main())
