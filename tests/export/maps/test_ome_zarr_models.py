"""Label images as OME-Zarr, read by the models of the format's own community."""

import numpy as np
import pytest
import zarr
from ome_zarr_models import open_ome_zarr

from napari_uhrnet.datasets.class_tables import find_class_table
from napari_uhrnet.export.maps.ome_zarr import write_label_image


@pytest.mark.parametrize("shape_yx", [(1, 1), (300, 400), (1500, 2600)])
def test_a_label_image_is_valid_for_ome_zarr_models(tmp_path, shape_yx):
    classes = find_class_table("deepglobe")
    ids = np.random.default_rng(0).integers(0, 6, shape_yx, np.uint8)
    place = (0.5, 0.0, 3e5, 0.0, -0.5, 5e6)
    path = tmp_path / "mask.zarr"
    write_label_image(path, lambda w: ids[w.slices], shape_yx, classes, "EPSG:32633", place)
    group = open_ome_zarr(zarr.open_group(path, mode="r"), version="0.5")
    assert type(group).__name__ == "ImageLabel"
    label = group.attributes.ome.image_label
    values = [[entry.label_value for entry in part] for part in (label.colors, label.properties)]
    assert values[0] == values[1] == [*classes.names, 255]
