"""Shipped class tables, and the forms of a classes.json."""

import json

import pytest

from napari_uhrnet.datasets.class_tables import find_class_table, shipped_tables
from napari_uhrnet.errors import UserError
from tests.scene.pictures import REAL

COUNTS = {
    "camvid": 12,
    "cityscapes": 19,
    "cocostuff": 171,
    "deepglobe": 7,
    "dubai": 6,
    "inria": 2,
    "loveda": 8,
    "potsdam": 7,
    "urur": 8,
    "vaihingen": 7,
    "voc": 21,
}


def test_the_tables_that_are_shipped():
    assert set(COUNTS) <= set(shipped_tables())


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_each_is_named_as_its_file_has_its_classes_and_a_colour_for_each(name):
    table = find_class_table(name)
    assert table.name == name
    assert len(table.classes) == COUNTS[name]
    assert len({c.rgb for c in table.classes}) == COUNTS[name]


def test_what_is_not_scored_is_marked():
    ignored = {n: [c.name for c in find_class_table(n).classes if c.ignore] for n in COUNTS}
    assert {n: names for n, names in ignored.items() if names} == {
        "camvid": ["void"],
        "deepglobe": ["unknown"],
        "dubai": ["Unlabeled"],
        "loveda": ["no data"],
        "potsdam": ["boundary"],
        "vaihingen": ["boundary"],
    }


def test_some_facts():
    assert find_class_table("Potsdam").classes[5].rgb == (255, 255, 0)
    assert find_class_table("loveda").names[7] == "agriculture"
    assert find_class_table("cityscapes").names[18] == "bicycle"
    assert find_class_table("voc").names[15] == "person"
    assert find_class_table("voc").classes[1].rgb == (128, 0, 0)
    assert find_class_table("cocostuff").names[170] == "wood"
    assert find_class_table("inria").classes[1].rgb == (255, 255, 255)


def test_none_is_the_folders_own_or_deepglobe(tmp_path):
    assert find_class_table(None).name == "deepglobe"
    assert find_class_table(None, tmp_path).name == "deepglobe"
    (tmp_path / "classes.json").write_text('{"sea": "#0000FF", "land": [1, 2, 3]}')
    table = find_class_table(None, tmp_path)
    assert [(c.id, c.name, c.rgb) for c in table.classes] == [
        (0, "sea", (0, 0, 255)),
        (1, "land", (1, 2, 3)),
    ]
    assert find_class_table("loveda", tmp_path).name == "loveda"


@pytest.mark.parametrize(
    "content",
    [
        {"name": "n", "classes": [{"id": 0, "name": "void", "rgb": [0, 0, 0], "ignore": True}]},
        {"classes": [{"title": "void", "color": "#000000", "shape": "polygon"}], "tags": []},
        [{"label": "void", "colour": "000000"}],
        {"0": {"name": "void", "color": [0, 0, 0]}},
        {"void": {"id": 0, "rgb": [0, 0, 0]}},
        {"classes": ["void"], "palette": [[0, 0, 0]]},
        {"void": "#000000"},
        {"0": "void"},
        {"void": 0},
        ["void"],
    ],
)
def test_forms_of_a_file(tmp_path, content):
    path = tmp_path / "t.json"
    path.write_text(json.dumps(content))
    (only,) = find_class_table(str(path)).classes
    assert (only.id, only.name, only.rgb, only.ignore) == (0, "void", (0, 0, 0), True)


def test_ids_order_and_names_are_kept_and_colours_made_up_where_there_are_none(tmp_path):
    path = tmp_path / "t.json"
    path.write_text('{"3": "road", "1": "roof"}')
    table = find_class_table(str(path))
    assert table.names == {1: "roof", 3: "road"}
    assert [c.rgb for c in table.classes] == [(128, 0, 0), (128, 128, 0)]
    assert table.name == tmp_path.name


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "#zz"}',
        "[1, 2]",
        "{",
        "[]",
        '[{"color": "#000000"}]',
        '["a", "a"]',
        "7",
        '{"a": [1, 2]}',
    ],
)
def test_what_is_no_table_is_refused_with_its_path(tmp_path, text):
    path = tmp_path / "t.json"
    path.write_text(text)
    with pytest.raises(UserError) as refused:
        find_class_table(str(path))
    assert str(refused.value).startswith(str(path))
    assert "class table" in str(refused.value)


def test_an_unknown_name_lists_those_there_are():
    with pytest.raises(UserError, match=r"mars: there is no such class table.*deepglobe.*voc"):
        find_class_table("mars")


def test_the_published_file_of_the_dubai_set_has_not_the_colours_of_its_masks(tmp_path):
    colours = ["#50E3C2", "#F5A623", "#DE597F", "#D0021B", "#417505", "#9B9B9B"]
    names = [c.name for c in find_class_table("dubai").classes]
    classes = [{"title": n, "color": c} for n, c in zip(names, colours, strict=True)]
    (tmp_path / "classes.json").write_text(json.dumps({"classes": classes}))
    assert find_class_table(None, tmp_path) == find_class_table("dubai")
    classes[0]["color"] = "#50E3C3"
    (tmp_path / "classes.json").write_text(json.dumps({"classes": classes}))
    assert find_class_table(None, tmp_path).classes[0].rgb == (0x50, 0xE3, 0xC3)


def test_the_real_dubai_folder():
    if not (REAL / "dubai").is_dir():
        pytest.skip("needs real data")
    assert find_class_table(None, REAL / "dubai").name == "dubai"
