"""Segment a scene, or a window of it, in one call."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from napari_uhrnet.engine.open import open_prediction_store
from napari_uhrnet.engine.passes.state import EngineState
from napari_uhrnet.engine.planning.layout import SceneLayout
from napari_uhrnet.engine.planning.work import Work
from napari_uhrnet.engine.run import Progress, run
from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.affine import labels_to_level0
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.models.registry import DEFAULT_MODEL, LoadedModel, load_model
from napari_uhrnet.scene.base import Scene
from napari_uhrnet.scene.open import open_scene

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from napari_uhrnet.store.predictions.prediction import PredictionStore


@dataclass(frozen=True)
class Segmentation:
    """The labels of a window of a scene, read block by block from the store."""

    scene: Scene
    model: LoadedModel
    state: EngineState
    store: PredictionStore
    window: Window
    branch: str

    def read(self, window: Window) -> NDArray[np.uint8]:
        """(h, w) uint8 ids of a level-0 window; 255 where nothing was segmented or no data is."""
        return labels_to_level0(
            lambda w: self.store.read(f"{self.branch}/labels", w),
            self.state.layout.inference,
            window,
        )


def segment(
    scene: Scene | str | Path,
    model: LoadedModel | str | Path = DEFAULT_MODEL,
    window: Window | tuple[int, int, int, int] | None = None,
    *,
    branch: str = "fused",
    pixel_size_m: float | None = None,
    device: str = "auto",
    store_root: Path | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> NDArray[np.uint8]:
    """Labels of a scene at its own resolution.

    Parameters
    ----------
    scene, model
        What `open_scene` and `load_model` give, or what they take.
    window
        (y, x, height, width) in level-0 pixels; the whole scene by default. The prediction is the
        same as that part of the whole scene's.
    branch
        "fused" (the prediction of the network), "global" or "local".
    pixel_size_m
        Ground size of a level-0 pixel, if the file does not give it or is wrong. Unknown: the
        checkpoint's own is assumed.
    store_root
        Folder to keep predictions in, so that a later call resumes; by default they are deleted.
    progress
        Called after every batch.

    Returns
    -------
    (height, width) uint8 class ids of the model's class table; 255 where the scene has no data.

    Raises
    ------
    UserError
        For bad input, with a sentence that says what to do.
    """
    with segmented(
        scene,
        model,
        window,
        branch=branch,
        pixel_size_m=pixel_size_m,
        device=device,
        store_root=store_root,
        progress=progress,
    ) as done:
        return done.read(done.window)


@contextmanager
def segmented(
    scene: Scene | str | Path,
    model: LoadedModel | str | Path = DEFAULT_MODEL,
    window: Window | tuple[int, int, int, int] | None = None,
    *,
    branch: str = "fused",
    pixel_size_m: float | None = None,
    device: str = "auto",
    store_root: Path | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Iterator[Segmentation]:
    """As `segment`, for results that do not fit in memory: gives them to be read in blocks."""
    with nullcontext(scene) if isinstance(scene, Scene) else open_scene(scene) as opened:
        if pixel_size_m is not None:
            opened = opened.with_pixel_size(pixel_size_m)
        place = check_window(opened, window)
        loaded = model if isinstance(model, LoadedModel) else load_model(model, device)
        if branch not in loaded.branches:
            raise UserError(
                f"model {loaded.name} has no branch {branch!r}: choose {', '.join(loaded.branches)}"
            )
        layout = SceneLayout.build(opened.shape_yx, opened.pixel_size_m, loaded)
        state = EngineState(opened, layout, loaded)
        with (
            _folder(store_root) as root,
            open_prediction_store(opened, state, loaded, root) as store,
        ):
            for step in run(Work(place, by_frames=True), state, store):
                if progress is not None:
                    progress(step)
            yield Segmentation(opened, loaded, state, store, place, branch)


def check_window(scene: Scene, window: Window | tuple[int, int, int, int] | None) -> Window:
    """A window inside the scene, by default all of it; UserError if it is not inside."""
    whole = Window.of_shape(scene.shape_yx)
    if window is None:
        return whole
    y, x, height, width = (
        (window.y, window.x, window.height, window.width) if isinstance(window, Window) else window
    )
    if min(height, width) <= 0 or not whole.contains(Window(y, x, height, width)):
        raise UserError(
            f"window {y},{x},{height},{width} (y,x,height,width) is empty or not inside of "
            f"{scene.name}, which has {whole.height} rows and {whole.width} columns"
        )
    return Window(y, x, height, width)


@contextmanager
def _folder(root: Path | None) -> Iterator[Path]:
    from pathlib import Path

    if root is not None:
        yield Path(root)
        return
    with TemporaryDirectory(prefix="napari-uhrnet-", ignore_cleanup_errors=True) as temporary:
        yield Path(temporary)
