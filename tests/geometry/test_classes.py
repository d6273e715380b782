"""Class tables."""

import json

import pytest

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import ClassTable
from napari_uhrnet.resources import resource_path


def test_deepglobe():
    table = ClassTable.from_file(resource_path("palettes", "deepglobe.json"))
    assert table.names[1] == "urban" and table.palette[6].tolist() == [255, 255, 255]
    assert table.without_ignored().ids.tolist() == [1, 2, 3, 4, 5, 6]
    assert ClassTable.from_dict(json.loads(json.dumps(table.to_dict()))) == table


@pytest.mark.parametrize(
    ("classes", "sentence"),
    [
        ([], "unique"),
        ([{"id": 255, "name": "a", "rgb": [0, 0, 0]}], r"0\.\.254"),
        (
            [{"id": 2, "name": "a", "rgb": [0, 0, 0]}, {"id": 1, "name": "b", "rgb": [0, 0, 0]}],
            "asc",
        ),
        (
            [{"id": 1, "name": "a", "rgb": [0, 0, 0]}, {"id": 2, "name": "a", "rgb": [0, 0, 0]}],
            "share",
        ),
        ([{"id": 1, "name": "a", "rgb": [0, 0, 256]}], "colour"),
        ([{"id": 1, "name": "a"}], "rgb"),
    ],
)
def test_tables_that_are_none(classes, sentence):
    with pytest.raises(UserError, match=sentence):
        ClassTable.from_dict({"name": "t", "classes": classes})


def test_files_that_are_none(tmp_path):
    (tmp_path / "t.json").write_text("{")
    with pytest.raises(UserError, match=r"t\.json"):
        ClassTable.from_file(tmp_path / "t.json")
    with pytest.raises(UserError, match="cannot be read"):
        ClassTable.from_file(tmp_path / "nowhere.json")
