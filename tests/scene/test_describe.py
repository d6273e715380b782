from __future__ import annotations

import json

from napari_uhrnet.scene.array import array_scene
from napari_uhrnet.scene.describe import describe
from napari_uhrnet.scene.open import open_scene
from napari_uhrnet.scene.picture.stretch import stretch_note
from napari_uhrnet.scene.readers.band_names import guess_note
from tests.scene.pictures import noise, write_geotiff


def test_facts_of_a_file_survive_json(tmp_path):
    path = write_geotiff(tmp_path / "a.tif", noise((1200, 30, 4), "uint16"), "EPSG:32633")
    with open_scene(path) as scene:
        facts = json.loads(json.dumps(describe(scene)))
    assert facts == {
        "name": "a.tif",
        "path": str(path),
        "format": "TIFF",
        "height": 1200,
        "width": 30,
        "bands": 4,
        "dtype": "uint16",
        "levels": [[1200, 30], [600, 15]],
        "pixel_size_m": 0.5,
        "crs": "EPSG:32633",
        "transform": [0.5, 0.0, 500_000.0, 0.0, -0.5, 5_000_000.0],
        "fingerprint": scene.fingerprint,
        "notes": [guess_note(range(4)), stretch_note("uint16")],
    }


def test_an_array_has_no_path():
    facts = describe(array_scene([noise((10, 20))], "layer"))
    assert (facts["path"], facts["crs"], facts["transform"]) == (None, None, None)
    assert facts["notes"] == []
