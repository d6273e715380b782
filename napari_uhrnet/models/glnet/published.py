"""Whole-image evaluation exactly as GLNet's code does it (``eval_test`` in its ``helper.py``).

Patches are processed one after the other: beside the scores that are returned, memory holds one
patch's maps and, in mode 3, some logits of each patch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.grid import PatchGrid
from napari_uhrnet.models.glnet.places import FrameMerge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.models.glnet.network import GLNet
    from napari_uhrnet.models.glnet.pyramid import BranchMaps

MIN_OVERLAP_PX = 50
"""Pixels that neighbouring patches share at least."""

Scores = dict[str, "NDArray[np.float32]"]


def published_inference(
    model: GLNet,
    image: NDArray[np.uint8],
    size_px: int,
    mode: int,
    frozen_global: GLNet | None = None,
) -> Scores:
    """Scores of a whole image by GLNet's published evaluation.

    Parameters
    ----------
    model
        The network with the weights of the mode; put into evaluation mode, kept on its device.
    image
        (H, W, 3) uint8 RGB.
    size_px
        Side to which the image is resized for the global branch, and side of the patches; 508 in
        the published scripts.
    mode
        1: the global branch alone. 2: the local branch sees the global one's maps (read-out into
        patches). 3: the global branch sees the patches' maps as well (read-out into the frame).
    frozen_global
        Only for mode 3: the network of mode 1, whose global branch feeds the local branch.

    Returns
    -------
    dict
        float32 raw scores (N, H, W) before argmax: "global" and, in modes 2 and 3, "local" and
        "fused". Logits are nearest-upsampled and, for patches, summed where they overlap. In mode
        1 also "global_logits" (N, h, w): the global branch's cells.

    Raises
    ------
    UserError
        If the image is not (H, W, 3) uint8, or in modes 2 and 3 not larger than a patch.
    ValueError
        For an unknown mode, or mode 3 without ``frozen_global``.
    """
    if mode not in (1, 2, 3):
        raise ValueError(f"GLNet has the modes 1, 2 and 3, not {mode}")
    if mode == 3 and frozen_global is None:
        raise ValueError("mode 3 needs frozen_global, the network of mode 1")
    _check_image(image, size_px, mode)
    with torch.inference_mode():
        run = _Run(model.eval(), image, size_px)
        if mode == 1:
            return _alone(run)
        if mode == 2 or frozen_global is None:
            return _into_patches(run)
        return _into_frame(run, frozen_global.eval())


def shrink_frame(frame: NDArray[np.uint8], size_px: int) -> Tensor:
    """(1, 3, size_px, size_px) in 0..1 of a frame (H, W, 3) uint8: Pillow's bilinear, no mean/std.

    Pillow averages over all pixels that fall on one of the small picture (antialiasing), and rounds
    to uint8.
    """
    from PIL import Image

    small = Image.fromarray(frame).resize((size_px, size_px), Image.Resampling.BILINEAR)
    return _to_tensor(np.array(small))


def _to_tensor(pixels: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float().div(255)


def _check_image(image: NDArray[np.uint8], size_px: int, mode: int) -> None:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise UserError(
            f"an image of shape {image.shape} and type {image.dtype} is not what GLNet reads: "
            "give (height, width, 3) uint8 RGB"
        )
    if mode != 1 and not MIN_OVERLAP_PX < size_px < min(image.shape[:2]):
        raise UserError(
            f"an image of {image.shape[1]} x {image.shape[0]} px cannot be cut into patches of "
            f"{size_px} px as GLNet does: use patches of more than {MIN_OVERLAP_PX} px that are "
            "smaller than both sides of the image"
        )


class _Run:
    """One image on its way: its small picture and its patches."""

    def __init__(self, model: GLNet, image: NDArray[np.uint8], size_px: int) -> None:
        self.model = model
        self.image = image
        self.shape_yx = (image.shape[0], image.shape[1])
        self.device = next(model.parameters()).device
        self.small = shrink_frame(image, size_px).to(self.device)
        grid = PatchGrid(self.shape_yx, size_px, MIN_OVERLAP_PX)
        self.boxes = [grid.window(cell) for cell in grid.cells()]

    def encoded_patches(self, frame: BranchMaps) -> Iterator[tuple[Window, BranchMaps]]:
        """The patches row by row, each with what the local branch makes of it."""
        for box in self.boxes:
            pixels = _to_tensor(self.image[box.slices]).to(self.device)
            yield box, self.model.encode_patches(pixels, frame, [box], self.shape_yx)

    def upsample(self, frame: BranchMaps) -> NDArray[np.float32]:
        """Global logits on the image's pixels."""
        scores = F.interpolate(frame.logits.cpu(), size=self.shape_yx, mode="nearest")[0]
        return np.ascontiguousarray(scores.numpy())

    def canvas(self) -> NDArray[np.float32]:
        return np.zeros((self.model.classes, *self.shape_yx), np.float32)


def _add(scores: NDArray[np.float32], box: Window, logits: Tensor) -> None:
    pixels = F.interpolate(logits.cpu(), size=box.shape_yx, mode="nearest")[0]
    scores[:, *box.slices] += pixels.numpy()


def _alone(run: _Run) -> Scores:
    frame = run.model.encode_frame(run.small)
    return {"global": run.upsample(frame), "global_logits": frame.logits[0].cpu().numpy()}


def _into_patches(run: _Run) -> Scores:
    frame = run.model.encode_frame(run.small)
    local, fused = run.canvas(), run.canvas()
    for box, patch in run.encoded_patches(frame):
        _add(local, box, patch.logits)
        share = run.model.local_share(patch.features)
        _add(fused, box, run.model.fuse(share, frame, [box], run.shape_yx))
    return {"global": run.upsample(frame), "local": local, "fused": fused}


def _into_frame(run: _Run, frozen_global: GLNet) -> Scores:
    seen = frozen_global.encode_frame(run.small)
    local, fused = run.canvas(), run.canvas()
    merge = FrameMerge(seen.shared, run.shape_yx)
    shares = []
    for box, patch in run.encoded_patches(seen):
        _add(local, box, patch.logits)
        merge.add(patch.shared, [box])
        shares.append(run.model.local_share(patch.features))
    frame = run.model.refine_frame(run.small, merge.result())
    for box, share in zip(run.boxes, shares, strict=True):
        _add(fused, box, run.model.fuse(share, frame, [box], run.shape_yx))
    return {"global": run.upsample(frame), "local": local, "fused": fused}
