"""Turned pictures and the windows that their pixels come from."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_uhrnet.geometry.turn import TURNS, Turn
from napari_uhrnet.geometry.window import Window

turns = st.sampled_from(TURNS[8])


@st.composite
def pictures_with_windows(draw):
    height, width = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    turn = draw(turns)
    rows, columns = turn.shape((height, width))
    y, x = draw(st.integers(0, rows - 1)), draw(st.integers(0, columns - 1))
    window = Window(y, x, draw(st.integers(1, rows - y)), draw(st.integers(1, columns - x)))
    return np.arange(height * width).reshape(height, width), turn, window


@given(pictures_with_windows())
def test_a_window_of_the_turned_picture_is_its_source_turned(case):
    picture, turn, window = case
    turned = turn.apply(picture)
    assert turned.shape == turn.shape(picture.shape)
    source = turn.source(window, picture.shape)
    np.testing.assert_array_equal(turned[window.slices], turn.apply(picture[source.slices]))
    np.testing.assert_array_equal(turn.undo(turned[window.slices]), picture[source.slices])


def test_there_are_eight_ways_to_lay_a_square_and_none_twice():
    picture = np.arange(4).reshape(2, 2)
    assert len({turn.apply(picture).tobytes() for turn in TURNS[8]}) == 8
    assert set(TURNS[4]) < set(TURNS[8]) and Turn(0, False) in TURNS[4]
