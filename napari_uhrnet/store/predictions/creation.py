"""Empty prediction stores on disk."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.store.files.cache import creating_name
from napari_uhrnet.store.files.disk import ZSTD_LEVEL
from napari_uhrnet.store.predictions.finished import Finished

if TYPE_CHECKING:
    from pathlib import Path

    from napari_uhrnet.store.predictions.layout import StoreLayout

LAYOUT_KEY = "napari_uhrnet_layout"
"""Attribute of the root group that holds the store's layout."""


def create_empty(folder: Path, layout: StoreLayout, attributes: dict[str, Any]) -> None:
    """Put an empty store together beside and give it its name, so that it is whole or not there."""
    import zarr
    from zarr.codecs import ZstdCodec

    beside = creating_name(folder)
    try:
        group = zarr.create_group(
            beside, attributes=attributes | {LAYOUT_KEY: layout.to_attributes()}
        )
        for plane in layout.planes:
            for level, step in enumerate(layout.steps):
                group.create_array(
                    f"{plane}/{level}",
                    shape=layout.level_shape(step),
                    chunks=layout.chunk_shape(step),
                    dtype="uint8",
                    fill_value=NOTHING,
                    compressors=ZstdCodec(level=ZSTD_LEVEL),
                    dimension_names=("y", "x"),
                )
        Finished.nothing(layout).save(beside)
        beside.rename(folder)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
