"""Computes the feature views of frames beside everything else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_uhrnet.session.inspect import words
from napari_uhrnet.session.inspect.view_job import ViewJob
from napari_uhrnet.session.libraries import load_triton_apart
from napari_uhrnet.session.panel_job import JobStatus

if TYPE_CHECKING:
    from collections.abc import Generator

    from napari_uhrnet.engine.inspect.features import FeatureView
    from napari_uhrnet.scene.base import Scene
    from napari_uhrnet.session.inspect.view_job import Wanted

FEATURE_BYTES = 512 << 20
"""Two rows of patches at the paper's size, so that none is computed twice."""


@dataclass(frozen=True)
class Found:
    """The view of a frame of a scene, one of ``frames``."""

    scene: Scene
    view: FeatureView
    frames: tuple[int, int]

    @property
    def sentence(self) -> str:
        """For the panel."""
        lacks = next((b for b in ("global", "local") if b not in self.view.pictures), "")
        row, column = self.view.frame
        frame = None if self.frames == (1, 1) else (row + 1, column + 1)
        return words.features(self.view.explained, frame, lacks)


class FeatureViewer(ViewJob):
    """Of the main thread, with its own runner, so that a segmentation continues beside it."""

    found = Signal(object)
    """A `Found`."""

    def show(self) -> None:
        """Compute the view of the frame in the middle of what is on screen."""
        self._begin(self._steps, self._on_result, words.loading(Path(self._state.model).stem))

    def _steps(self, wanted: Wanted) -> Generator[float | Found, None, None]:
        """In the runner's thread."""
        load_triton_apart()
        from napari_uhrnet.engine.inspect.features import FeatureView, frame_at, run_features
        from napari_uhrnet.engine.passes.state import EngineState

        model = self._models.get(wanted.model, wanted.device, self)
        yield 0.0
        layout = self._engine.layout(wanted.scene, wanted.pixel_size_m, model)
        state = EngineState(wanted.scene, layout, model, feature_bytes=FEATURE_BYTES)
        for step in run_features(state, frame_at(layout, *wanted.centre_yx)):
            if isinstance(step, FeatureView):
                yield Found(wanted.scene, step, (layout.frames.rows, layout.frames.columns))
            else:
                yield step

    def _on_result(self, result: float | Found) -> None:
        if isinstance(result, Found):
            self._set(JobStatus(message=result.sentence))
            self.found.emit(result)
        else:
            self._set(JobStatus(True, result, words.COMPUTING_FEATURES))
