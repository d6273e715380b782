"""The prediction store that belongs to a scene, a checkpoint and the settings of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_uhrnet.engine.passes.blending import plane_names
from napari_uhrnet.resources import cache_root
from napari_uhrnet.store.files.cache import prediction_folder
from napari_uhrnet.store.predictions.prediction import PredictionStore
from napari_uhrnet.version import __version__

if TYPE_CHECKING:
    from pathlib import Path

    from napari_uhrnet.engine.passes.state import EngineState
    from napari_uhrnet.models.registry import LoadedModel
    from napari_uhrnet.scene.base import Scene


def open_prediction_store(
    scene: Scene, state: EngineState, model: LoadedModel, root: Path | None = None
) -> PredictionStore:
    """The store of everything that exact equality is promised for: see `settings`.

    ``root`` is the folder of all stores, by default that of the user's cache.
    """
    layout = state.layout
    values = settings(scene, state)
    folder = prediction_folder(
        root or cache_root(), scene.fingerprint, model.hash, repr(sorted(values.items()))
    )
    y, x = layout.rectangles.edges_yx
    return PredictionStore.open(
        folder,
        shape_yx=layout.inference.shape_yx,
        row_edges=y,
        column_edges=x,
        planes=plane_names(model.branches),
        attributes={
            "scene": scene.name,
            "fingerprint": scene.fingerprint,
            "model": model.name,
            "checkpoint": model.hash,
            "level0_shape_yx": list(scene.shape_yx),
            "classes": model.classes.to_dict(),
            **values,
        },
    )


def settings(scene: Scene, state: EngineState) -> dict[str, str | int | float]:
    """What a stored label may depend on besides the scene's pixels and the weights."""
    return {
        "pixel_size_m": state.layout.pixel_size_m,
        "scene_settings": scene.settings_key,
        "device": state.device.type,
        "dtype": "float16" if state.device.type == "cuda" else "float32",
        "threads": torch.get_num_threads() if state.device.type == "cpu" else 0,
        "batch_size": state.batch_size,
        "version": __version__,
    }
