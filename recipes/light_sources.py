"""What the light checkpoints are trained on (`recipes.light`): real scenes and made ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from napari_uhrnet.engine.passes.reading import mirrored, read_inference
from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.affine import InferenceGrid
from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.made.compose import make_scene
from napari_uhrnet.scene.open import open_scene
from napari_uhrnet.training.data.frames import NOT_OF, Frame, read_frame
from napari_uhrnet.training.data.sampling import FrameSource

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uhrnet.geometry.classes import ClassTable

TILES, FULL = "deepglobe_tiles512", "deepglobe_full"
PARTLY, WITHOUT_TRUTH = "deepglobe_forest", "deepglobe_full_unlabelled"
PIXEL_SIZE_M = 1.196
FULL_PIXEL_SIZE_M = 0.5
MADE_SEED = 100_000
"""First seed of the made scenes trained on; lower ones are for samples and tests."""
MADE_SCENES = 60
SHARES = {"tiles": 0.5, "full": 0.28, "forest": 0.12, "made": 0.1}
"""How often a view is drawn from each source."""
PSEUDO_LABEL_SHARES = {
    "tiles": 0.38,
    "full": 0.22,
    "forest": 0.32,
    "unlabelled": 0.03,
    "made": 0.05,
}
"""The same with pseudo-labels for the scenes without ground truth."""
SURE_SHARE = 0.6
"""Share of the pixels with a pseudo-label that are learned: the surest of each class.

