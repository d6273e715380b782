"""Frames: which are kept, and that no two of different parts share a pixel."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_uhrnet.errors import UserError
from napari_uhrnet.export.frames.selection import FrameRules, file_name, frames_of
from napari_uhrnet.export.frames.split import PARTS, split_by_region
from napari_uhrnet.export.labels.merging import Merging
from napari_uhrnet.export.labels.source import SceneLabels
from napari_uhrnet.geometry.grid import PatchGrid
from napari_uhrnet.geometry.window import Window
from tests.export.made import TABLE, made_labels, made_scene

SHARES = st.sampled_from([(0.7, 0.15, 0.15), (0.5, 0.5, 0.0), (1.0, 0.0, 0.0), (0.2, 0.2, 0.6)])


def labels_of(height, width, seen=None, name="a.tif"):
    source = made_labels(height, width)
    if seen is not None:
        source.seen[:] = seen
    stem = file_name(name, [])
    return SceneLabels(stem, made_scene(height, width, name), source, Merging.of(TABLE))


def check_no_leak(windows, parts):
    for (one, a), (other, b) in combinations(zip(windows, parts, strict=True), 2):
        if a is not None and b is not None and a != b:
            assert not one.intersect(other), (one, a, other, b)


@given(
    height=st.integers(30, 2000),
    width=st.integers(30, 2000),
    size=st.integers(30, 300),
    overlap=st.floats(0, 0.6),
    keep=st.integers(0, 2**32 - 1),
    shares=SHARES,
)
def test_no_two_frames_of_different_parts_overlap(height, width, size, overlap, keep, shares):
    grid = PatchGrid((height, width), size, int(overlap * size))
    chosen = np.random.default_rng(keep).random(len(grid)) < 0.7
    windows = [grid.window(c).clip((height, width)) for c in grid.cells()][:120]
    windows = [w for w, is_in in zip(windows, chosen, strict=False) if is_in]
    parts = split_by_region(windows, shares)
    assert len(parts) == len(windows)
    check_no_leak(windows, parts)
    for part, share in zip(PARTS, shares, strict=True):
        if share == 0:
            assert part not in parts


@given(
    st.lists(
        st.builds(Window, *[st.integers(0, 500)] * 2, *[st.integers(1, 200)] * 2),
        max_size=25,
    ),
    SHARES,
)
def test_chosen_windows_do_not_leak_either(windows, shares):
    check_no_leak(windows, split_by_region(windows, shares))


def test_shares_are_kept_where_there_are_enough_frames():
    grid = PatchGrid((4000, 2000), 100, 0)
    parts = split_by_region([grid.window(c) for c in grid.cells()], (0.7, 0.2, 0.1))
    counts = [parts.count(part) / len(parts) for part in PARTS]
    np.testing.assert_allclose(counts, (0.7, 0.2, 0.1), atol=0.01)
    assert parts.count(None) == 0


def test_all_frames_are_kept_where_nothing_is_split():
    grid = PatchGrid((500, 700), 100, 30)
    parts = split_by_region([grid.window(c) for c in grid.cells()], (1.0, 0.0, 0.0))
    assert set(parts) == {"train"}


def test_frames_need_reviewed_pixels():
    seen = np.zeros((200, 300), bool)
    seen[:100, :150] = True
    labels = labels_of(200, 300, seen)

    def windows(**rules):
        return [f.window for f in frames_of([labels], FrameRules(frame_px=100, **rules))]

    whole, half = Window(0, 0, 100, 100), Window(0, 100, 100, 100)
    assert windows() == [whole, half]
    assert windows(min_reviewed=0.5) == [whole, half]
    assert windows(min_reviewed=0.51) == [whole]
    assert windows(unreviewed="leave-out") == [whole]
    assert windows(windows=(Window(50, 120, 100, 90), Window(500, 0, 9, 9))) == [
        Window(50, 120, 100, 90)
    ]


def test_reviewed_without_a_class_is_not_reviewed():
    labels = labels_of(100, 100)
    labels.source.ids[0, 0] = 255
    with pytest.raises(UserError, match="wholly reviewed"):
        frames_of([labels], FrameRules(frame_px=100, unreviewed="leave-out"))


def test_small_scenes_go_whole_where_most_is_missing():
    scenes = [labels_of(50, 60, name=f"{k}.png") for k in range(10)]
    frames = frames_of(scenes, FrameRules(frame_px=64, split=(0.6, 0.2, 0.2)))
    parts = [f.part for f in frames]
    assert [parts.count(p) for p in PARTS] == [6, 2, 2]
    assert all(f.window == Window(0, 0, 50, 60) for f in frames)
    assert len({f.id for f in frames}) == 10


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"frame_px": 100, "overlap_px": 100}, "smaller than a frame"),
        ({"split": (0.5, 0.2, 0.2)}, "add up to 1"),
        ({"split": (1.5, -0.5, 0.0)}, "add up to 1"),
        ({"unreviewed": "guess"}, "unknown or leave-out"),
    ],
)
def test_impossible_rules_are_refused(rules, words):
    with pytest.raises(UserError, match=words):
        FrameRules(**rules)


def test_a_part_without_frames_is_refused():
    with pytest.raises(UserError, match="too few frames"):
        frames_of([labels_of(60, 60)], FrameRules(frame_px=64, split=(0.5, 0.5, 0.0)))
    with pytest.raises(UserError, match="no frame"):
        frames_of([labels_of(60, 60, False)], FrameRules(frame_px=64))


def test_file_names_are_plain_and_unique():
    assert file_name("Übung 3 (2).ome.tif", []) == "bung-3-2-ome"
    assert file_name("a b.tif", ["a-b"]) == "a-b-2"
    assert file_name("§.png", []) == "scene"
