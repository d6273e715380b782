"""Place and colours of layers that lie over an image layer."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.geometry.classes import NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari.components import ViewerModel
    from napari.layers import Layer
    from napari.utils.colormaps import DirectLabelColormap

    from napari_uhrnet.geometry.classes import ClassTable

CLEAR = (0.0, 0.0, 0.0, 0.0)
INSIGHT = "uhrnet insight"
"""Key in the metadata of layers that show the inside of a network."""


def is_insight(layer: Layer) -> bool:
    """Whether a layer shows features or neighbour influence: neither a scene nor a result."""
    return INSIGHT in layer.metadata


def placement(
    image: Layer, factor_yx: tuple[float, float], origin_yx: tuple[float, float] = (0, 0)
) -> dict[str, Any]:
    """Where a grid lies that covers an image layer with pixels of ``factor_yx`` image pixels.

    Arguments for a layer: the outer edges at the upper left coincide with those of the image's
    pixel ``origin_yx``, whatever the image layer's own transform is.
    """
    from napari.utils.transforms import Affine

    factor = np.asarray(factor_yx)
    linear = Affine(scale=image.scale, rotate=image.rotate, shear=image.shear).linear_matrix
    return {
        "scale": np.asarray(image.scale) * factor,
        "translate": np.asarray(image.translate)
        + linear @ ((factor - 1) / 2 + np.asarray(origin_yx)),
        "rotate": image.rotate,
        "shear": image.shear,
        "affine": image.affine.affine_matrix,
        "units": image.units,
        "axis_labels": image.axis_labels,
    }


def class_colormap(
    classes: ClassTable,
    hidden: frozenset[int],
    more: dict[int, tuple[float, float, float, float]] | None = None,
) -> DirectLabelColormap:
    """Colours of the classes; hidden ones and pixels without a class are clear.

    ``more`` are RGBA colours of ids that no class has.
    """
    colours: dict[int, tuple[float, ...]] = {
        c.id: CLEAR if c.id in hidden else (*(v / 255 for v in c.rgb), 1.0) for c in classes.classes
    }
    return label_colormap(colours | (more or {}))


def spare_id(classes: ClassTable) -> int:
    """An id that no class has, for what is no class."""
    taken = {int(i) for i in classes.ids}
    return max(i for i in range(NOTHING) if i not in taken)


def label_colormap(colours: dict[int, tuple[float, ...]]) -> DirectLabelColormap:
    """RGBA colours by id; all other ids, 255 among them, are clear."""
    from napari.utils.colormaps import DirectLabelColormap

    rest: dict[int | None, tuple[float, ...]] = {None: CLEAR, NOTHING: CLEAR}
    return DirectLabelColormap(color_dict=rest | colours, background_value=NOTHING)


def share_colours(name: str) -> dict[int, tuple[float, ...]]:
    """RGBA of the bytes 0..254, which stand for shares 0..1, in a colour map of napari."""
    from napari.utils.colormaps import ensure_colormap

    colours = ensure_colormap(name).map(np.linspace(0, 1, NOTHING))
    return {k: tuple(float(v) for v in colour) for k, colour in enumerate(colours)}


@contextmanager
def undisturbed(viewer: ViewerModel) -> Iterator[None]:
    """Keep the selected layers selected while layers are added."""
    selection = viewer.layers.selection
    chosen, active = set(selection), selection.active
    yield
    selection.clear()
    selection.update(layer for layer in chosen if layer in viewer.layers)
    selection.active = active if active in viewer.layers else None
