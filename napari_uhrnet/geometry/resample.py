"""Antialiased scaling whose every output pixel is the same whichever window is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet.geometry.window import Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

Taps = tuple[int, int, "NDArray[np.int64]", "NDArray[np.float32]"]
"""(first source pixel, end, (n, taps) source pixels counted from the first, (n, taps) weights)."""


def axis_taps(source_length: int, target_length: int, start: int, stop: int) -> Taps:
    """Source pixels and weights of the target pixels start .. stop of one axis.

    A triangle filter, as wide as a target pixel when shrinking (as PIL's BILINEAR and torch's
    ``antialias=True``); outer edges coincide; at the ends the weights are those of the pixels that
    exist, scaled to add up to 1. Positions are counted from the whole picture, so they do not
    depend on start and stop.
    """
    ratio = source_length / target_length
    support = max(ratio, 1.0)
    centre = (np.arange(start, stop) + 0.5) * ratio
    first = np.floor(centre - support).astype(np.int64)
    count = int(np.ceil(2 * support)) + 2
    index = first[:, None] + np.arange(count)
    weights = np.clip(1 - np.abs(index + 0.5 - centre[:, None]) / support, 0, None)
    weights[(index < 0) | (index >= source_length)] = 0
    weights /= weights.sum(axis=1, keepdims=True)
    index = np.clip(index, 0, source_length - 1)
    low, high = int(index.min()), int(index.max()) + 1
    return low, high, index - low, weights.astype(np.float32)


def source_window(
    source_shape_yx: tuple[int, int], target_shape_yx: tuple[int, int], target: Window
) -> Window:
    """The source pixels that a window of the scaled picture depends on, halo included."""
    top, bottom, *_ = axis_taps(source_shape_yx[0], target_shape_yx[0], target.y, target.bottom)
    left, right, *_ = axis_taps(source_shape_yx[1], target_shape_yx[1], target.x, target.right)
    return Window.between(top, left, bottom, right)


def _along_rows(pixels: NDArray[np.float32], taps: Taps) -> NDArray[np.float32]:
    _, _, index, weights = taps
    out = np.zeros((len(index), *pixels.shape[1:]), np.float32)
    # One tap after the other, elementwise: a matrix product would add up in an order that depends
    # on the size of the window.
    for k in range(index.shape[1]):
        out += weights[:, k, None, None] * pixels[index[:, k]]
    return out


def scale_window(
    pixels: NDArray[np.uint8],
    valid: NDArray[np.bool_],
    source_shape_yx: tuple[int, int],
    target_shape_yx: tuple[int, int],
    target: Window,
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Scale what was read of `source_window` to a window of the target grid.

    Parameters
    ----------
    pixels, valid
        (h, w, C) uint8 and (h, w) bool of ``source_window(...)``.

    Returns
    -------
    (height, width, C) uint8 and (height, width) bool. Pixels that are not valid do not bleed into
    their neighbours; a target pixel is valid if half of its weight is.
    """
    y = axis_taps(source_shape_yx[0], target_shape_yx[0], target.y, target.bottom)
    x = axis_taps(source_shape_yx[1], target_shape_yx[1], target.x, target.right)

    def scaled(values: NDArray[np.float32]) -> NDArray[np.float32]:
        down = _along_rows(values, y)
        return _along_rows(down.swapaxes(0, 1), x).swapaxes(0, 1)

    if valid.all():
        out = scaled(pixels.astype(np.float32))
        return _to_uint8(out), np.ones(target.shape_yx, bool)
    # 1 - the weight of invalid pixels: exactly 1 where all are valid, with the result of above.
    weight = np.float32(1) - scaled((~valid[..., None]).astype(np.float32))
    out = scaled((pixels * valid[..., None]).astype(np.float32)) / np.maximum(weight, 1e-6)
    return _to_uint8(out), weight[..., 0] >= 0.5


def _to_uint8(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
