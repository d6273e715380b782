"""Ids from one class table to another."""

import numpy as np

from napari_uhrnet.geometry.classes import ClassTable, LabelClass
from napari_uhrnet.geometry.mapping import ClassMapping


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
