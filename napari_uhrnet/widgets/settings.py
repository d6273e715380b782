"""What is remembered from one session to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_uhrnet.session.state import SessionState

REMEMBERED = {"model": str, "device": str, "region": str, "follow_view": bool, "opacity": float}


def user_settings() -> QSettings:
    """The settings of the person at the screen."""
    return QSettings("napari-uhrnet", "napari-uhrnet")


def restore(state: SessionState, settings: QSettings) -> None:
    """Put what was remembered into the state."""
    for name, kind in REMEMBERED.items():
        if settings.contains(name):
            setattr(state, name, settings.value(name, type=kind))
    if state.region not in ("visible", "scene"):
        # A rectangle is of one scene and is not remembered.
        state.region = "visible"


def remember(state: SessionState, settings: QSettings) -> None:
    """Keep the settings up to date with the state from now on."""
    for name in REMEMBERED:
        getattr(state.events, name).connect(_keeper(settings, name))


def _keeper(settings: QSettings, name: str) -> Callable[[object], None]:
    def keep(value: object) -> None:
        settings.setValue(name, value)

    return keep
