"""Take the pictures of what Inspect shows anew, on the sample scene: needs a screen (or Xvfb).

python docs/pictures.py [--out docs/images]
"""

import argparse
from pathlib import Path

import napari
from PIL import Image
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QScrollArea

from napari_uhrnet.widgets.demo import _click_segment, _open, _open_dock

WINDOW_PX = (1400, 900)
PATCH_YX = (1900, 900)
"""A pixel of the patch whose neighbours are left out."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "images")
    out = parser.parse_args().out
    viewer = napari.Viewer()
    viewer.window.resize(*WINDOW_PX)
    _open(viewer, out, None)
    dock = _open_dock(viewer)
    _click_segment(dock)
    viewer.layers["ground truth"].visible = False

    def take(name: str) -> None:
        QTest.qWait(1500)
        path = out / f"{name}.png"
        viewer.window.screenshot(str(path), canvas_only=False, flash=False)
        Image.open(path).convert("RGB").quantize(256).save(path, optimize=True)  # a third of it
        print(path, flush=True)

    panel = dock.tools.open_neighbours()
    _when_done(panel.find.click, dock.parts.neighbours)
    take("neighbours-map")
    viewer.layers["changed by neighbours"].visible = False
    _when_done(lambda: dock.parts.neighbours.ask_patch(*PATCH_YX), dock.parts.neighbours)
    take("neighbours")
    viewer.layers.remove("changed by neighbours")
    viewer.layers.remove("UHRNet patch and neighbours")
    dock.docks.close()
    dock.inspect_panel.side.click()
    for area in dock.findChildren(QScrollArea):
        area.verticalScrollBar().setValue(area.verticalScrollBar().maximum())
    take("side-by-side")
    for check in dock.inspect_panel.checks.values():
        check.setChecked(True)
    take("uncertainty")
    for check in dock.inspect_panel.checks.values():
        check.setChecked(False)
    features = dock.tools.open_features()
    _when_done(features.show_frame.click, dock.parts.features)
    take("features")
    viewer.close()


def _when_done(start, tool) -> None:
    start()
    QTest.qWait(200)
    while tool.status.busy:
        QTest.qWait(200)


if __name__ == "__main__":
    main()