One bound for all classes would leave out most pixels of the difficult classes."""
FOREST = 4


def read_sources(
    data: Path,
    split: dict[str, Sequence[str]],
    classes: ClassTable,
    pseudo_labels: Path | None = None,
) -> list[FrameSource]:
    """The train half of the development split, and made scenes with seeds used nowhere else.

    ``split`` names the scenes of ``tiles``, ``full`` and ``forest``; some scenes of
    which only forest is labelled show tiles that are scored, too.

    ``pseudo_labels`` is a folder of `recipes.pseudo_labels` for the scenes of ``data`` that have no
    ground truth, or of which only forest is labelled.
    """
    tiles, full = data / TILES, data / FULL
    partly = [data / PARTLY / f"{i}_sat.jpg" for i in split["forest"]]
    frames = {
        "tiles": [_frame(tiles, i, classes, PIXEL_SIZE_M) for i in split["tiles"]],
        "full": [_frame(full, i, classes, FULL_PIXEL_SIZE_M) for i in split["full"]],
        "forest": [_partly(p) for p in partly],
        "made": [_made(MADE_SEED + k) for k in range(MADE_SCENES)],
    }
    shares = SHARES
    if pseudo_labels is not None:
        images = sorted((data / WITHOUT_TRUTH).glob("*_sat.jpg"))
        frames["unlabelled"] = [_without_truth(p) for p in images]
        without_truth = [*frames["forest"], *frames["unlabelled"]]
        learned = learn_surest(
            without_truth, [read_pseudo_labels(pseudo_labels, f) for f in without_truth]
        )
        frames["forest"] = learned[: len(partly)]
        frames["unlabelled"] = learned[len(partly) :]
        shares = PSEUDO_LABEL_SHARES
    return [FrameSource(name, share, frames[name]) for name, share in shares.items()]


def images_of(data: Path, split: dict[str, Sequence[str]], *, pseudo_labels: bool) -> list[Path]:
    """The image files that `read_sources` reads."""
    folders = {"tiles": TILES, "full": FULL, "forest": PARTLY}
    named = [
        data / folder / f"{i}_sat.jpg" for part, folder in folders.items() for i in split[part]
    ]
    return named + (sorted((data / WITHOUT_TRUTH).glob("*_sat.jpg")) if pseudo_labels else [])


def read_pseudo_labels(folder: Path, frame: Frame) -> NDArray[np.uint8]:
    """(h, w, 2) uint8: pseudo-labels of a frame, ids and shares."""
    path = folder / frame.name.replace("_sat.jpg", "_taught.png")
    if not path.exists():
        raise UserError(f"{path}: is missing: make it with recipes.pseudo_labels")
    both = np.asarray(Image.open(path))
    if both.shape != (*frame.labels.shape, 2):
        raise UserError(f"{path}: is not of its image at {PIXEL_SIZE_M} m per pixel: make it again")
    return both


def learn_surest(
    frames: Sequence[Frame], pseudo_labels: Sequence[NDArray[np.uint8]], share: float = SURE_SHARE
) -> list[Frame]:
    """Frames with their own labels and, elsewhere, the surest pseudo-labels.

    Parameters
    ----------
    frames
        Frames without labels, or with some pixels known to be (or not to be) of a class.
    pseudo_labels
        For each (h, w, 2) uint8: class ids (255 where there is no picture), and how sure their
        networks are, up to 255.
    share
        Share of the pixels with a pseudo-label that are learned: the surest of each class.
    """
    counts = np.zeros((NOTHING + 1, 256), np.int64)
    for both in pseudo_labels:
        np.add.at(counts, (both[..., 0].ravel(), both[..., 1].ravel()), 1)
    least = least_sure(counts, share)
    return [_completed(f, both, least) for f, both in zip(frames, pseudo_labels, strict=True)]


def least_sure(counts: NDArray[np.integer], share: float) -> NDArray[np.int64]:
    """(N,) how sure a pixel must be: the highest bound that at least ``share`` of them reach.

    ``counts`` is (N, 256) the pixels of each class by how sure they are.
    """
    reached = counts[:, ::-1].cumsum(axis=1)
    needed = share * reached[:, -1:]
    bound: NDArray[np.int64] = 255 - (reached >= needed).argmax(axis=1)
    return bound


def _completed(frame: Frame, both: NDArray[np.uint8], least: NDArray[np.int64]) -> Frame:
    """Known labels stay; a pseudo-label that contradicts what is known is ignored."""
    ids, shares = both[..., 0].astype(np.uint16), both[..., 1]
    open_to = frame.labels == NOTHING
    open_to |= (frame.labels >= NOT_OF) & (frame.labels != NOT_OF + ids)
    taken = open_to & (ids != NOTHING) & (shares >= least[ids])
    return Frame(frame.name, frame.pixels, np.where(taken, ids, frame.labels))


def _frame(folder: Path, name: str, classes: ClassTable, pixel_size_m: float) -> Frame:
    image, mask = folder / f"{name}_sat.jpg", folder / f"{name}_mask.png"
    return read_frame(image, mask, classes, pixel_size_m, PIXEL_SIZE_M)


def _without_truth(image: Path) -> Frame:
    with open_scene(image, pixel_size_m=FULL_PIXEL_SIZE_M) as scene:
        grid = InferenceGrid(scene.shape_yx, FULL_PIXEL_SIZE_M / PIXEL_SIZE_M)
        pixels, _ = read_inference(scene, grid, Window.of_shape(grid.shape_yx))
    return Frame(image.name, pixels, np.full(grid.shape_yx, NOTHING, np.uint16))


def forest_mask(image: Path) -> Path:
    """Path of the forest mask of a scene of which only forest is labelled."""
    return image.with_name(image.name.replace("_sat.jpg", "_forest.png"))


def has_picture(mask: Path) -> NDArray[np.bool_]:
    """(h, w) bool: where a scene of which only forest is known has a picture; it is black else."""
    there: NDArray[np.bool_] = np.asarray(Image.open(mask)) != NOTHING
    return there


def _partly(image: Path) -> Frame:
    """A scene whose mask marks forest (1), no forest (0) and no data (255)."""
    codes = np.asarray(Image.open(forest_mask(image)))
    labels = np.full(codes.shape, NOTHING, np.uint16)
    labels[codes == 1] = FOREST
    labels[codes == 0] = NOT_OF + FOREST
    pixels = np.asarray(Image.open(image).convert("RGB"))
    return Frame(image.name, mirrored(pixels, codes != NOTHING), labels)


def _made(seed: int) -> Frame:
    made = make_scene(seed, 1024, PIXEL_SIZE_M)
    return Frame(f"made {seed}", made.image, made.labels)
