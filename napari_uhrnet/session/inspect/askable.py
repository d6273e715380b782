"""Which networks can be asked about a point."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from napari_uhrnet.models.registry import card_of, list_models
from napari_uhrnet.session.inspect.point_reader import Asked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_uhrnet.models.registry import LoadedModel
    from napari_uhrnet.session.model_pool import ModelPool
    from napari_uhrnet.session.state import SessionState


def named(model: str, models: ModelPool, device: str) -> Asked:
    """A network of the registry, or of a file."""
    path = Path(model)
    title = path.stem if path.suffix else path.name
    return Asked(model, title, device, partial(models.get, model, device))


def others(
    state: SessionState, models: ModelPool, files: Sequence[str], used: Sequence[LoadedModel]
) -> list[Asked]:
    """All but the chosen one: those that have weights, ``files``, and others that were ``used``."""
    shipped = [entry.name for entry in list_models() if entry.shipped]
    known = [*(card_of(name) for name in shipped), state.card]
    return [
        *(named(m, models, state.device) for m in [*shipped, *files] if m != state.model),
        *(_used(model) for model in used if model.card not in known),
    ]


def _used(model: LoadedModel) -> Asked:
    """A network that is loaded already; its weights may be in no file any more."""
    name = f"{model.name} {model.hash[:8]}"
    return Asked(name, name, str(model.device), lambda: model)
