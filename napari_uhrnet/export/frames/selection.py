"""Which frames of the scenes become training data, and in which part."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_uhrnet.errors import UserError
from napari_uhrnet.export.frames.split import PARTS, Shares, split_by_region
from napari_uhrnet.geometry.grid import PatchGrid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_uhrnet.export.labels.source import SceneLabels
    from napari_uhrnet.geometry.window import Window

UNREVIEWED = ("unknown", "leave-out")


@dataclass(frozen=True)
class FrameRules:
    """Which frames are exported.

    Parameters
    ----------
    frame_px, overlap_px
        Side of a frame and least overlap of neighbours, in level-0 pixels. A scene that is smaller
        than a frame is one frame of its own size.
    min_reviewed
        Least share of a frame, 0..1, that must be reviewed; 0: any pixel.
    unreviewed
        "unknown": pixels that were not reviewed are written as unknown; "leave-out": frames that
        have such pixels are not written.
    split
        Shares of train, val and test.
    windows
        Instead of the grid: these frames, of every scene, as far as they lie inside.
    """

    frame_px: int = 1024
    overlap_px: int = 0
    min_reviewed: float = 0.0
    unreviewed: str = "unknown"
    split: Shares = (1.0, 0.0, 0.0)
    windows: tuple[Window, ...] | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.overlap_px < self.frame_px:
            raise UserError(
                f"frames of {self.frame_px} px cannot overlap by {self.overlap_px} px: choose an "
                "overlap of 0 or more that is smaller than a frame"
            )
        if self.unreviewed not in UNREVIEWED:
            raise UserError(
                f"unreviewed pixels {self.unreviewed!r}: choose {' or '.join(UNREVIEWED)}"
            )
        if min(self.split) < 0 or abs(sum(self.split) - 1) > 1e-6:
            raise UserError(
                f"split {','.join(f'{s:g}' for s in self.split)}: give shares of train, val and "
                "test that add up to 1, such as 0.7,0.15,0.15"
            )


@dataclass(frozen=True)
class Frame:
    """A frame of a scene: ``id`` is its file name's stem, ``part`` train, val or test."""

    id: str
    part: str
    labels: SceneLabels
    window: Window


def frames_of(scenes: Sequence[SceneLabels], rules: FrameRules) -> list[Frame]:
    """The frames to be exported, scene by scene (the largest first), in grid order.

    Each scene is cut into regions by itself: scenes that show the same ground are not known to. One
    with too few frames to be cut goes whole to the part that lacks most. Raises UserError if there
    are no frames, or none for a part.
    """
    found = [(labels, _kept(labels, rules)) for labels in scenes]
    counts = dict.fromkeys(PARTS, 0)
    frames: list[Frame] = []
    # Scenes that can be cut come first: the others fill up what is missing.
    for labels, windows in sorted(found, key=lambda each: -len(each[1])):
        parts = split_by_region(windows, rules.split)
        if not _all_there(parts, rules.split):
            parts = [_lacking(counts, rules.split)] * len(windows)
        for window, part in zip(windows, parts, strict=True):
            if part is not None:
                counts[part] += 1
                frames.append(Frame(_frame_id(labels, window), part, labels, window))
    _check(frames, counts, rules)
    return frames


def _kept(labels: SceneLabels, rules: FrameRules) -> list[Window]:
    least = 1.0 if rules.unreviewed == "leave-out" else rules.min_reviewed
    kept = []
    for window in _candidates(labels.shape_yx, rules):
        share = labels.reviewed_share(window)
        if share > 0 and share >= least:
            kept.append(window)
    return kept


def _candidates(shape_yx: tuple[int, int], rules: FrameRules) -> list[Window]:
    if rules.windows is not None:
        inside = (window.clip(shape_yx) for window in rules.windows)
        return [window for window in inside if window]
    grid = PatchGrid(shape_yx, rules.frame_px, rules.overlap_px)
    return [grid.window(cell).clip(shape_yx) for cell in grid.cells()]


def _all_there(parts: list[str | None], shares: Shares) -> bool:
    return all(part in parts for part, share in zip(PARTS, shares, strict=True) if share > 0)


def _lacking(counts: dict[str, int], shares: Shares) -> str:
    """The part that is furthest below its share."""
    wanted = [(part, share) for part, share in zip(PARTS, shares, strict=True) if share > 0]
    return min(wanted, key=lambda each: (counts[each[0]] / each[1], -each[1]))[0]


def _check(frames: list[Frame], counts: dict[str, int], rules: FrameRules) -> None:
    if not frames:
        kind = "wholly reviewed" if rules.unreviewed == "leave-out" else "reviewed"
        raise UserError(
            f"no frame of {rules.frame_px} px is {kind} as far as it has to be: review more, or "
            "choose smaller frames"
        )
    for part, share in zip(PARTS, rules.split, strict=True):
        if share > 0 and not counts[part]:
            raise UserError(
                f"too few frames are reviewed to set some apart for {part}: review more, choose "
                "smaller frames or less overlap, or give that part the share 0"
            )


def _frame_id(labels: SceneLabels, window: Window) -> str:
    return f"{labels.name}_{window.y}_{window.x}"


def file_name(name: str, taken: Sequence[str]) -> str:
    """A name for files made from a scene's: letters, digits, - and _, not yet taken."""
    stem = re.sub(r"[^0-9A-Za-z-]+", "-", name.rsplit(".", 1)[0]).strip("-") or "scene"
    number, unique = 1, stem
    while unique in taken:
        number += 1
        unique = f"{stem}-{number}"
    return unique
