"""What is asked of an export, and the loop of export and import in a project."""

import json

import numpy as np
import pytest
from PIL import Image

from napari_uhrnet.errors import UserError
from napari_uhrnet.export.export import FORMATS
from napari_uhrnet.export.frames.selection import FrameRules
from napari_uhrnet.export.labels.merging import Merging, WrittenAs
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.open import open_scene
from napari_uhrnet.session.labels.exporting import (
    ExportRequest,
    export_project,
    preview,
    written_as,
)
from napari_uhrnet.session.labels.frame_windows import frames_in, parse_frames
from napari_uhrnet.session.labels.importing import import_mask
from napari_uhrnet.session.labels.words import FORMATS as TITLES
from napari_uhrnet.session.labels.words import export_summary
from napari_uhrnet.session.project.project import Project
from napari_uhrnet.store.journal.journal import Journal
from tests.export.made import TABLE, made_ids

SHAPE = (96, 128)
WHOLE = Window(0, 0, *SHAPE)
IDS = made_ids(*SHAPE)
MERGED = {"forest": WrittenAs("green", 9), "water": WrittenAs("green", 9)}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NAPARI_UHRNET_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def project(tmp_path):
    """One scene; the left 96 columns are reviewed."""
    pixels = np.random.default_rng(0).integers(0, 255, (*SHAPE, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "town.png")
    project = Project.create(tmp_path / "project", TABLE)
    with open_scene(tmp_path / "town.png") as scene:
        entry = project.add_scene(scene)
    with project.annotations(entry) as store:
        store.mark_reviewed(Window(0, 0, 96, 96), IDS[:, :96], "print")
    return project


def ignore():
    """Called often."""


def test_every_format_has_its_line():
    assert sorted(TITLES) == sorted(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_a_mapping_holds_in_every_format_and_comes_back(project, tmp_path, name):
    request = ExportRequest(name, tmp_path / "out", FrameRules(32), MERGED)
    manifest = export_project(project, request)
    assert manifest["mapping"] == {"0": 0, "1": 1, "2": 9, "4": 9}
    written = Merging.renamed(TABLE, MERGED)
    other = Project.create(tmp_path / "other", written.target)
    with open_scene(tmp_path / "town.png") as scene:
        entry = other.add_scene(scene)
        with other.annotations(entry) as store, Journal(store) as journal:
            import_mask(journal, tmp_path / "out", scene, reviewed=True)
            found = store.read(WHOLE)
    np.testing.assert_array_equal(found[:, :96], np.where(IDS == 1, 1, 9)[:, :96])
    assert (found[:, 96:] == 255).all()


def test_the_preview_is_what_is_written(project, tmp_path):
    rules = FrameRules(32, split=(0.5, 0.25, 0.25))
    for written in ({}, {"water": WrittenAs("")}):
        request = ExportRequest("glnet", tmp_path / f"out{len(written)}", rules, written)
        before = preview(project, request, ignore)
        manifest = export_project(project, request)
        parts = [frame["part"] for frame in manifest["frames"]]
        assert before.frames == {part: parts.count(part) for part in ("train", "val", "test")}
        kept = IDS[:, :96] != 4 if written else np.ones((96, 96), bool)
        assert before.reviewed_px == kept.sum()
        total = {}
        for frame in manifest["frames"]:
            for name, px in frame["counts"].items():
                total[name] = total.get(name, 0) + px
        assert ("water" in total) == (not written)


def test_the_preview_of_whole_scenes_and_what_cannot_be(project, tmp_path):
    found = preview(project, ExportRequest("gpkg", tmp_path / "out"), ignore)
    assert (dict(found.frames), found.scenes, found.reviewed_px) == ({}, 1, 96 * 96)
    with pytest.raises(UserError, match="smaller frames"):
        right = FrameRules(32, windows=(Window(0, 96, 32, 32),))
        preview(project, ExportRequest("glnet", tmp_path / "out", right), ignore)
    with pytest.raises(UserError, match="no such class, only"):
        request = ExportRequest("glnet", tmp_path / "out", written={"sea": WrittenAs("x")})
        preview(project, request, ignore)


class Enough(Exception):
    """The person wants no more."""


@pytest.mark.parametrize("name", FORMATS)
def test_a_stopped_export_leaves_nothing(project, tmp_path, name):
    def stop(share):
        raise Enough

    with pytest.raises(Enough):
        export_project(project, ExportRequest(name, tmp_path / "out", FrameRules(32)), stop)
    names = {path.name for path in tmp_path.iterdir()}
    assert names - {"cache"} == {"town.png", "project"}


def test_a_count_can_be_stopped(project, tmp_path):
    def stop():
        raise Enough

    with pytest.raises(Enough):
        preview(project, ExportRequest("glnet", tmp_path / "out", FrameRules(32)), stop)


def test_one_scene_of_several_and_listed_frames(project, tmp_path):
    windows = parse_frames("0,0,32,40; 40 50 16 16;")
    assert windows == (Window(0, 0, 32, 40), Window(40, 50, 16, 16))
    rules = FrameRules(windows=windows)
    mine = project.scenes[0].fingerprint
    request = ExportRequest("palette", tmp_path / "out", rules, scene=mine)
    manifest = export_project(project, request)
    assert [f["window"] for f in manifest["frames"]] == [[0, 0, 32, 40], [40, 50, 16, 16]]
    assert export_summary(manifest) == "palette: 2 frames (train 2)"
    assert json.loads((tmp_path / "out" / "manifest.json").read_text()) == manifest
    with pytest.raises(UserError, match="not part of the project"):
        export_project(project, ExportRequest("palette", tmp_path / "two", scene="another"))
    for text in ("1,2,3", "a,b,c,d", "0,0,0,5"):
        with pytest.raises(UserError, match="frame '"):
            parse_frames(text)


def test_frames_cover_a_view():
    frames = frames_in(Window(100, 200, 50, 90), 40, 5)
    covered = np.zeros((200, 400), int)
    for frame in frames:
        covered[frame.slices] += 1
        assert frame.shape_yx == (40, 40)
    assert (covered[100:150, 200:290] > 0).all()
    assert covered.sum() == covered[100:150, 200:290].sum()
    assert frames_in(Window(5, 6, 10, 12), 40, 5) == (Window(5, 6, 10, 12),)


def test_only_changed_names_and_ids_are_a_mapping():
    rows = [(c.name, c.id) for c in TABLE.classes]
    assert written_as(TABLE, rows) == {}
    rows[2] = (" urban ", 1)
    assert written_as(TABLE, rows) == {"forest": WrittenAs("urban", 1)}


def test_merging_by_new_names():
    found = Merging.renamed(TABLE, {"forest": WrittenAs("urban"), "unknown": WrittenAs("")})
    assert found.target.names == {1: "urban", 4: "water"}
    assert found.target.classes[0].rgb == (0, 255, 255)
    np.testing.assert_array_equal(found.apply(np.array([0, 1, 2, 4, 255])), [255, 1, 1, 4, 255])
    swapped = {"forest": WrittenAs("water"), "water": WrittenAs("forest")}
    assert Merging.renamed(TABLE, swapped).ids == ((0, 0), (1, 1), (2, 4), (4, 2))
    with pytest.raises(UserError, match="give each its own"):
        Merging.renamed(TABLE, {"forest": WrittenAs("trees", 4)})
    with pytest.raises(UserError, match="one id"):
        same = {"forest": WrittenAs("x", 5), "water": WrittenAs("x", 6)}
        Merging.renamed(TABLE, same)
    with pytest.raises(UserError, match="keep one"):
        Merging.renamed(TABLE, {c.name: WrittenAs("") for c in TABLE.classes})
