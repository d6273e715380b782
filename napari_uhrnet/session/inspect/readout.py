"""Predictions of networks at the cursor and at pins, computed beside everything else."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from psygnal import Signal

from napari_uhrnet.session.inspect.pins import Pin, PointPrediction, new_name
from napari_uhrnet.session.inspect.point_reader import PointReader, Setting
from napari_uhrnet.session.panel_job import JobStatus, PanelJob

if TYPE_CHECKING:
    from napari_uhrnet.scene.base import Scene
    from napari_uhrnet.session.runner import Runner


class Readout(PanelJob):
    """Keeps the point that is looked at and the pins of each scene; of the main thread.

    Has a runner of its own. One point is read at a time: of the places where the cursor was
    meanwhile only the last one is read next, and pins when the cursor rests.
    """

    changed = Signal()
    """Another point is shown, or there is one more prediction of it."""
    pins_changed = Signal()
    """There are other pins, or one more prediction of one."""

    def __init__(self, runner: Runner) -> None:
        super().__init__(runner)
        self._reader = PointReader()
        self._wanted: Pin | None = None
        self._cursor: tuple[int, int] | None = None
        self._pins: WeakKeyDictionary[Scene, list[Pin]] = WeakKeyDictionary()
        self.setting = Setting()
        self.shown: Pin | None = None
        """The point whose predictions are shown, with as many of them as there are yet."""

    @property
    def pins(self) -> list[Pin]:
        """Those of the present scene, the oldest first."""
        scene = self.setting.scene
        return [] if scene is None else self._pins.setdefault(scene, [])

    def use(self, setting: Setting) -> None:
        """Ask these networks about this scene from now on; what is missing is computed."""
        old, self.setting = self.setting, setting
        if setting == old:
            return
        self._job.drop()
        if old.scene is not setting.scene:
            self.shown = self._cursor = None
        self._wanted = self.shown
        for pin in [*self.pins, *([self.shown] if self.shown else [])]:
            if pin.pixel_size_m != setting.pixel_size_m:
                pin.predictions.clear()
                pin.pixel_size_m = setting.pixel_size_m
        self._set(JobStatus())
        self.changed.emit()
        self.pins_changed.emit()
        if not setting.asked:
            self._start(self._reader.let_go, partial(self._on_result, None))
        self._read_next()

    def hover(self, y: int, x: int) -> None:
        """The cursor is over a level-0 pixel."""
        if self._cursor != (y, x):
            self._cursor = y, x
            self._wanted = self._point(y, x)
            self._read_next()

    def leave(self) -> None:
        """The cursor is outside of the scene."""
        self._wanted = self._cursor = None
        if self.shown is not None:
            self.shown = None
            self.changed.emit()

    def pin(self, y: int, x: int) -> None:
        """Keep a level-0 pixel."""
        if self.setting.scene is None:
            return
        pin = self._point(y, x)
        pin.name = new_name(self.pins)
        if self.shown is not None and (self.shown.y, self.shown.x) == (y, x):
            pin.predictions.update(self.shown.predictions)
        self.pins.append(pin)
        self.pins_changed.emit()
        self._read_next()

    def unpin(self, pin: Pin) -> None:
        """Delete a pin."""
        if pin in self.pins:
            self.pins.remove(pin)
            if self.shown is pin:
                self.leave()
            self.pins_changed.emit()

    def rename(self, pin: Pin, name: str) -> None:
        """Rename a pin; an empty name changes nothing."""
        pin.name = name.strip() or pin.name
        self.pins_changed.emit()

    def show(self, pin: Pin) -> None:
        """Show the predictions at a pin."""
        self._wanted = self._cursor = None
        self.shown = pin
        self.changed.emit()

    def _point(self, y: int, x: int) -> Pin:
        return Pin("", y, x, self.setting.pixel_size_m)

    def _missing(self, point: Pin) -> tuple[str, ...]:
        return tuple(model for model in self.setting.models if model not in point.predictions)

    def _read_next(self) -> None:
        """Read the next point, if none is being read."""
        if self._job.running or self.setting.scene is None or self.status.message:
            return
        wanted, self._wanted = self._wanted, None
        for point in [*([wanted] if wanted else []), *self.pins]:
            models = self._missing(point)
            if models:
                read = partial(self._reader.read, self.setting, models, point.y, point.x)
                self._start(read, partial(self._on_result, point))
                return

    def _on_result(self, point: Pin | None, result: float | PointPrediction) -> None:
        if point is None:
            return
        if not isinstance(result, PointPrediction):
            self._set(JobStatus(True, result))
            return
        point.predictions[result.model] = result
        if point in self.pins:
            self.pins_changed.emit()
        elif self._cursor is not None and not point.name:
            self.shown = point
        if self.shown is point:
            self.changed.emit()

    def _on_end(self, error: BaseException | None) -> None:
        if error is None:
            self._set(JobStatus())
            self._read_next()
        else:
            # Nothing more is read with this setting: it would most likely end in the same way.
            super()._on_end(error)
