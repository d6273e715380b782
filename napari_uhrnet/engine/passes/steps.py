"""The passes over a scene: pixels, frames, encoding, decoding. Plain functions over the state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch

from napari_uhrnet.engine.passes.reading import mirrored, read_inference
from napari_uhrnet.engine.passes.state import DescribedPatch, EncodedPatch, PatchLogits
from napari_uhrnet.models.base.protocol import PatchFeatures, Surroundings, View
from napari_uhrnet.models.uhrnet.network import surround

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from napari_uhrnet.engine.passes.state import EngineState
    from napari_uhrnet.geometry.grid import Cell
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.models.base.protocol import FrameFeatures

Item = TypeVar("Item")


def frame_features(state: EngineState, frame: Cell) -> FrameFeatures:
    """G of a frame, from the cache or computed."""
    known = state.frames.get(frame)
    if known is None:
        known = _encode_frame(state, frame, mirrored(*frame_pixels(state, frame)))
        state.frames.put(frame, known)
        state.counts["frames"] += 1
    return known


def _decoding_features(state: EngineState, frame: Cell) -> FrameFeatures:
    """What patches are decoded with: G, or G2 if the network needs its patches merged first."""
    if not state.network.needs_whole_frame:
        return frame_features(state, frame)
    known = state.merged.get(frame)
    if known is None:
        g = frame_features(state, frame)
        with torch.inference_mode(), _autocast(state.device):
            known = state.network.merge_patches(frame_parts(state, frame), g)
        state.merged.put(frame, known)
        state.counts["merged"] += 1
    return known


def patches_inside(state: EngineState, frame: Cell) -> list[Cell]:
    """Patches that lie whole in a frame, in grid order."""
    grid, shape_yx = state.layout.patches, state.layout.inference.shape_yx
    place = state.layout.frames.window(frame)
    return [
        cell
        for cell in grid.cells_touching(place)
        if place.contains(grid.window(cell).clip(shape_yx))
    ]


def frame_parts(state: EngineState, frame: Cell) -> Iterator[tuple[PatchFeatures, list[Window]]]:
    """F' and boxes of the patches that lie whole in a frame, in grid order, batch by batch."""
    grid, place = state.layout.patches, state.layout.frames.window(frame)
    inside = patches_inside(state, frame)
    for done in range(0, len(inside), state.batch_size):
        batch = inside[done : done + state.batch_size]
        if state.network.encodes_with_frame:
            part = _encode_batch(state, batch, frame)
        else:
            part = PatchFeatures(_local_features(state, batch))
        yield part, [grid.window(cell).relative_to(place) for cell in batch]


def _encode_frame(state: EngineState, frame: Cell, pixels: NDArray[np.uint8]) -> FrameFeatures:
    def work(_: list[Cell]) -> FrameFeatures:
        try:
            with torch.inference_mode(), _autocast(state.device):
                return state.network.encode_frame(_to_tensor([pixels], state.device))
        except torch.OutOfMemoryError:
            state.batch_size = 1  # a frame cannot be halved: the CPU is the next step
            raise

    return state.in_batches([frame], work)[0]


def frame_pixels(state: EngineState, frame: Cell) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """(h, w, 3) pixels of a frame and (h, w) where the scene has data, from the cache or read."""
    known = state.pixels.get(frame)
    if known is None:
        window = state.layout.frames.window(frame)
        known = read_inference(state.scene, state.layout.inference, window)
        state.pixels.put(frame, known)
    return known


def _patch_pixels(
    state: EngineState, patch: Cell
) -> tuple[NDArray[np.uint8], NDArray[np.bool_] | None]:
    """(p, p, 3) pixels and (p, p) valid, None if all are.

    Cut from the frame's pixels if those were read, else read; mirrored where there is no data and
    reflected where the scene is smaller.
    """
    layout = state.layout
    window = layout.patches.window(patch)
    inside = window.clip(layout.inference.shape_yx)
    frame = layout.frame_of(patch)
    if frame in state.pixels:
        pixels, valid = frame_pixels(state, frame)
        cut = inside.relative_to(layout.frames.window(frame)).slices
        pixels, valid = pixels[cut], valid[cut]
    else:
        pixels, valid = read_inference(state.scene, layout.inference, inside)
    shown = _reflect(mirrored(pixels, valid), window)
    return shown, None if valid.all() else _reflect(valid, window)


