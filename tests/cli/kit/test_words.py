"""Values of options that are more than a number or a name."""

import pytest

from napari_uhrnet.cli.kit.words import parse_split, parse_window, parse_written
from napari_uhrnet.errors import UserError
from napari_uhrnet.export.labels.merging import WrittenAs


def test_a_window():
    assert parse_window("5, 0,1024,16") == (5, 0, 1024, 16)
    for text in ("", "1,2,3", "1,2,3,4,5", "1,2,3,x", "1,2,3,4.5"):
        with pytest.raises(UserError, match=f"^--window {text}: give four whole numbers y,x,h,w"):
            parse_window(text)


def test_shares_of_a_split():
    assert parse_split("0.7,0.2, 0.1") == (0.7, 0.2, 0.1)
    for text in ("", "0.7,0.3", "0.7,0.2,0.1,0", "all,of,it"):
        with pytest.raises(UserError, match=f"^--split {text}: give three shares train,val,test"):
            parse_split(text)


def test_names_and_ids_that_classes_are_written_as():
    assert parse_written(["forest=green:9", "water = green", "urban="]) == {
        "forest": WrittenAs("green", 9),
        "water": WrittenAs("green"),
        "urban": WrittenAs(""),
    }
    for text in ("forest", "=x", "forest=x:y", "forest=x:"):
        with pytest.raises(UserError, match="CLASS=NAME"):
            parse_written([text])
