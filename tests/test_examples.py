"""The scripts of ``examples/`` run as they are and write what they say."""

import csv
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image

import napari_uhrnet
from napari_uhrnet.resources import resource_path

EXAMPLES = Path(napari_uhrnet.__file__).resolve().parents[1] / "examples"
pytestmark = pytest.mark.skipif(
    not EXAMPLES.is_dir(), reason="needs the repository, not an installed wheel"
)
CLASS_IDS = {1, 2, 3, 4, 5, 6}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs an example by its name; the folder that it wrote to."""

    def run_example(name):
        monkeypatch.setattr(sys, "argv", [name, str(tmp_path)])
        runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
        return tmp_path

    return run_example


def _truth():
    with rasterio.open(resource_path("scenes", "landcover_mask.tif")) as file:
        return file.read(1)


def test_every_example_is_tested():
    tested = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    assert {path.stem for path in EXAMPLES.glob("*.py")} <= tested


def test_segment_window(run, capsys):
    labels = np.asarray(Image.open(run("segment_window") / "window.png"))
    assert labels.shape == (600, 800)
    assert set(np.unique(labels)) <= CLASS_IDS
    assert (labels == _truth()[300:900, 1500:2300]).mean() > 0.6
    assert "water: " in capsys.readouterr().out


def test_segment_scene(run):
    with (
        rasterio.open(run("segment_scene") / "mask.tif") as mask,
        rasterio.open(resource_path("scenes", "landcover.tif")) as scene,
    ):
        labels = mask.read(1)
        assert (mask.shape, mask.transform, mask.crs) == (scene.shape, scene.transform, scene.crs)
    assert (labels == _truth()).mean() > 0.75


def test_compare_networks(run, capsys):
    same = np.asarray(Image.open(run("compare_networks") / "agreement.png"))
    assert same.shape == (600, 600)
    assert 0.3 < same.mean() < 1
    assert f"agreement: {same.mean():.1%}" in capsys.readouterr().out


def test_mask_to_training_data(run, capsys):
    out = run("mask_to_training_data") / "glnet"
    assert "5 frames (train 3, val 1, test 1)" in capsys.readouterr().out
    labels = [np.asarray(Image.open(path)) for path in out.rglob("*_mask.png")]
    assert len(labels) == 5
    truth = _truth()
    assert sum(part.size for part in labels) <= truth.size
    assert set(np.unique(np.concatenate([part.ravel() for part in labels]))) <= CLASS_IDS | {0}


def test_why_this_class(run, capsys):
    with (run("why_this_class") / "why.csv").open(newline="") as file:
        head, *rows = csv.reader(file)
    shares = {row[0]: dict(zip(head[1:], map(float, row[1:]), strict=True)) for row in rows}
    assert set(shares) == {"fused", "global", "local"}
    tops = {branch: max(each, key=each.__getitem__) for branch, each in shares.items()}
    assert tops["fused"] == tops["local"] != tops["global"]
    assert sum(shares["fused"].values()) == pytest.approx(1, abs=1e-5)
    assert "decided by: local" in capsys.readouterr().out
