"""Made scenes for the engine's tests."""

import numpy as np

from napari_uhrnet.engine.open import open_prediction_store
from napari_uhrnet.engine.passes.blending import plane_names
from napari_uhrnet.engine.passes.state import EngineState
from napari_uhrnet.engine.planning.layout import SceneLayout
from napari_uhrnet.engine.planning.work import Work
from napari_uhrnet.engine.run import run
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.array import array_scene
from tests.models.tiny import tiny_model

PIXEL_SIZE_M = 1.37
"""With the tiny model's 2 m a scale that is no simple fraction."""


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """(height, width, 3) uint8: smooth blobs with noise, different everywhere."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    bands = [np.sin(y / (9 + 5 * b) + b) * np.cos(x / (13 + 4 * b)) for b in range(3)]
    image = 128 + 70 * np.stack(bands, -1) + rng.normal(0, 25, (height, width, 3))
    return np.clip(image, 0, 255).astype(np.uint8)


def made_scene(height: int, width: int, seed: int = 0):
    return array_scene([picture(height, width, seed)], "made", pixel_size_m=PIXEL_SIZE_M)


class Bench:
    """A scene with the tiny model, its layout, a state and a new store."""

    def __init__(self, scene, folder, model=None, **state):
        self.scene = scene
        self.model = model or tiny_model()
        self.layout = SceneLayout.build(scene.shape_yx, scene.pixel_size_m, self.model)
        self.state = EngineState(scene, self.layout, self.model, **state)
        self.store = open_prediction_store(scene, self.state, self.model, folder)

    def run(self, window=None, **work):
        whole = Window.of_shape(self.scene.shape_yx)
        return run(Work(window or whole, **work), self.state, self.store)

    def all_of(self, window=None, **work):
        """Run to the end; the maps of the whole inference grid by plane."""
        for _ in self.run(window, **work):
            pass
        return self.maps()

    def maps(self):
        grid = Window.of_shape(self.layout.inference.shape_yx)
        return {plane: self.store.read(plane, grid) for plane in plane_names(self.model.branches)}
