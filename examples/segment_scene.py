"""Segment a whole scene into a GeoTIFF, block by block: ``[OUT]``.

Memory does not grow with the scene. The command line does the same:
``napari-uhrnet segment SCENE --out MASK.tif``.
"""

import sys
from pathlib import Path
from tempfile import mkdtemp

from napari_uhrnet import open_scene
from napari_uhrnet.engine.segment import segmented
from napari_uhrnet.export.maps.mask import write_mask
from napari_uhrnet.resources import resource_path

out = Path(sys.argv[1] if len(sys.argv) > 1 else mkdtemp()) / "mask.tif"
with (
    open_scene(resource_path("scenes", "landcover.tif")) as scene,
    segmented(scene, "uhrnet-light") as done,  # done.read(window) gives (h, w) uint8 class ids
):
    place = {"crs": scene.crs, "transform": scene.transform}
    write_mask(out, done.read, scene.shape_yx, done.model.classes, **place)
print(f"written to {out}")
