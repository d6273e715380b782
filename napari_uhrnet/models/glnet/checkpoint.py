"""GLNet's published .pth files as a checkpoint of this package: a card, a network, a hash."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import ClassTable
from napari_uhrnet.models.base.checkpoint import Card, check_finite
from napari_uhrnet.models.base.config import GLNetConfig
from napari_uhrnet.resources import resource_path

if TYPE_CHECKING:
    from pathlib import Path

    from napari_uhrnet.models.glnet.tiled import TiledGLNet

PIXEL_SIZE_M = 0.5
"""Ground size of a DeepGlobe pixel."""
TERMS = (
    "GLNet's weights as published by its authors, trained on DeepGlobe, whose terms allow "
    "non-commercial research only."
)


def load_published_checkpoint(path: Path) -> tuple[Card, TiledGLNet]:
    """Card and network of the highest mode that the files are enough for, on the CPU.

    ``path`` is one .pth file, or a folder with the published set (global, global2local,
    local2global). Raises UserError for files that are not GLNet's, or not of DeepGlobe's seven
    classes.
    """
    import torch

    from napari_uhrnet.models.glnet.tiled import TiledGLNet
    from napari_uhrnet.models.glnet.weights import load_published

    files = sorted(path.glob("*.pth")) if path.is_dir() else [path]
    published = load_published(files)
    table = ClassTable.from_file(resource_path("palettes", "deepglobe.json"))
    for part in (published.model, published.frozen_global):
        if part is not None:
            check_finite(part.state_dict(), path)
    if published.model.classes != len(table.classes):
        raise UserError(
            f"{path}: has {published.model.classes} classes, DeepGlobe has {len(table.classes)}: "
            "only GLNet's DeepGlobe weights can be loaded"
        )
    config = GLNetConfig.model_validate({"mode": published.mode})
    with torch.device("meta"):
        network = TiledGLNet(config)
    network.network = published.model
    if published.frozen_global is not None:
        network.frozen_global = published.frozen_global
    return _card(path, files, config, table), network


def _card(path: Path, files: list[Path], config: GLNetConfig, table: ClassTable) -> Card:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return Card(
        name=path.stem,
        title=f"GLNet as published, mode {config.mode}",
        architecture="glnet",
        config=config,
        class_table=table.to_dict(),
        pixel_size_m=PIXEL_SIZE_M,
        terms=TERMS,
        training={"files": [file.name for file in files]},
        sha256=digest.hexdigest(),
    )
