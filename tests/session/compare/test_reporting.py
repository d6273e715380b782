"""The report of the compare panel: whole or not at all, and never over something else."""

import json
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from napari_uhrnet.errors import UserError
from napari_uhrnet.evaluation.comparison import report
from napari_uhrnet.geometry.polygon import Polygon
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.array import array_scene
from napari_uhrnet.session.compare.reporting import Written, new_folder, report_job
from tests.evaluation.comparison.test_report import Page
from tests.session.compared import SHAPE, A, B, assert_found, labels, wanted

WHEN = datetime(2026, 1, 2, 3, 4)
POLYGON = Polygon([(10.2, 20.5), (30, 1250.3), (1080.1, 640)])


@pytest.fixture(scope="module")
def scene():
    picture = np.random.default_rng(0).integers(0, 255, (*SHAPE, 3), np.uint8)
    return array_scene([picture], "old town.tif", pixel_size_m=0.5)


def test_shares_then_a_page_that_needs_nothing_else(scene, tmp_path):
    job = report_job(wanted(polygon=POLYGON, pixel_size_m=0.5), scene, tmp_path, WHEN)
    *shares, written = job
    assert shares == sorted(shares)
    assert len(shares) == 4
    assert isinstance(written, Written)
    assert written.page == tmp_path / "old-town-comparison" / "report.html"
    comparison = written.compared.comparison
    assert_found(comparison, A, B, POLYGON.inside(Window.of_shape(SHAPE)))
    text = written.page.read_text(encoding="utf-8")
    seen = Page(text)
    assert (seen.tags.count("img"), seen.tags.count("svg")) == (4, 1 + 1)
    assert all(link.startswith("data:image/") for link in seen.links)
    assert "http" not in text
    assert "script" not in seen.tags
    words = " ".join(seen.texts)
    for piece in ("old town.tif", "in a polygon of 3 vertices", f"{comparison.agreement:.1%}"):
        assert piece in words
    numbers = json.loads((written.page.parent / "compare.json").read_text(encoding="utf-8"))
    assert numbers == comparison.to_dict()


def test_closing_at_any_step_leaves_nothing(scene, tmp_path):
    for steps in range(5):
        job = report_job(wanted(), scene, tmp_path, WHEN)
        for _ in range(steps):
            next(job)
        job.close()
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_compared_leaves_nothing(scene, tmp_path):
    with pytest.raises(UserError, match="1299 x 1100 px"):
        list(report_job(wanted(b=labels(1, (1100, 1299))), scene, tmp_path, WHEN))
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_leaves_nothing(scene, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(report, "_regions", full)
    with pytest.raises(UserError, match="disk is full"):
        list(report_job(wanted(), scene, tmp_path, WHEN))
    assert list(tmp_path.iterdir()) == []


def test_each_report_has_a_folder_of_its_own(scene, tmp_path):
    names = []
    for _ in range(3):
        *_, written = report_job(wanted(window=Window(0, 0, 20, 20)), scene, tmp_path, WHEN)
        names.append(written.page.parent.name)
    assert names == [f"old-town-comparison{end}" for end in ("", "-2", "-3")]


@pytest.mark.parametrize(
    ("scene_name", "folder"),
    [
        ("a/b:c.tif", "b-c-comparison"),
        ("..", "scene-comparison"),
        ("Kärnten 1.ome.zarr", "Kärnten-1.ome-comparison"),
        ("", "scene-comparison"),
    ],
)
def test_folders_have_names_that_every_disk_takes(tmp_path, scene_name, folder):
    assert new_folder(tmp_path, scene_name) == tmp_path / folder


def test_a_folder_that_is_gone_is_a_sentence():
    with pytest.raises(UserError, match="there is no such folder"):
        new_folder(Path("/nowhere/at/all"), "scene")
