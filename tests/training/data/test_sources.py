"""Scenes on disk: the same views as from memory, in bounded memory."""

import numpy as np
import pytest
from PIL import Image

from napari_uhrnet.engine.passes.reading import mirrored
from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import ClassTable, LabelClass
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.training.data import sources
from napari_uhrnet.training.data.sampling import FrameSource, Sampling, draw_batch
from napari_uhrnet.training.data.sources import DiskSource, TruePair
from tests.models.tiny import CLASSES

TABLE = ClassTable("t", (LabelClass(0, "unknown", (0, 0, 0), ignore=True), *CLASSES.classes))


def _pair(folder, seed, shape_yx=(90, 130)):
    rng = np.random.default_rng(seed)
    coarse = rng.choice([0, 1, 4, 5], (shape_yx[0] // 10, shape_yx[1] // 10)).astype(np.uint8)
    ids = coarse.repeat(10, axis=0).repeat(10, axis=1)
    pixels = rng.integers(0, 256, (*ids.shape, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / f"i{seed}.png")
    Image.fromarray(TABLE.palette[ids]).save(folder / f"m{seed}.png")
    return TruePair(folder / f"i{seed}.png", folder / f"m{seed}.png", 2.0), pixels, ids


def _source(pairs, **options):
    return DiskSource("d", pairs, TABLE, **({"target_m": 2.0} | options))


def test_windows_hold_pixels_and_truth_at_their_place(tmp_path):
    pair, pixels, ids = _pair(tmp_path, 0)
    source = _source([pair])
    assert source.shapes_yx == [(90, 130)] and source.share == 90 * 130
    frame = source.cut(0, Window(15, 20, 30, 40))
    np.testing.assert_array_equal(frame.pixels, pixels[15:45, 20:60])
    truth = ids[15:45, 20:60]
    np.testing.assert_array_equal(frame.labels, np.where(truth == 0, 255, truth))
    source.close()


@pytest.mark.parametrize("target_m", [2.0, 3.1, 1.3])
def test_a_scene_is_the_same_kept_or_read_by_windows(target_m, tmp_path):
    pair, *_ = _pair(tmp_path, 1)
    kept, windows = (_source([pair], target_m=target_m, cache_bytes=b) for b in (1 << 24, 0))
    height, width = kept.shapes_yx[0]
    assert height == round(90 * 2 / target_m)
    for window in (Window(0, 0, height, width), Window(7, 11, 20, 13), Window(height - 9, 2, 9, 9)):
        a, b = kept.cut(0, window), windows.cut(0, window)
        np.testing.assert_array_equal(a.pixels, b.pixels)
        np.testing.assert_array_equal(a.labels, b.labels)
    assert kept.kept_bytes == 4 * height * width and windows.kept_bytes == 0


def test_where_a_scene_has_no_data_it_is_mirrored_kept_or_not(tmp_path):
    """Every view by itself, at the end of the data in it; nothing is learned there."""
    pair, pixels, ids = _pair(tmp_path, 5)
    y, x = np.indices(ids.shape)
    there = x + 2 * y > 120
    rgba = np.dstack([pixels, np.where(there, 255, 0).astype(np.uint8)])
    Image.fromarray(rgba).save(pair.image)
    kept, windows = (_source([pair], cache_bytes=b) for b in (1 << 24, 0))
    for window in (Window(0, 0, 90, 130), Window(20, 30, 40, 50), Window(70, 100, 20, 30)):
        frames = [source.cut(0, window) for source in (kept, windows)]
        expected = mirrored(pixels[window.slices], there[window.slices])
        learned = np.where(there & (ids != 0), ids, 255)[window.slices]
        for frame in frames:
            np.testing.assert_array_equal(frame.pixels, expected)
            np.testing.assert_array_equal(frame.labels, learned)
    assert kept.kept_bytes == 5 * 90 * 130 and windows.kept_bytes == 0


def test_memory_and_open_files_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "OPEN_SCENES", 2)
    opened, closed = [], []
    real = sources._Opened

    class Counted(real):
        def __init__(self, *arguments):
            opened.append(self)
            super().__init__(*arguments)

        def close(self):
            closed.append(self)
            super().close()

    monkeypatch.setattr(sources, "_Opened", Counted)
    pairs = [_pair(tmp_path, k)[0] for k in range(6)]
    limit = 4 * 4 * 90 * 130
    source = _source(pairs, cache_bytes=limit)
    for k in range(12):
        source.cut(k % 6, Window(0, 0, 10, 10))
        assert source.kept_bytes <= limit
        assert len(opened) - len(closed) <= 2
    source.close()
    assert len(opened) == len(closed)


def test_views_are_those_of_the_same_frames_in_memory(tmp_path):
    pairs = [_pair(tmp_path, k)[0] for k in range(3)]
    disk = _source(pairs)
    frames = [disk.cut(k, Window(0, 0, 90, 130)) for k in range(3)]
    memory = FrameSource("m", disk.share, frames)
    np.testing.assert_array_equal(disk.counts, memory.counts)
    for seed in range(5):
        views = [draw_batch([s], Sampling(40), np.random.default_rng(seed)) for s in (disk, memory)]
        for (pixels, labels), (same_pixels, same_labels) in zip(*views, strict=True):
            np.testing.assert_array_equal(pixels, same_pixels)
            np.testing.assert_array_equal(labels, same_labels)


def test_large_scenes_are_counted_coarsely_and_their_places_hold_the_class(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "SURVEY_PX", 20)
    pair, _, ids = _pair(tmp_path, 4, (200, 330))
    source = _source([pair])
    labels = source.cut(0, Window(0, 0, 200, 330)).labels
    for label in (1, 4, 5):
        assert source.counts[0, label] == pytest.approx((ids == label).sum(), rel=0.25)
        assert source.places[0][label].size
        for y, x in source.places[0][label]:
            assert labels[y, x] == label
    assert source.counts[0, 0] == 0


def test_a_mask_of_another_size_is_refused_by_name(tmp_path):
    pair, *_ = _pair(tmp_path, 0)
    Image.new("RGB", (131, 90)).save(pair.mask)
    with pytest.raises(UserError, match=r"m0\.png: is 131 x 90 px and .* is 130 x 90"):
        _source([pair])


def test_a_class_outside_of_the_table_is_refused_by_name(tmp_path):
    pair, _, ids = _pair(tmp_path, 0)
    ids[:3, :7] = 77
    Image.fromarray(ids).save(pair.mask)
    with pytest.raises(UserError, match=r"m0\.png: value 77 is no class of the table .*21 pixels"):
        _source([pair])
