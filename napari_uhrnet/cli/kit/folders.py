"""Folders of data as they are named on a command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari_uhrnet.errors import UserError


def data_folder(text: str) -> dict[str, Any]:
    """Fields of `training.run.config.DataFolder` from DIR or DIR@METRES; UserError for others."""
    name, at, size = text.rpartition("@")
    if not at or Path(text).exists():
        return {"folder": Path(text).resolve(), "pixel_size_m": None}
    try:
        return {"folder": Path(name).resolve(), "pixel_size_m": float(size)}
    except ValueError:
        raise UserError(f"{text}: write DIR@METRES, such as tiles@0.5") from None
