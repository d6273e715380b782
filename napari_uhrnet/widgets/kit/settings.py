"""What is remembered from one session to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari_uhrnet.session.correct.state import CorrectState
    from napari_uhrnet.session.state import SessionState

SESSION = {"model": str, "device": str, "region": str, "follow_view": bool, "opacity": float}
CORRECTING = {"brush_px": int, "superpixel_px": int}


def user_settings() -> QSettings:
    """The settings of the person at the screen."""
    return QSettings("napari-uhrnet", "napari-uhrnet")


def follow_session(state: SessionState, settings: QSettings) -> None:
    """Begin as the last session ended, and keep the settings up to date from now on."""
    _restore(state, settings, SESSION)
    if state.region not in ("visible", "scene"):
        # A rectangle is of one scene and is not remembered.
        state.region = "visible"
    _remember(state, settings, SESSION)


def follow_correcting(state: CorrectState, settings: QSettings) -> None:
    """The same for the sizes of the tools."""
    _restore(state, settings, CORRECTING)
    _remember(state, settings, CORRECTING)


def _restore(state: object, settings: QSettings, kinds: Mapping[str, type]) -> None:
    for name, kind in kinds.items():
        if settings.contains(name):
            setattr(state, name, settings.value(name, type=kind))


def _remember(
    state: SessionState | CorrectState, settings: QSettings, kinds: Mapping[str, type]
) -> None:
    for name in kinds:
        getattr(state.events, name).connect(_keeper(settings, name))


def _keeper(settings: QSettings, name: str) -> Callable[[object], None]:
    def keep(value: object) -> None:
        settings.setValue(name, value)

    return keep
