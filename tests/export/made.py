"""A made scene with labels, reviewed in part."""

from dataclasses import dataclass

import numpy as np

from napari_uhrnet.geometry.classes import ClassTable, LabelClass
from napari_uhrnet.scene.array import array_scene

TABLE = ClassTable(
    "made",
    (
        LabelClass(0, "unknown", (0, 0, 0), ignore=True),
        LabelClass(1, "urban", (0, 255, 255)),
        LabelClass(2, "forest", (0, 255, 0)),
        LabelClass(4, "water", (0, 0, 255)),
    ),
)
UTM = (
    'PROJCS["WGS 84 / UTM zone 32N",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,'
    '298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],'
    'PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],'
    'PARAMETER["central_meridian",9],PARAMETER["scale_factor",0.9996],'
    'PARAMETER["false_easting",500000],PARAMETER["false_northing",0],UNIT["metre",1],'
    'AUTHORITY["EPSG","32632"]]'
)
TRANSFORM = (0.3, 0.0, 600000.1, 0.0, -0.3, 5200000.7)


@dataclass
class Labels:
    """A label source in memory."""

    ids: np.ndarray
    seen: np.ndarray
    classes: ClassTable = TABLE

    @property
    def shape_yx(self):
        return self.ids.shape

    def read(self, window):
        return self.ids[window.slices]

    def reviewed(self, window):
        return self.seen[window.slices]

    @property
    def written(self):
        return np.where(self.seen, self.ids, 255).astype(np.uint8)


def made_ids(height, width, ids=(1, 2, 4), seed=0, cell_px=7):
    """Blobs with holes, thin lines and single pixels."""
    rng = np.random.default_rng(seed)
    coarse = rng.choice(np.array(ids, np.uint8), (-(-height // cell_px), -(-width // cell_px)))
    found = np.kron(coarse, np.ones((cell_px, cell_px), np.uint8))[:height, :width].copy()
    y, x = np.mgrid[:height, :width]
    found[(y + 2 * x) % 31 == 0] = ids[0]
    return found


def made_labels(height, width, ids=(1, 2, 4), seed=0, all_reviewed=True):
    """Labels; if not all is reviewed, then not a band across the middle."""
    seen = np.ones((height, width), bool)
    if not all_reviewed:
        seen[height // 2 : height // 2 + height // 5] = False
    return Labels(made_ids(height, width, ids, seed), seen)


def made_scene(height, width, name="made.tif", georeferenced=False):
    rng = np.random.default_rng(1)
    pixels = np.kron(rng.integers(0, 255, (-(-height // 8), -(-width // 8), 3)), np.ones((8, 8, 1)))
    pixels = np.ascontiguousarray(pixels[:height, :width], np.uint8)
    place = {"crs": UTM, "transform": TRANSFORM} if georeferenced else {}
    return array_scene([pixels], name, **place)


def collected(shape_yx):
    """A picture of 255 and a `write` that fills it."""
    picture = np.full(shape_yx, 255, np.uint8)

    def write(window, ids):
        assert ids.dtype == np.uint8 and ids.shape == window.shape_yx
        assert window.clip(shape_yx) == window
        part = picture[window.slices]
        part[ids != 255] = ids[ids != 255]

    return picture, write
