"""What is remembered from one session to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def user_settings() -> QSettings:
    """The settings of the person at the screen."""
    return QSettings("napari-uhrnet", "napari-uhrnet")


def follow(state: Any, settings: QSettings, kinds: Mapping[str, type]) -> None:
    """Set fields of a state as they were last time, and keep the settings up to date from now on.

    Parameters
    ----------
    state
        An evented dataclass of psygnal.
    kinds
        The fields that are remembered, with their types; a field's name is also its key in the
        settings.
    """
    for name, kind in kinds.items():
        if settings.contains(name):
            setattr(state, name, settings.value(name, type=kind))
        getattr(state.events, name).connect(_keeper(settings, name))


def _keeper(settings: QSettings, name: str) -> Callable[[object], None]:
    def keep(value: object) -> None:
        settings.setValue(name, value)

    return keep
