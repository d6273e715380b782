"""Blocks: every pixel in exactly one, row by row, with borders that do not depend on the area."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_uhrnet.geometry.blocks import blocks, blocks_in
from napari_uhrnet.geometry.window import Window

lengths = st.integers(0, 20)
sides = st.integers(1, 9)


def _covered(shape_yx, found):
    count = np.zeros(shape_yx, int)
    for block in found:
        assert block and block.clip(shape_yx) == block
        count[block.slices] += 1
    return count


@given(height=lengths, width=lengths, rows=sides, columns=st.none() | sides)
def test_blocks_tile_a_picture_row_by_row(height, width, rows, columns):
    found = list(blocks((height, width), rows, columns))
    columns = columns or rows
    assert (_covered((height, width), found) == 1).all()
    assert found == sorted(found)
    for block in found:
        assert block.y % rows == block.x % columns == 0
        assert block.height == min(rows, height - block.y)
        assert block.width == min(columns, width - block.x)


@given(y=lengths, x=lengths, height=lengths, width=lengths, side=sides)
def test_blocks_in_an_area_are_the_parts_of_the_scenes_blocks(y, x, height, width, side):
    area = Window(y, x, height, width)
    found = list(blocks_in(area, side))
    expected = np.zeros((40, 40), int)
    expected[area.slices] = 1
    np.testing.assert_array_equal(_covered((40, 40), found), expected)
    assert found == [part for block in blocks((40, 40), side) if (part := block.intersect(area))]


def test_an_empty_area_or_picture_has_no_blocks():
    for area in (Window(0, 0, 0, 0), Window(3, 4, 0, 9), Window(3, 4, 9, 0)):
        assert list(blocks_in(area)) == []
    assert list(blocks((0, 7))) == list(blocks((7, 0))) == []
