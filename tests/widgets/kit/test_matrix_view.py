"""The confusion matrix as a picture: what it shows, and which cell was clicked."""

import numpy as np
import pytest
from qtpy.QtCore import QPoint, QPointF, Qt

from napari_uhrnet.widgets.kit.matrix_view import WITH_NUMBERS, MatrixView

LEFT = Qt.MouseButton.LeftButton
NAMES = ["urban", "agriculture", "water"]
COUNTS = np.array([[60, 30, 10], [0, 0, 0], [1, 0, 999]])


@pytest.fixture
def view(qtbot):
    view = MatrixView()
    qtbot.addWidget(view)
    view.resize(320, 240)
    view.show()
    qtbot.waitExposed(view)
    view.show_counts(COUNTS, NAMES)
    # The axes take the room that their names need when they are painted.
    view.grab()
    return view


def middle_of(view, row, column):
    """Where a cell is, in pixels of the widget."""
    scene = view.getPlotItem().vb.mapViewToScene(QPointF(column + 0.5, row + 0.5))
    return view.mapFromScene(scene)


def ticks(view, side):
    ((*pairs,),) = view.getPlotItem().getAxis(side)._tickLevels
    return pairs


def numbers(view):
    return {
        (int(t.pos().y()), int(t.pos().x())): (t.toPlainText(), t.color.name()) for t in view._texts
    }


def test_a_click_on_a_cell_says_row_and_column(view, qtbot):
    clicked = []
    view.cell_clicked.connect(lambda row, column: clicked.append((row, column)))
    cells = [(0, 0), (0, 2), (2, 0), (1, 1), (2, 2)]
    for cell in cells:
        qtbot.mouseClick(view.viewport(), LEFT, pos=middle_of(view, *cell))
    assert clicked == cells


def test_a_click_beside_the_cells_says_nothing(view, qtbot):
    clicked = []
    view.cell_clicked.connect(lambda *cell: clicked.append(cell))
    for outside in [(-1, 0), (0, -1)]:
        qtbot.mouseClick(view.viewport(), LEFT, pos=middle_of(view, *outside))
    assert clicked == []


def test_colours_are_shares_of_the_row(view):
    shares = np.array([[0.6, 0.3, 0.1], [0, 0, 0], [0.001, 0, 0.999]])
    np.testing.assert_allclose(view._image.image, np.sqrt(shares))
    assert tuple(view._image.levels) == (0, 1)
    picture = view.grab().toImage()
    seen = []
    for cell in [(2, 2), (1, 1)]:
        # Beside the number in the middle.
        place = middle_of(view, *cell) + QPoint(-20, -12)
        colour = picture.pixelColor(place)
        seen.append((colour.red(), colour.green(), colour.blue()))
    # The ends of viridis.
    np.testing.assert_allclose(seen, [(253, 231, 37), (68, 1, 84)], atol=4)


def test_names_stand_at_their_rows_and_columns(view):
    assert ticks(view, "left") == [(0.5, "urban"), (1.5, "agriculture"), (2.5, "water")]
    assert ticks(view, "top") == [(0.5, "urban"), (1.5, "agri."), (2.5, "water")]


def test_numbers_can_be_read_on_their_cells(view):
    white, black = "#ffffff", "#000000"
    assert numbers(view) == {
        (0, 0): ("60", black),
        (0, 1): ("30", white),
        (0, 2): ("10", white),
        (2, 0): ("·", white),
        (2, 2): ("100", black),
    }
    view.show_counts(np.eye(2, dtype=int), ["a", "b"])
    assert list(numbers(view)) == [(0, 0), (1, 1)]


def test_many_classes_have_no_numbers(view):
    count = WITH_NUMBERS + 1
    view.show_counts(np.ones((count, count), int), [f"class {k}" for k in range(count)])
    assert numbers(view) == {}
    assert len(ticks(view, "left")) == count


def test_a_frame_marks_a_cell_and_goes(view):
    view.mark((2, 1))
    x, y = view._frame.getData()
    assert (min(x), max(x), min(y), max(y)) == (1, 2, 2, 3)
    view.mark(None)
    assert view._frame.getData()[0] is None or not len(view._frame.getData()[0])
    view.mark((0, 0))
    view.show_counts(COUNTS, NAMES)
    assert view._frame.getData()[0] is None or not len(view._frame.getData()[0])


@pytest.mark.parametrize("colour", ["#101010", "#f5f5f5"])
def test_names_have_the_ink_of_the_theme(view, colour):
    view.set_ink(colour)
    for side in ("left", "top"):
        assert view.getPlotItem().getAxis(side).textPen().color().name() == colour
    assert view.backgroundBrush().style() == Qt.BrushStyle.NoBrush


def test_the_names_of_the_rows_have_room_before_the_first_drawing(view):
    view.show_counts(COUNTS, ["a", "a class with a long name", "b"])
    longest = view.fontMetrics().horizontalAdvance("a class with a long name")
    assert view.getPlotItem().getAxis("left").minimumWidth() > longest
