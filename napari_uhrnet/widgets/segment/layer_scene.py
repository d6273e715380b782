"""The scene of a layer that is in the viewer already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_uhrnet.errors import UserError

if TYPE_CHECKING:
    from napari.layers import Image

    from napari_uhrnet.scene.base import Scene


def scene_of(layer: Image) -> Scene:
    """The scene that the reader left in the layer's metadata, else one made from its data.

    Raises
    ------
    UserError
        If the layer is not a 2-D image.
    """
    from napari_uhrnet.scene.array import array_scene
    from napari_uhrnet.scene.base import Scene

    scene = layer.metadata.get("scene")
    if isinstance(scene, Scene):
        return scene
    if layer.ndim != 2:
        raise UserError(
            f"{layer.name}: has {layer.ndim} axes and only 2-D images can be segmented: "
            "split it into 2-D layers or open it as RGB"
        )
    levels = list(layer.data) if layer.multiscale else [layer.data]
    return array_scene(levels, layer.name)
