"""Which class a feature names: by a name, by an id, never by the number of its row."""

from pathlib import Path

import numpy as np
import pytest

from napari_uhrnet.errors import UserError
from napari_uhrnet.export.vectors.class_of import class_of
from napari_uhrnet.export.vectors.files import Features
from napari_uhrnet.geometry.classes import ClassTable, LabelClass

TABLE = ClassTable(
    "made",
    (
        LabelClass(0, "unknown", (0, 0, 0)),
        LabelClass(1, "Forest", (0, 99, 0), aliases=("wood",)),
        LabelClass(2, "water", (0, 0, 99)),
    ),
)


def named(properties, layer=""):
    features = Features(layer, None, np.array([None]), [properties])
    return class_of(features, 0, TABLE, Path("a.geojson"))


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"class_name": "forest", "class_id": 2}, 1),
        ({"CLASS": " WATER "}, 2),
        ({"label": "wood"}, 1),
        ({"Class_ID": 2}, 2),
        ({"DN": 1}, 1),
        ({"value": 2.0}, 2),
        ({"label": "1"}, 1),
        ({"name": "Lake Ontario", "class_id": 2}, 2),
        ({"name": "water", "id": 1}, 2),
        ({"class_id": 0}, 0),
    ],
)
def test_properties_that_name_a_class(properties, expected):
    assert named(properties) == expected


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"id": 2, "kind": "water"}, "names no class"),
        ({"fid": 1}, "names no class"),
        ({"class_id": True}, "names no class"),
        ({"value": 1.5}, "names no class"),
        ({"class_id": 7}, "names no class"),
        ({"class": "forrest", "class_id": 1}, "'forrest' is no class"),
        ({"label": "sea"}, "'sea' is no class"),
        ({"name": "water", "value": 1}, "names Forest and water"),
        ({}, "names no class"),
    ],
)
def test_properties_that_do_not(properties, words):
    with pytest.raises(UserError, match=words):
        named(properties)


def test_a_layer_may_be_named_after_its_class():
    assert named({"id": 1}, "Water") == 2
    with pytest.raises(UserError, match="names no class"):
        named({"class_id": 9}, "water")
