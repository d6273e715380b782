"""Ids from one class table to another."""

import numpy as np

from napari_uhrnet.geometry.classes import ClassTable, LabelClass
from napari_uhrnet.geometry.mapping import ClassMapping, restyled


def table(**ids):
    return ClassTable("t", tuple(LabelClass(i, name, (0, 0, 0)) for name, i in ids.items()))


def test_classes_of_equal_names_belong_together_and_others_are_nothing():
    mapping = ClassMapping(table(a=0, b=3, c=4), table(c=0, x=1, a=9))
    assert mapping.lut.dtype == np.uint8 and mapping.lut.shape == (256,)
    assert {i: v for i, v in enumerate(mapping.lut) if v != 255} == {0: 9, 4: 0}
    assert mapping.unmatched == ("b",)
    ids = np.array([[0, 3], [4, 255]], np.uint8)
    np.testing.assert_array_equal(mapping.apply(ids), [[9, 255], [0, 255]])


def test_a_class_with_id_254_is_no_nothing():
    assert ClassMapping(table(a=0), table(a=254)).unmatched == ()
    assert ClassMapping(table(a=254), table(a=0)).lut[254] == 0


def test_aliases_fit_where_no_name_does():
    source = table(forest=0, scrub=1, water=2, sea=3)
    target = ClassTable(
        "t",
        (
            LabelClass(4, "vegetation", (0, 0, 0), aliases=("forest", "scrub", "water")),
            LabelClass(7, "water", (0, 0, 0)),
        ),
    )
    mapping = ClassMapping(source, target)
    assert [int(mapping.lut[i]) for i in range(4)] == [4, 4, 7, 255]
    assert mapping.unmatched == ("sea",)
    back = ClassMapping(target, table(forest=0, water=2))
    assert [int(back.lut[i]) for i in (4, 7)] == [0, 2]
    assert ClassTable.from_dict(target.to_dict()) == target


def test_a_network_is_shown_in_the_look_of_a_project():
    network = table(forest=0, scrub=1, water=2, road=3, sea=4)
    project = ClassTable(
        "p",
        (
            LabelClass(7, "green", (0, 9, 0), aliases=("forest", "scrub")),
            LabelClass(8, "lake", (0, 0, 9), aliases=("water",)),
            LabelClass(9, "sea", (0, 0, 5)),
        ),
    )
    found = {c.id: (c.name, c.rgb) for c in restyled(network, project).classes}
    assert found == {
        0: ("forest", (0, 9, 0)),
        1: ("scrub", (0, 9, 0)),
        2: ("lake", (0, 0, 9)),
        3: ("road", (0, 0, 0)),
        4: ("sea", (0, 0, 5)),
    }
    assert restyled(network, None) is network
    swapped = ClassTable("s", (LabelClass(1, "scrub", (1, 1, 1), aliases=("forest",)),))
    assert [c.name for c in restyled(table(forest=0, scrub=1), swapped).classes] == [
        "forest",
        "scrub",
    ]
