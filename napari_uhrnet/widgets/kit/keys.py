"""Keys of the viewer that are bound while the dock is open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel


class Keys:
    """Bound keys, and what they did before."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._before: dict[str, Any] = {}

    def bind(self, key: str, action: Callable[[Any], Any]) -> None:
        """Let a key do something; a generator is resumed when the key is released."""
        self._before[key] = self._viewer.bind_key(key, action, overwrite=True)

    def release(self) -> None:
        """Restore all keys."""
        for key, before in self._before.items():
            self._viewer.bind_key(key, before, overwrite=True)
        self._before.clear()
