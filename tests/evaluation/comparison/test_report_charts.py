"""Where things lie in the charts, and how numbers are written."""

import numpy as np
import pytest

from napari_uhrnet.evaluation.comparison.report_charts import area_bars, confusion_matrix
from napari_uhrnet.evaluation.comparison.report_numbers import (
    MINUS,
    THIN,
    area_unit,
    grouped,
    length,
    percent,
)


def test_bars_are_as_long_as_their_areas():
    chart = area_bars([4.0, 1.0], [2.0, 0.0], ["wood", "x"], [("4", "2"), ("1", "0")])
    assert [bar.result for bar in chart.bars] == ["a", "b"] * 2
    widths = [bar.width for bar in chart.bars]
    assert widths == [widths[0], widths[0] / 2, widths[0] / 4, 0]
    assert [bar.amount for bar in chart.bars] == ["4", "2", "1", "0"]
    rows = [bar.y for bar in chart.bars]
    assert rows == sorted(set(rows)) and rows[-1] + chart.bar_px <= chart.height
    assert chart.left + widths[0] < chart.width


def test_no_area_at_all_is_no_bar():
    chart = area_bars([0.0], [0.0], ["wood"], [("0", "0")])
    assert [bar.width for bar in chart.bars] == [0, 0]


def test_cells_hold_the_shares_of_their_rows():
    counts = np.array([[3, 1, 0], [0, 0, 0], [1, 0, 999]])
    chart = confusion_matrix(counts, ["a", "b", "c"])
    step = chart.cell_px
    found = {
        (round((c.y - chart.top) / step), round((c.x - chart.left) / step)): (c.share, c.shown)
        for c in chart.cells
    }
    assert found == {
        (0, 0): (0.75, "75%"),
        (0, 1): (0.25, "25%"),
        (2, 0): (0.001, "<1%"),
        (2, 2): (0.999, ">99%"),
    }
    assert [c.strong for c in chart.cells] == [True, False, False, True]
    assert chart.left + chart.side <= chart.width and chart.top + chart.side <= chart.height


def test_long_names_are_cut_and_kept_whole_beside():
    whole = "a very long name of a class of land cover"
    for wide in (whole, "水" * 40):
        chart = confusion_matrix(np.eye(2, dtype=int), [wide, "b"])
        first = chart.rows[0]
        assert first.whole == wide and first.shown.endswith("…") and len(first.shown) == 24
    short = confusion_matrix(np.eye(2, dtype=int), ["a", "b"])
    assert short.left < chart.left and short.top < chart.top and short.width < chart.width


@pytest.mark.parametrize(
    ("share", "decimals", "text"),
    [
        (0.0, 1, "0.0%"),
        (1.0, 1, "100.0%"),
        (0.90749, 1, "90.7%"),
        (0.99999, 1, ">99.9%"),
        (0.00001, 1, "<0.1%"),
        (0.996, 0, ">99%"),
        (0.004, 0, "<1%"),
    ],
)
def test_almost_all_is_not_all(share, decimals, text):
    assert percent(share, decimals) == text


def test_thousands_stand_apart():
    assert grouped(5992704) == f"5{THIN}992{THIN}704"
    assert grouped(-1234.5, 1) == f"{MINUS}1{THIN}234.5"
    assert grouped(999) == "999"


@pytest.mark.parametrize(
    ("metres", "text"),
    [
        (2.5e-7, "0.25 µm"),
        (0.05, "5 cm"),
        (0.5, "0.5 m"),
        (1.1960000001, "1.196 m"),
        (999.0, "999 m"),
        (1224.0, "1.224 km"),
        (2.5e7, f"25{THIN}000 km"),
    ],
)
def test_lengths_in_units_that_suit(metres, text):
    assert length(metres) == text


def test_areas_in_a_unit_that_suits():
    unit = area_unit(2448 * 2448, 0.5)
    assert (unit.name, unit.amount(2448 * 2448), unit.amount(0)) == ("km²", "1.498", "0.000")
    assert unit.amount(1) == "<0.001"
    assert (unit.difference(400_000), unit.difference(-400_000)) == ("+0.100", f"{MINUS}0.100")
    assert unit.difference(1) == "0.000"
    assert area_unit(78_536, 0.5).name == "ha"
    assert area_unit(78_536, 0.5).amount(78_536) == "1.963"
    assert area_unit(4_000, 1.5).amount(4_000) == f"9{THIN}000"
    assert area_unit(9_900, 15.0).name == "km²"
    assert area_unit(100, 2.5e-7).name == "µm²"


def test_without_a_pixel_size_areas_are_pixels():
    unit = area_unit(10_000, None)
    assert (unit.name, unit.amount(1234), unit.difference(-5)) == ("px", f"1{THIN}234", f"{MINUS}5")
