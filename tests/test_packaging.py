"""What is shipped, and that finding the plugin is cheap."""

import configparser
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from npe2 import PluginManifest

import napari_uhrnet
from napari_uhrnet.resources import resource_path

ROOT = Path(napari_uhrnet.__file__).resolve().parents[1]
pytestmark = pytest.mark.skipif(
    not (ROOT / "setup.cfg").exists(), reason="needs the repository, not an installed wheel"
)


def _setup():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    return config


def test_every_package_is_shipped():
    listed = set(_setup()["options"]["packages"].split()) - {"napari_uhrnet_assets"}
    found = {
        ".".join(p.parent.relative_to(ROOT).parts)
        for p in (ROOT / "napari_uhrnet").rglob("__init__.py")
    }
    assert listed == found


def test_no_python_file_lies_at_the_root():
    assert list(ROOT.glob("*.py")) == []


def test_the_installed_manifest_is_the_root_file_and_names_things_that_exist():
    manifest = PluginManifest.from_distribution("napari-uhrnet")
    assert manifest.contributions == PluginManifest.from_file(ROOT / "napari.yaml").contributions
    for command in manifest.contributions.commands:
        module, name = command.python_name.split(":")
        assert callable(getattr(import_module(module), name)), command.id


def test_discovery_and_help_import_nothing_heavy():
    code = (
        "import sys, napari_uhrnet, napari_uhrnet.cli.app, napari_uhrnet.resources\n"
        "heavy = {'torch', 'dask', 'qtpy', 'napari', 'rasterio', 'zarr', 'timm'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_resource_that_is_not_there_is_named():
    with pytest.raises(FileNotFoundError, match=r"ships no .*nowhere\.svg"):
        resource_path("icons", "nowhere.svg")


def test_weights_are_shipped_with_a_licence_of_their_own():
    text = resource_path("checkpoints", "LICENSE").read_text()
    assert "NON-COMMERCIAL RESEARCH" in text
    total = sum(f.stat().st_size for f in resource_path("scenes").iterdir())
    assert total < 3_100_000
