"""Names of strangers can do nothing to a terminal or a spreadsheet."""

import pytest

from napari_uhrnet.harmless import cell, printable, row


@pytest.mark.parametrize(
    "text",
    ['=HYPERLINK("x")', "@SUM(1)", "+1", "-1+1", "\t=1", "\r=1", "\n=1", "  =1+1", "-a", "\uff1d1"],
)
def test_formulas_get_an_apostrophe(text):
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize(
    "value", ["water", "", "a=b", "-0.5", "-1e-05", "3", -2, 0.5, None, "-inf"]
)
def test_names_and_numbers_stay(value):
    assert cell(value) == value
    assert row([value, "=1"]) == [value, "'=1"]


def test_control_characters_are_written_out():
    text = "a\x1b]0;title\x07\x9b31m\u202eb\nc\r\u2028\ud800"
    assert printable(text) == r"a\x1b]0;title\x07\x9b31m\u202eb\nc\r\u2028\ud800"
    assert printable(text).isprintable()
    assert printable("W\u00e4lder \u6c34 [x]") == "W\u00e4lder \u6c34 [x]"
