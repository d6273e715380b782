"""Ways to look at predictions: side by side, swipe, blink, and their uncertainty."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QSize
from qtpy.QtGui import QColor, QIcon, QLinearGradient, QPainter, QPixmap
from qtpy.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QPushButton, QWidget

from napari_uhrnet.widgets.inspect import words
from napari_uhrnet.widgets.inspect.side_by_side import ORDER
from napari_uhrnet.widgets.inspect.uncertainty import AGREES, DIFFERS, SHADES
from napari_uhrnet.widgets.kit.panel import Panel, narrow_combo

if TYPE_CHECKING:
    from napari_uhrnet.session.state import SessionState
    from napari_uhrnet.widgets.inspect.side_by_side import SideBySide
    from napari_uhrnet.widgets.inspect.swipe import Swipe
    from napari_uhrnet.widgets.inspect.uncertainty import Shade
    from napari_uhrnet.widgets.segment.overlay import Overlay

BUTTON_PX = 60
SCALE_PX = (18, 12)


class InspectPanel(Panel):
    """Shows the views there are; the person turns them on and off."""

    def __init__(
        self,
        state: SessionState,
        overlay: Overlay,
        side_by_side: SideBySide,
        swipe: Swipe,
        *,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(words.TITLE, parent=parent)
        self._state, self._overlay = state, overlay
        self._side_by_side, self._swipe = side_by_side, swipe
        self._make_buttons()
        self.a, self.b = narrow_combo("inspect_a"), narrow_combo("inspect_b")
        self.checks = {key: self._make_check(key, shade) for key, shade in SHADES.items()}
        self._lay_out()
        self._connect()
        self._show_branches()
        self._show_possible()

    @property
    def pair(self) -> tuple[str, str]:
        """The branches A and B."""
        return self.a.currentData(), self.b.currentData()

    def _make_buttons(self) -> None:
        self.side = QPushButton(words.SIDE_BY_SIDE, checkable=True, objectName="side_by_side")
        self.side.setToolTip(words.SIDE_BY_SIDE_TIP)
        self.curtain = QPushButton(words.SWIPE, checkable=True, objectName="swipe")
        self.curtain.setToolTip(words.SWIPE_TIP)

    def _make_check(self, key: str, shade: Shade) -> QCheckBox:
        check = QCheckBox(shade.title, objectName=f"show_{key}")
        check.setIcon(_scale(shade))
        check.setIconSize(QSize(*SCALE_PX))
        check.toggled.connect(partial(self._on_shade, key))
        return check

    def _lay_out(self) -> None:
        pair = QWidget()
        row = QHBoxLayout(pair)
        row.setContentsMargins(0, 0, 0, 0)
        for combo in (self.a, self.b):
            row.addWidget(combo, 1)
            combo.setToolTip(words.PAIR_TIP)
        self.add_row(words.PAIR, pair)
        buttons = QHBoxLayout()
        for button in (self.side, self.curtain):
            button.setMinimumWidth(BUTTON_PX)
            buttons.addWidget(button, 1)
        self.column.addLayout(buttons)
        grid = QGridLayout()
        grid.setVerticalSpacing(4)
        for k, check in enumerate(self.checks.values()):
            grid.addWidget(check, k // 2, k % 2)
        self.column.addLayout(grid)

    def _connect(self) -> None:
        state = self._state
        self.side.clicked.connect(self._on_side)
        self.curtain.clicked.connect(self._on_swipe)
        for combo in (self.a, self.b):
            combo.activated.connect(self._on_pair)
        self._side_by_side.changed.connect(self.side.setChecked)
        self._swipe.changed.connect(self.curtain.setChecked)
        self._overlay.workspace_changed.connect(self._show_possible)
        state.events.branches.connect(self._show_branches)
        state.events.uncertainty.connect(self._show_possible)

    def _on_side(self, on: bool) -> None:
        self._swipe.leave()
        if on:
            self.side.setChecked(self._side_by_side.enter())
        else:
            self._side_by_side.leave()

    def _on_swipe(self, on: bool) -> None:
        self._side_by_side.leave()
        if on:
            self.curtain.setChecked(self._swipe.enter(*self.pair))
        else:
            self._swipe.leave()

    def _on_pair(self) -> None:
        if self._swipe.is_on:
            self._swipe.enter(*self.pair)

    def _on_shade(self, key: str, shown: bool) -> None:
        before = self._state.uncertainty
        self._state.uncertainty = before | {key} if shown else before - {key}

    def _show_branches(self) -> None:
        branches = [name for name in ORDER if name in self._state.branches]
        before = self.pair
        # Two different ones, if there are; those chosen before, if they are two.
        kept = before if len(set(before) & set(branches)) > 1 else (branches[0], branches[-1])
        for combo, chosen in zip((self.a, self.b), kept, strict=True):
            combo.clear()
            for name in branches:
                combo.addItem(words.BRANCHES[name], name)
            combo.setCurrentIndex(branches.index(chosen))
        self._show_possible()

    def _show_possible(self) -> None:
        where = self._overlay.where
        for button in (self.side, self.curtain):
            button.setEnabled(where is not None)
        self.curtain.setEnabled(where is not None and self.a.count() > 1)
        for key, check in self.checks.items():
            shade = SHADES[key]
            possible = where is not None and shade.is_in(where)
            check.setEnabled(possible)
            reason = words.NOT_AVAILABLE if where else words.SEGMENT_FIRST
            check.setToolTip(shade.tip if possible else words.disabled(shade.tip, reason))
            check.blockSignals(True)
            check.setChecked(key in self._state.uncertainty)
            check.blockSignals(False)


def _scale(shade: Shade) -> QIcon:
    """The colours of a shade, from 0 on the left to 1 on the right."""
    width, height = SCALE_PX
    gradient = QLinearGradient(0, 0, width, 0)
    for k in range(9):
        gradient.setColorAt(k / 8, QColor.fromRgbF(*_colour_at(shade, k / 8)))
    pixmap = QPixmap(width, height)
    painter = QPainter(pixmap)
    painter.fillRect(0, 0, width, height, gradient)
    painter.end()
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Normal, QIcon.State.On)
    return icon


def _colour_at(shade: Shade, share: float) -> tuple[float, float, float]:
    from napari.utils.colormaps import ensure_colormap

    if shade.colours is None:
        red, green, blue, _ = DIFFERS if share >= 0.5 else AGREES
        return red, green, blue
    red, green, blue = (float(v) for v in ensure_colormap(shade.colours).map([share])[0][:3])
    return red, green, blue
