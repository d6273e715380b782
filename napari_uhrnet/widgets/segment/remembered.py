"""What of the session is remembered until the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_uhrnet.widgets.kit.settings import follow

if TYPE_CHECKING:
    from qtpy.QtCore import QSettings

    from napari_uhrnet.session.state import SessionState

REMEMBERED = {"model": str, "device": str, "region": str, "follow_view": bool, "opacity": float}


def follow_session(state: SessionState, settings: QSettings) -> None:
    """Begin as the last session ended, and keep the settings up to date from now on."""
    follow(state, settings, REMEMBERED)
    if state.region not in ("visible", "scene"):
        # A rectangle is of one scene and is not remembered.
        state.region = "visible"
