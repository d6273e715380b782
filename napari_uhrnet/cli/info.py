"""The commands that only print: ``info`` and ``models``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from napari_uhrnet.cli.kit.output import say

if TYPE_CHECKING:
    from pathlib import Path

PIXEL_SIZE_UNKNOWN = "unknown: the checkpoint's is assumed, set it with --pixel-size"


def print_info(path: Path, *, as_json: bool) -> None:
    """What is known about a scene, as a table or as JSON."""
    from napari_uhrnet.cli.kit.opening import opened
    from napari_uhrnet.scene.describe import describe

    with opened(path) as scene:
        facts = describe(scene)
    if as_json:
        say(json.dumps(facts, indent=2))
        return
    rows = _rows(facts)
    width = max(map(len, rows))
    for name, value in rows.items():
        say(f"{name:<{width}}  {value}")
    for note in facts["notes"]:
        say(f"{'note':<{width}}  {note}")


def _rows(facts: dict[str, Any]) -> dict[str, str]:
    size_m, transform = facts["pixel_size_m"], facts["transform"]
    return {
        "name": facts["name"],
        "format": facts["format"],
        "size": f"{facts['width']} x {facts['height']} px (width x height)",
        "bands": f"{facts['bands']}, {facts['dtype']}",
        "levels": ", ".join(f"{width} x {height}" for height, width in facts["levels"]),
        "pixel size": PIXEL_SIZE_UNKNOWN if size_m is None else f"{size_m:.6g} m",
        "crs": facts["crs"] or "none",
        "transform": "none" if transform is None else ", ".join(f"{v:.12g}" for v in transform),
        "fingerprint": facts["fingerprint"],
    }


def print_models(*, shipped: bool) -> None:
    """The models of the registry, one a line; only those with weights if ``shipped``.

    GMAC and GB are those of one 2448 px scene (`models.registry.Cost`).
    """
    from napari_uhrnet.models.registry import DEFAULT_MODEL, list_models

    entries = [entry for entry in list_models() if entry.shipped or not shipped]
    width = max(len(e.name) for e in entries)
    for entry in entries:
        weights = "weights shipped" if entry.shipped else "no weights: train or load"
        default = ", default" if entry.name == DEFAULT_MODEL else ""
        cost = entry.cost
        say(
            f"{entry.name:<{width}}  {entry.parameters / 1e6:5.1f} M parameters  "
            f"{cost.macs / 1e9:4.0f} GMAC  {cost.memory_bytes / 1e9:4.1f} GB  "
            f"{entry.description} ({weights}{default})"
        )
