"""Predictions of networks that were used before, read from their stores when asked for."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_uhrnet.session.compare.sources import Source, stored_labels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_uhrnet.engine.planning.layout import SceneLayout
    from napari_uhrnet.evaluation.comparison.results import Result
    from napari_uhrnet.models.registry import LoadedModel
    from napari_uhrnet.scene.base import Scene
    from napari_uhrnet.session.engine import Engine, Workspace

BRANCHES = ("fused", "local", "global")
"""The order in which they are offered."""
MOST = 4
"""So many networks are remembered; the longest unused one is forgotten."""


@dataclass(frozen=True, eq=False)
class OtherPrediction:
    """What a network predicted for a scene; its store may be closed."""

    engine: Engine
    scene: Scene
    layout: SceneLayout
    model: LoadedModel

    @contextmanager
    def opened(self) -> Iterator[Workspace]:
        """Its store, open."""
        where = self.engine.open_workspace(self.scene, self.layout, self.model)
        try:
            yield where
        finally:
            self.engine.close_workspace(where)

    def source(self, branch: str, title: str) -> Source:
        """What is stored of a branch; the store is open as long as the source is."""

        @contextmanager
        def opened() -> Iterator[Result]:
            with self.opened() as where:
                yield stored_labels(self.scene, self.layout, self.model, where.store, branch, title)

        return Source(title, opened)


class OtherPredictions:
    """The predictions that were shown in this session, the newest last. Of the main thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._seen: list[OtherPrediction] = []

    def note(self, where: Workspace) -> None:
        """A prediction is shown."""
        others = [a for a in self._seen if not self._is_of(a, where.scene, where.model)]
        self._seen = [
            *others,
            OtherPrediction(self._engine, where.scene, where.layout, where.model),
        ][-MOST:]

    def beside(self, where: Workspace) -> list[OtherPrediction]:
        """The last predictions of other networks for the same scene, the newest first."""
        return [
            a
            for a in reversed(self._seen)
            if a.scene is where.scene and a.model.hash != where.model.hash
        ]

    def sources(self, where: Workspace) -> dict[str, Source]:
        """Their final predictions and branches, by title."""
        found = {}
        for prediction in self.beside(where):
            for branch in sorted(prediction.model.branches, key=BRANCHES.index):
                title = f"{prediction.model.name}: {branch}"
                found[title] = prediction.source(branch, title)
        return found

    @staticmethod
    def _is_of(prediction: OtherPrediction, scene: Scene, model: LoadedModel) -> bool:
        return prediction.scene is scene and prediction.model.hash == model.hash