def _reflect(values: Any, window: Window) -> Any:
    missing = [(0, n - m) for n, m in zip(window.shape_yx, values.shape, strict=False)]
    rest = [(0, 0)] * (values.ndim - 2)
    return np.pad(values, missing + rest, mode="reflect") if any(map(any, missing)) else values


def encode(state: EngineState, patches: Sequence[Cell], *, features: bool) -> None:
    """Make sure that descriptors (and features) of patches are in the caches."""
    missing = [
        cell
        for cell in patches
        if (features and _key(state, cell) not in state.encoded)
        or (state.network.needs_neighbours and cell not in state.descriptors)
    ]
    state.in_batches(missing, lambda batch: _encode_batch(state, batch))


def _key(state: EngineState, cell: Cell, frame: Cell | None = None) -> tuple[Cell, Cell | None]:
    """Where a patch's features are kept: also by frame, if the network looks at it on the way."""
    if not state.network.encodes_with_frame:
        return cell, None
    return cell, frame or state.layout.frame_of(cell)


def _encode_batch(
    state: EngineState, batch: list[Cell], frame: Cell | None = None
) -> PatchFeatures:
    """Encode patches, with the view from a frame other than their own if one is given."""
    read = [_patch_pixels(state, cell) for cell in batch]
    # Batches are filled up: a result must not depend on how many others there were.
    pixels = _filled([p for p, _ in read], state.batch_size)
    views = None
    if state.network.encodes_with_frame:
        seen = [_view(state, cell, frame_features, frame) for cell in batch]
        views = _filled(seen, state.batch_size)
    with torch.inference_mode(), _autocast(state.device):
        out = state.network.encode_patches(_to_tensor(pixels, state.device), views)
    for k, cell in enumerate(batch):
        valid = read[k][1]
        kept = EncodedPatch(out.features[k : k + 1].clone(), valid)
        state.encoded.put(_key(state, cell, frame), kept)
        if out.descriptors is not None:
            has_data = valid is None or bool(valid.any())
            state.descriptors.put(cell, DescribedPatch(out.descriptors[k].clone(), has_data))
    state.counts["encoded"] += len(batch)
    return out


def decode(state: EngineState, patches: Sequence[Cell]) -> dict[Cell, PatchLogits]:
    """Logits of patches, from the cache or computed, their neighbours described on the way."""
    known = {cell: state.logits.get(cell) for cell in patches}
    missing = [cell for cell, value in known.items() if value is None]
    for part in state.in_batches(missing, lambda batch: _decode_batch(state, batch)):
        known.update(part)
    return {cell: value for cell, value in known.items() if value is not None}


def _decode_batch(state: EngineState, batch: list[Cell]) -> dict[Cell, PatchLogits]:
    network = state.network
    if network.needs_frame:
        for cell in batch:  # first of all: patches are then cut from the frame's pixels
            frame_features(state, state.layout.frame_of(cell))
    features = _local_features(state, batch) if network.needs_patches else None
    valid = [_valid_of(state, cell) for cell in batch]
    views = None
    if network.needs_frame:
        views = _filled([_view(state, c, _decoding_features) for c in batch], state.batch_size)
    with torch.inference_mode(), _autocast(state.device):
        out = network.decode_patches(features, views)
    host = {branch: logits.float().cpu() for branch, logits in out.items()}
    done = {}
    for k, cell in enumerate(batch):
        done[cell] = PatchLogits({b: v[k].clone() for b, v in host.items()}, valid[k])
        state.logits.put(cell, done[cell])
        state.encoded.drop(_key(state, cell))  # only its descriptor is asked for again
    state.counts["decoded"] += len(batch)
    return done


def _local_features(state: EngineState, batch: list[Cell]) -> Tensor:
    """F' of a batch, (batch_size, C, h, w): encoded and, if the network does so, fused."""
    surroundings = _surroundings(state, batch) if state.network.needs_neighbours else None
    encode(state, batch, features=True)
    encoded = [_encoded(state, cell).features for cell in batch]
    features = torch.cat(_filled(encoded, state.batch_size))
    if surroundings is None:
        return features
    with torch.inference_mode(), _autocast(state.device):
        return state.network.fuse_neighbours(features, surroundings)


