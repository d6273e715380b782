"""The manifest at the root."""

import subprocess
import sys
from pathlib import Path

import npe2
import yaml

ROOT = Path(__file__).parents[2]


def manifest() -> npe2.PluginManifest:
    return npe2.PluginManifest.from_file(ROOT / "napari.yaml")


def test_contributions():
    found = manifest().contributions
    assert [w.display_name for w in found.widgets] == ["UHRNet"]
    assert [s.key for s in found.sample_data] == ["landcover"]
    assert "napari/layers/segment" in found.menus
    patterns = set(found.readers[0].filename_patterns)
    rasters = {"*.tif", "*.tiff", "*.svs", "*.png", "*.jpg", "*.jpeg"}
    assert patterns == rasters | {"*.zarr", "*.uhrnet"}


def test_every_contribution_names_a_command():
    raw = yaml.safe_load((ROOT / "napari.yaml").read_text(encoding="utf-8"))["contributions"]
    known = {c["id"] for c in raw["commands"]}
    used = [e["command"] for key in ("readers", "widgets", "sample_data") for e in raw[key]]
    used += [e["command"] for entries in raw["menus"].values() for e in entries]
    assert set(used) == known


def test_offering_to_read_imports_nothing_heavy():
    code = (
        "import sys\n"
        "from napari_uhrnet.widgets.reader import get_reader\n"
        "assert get_reader('a.tif')\n"
        "print({'torch', 'dask', 'qtpy', 'napari', 'zarr', 'rasterio'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
