"""An engine without a network: rectangle (i, j) of the scene gets the class (i + j) % 6 + 1."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.engine.planning.layout import SceneLayout
from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import ClassTable
from napari_uhrnet.resources import resource_path
from napari_uhrnet.session.engine import Workspace
from napari_uhrnet.store.predictions.prediction import PredictionStore

if TYPE_CHECKING:
    from pathlib import Path

CLASSES = ClassTable.from_file(resource_path("palettes", "deepglobe.json")).without_ignored()


class FakeModel(SimpleNamespace):
    """Unlike a SimpleNamespace, something that a weak reference can point to."""


CARD = SimpleNamespace(
    sha256="painted",
    name="painted",
    title="Painted patches",
    family="UHRNet",
    classes=CLASSES,
    pixel_size_m=1.0,
    terms="Trained on DeepGlobe land cover: non-commercial research only.",
    training={"patches": 12},
    metrics={},
)
MODEL = FakeModel(
    name="painted",
    hash="painted",
    card=CARD,
    classes=CLASSES,
    branches=("fused", "global", "local"),
    network=SimpleNamespace(patch_px=128, frame_px=512, min_overlap_px=0),
)


def class_at(cell: tuple[int, int]) -> int:
    """Class of a rectangle."""
    return (cell[0] + cell[1]) % 6 + 1


def paint(store: PredictionStore, cells) -> tuple:
    """Write rectangles and flush."""
    for cell in cells:
        if not store.is_finished(*cell):
            values = np.full(store.window(*cell).shape_yx, class_at(cell), np.uint8)
            store.write(*cell, dict.fromkeys(store.layout.planes, values))
    return store.flush()


class PaintedEngine:
    """The `Engine` protocol; stores go to ``folder``, ``closed`` are those that were let go."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.closed: list[Workspace] = []

    def read_card(self, name: str) -> SimpleNamespace:
        if name != "painted":
            raise UserError(f"{name}: no weights: load or train a checkpoint of it first")
        return CARD

    def layout(self, scene, pixel_size_m, model) -> SceneLayout:
        return SceneLayout.build(scene.shape_yx, pixel_size_m, model)

    def devices(self) -> tuple[str, ...]:
        return "auto", "cpu"

    def load_model(self, name, device):
        return MODEL

    def open_workspace(self, scene, layout, model) -> Workspace:
        rows, columns = layout.rectangles.edges_yx
        store = PredictionStore.open(
            self.folder / f"{layout.inference.shape_yx}",
            shape_yx=layout.inference.shape_yx,
            row_edges=rows,
            column_edges=columns,
            planes=[f"{branch}/labels" for branch in MODEL.branches],
            attributes={},
        )
        return Workspace(scene, layout, model, None, store)

    def close_workspace(self, where) -> None:
        where.store.close()
        self.closed.append(where)

    def run(self, where, window, ring):
        layout = where.layout
        cells = layout.patches.cells_touching(layout.inference.from_level0(window))
        for done, cell in enumerate(cells, start=1):
            place = layout.patches.window(cell)
            finished = paint(where.store, layout.rectangles.cells_touching(place))
            left = float(len(cells) - done)
            yield SimpleNamespace(
                patches_done=done,
                patches_total=len(cells),
                finished=finished,
                seconds_left=left,
                message=None,
            )

    def run_coarse(self, where, window):
        from napari_uhrnet.engine.passes.coarse import coarse_grid
        from napari_uhrnet.geometry.window import Window

        shape = coarse_grid(where.layout).shape_yx
        labels = np.full(shape, 4, np.uint8)
        whole = Window.of_shape(shape)
        yield SimpleNamespace(window=whole, labels=labels, frames_done=1, frames_total=1)

    def seconds_per_patch(self, where) -> float:
        return 0.5
