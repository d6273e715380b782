"""The command ``segment``: from a scene to a mask on disk."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.cli.kit.opening import opened
from napari_uhrnet.cli.kit.output import say
from napari_uhrnet.cli.kit.progress import ProgressLine
from napari_uhrnet.cli.kit.words import parse_window
from napari_uhrnet.export.maps.mask import check_mask_path, write_mask
from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.geometry.transform import window_transform
from napari_uhrnet.store.files.inputs import check_not_input

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uhrnet.engine.run import Progress
    from napari_uhrnet.engine.segment import Segmentation
    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.window import Window


def segment_to_file(
    path: Path,
    out: Path,
    *,
    window: str | None,
    branch: str,
    pixel_size_m: float | None,
    model: str | None,
    device: str,
) -> None:
    """Segment a scene, or a window of it, write the mask and print a summary.

    What can be wrong with paths, window, model and device is found before anything is computed.
    Predictions are kept in the user's cache, so a run that was cancelled resumes where it was.
    """
    check_mask_path(out)
    check_not_input(out, [*_files_of(path), model])
    numbers = None if window is None else parse_window(window)
    with opened(path, pixel_size_m) as scene:
        from napari_uhrnet.engine.segment import check_window, segmented
        from napari_uhrnet.models.registry import DEFAULT_MODEL, load_model
        from napari_uhrnet.resources import cache_root
        from napari_uhrnet.store.files.cache import trim

        place = check_window(scene, numbers)
        loaded = load_model(model or DEFAULT_MODEL, device)
        started, meter = time.monotonic(), _Meter()
        with ProgressLine("segmenting") as line:
            if scene.pixel_size_m is None:
                line.note(
                    f"{scene.name} does not say its pixel size; the checkpoint's "
                    f"{loaded.card.pixel_size_m:g} m is assumed, set it with --pixel-size"
                )
            meter.line = line
            with segmented(
                scene,
                loaded,
                place,
                branch=branch,
                store_root=cache_root(),
                progress=meter.update,
            ) as done:
                line.end()
                counts = _write(done, out)
                kept = done.store.folder
        trim(cache_root(), keep=[kept])
        seconds = time.monotonic() - started
    say(
        f"{scene.name}: {place.width} x {place.height} px in {seconds:.1f} s, "
        f"{meter.patches} patches on {loaded.device}"
    )
    for text in class_shares(counts, loaded.classes):
        say(text)
    say(f"written to {out}")


def _files_of(scene: Path) -> list[Path]:
    """The file itself and those that a mosaic takes its pixels from."""
    from napari_uhrnet.scene.readers.vrt import is_vrt, vrt_sources

    mosaic = scene.is_file() and is_vrt(scene)
    return [scene, *(vrt_sources(scene) if mosaic else ())]


class _Meter:
    """Shows the engine's progress and remembers how many patches it computed."""

    line: ProgressLine

    def __init__(self) -> None:
        self.patches = 0

    def update(self, progress: Progress) -> None:
        self.patches = progress.patches_done
        self.line.patches(progress.patches_done, progress.patches_total, progress.seconds_left)
        if progress.message:
            self.line.note(progress.message)


def _write(done: Segmentation, out: Path) -> NDArray[np.int64]:
    """Write the mask; (256,) pixels of each class id in it."""
    counts, place, scene = np.zeros(256, np.int64), done.window, done.scene

    def read(window: Window) -> NDArray[np.uint8]:
        ids = done.read(window.shift(place.y, place.x))
        counts[:] += np.bincount(ids.ravel(), minlength=256)
        return ids

    with ProgressLine("writing") as line:
        write_mask(
            out,
            read,
            place.shape_yx,
            done.model.classes,
            crs=scene.crs,
            transform=None if scene.transform is None else window_transform(scene.transform, place),
            progress=line.share,
        )
    return counts


def class_shares(counts: NDArray[np.int64], classes: ClassTable) -> list[str]:
    """One line a class, the most frequent first; those that do not occur are left out."""
    names = classes.names | {NOTHING: "no data"}
    found = sorted((i for i in range(256) if counts[i]), key=lambda i: -int(counts[i]))
    total = max(1, int(counts.sum()))
    return [f"  {counts[i] / total:6.1%}  {names.get(i, f'class {i}')}" for i in found]
