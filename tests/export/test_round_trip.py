"""What is exported comes back as it was, for every format."""

import json

import numpy as np
import pytest

from napari_uhrnet.errors import UserError
from napari_uhrnet.export.export import FORMATS, MAP_SUFFIXES, export_labels
from napari_uhrnet.export.frames.selection import FrameRules
from napari_uhrnet.export.labels.merging import Merging
from napari_uhrnet.export.read_back import import_labels
from napari_uhrnet.geometry.classes import ClassTable, LabelClass
from tests.export.made import TABLE, collected, made_ids, made_labels, made_scene

SHAPE = (150, 190)
RULES = FrameRules(frame_px=40, overlap_px=4, split=(0.6, 0.2, 0.2))
ALL = FrameRules(frame_px=64, overlap_px=8)


def read_back(path, scene, classes=TABLE):
    picture, write = collected(scene.shape_yx)
    count = import_labels(path, scene, classes, write)
    assert count >= (picture != 255).sum()
    return picture


def in_frames(manifest, ids):
    """What the frames of an export cover; elsewhere 255."""
    covered = np.full_like(ids, 255)
    for frame in manifest.get("frames", [{"window": (0, 0, *ids.shape)}]):
        y, x, h, w = frame["window"]
        covered[y : y + h, x : x + w] = ids[y : y + h, x : x + w]
    return covered


@pytest.mark.parametrize("georeferenced", [False, True], ids=["plain", "utm"])
@pytest.mark.parametrize("all_reviewed", [True, False], ids=["all", "part"])
@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_back_what_was_reviewed(tmp_path, name, all_reviewed, georeferenced):
    labels = made_labels(*SHAPE, all_reviewed=all_reviewed)
    scene = made_scene(*SHAPE, georeferenced=georeferenced)
    manifest = export_labels(tmp_path / "out", name, [(scene, labels)], rules=RULES)
    back = read_back(tmp_path / "out", scene)
    np.testing.assert_array_equal(back, in_frames(manifest, labels.written))
    assert (back != 255).mean() > 0.3


@pytest.mark.parametrize("name", [n for n in FORMATS if n not in ("coco", "yolo")])
def test_unknown_that_a_person_marked_comes_back(tmp_path, name):
    labels, scene = made_labels(*SHAPE, ids=(0, 1, 2, 4)), made_scene(*SHAPE)
    export_labels(tmp_path / "out", name, [(scene, labels)], rules=ALL)
    np.testing.assert_array_equal(read_back(tmp_path / "out", scene), labels.ids)


@pytest.mark.parametrize("name", ["coco", "yolo"])
def test_unknown_is_no_object(tmp_path, name):
    labels, scene = made_labels(*SHAPE, ids=(0, 1, 2, 4)), made_scene(*SHAPE)
    export_labels(tmp_path / "out", name, [(scene, labels)], rules=ALL)
    expected = np.where(labels.ids == 0, 255, labels.ids)
    np.testing.assert_array_equal(read_back(tmp_path / "out", scene), expected)


def test_a_large_scene_comes_back_whatever_blocks_it_is_written_in(tmp_path):
    shape = (2100, 2300)
    shape = (2100, 2300)
    labels, scene = made_labels(*shape), made_scene(*shape, georeferenced=True)
    labels.ids[:] = np.kron(made_ids(30, 33), np.ones((70, 70), np.uint8))[:2100, :2300]
    labels.ids[2040:2060, 100:2290] = 2
    for name in MAP_SUFFIXES:
        export_labels(tmp_path / name, name, [(scene, labels)])
        np.testing.assert_array_equal(read_back(tmp_path / name, scene), labels.ids, name)


@pytest.mark.parametrize("name", ["glnet", "geotiff", "geojson"])
def test_ids_are_translated_by_name(tmp_path, name):
    other = ClassTable(
        "other",
        (
            LabelClass(3, "water", (1, 1, 1)),
            LabelClass(5, "forest", (2, 2, 2)),
            LabelClass(6, "urban", (3, 3, 3)),
            LabelClass(9, "unknown", (4, 4, 4), ignore=True),
        ),
    )
    labels, scene = made_labels(*SHAPE), made_scene(*SHAPE)
    export_labels(tmp_path / "out", name, [(scene, labels)], rules=ALL)
    wanted = np.zeros(256, np.uint8)
    wanted[[1, 2, 4]] = 6, 5, 3
    np.testing.assert_array_equal(read_back(tmp_path / "out", scene, other), wanted[labels.ids])
    lacking = ClassTable("lacking", other.classes[1:])
    with pytest.raises(UserError, match="lack water"):
        read_back(tmp_path / "out", scene, lacking)


@pytest.mark.parametrize("name", FORMATS)
def test_merged_classes_come_back_merged(tmp_path, name):
    target = ClassTable(
        "two", (LabelClass(1, "land", (9, 9, 9)), LabelClass(2, "water", (0, 0, 9)))
    )
    merging = Merging.of(TABLE, target, {1: 1, 2: 1, 0: 255})
    labels, scene = made_labels(*SHAPE), made_scene(*SHAPE)
    manifest = export_labels(tmp_path / "out", name, [(scene, labels)], rules=ALL, merging=merging)
    assert manifest["mapping"] == {"0": 255, "1": 1, "2": 1, "4": 2}
    expected = np.where(labels.ids == 4, 2, 1)
    np.testing.assert_array_equal(read_back(tmp_path / "out", scene, target), expected)


@pytest.mark.parametrize("name", FORMATS)
def test_each_scene_gets_its_own_labels(tmp_path, name):
    scenes = [made_scene(100, 140, "a b.tif"), made_scene(130, 90, "a_b.tif")]
    labels = [made_labels(*s.shape_yx, seed=k) for k, s in enumerate(scenes)]
    export_labels(tmp_path / "out", name, list(zip(scenes, labels, strict=True)), rules=ALL)
    for scene, each in zip(scenes, labels, strict=True):
        np.testing.assert_array_equal(read_back(tmp_path / "out", scene), each.ids)
    with pytest.raises(UserError, match=r"not of c\.tif"):
        read_back(tmp_path / "out", made_scene(70, 70, "c.tif"))


def test_a_scene_is_known_by_its_fingerprint_else_by_name_and_size(tmp_path):
    labels, scene = made_labels(*SHAPE), made_scene(*SHAPE)
    export_labels(tmp_path / "out", "geotiff", [(scene, labels)])
    np.testing.assert_array_equal(
        read_back(tmp_path / "out", made_scene(*SHAPE, name="renamed.png")), labels.ids
    )
    file = tmp_path / "out" / "manifest.json"
    content = json.loads(file.read_text())
    content["scenes"][0]["fingerprint"] = "another"
    file.write_text(json.dumps(content))
    np.testing.assert_array_equal(read_back(tmp_path / "out", scene), labels.ids)
    with pytest.raises(UserError, match="choose that scene"):
        read_back(tmp_path / "out", made_scene(*SHAPE, name="renamed.png"))
