"""Exports appear whole or not at all, in a folder that was free."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from napari_uhrnet.errors import UserError
from napari_uhrnet.export.export import FORMATS, export_labels
from napari_uhrnet.export.frames.selection import FrameRules
from napari_uhrnet.export.labels.merging import Merging
from napari_uhrnet.geometry.classes import ClassTable
from tests.export.made import TABLE, made_labels, made_scene

ROOT = Path(__file__).parents[2]
RULES = FrameRules(frame_px=64)


def export(target, name="glnet", **more):
    return export_labels(
        target, name, [(made_scene(90, 100), made_labels(90, 100))], rules=RULES, **more
    )


def test_a_folder_with_something_in_it_is_refused(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "holiday.jpg").touch()
    with pytest.raises(UserError, match="not empty"):
        export(tmp_path / "out")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["holiday.jpg"]


def test_an_empty_folder_is_used(tmp_path):
    (tmp_path / "out").mkdir()
    export(tmp_path / "out")
    assert (tmp_path / "out" / "manifest.json").is_file()
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_impossible_targets_and_formats_are_refused(tmp_path):
    (tmp_path / "file").touch()
    for target, name, words in (
        (tmp_path / "file", "glnet", "a file of this name"),
        (tmp_path / "no" / "out", "glnet", "no folder"),
        (tmp_path / "out", "gif", "choose one of deepglobe"),
    ):
        with pytest.raises(UserError, match=words):
            export(target, name)
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_is_left_of_what_fails(tmp_path, name):
    class Broken(Exception):
        pass

    labels, calls = made_labels(90, 100), []
    whole_read = labels.read

    def read(window):
        calls.append(window)
        if len(calls) > (4 if name not in ("geotiff", "ome-zarr", "geojson", "gpkg") else 0):
            raise Broken
        return whole_read(window)

    labels.read = read
    with pytest.raises(Broken):
        export_labels(tmp_path / "out", name, [(made_scene(90, 100), labels)], rules=RULES)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_reviewed_is_nothing_to_export(tmp_path, name):
    labels = made_labels(90, 100)
    labels.seen[:] = False
    with pytest.raises(UserError, match="review"):
        export_labels(tmp_path / "out", name, [(made_scene(90, 100), labels)], rules=RULES)
    assert list(tmp_path.iterdir()) == []


def test_scenes_must_share_a_class_table(tmp_path):
    one, two = made_labels(90, 100), made_labels(90, 100)
    two.classes = ClassTable("other", TABLE.classes)
    scene = made_scene(90, 100)
    with pytest.raises(UserError, match="different class tables"):
        export_labels(tmp_path / "out", "glnet", [(scene, one), (scene, two)])
    with pytest.raises(UserError, match="no scene"):
        export_labels(tmp_path / "out", "glnet", [])


def test_merging_needs_a_place_for_every_class():
    water = ClassTable("water", TABLE.classes[3:])
    with pytest.raises(UserError, match="'unknown' of 'made' has no counterpart"):
        Merging.of(TABLE, water)
    with pytest.raises(UserError, match="do not have"):
        Merging.of(TABLE, water, {0: 255, 1: 7, 2: 4})
    with pytest.raises(UserError, match="do not have"):
        Merging.of(TABLE, water, {0: 255, 1: 4, 2: 4, 77: 4})


LIMITED = """
import json, resource, signal, sys
from pathlib import Path
from napari_uhrnet.errors import UserError
from tests.export.test_export import ROOT, RULES
from tests.export.made import made_labels, made_scene
from napari_uhrnet.export.export import FORMATS, export_labels
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
labels, scene = made_labels(600, 600), made_scene(600, 600)
for name in FORMATS:
    for limit in (10, 700, 2500):
        target = Path(sys.argv[1]) / f"{name}-{limit}"
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        try:
            export_labels(target, name, [(scene, labels)], rules=RULES)
            outcome = "written"
        except UserError as error:
            outcome = str(error)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        print(json.dumps([name, limit, outcome]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of file sizes are POSIX")
def test_a_full_disk_is_said_in_a_sentence_and_leaves_nothing(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {name for name, _, _ in lines} == set(FORMATS)
    assert [line for line in lines if "the disk is full" not in line[2]] == []
    assert list(tmp_path.iterdir()) == []
    assert done.stderr == ""
