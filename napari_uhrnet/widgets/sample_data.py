"""File > Open Sample: a land-cover scene and its ground truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.geometry.classes import ClassTable
from napari_uhrnet.resources import resource_path
from napari_uhrnet.widgets import words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_uhrnet.widgets.reader import LayerData


def ground_truth_labels() -> NDArray[np.uint8]:
    """(H, W) uint8 class ids of the sample scene."""
    import tifffile

    return np.asarray(tifffile.imread(resource_path("scenes", "landcover_mask.tif")), np.uint8)


def sample_scene() -> list[LayerData]:
    """The scene, and its ground truth as hidden labels on top."""
    from napari_uhrnet.scene.open import open_scene
    from napari_uhrnet.widgets.kit.layer_look import class_colormap
    from napari_uhrnet.widgets.reader import scene_layer

    classes = ClassTable.from_file(resource_path("palettes", "deepglobe.json"))
    ground_truth: LayerData = (
        ground_truth_labels(),
        {
            "name": words.GROUND_TRUTH_LAYER,
            "colormap": class_colormap(classes, frozenset()),
            "features": {"index": classes.ids, "class": list(classes.names.values())},
            "visible": False,
        },
        "labels",
    )
    return [scene_layer(open_scene(resource_path("scenes", "landcover.tif"))), ground_truth]
