"""Regions as polygons: valid, without seams at block borders, and drawn back exactly."""

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from rasterio.features import rasterize
from skimage.measure import label

from napari_uhrnet.export.frames.coco import from_run_lengths, run_lengths
from napari_uhrnet.export.vectors.features import to_pixels, to_world
from napari_uhrnet.export.vectors.regions import regions, without_holes

IDS = arrays(
    np.uint8,
    st.tuples(st.integers(1, 11), st.integers(1, 11)),
    elements=st.sampled_from([0, 3, 3, 3, 255]),
)


def found(ids, block_px):
    return list(regions(lambda w: ids[w.slices], ids.shape, block_px))


def texts(pairs):
    return sorted((class_id, polygon.normalize().wkt) for class_id, polygon in pairs)


def drawn(pairs, shape):
    if not pairs:
        return np.full(shape, 255, np.uint8)
    return rasterize([(p, i) for i, p in pairs], shape, fill=255, dtype="uint8")


@settings(max_examples=40)
@given(IDS, st.integers(1, 7))
def test_blocks_leave_no_trace(ids, block_px):
    pieces = found(ids, block_px)
    assert texts(pieces) == texts(found(ids, 100))
    assert len(pieces) == label(ids, background=255, connectivity=1).max()
    assert all(p.is_valid and p.geom_type == "Polygon" for _, p in pieces)
    assert sum(p.area for _, p in pieces) == (ids != 255).sum()
    np.testing.assert_array_equal(drawn(pieces, ids.shape), ids)


@given(IDS)
def test_holes_are_cut_open_exactly(ids):
    whole = found(ids, 100)
    parts = [(i, part) for i, p in whole for part in without_holes(p)]
    assert all(p.is_valid and not p.interiors and p.area > 0 for _, p in parts)
    np.testing.assert_array_equal(drawn(parts, ids.shape), ids)


def test_open_regions_are_all_that_is_kept():
    """A stripe is handed out in the row of blocks in which it ends, not at the end of the scene."""
    ids = np.full((100, 40), 255, np.uint8)
    ids[3:7], ids[50:55] = 1, 2
    rows_read = []

    def read(window):
        rows_read.append(window.y)
        return ids[window.slices]

    seen = [(class_id, max(rows_read)) for class_id, _ in regions(read, ids.shape, 10)]
    assert seen == [(1, 0), (2, 50)]


@given(IDS)
def test_run_lengths_come_back(ids):
    mask = ids == 3
    counts = run_lengths(mask)
    assert sum(counts) == mask.size and all(c > 0 for c in counts[1:])
    np.testing.assert_array_equal(from_run_lengths(counts, mask.shape), mask)


def test_world_and_back():
    polygon = shapely.Polygon([(0, 0), (5, 0), (5, 7), (0, 7)])
    transform = (0.3, 0.1, 600000.0, 0.05, -0.3, 5200000.0)
    world = to_world(polygon, transform)
    a, b, c, d, e, f = transform
    assert world.exterior.coords[2] == (a * 5 + b * 7 + c, d * 5 + e * 7 + f)
    assert shapely.equals_exact(to_pixels(world, transform), polygon, 1e-8)
