"""Puts neighbour influence together with the viewer: clicks, maps, outlines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject

from napari_uhrnet.session.inspect.neighbour_effect import FoundChanges, FoundInfluences
from napari_uhrnet.widgets.inspect import words
from napari_uhrnet.widgets.inspect.neighbour_layers import CHANGED, PATCH, NeighbourLayers
from napari_uhrnet.widgets.inspect.neighbours_panel import NeighboursPanel
from napari_uhrnet.widgets.kit.view import click, pixel_at

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from napari.components import ViewerModel
    from napari.layers import Image

    from napari_uhrnet.scene.base import Scene
    from napari_uhrnet.session.inspect.neighbour_effect import NeighbourEffect
    from napari_uhrnet.session.state import SessionState


class NeighboursTool(QObject):
    """One panel, from its opening to its end.

    Parameters
    ----------
    image_of
        The image layer that a scene is shown in, None if it is gone.
    update_view
        Brings the view in the state up to date.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        state: SessionState,
        effect: NeighbourEffect,
        image_of: Callable[[Scene], Image | None],
        update_view: Callable[[], None],
    ) -> None:
        super().__init__()
        self._viewer, self._state, self._effect = viewer, state, effect
        self._image_of, self._update_view = image_of, update_view
        self._layers = NeighbourLayers(viewer)
        self._changes: FoundChanges | None = None
        self._influences: FoundInfluences | None = None
        self.panel = NeighboursPanel(effect)
        self._connect()

    def _connect(self) -> None:
        panel = self.panel
        panel.map_pressed.connect(self._on_map)
        panel.pick_toggled.connect(self._on_pick)
        panel.branch_chosen.connect(self._show_again)
        panel.closed.connect(self.close)
        self._effect.found.connect(self._on_found)
        self._state.events.scene.connect(self._on_scene)
        self._viewer.mouse_drag_callbacks.append(self._on_press)

    def close(self) -> None:
        """Disconnect; the layers are removed."""
        self._viewer.mouse_drag_callbacks.remove(self._on_press)
        self._effect.found.disconnect(self._on_found)
        self._state.events.scene.disconnect(self._on_scene)
        self._layers.close()
        self._effect.forget()

    def _on_map(self) -> None:
        self._update_view()
        self._effect.find_changes()

    def _on_pick(self, on: bool) -> None:
        if on:
            self.panel.show_message(words.PICK_HINT)

    def _on_press(self, viewer: ViewerModel, event: Any) -> Generator[None, None, None]:
        """napari: the mouse was pressed; a click picks a patch if one is to be picked."""
        if not self.panel.pick.isChecked() or event.button != 1:
            return
        position = yield from click(event)
        if position is not None:
            self.panel.pick.setChecked(False)
            self._ask_at(position)

    def _ask_at(self, position: Any) -> None:
        scene = self._state.scene
        image = None if scene is None else self._image_of(scene)
        if image is None or scene is None or image not in self._viewer.layers:
            return
        pixel = pixel_at(image, position)
        if pixel is not None:
            self._update_view()
            self._effect.ask_patch(*pixel)
        else:
            self.panel.show_message(words.NO_IMAGE_HERE)

    def _on_found(self, found: FoundChanges | FoundInfluences) -> None:
        if isinstance(found, FoundChanges):
            self._changes = found
            self._show_changes()
        else:
            self._influences = found
            self._show_influences()

    def _show_again(self) -> None:
        """Another branch is chosen; layers that the person removed stay removed."""
        if self._changes is not None and self._is_shown(CHANGED):
            self._show_changes()
        if self._influences is not None and self._is_shown(PATCH):
            self._show_influences()

    def _show_changes(self) -> None:
        found = self._changes
        image = None if found is None else self._image_of(found.scene)
        if found is not None and image is not None and image in self._viewer.layers:
            changes = found.branches[self.panel.chosen]
            self._layers.show_changes(changes, found.factor_yx, image, self._state.opacity)
            self.panel.show_message(found.sentence(self.panel.chosen))

    def _show_influences(self) -> None:
        found = self._influences
        image = None if found is None else self._image_of(found.scene)
        if found is not None and image is not None and image in self._viewer.layers:
            self._layers.show_influences(found, self.panel.chosen, image)
            self.panel.show_message(found.sentence(self.panel.chosen))

    def _is_shown(self, name: str) -> bool:
        return any(layer.name == name for layer in self._viewer.layers)

    def _on_scene(self) -> None:
        self._changes = self._influences = None
        self._effect.forget()
        self._layers.clear()