def decode_without(
    state: EngineState, cell: Cell, left_out: Sequence[frozenset[Cell]]
) -> list[dict[str, Tensor]]:
    """(N, h, w) logits of each branch of a patch, for each set of neighbours that is left out.

    What is left out counts as absent, like what lies beyond the scene's edge. Nothing is kept.
    Only for networks that use neighbours and decode each patch by itself.
    """
    decode(state, [cell])  # first of all, the ladder steps down here if it has to
    network, n = state.network, len(left_out)
    surroundings = _surroundings(state, [cell])
    encode(state, [cell], features=True)
    features = torch.cat(_filled([_encoded(state, cell).features], state.batch_size))
    views = None
    if network.needs_frame:
        views = _filled([_view(state, cell, _decoding_features)], state.batch_size)
    found = []
    for k in range(n):
        others = _only_others(surroundings, cell, left_out[k])
        with torch.inference_mode(), _autocast(state.device):
            out = network.decode_patches(network.fuse_neighbours(features, others), views)
        found.append({branch: logits[0].float().cpu() for branch, logits in out.items()})
    return found


def _only_others(s: Surroundings, cell: Cell, left_out: frozenset[Cell]) -> Surroundings:
    """The surroundings of a patch without some of its neighbours."""
    present = s.present.clone()
    for row, column in left_out:
        present[:, row - cell[0] + 1, column - cell[1] + 1] = 0
    n = s.mosaic.shape[-1] // 3
    nine = present.repeat_interleave(n, 1).repeat_interleave(n, 2)
    return Surroundings(s.mosaic * nine.unsqueeze(1), s.rows, s.columns, present)


def _encoded(state: EngineState, cell: Cell) -> EncodedPatch:
    known = state.encoded.get(_key(state, cell))
    if known is None:  # evicted since: the cache is tiny
        _encode_batch(state, [cell])
        known = state.encoded.get(_key(state, cell))
    assert known is not None  # the newest entry is always kept
    return known


def _valid_of(state: EngineState, cell: Cell) -> NDArray[np.bool_] | None:
    """(p, p) bool of a patch, None if all of it holds data."""
    known = state.encoded.get(_key(state, cell))
    return known.valid if known is not None else _patch_pixels(state, cell)[1]


def _view(
    state: EngineState,
    cell: Cell,
    features: Callable[[EngineState, Cell], FrameFeatures],
    frame: Cell | None = None,
) -> View:
    """The view of a patch from its own frame, or from another that holds it."""
    layout = state.layout
    frame = frame or layout.frame_of(cell)
    place = layout.frames.window(frame)
    box = layout.patches.window(cell).relative_to(place)
    return View(features(state, frame), box, place.shape_yx)


def _filled(items: list[Item], count: int) -> list[Item]:
    return items + [items[-1]] * (count - len(items))


def _surroundings(state: EngineState, batch: list[Cell]) -> Surroundings:
    grid = state.layout.patches
    around = {other: None for cell in batch for other in (cell, *grid.neighbours(cell))}
    encode(state, list(around), features=False)
    parts = [surround(cell, grid, _descriptors(state, cell)) for cell in batch]
    filled = _filled(parts, state.batch_size)
    return Surroundings(*(torch.stack(p) for p in zip(*filled, strict=True)))


def _descriptors(state: EngineState, cell: Cell) -> dict[Cell, Tensor]:
    """D of a patch and of those of its neighbours that hold data."""
    found = {}
    for other in (cell, *state.layout.patches.neighbours(cell)):
        if other not in state.descriptors:  # evicted since: the cache is tiny
            _encode_batch(state, [other])
        value = state.descriptors.get(other)
        assert value is not None  # the newest entry is always kept
        if value.has_data or other == cell:
            found[other] = value.descriptor
    return found


def _to_tensor(pixels: list[NDArray[np.uint8]], device: torch.device) -> Tensor:
    """(B, 3, h, w) float32 in 0..255, channels last."""
    stacked = torch.from_numpy(np.stack(pixels))
    if device.type == "cuda":
        stacked = stacked.pin_memory()
    moved = stacked.to(device, non_blocking=True)
    return moved.permute(0, 3, 1, 2).to(torch.float32, memory_format=torch.channels_last)


def _autocast(device: torch.device) -> torch.autocast:
    """Half precision where it is quicker; full on the CPU."""
    return torch.autocast(device.type, torch.float16, enabled=device.type == "cuda")
