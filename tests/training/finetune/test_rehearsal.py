"""Data of other tables beside the reviewed regions."""

import numpy as np
import pytest

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import NOTHING, ClassTable, LabelClass
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.training.finetune.rehearsal import open_rehearsal
from napari_uhrnet.training.run.config import DataFolder
from tests.models.tiny import CLASSES
from tests.training.runs import class_file, data_set

PROJECT = ClassTable(
    "project", (LabelClass(0, "road", (9, 9, 9)), LabelClass(7, "water", (0, 0, 255)))
)


@pytest.fixture
def folder(tmp_path):
    data = data_set(tmp_path / "data", count=2)
    class_file(tmp_path).rename(data / "classes.json")
    return DataFolder(folder=data, pixel_size_m=2.0)


def test_labels_become_those_of_the_project(folder):
    own, mapped = (open_rehearsal(folder, table, 2.0) for table in (CLASSES, PROJECT))
    whole = Window(0, 0, 150, 150)
    for which in range(2):
        before, after = own.cut(which, whole), mapped.cut(which, whole)
        np.testing.assert_array_equal(after.pixels, before.pixels)
        np.testing.assert_array_equal(after.labels, np.where(before.labels == 5, 7, NOTHING))
        assert mapped.counts[which, 7] == (before.labels == 5).sum() == mapped.counts[which].sum()
        assert set(mapped.places[which]) == {7}
    own.close()
    mapped.close()


def test_data_without_a_class_of_the_project_are_refused(folder):
    other = ClassTable("other", (LabelClass(0, "road", (9, 9, 9)),))
    with pytest.raises(UserError, match="none of its labels is of a class of the project"):
        open_rehearsal(folder, other, 2.0)
