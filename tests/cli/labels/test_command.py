"""The commands ``import`` and ``export`` of a project's labels."""

import json

import numpy as np
import pytest
import rasterio
import typer
from PIL import Image
from typer.testing import CliRunner

from napari_uhrnet.cli.kit.words import parse_split
from napari_uhrnet.cli.labels.command import register
from napari_uhrnet.datasets.class_tables import find_class_table
from napari_uhrnet.errors import UserError
from napari_uhrnet.export.export import FORMATS
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.open import open_scene
from napari_uhrnet.session.project.project import Project
from napari_uhrnet.store.journal.journal import Journal
from tests.export.made import TRANSFORM, UTM, made_ids

HEIGHT, WIDTH = 120, 150


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NAPARI_UHRNET_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def scene(tmp_path):
    path = tmp_path / "scene.tif"
    pixels = np.random.default_rng(0).integers(0, 255, (3, HEIGHT, WIDTH)).astype(np.uint8)
    profile = {"driver": "GTiff", "height": HEIGHT, "width": WIDTH, "count": 3, "dtype": "uint8"}
    with rasterio.open(
        path, "w", **profile, crs=UTM, transform=rasterio.Affine(*TRANSFORM)
    ) as file:
        file.write(pixels)
    return path


@pytest.fixture
def ids():
    return made_ids(HEIGHT, WIDTH, ids=(1, 2, 5, 6))


@pytest.fixture
def mask(tmp_path, ids):
    """DeepGlobe's colours."""
    path = tmp_path / "mask.png"
    Image.fromarray(find_class_table("deepglobe").palette[ids]).save(path)
    return path


def run(*arguments):
    app = typer.Typer()
    register(app)
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    if isinstance(result.exception, UserError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def labels_in(project, scene_path):
    whole = Window(0, 0, HEIGHT, WIDTH)
    with open_scene(scene_path) as scene, Project.open(project).annotations(scene) as store:
        return store.read(whole), store.reviewed(whole)


def test_import_makes_a_project(tmp_path, scene, mask, ids):
    printed = run("import", tmp_path / "project", mask, "--scene", scene)
    assert printed == "scene.tif: 100.0% of the scene labelled, to be reviewed\n"
    labels, reviewed = labels_in(tmp_path / "project", scene)
    np.testing.assert_array_equal(labels, ids)
    assert not reviewed.any()


def test_import_into_a_project_keeps_what_the_mask_does_not_cover(tmp_path, scene, mask, ids):
    run("import", tmp_path / "project", mask, "--scene", scene, "--reviewed")
    half = np.where(np.arange(WIDTH) < 60, 4, 255).astype(np.uint8)
    Image.fromarray(np.tile(half, (HEIGHT, 1))).save(tmp_path / "half.png")
    printed = run("import", tmp_path / "project", tmp_path / "half.png", "--scene", scene)
    assert printed.startswith("scene.tif: 40.0% of the scene")
    labels, reviewed = labels_in(tmp_path / "project", scene)
    assert (labels[:, :60] == 4).all()
    np.testing.assert_array_equal(labels[:, 60:], ids[:, 60:])
    assert reviewed[:, 60:].all()


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_exported_can_be_imported(tmp_path, scene, mask, ids, name):
    run("import", tmp_path / "one", mask, "--scene", scene, "--reviewed")
    printed = run(
        "export", tmp_path / "one", "--format", name, "--to", tmp_path / "out", "--size", 64
    )
    assert printed.startswith(f"{name}: ") and printed.endswith(f"written to {tmp_path / 'out'}\n")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["scenes"][0]["checkpoints"] == ["imported from mask.png"]
    run("import", tmp_path / "two", tmp_path / "out", "--scene", scene, "--reviewed")
    labels, reviewed = labels_in(tmp_path / "two", scene)
    np.testing.assert_array_equal(labels, ids)
    assert reviewed.all()


def test_a_new_project_has_the_classes_of_the_export_or_of_the_option(tmp_path, scene, ids):
    path = tmp_path / "loveda.png"
    Image.fromarray(ids).save(path)
    run("import", tmp_path / "one", path, "--scene", scene, "--reviewed", "--classes", "loveda")
    assert Project.open(tmp_path / "one").classes == find_class_table("loveda")
    run("export", tmp_path / "one", "--format", "geotiff", "--to", tmp_path / "out")
    run("import", tmp_path / "two", tmp_path / "out", "--scene", scene)
    assert Project.open(tmp_path / "two").classes == find_class_table("loveda")
    np.testing.assert_array_equal(labels_in(tmp_path / "two", scene)[0], ids)


def test_the_mask_may_have_other_classes_than_the_project(tmp_path, scene, mask, ids):
    run("import", tmp_path / "project", mask, "--scene", scene)
    table = tmp_path / "table.json"
    table.write_text('[{"name": "water", "id": 1}, {"name": "forest", "id": 2}]')
    Image.fromarray(np.where(ids == 5, 1, 2).astype(np.uint8)).save(tmp_path / "two.png")
    two = tmp_path / "two.png"
    run("import", tmp_path / "project", two, "--scene", scene, "--classes", table)
    labels, _ = labels_in(tmp_path / "project", scene)
    np.testing.assert_array_equal(labels, np.where(ids == 5, 5, 4))


def test_a_mask_that_cannot_be_used_leaves_no_project(tmp_path, scene):
    Image.fromarray(np.ones((9, 9), np.uint8)).save(tmp_path / "small.png")
    with pytest.raises(UserError, match="9 x 9 px"):
        run("import", tmp_path / "project", tmp_path / "small.png", "--scene", scene)
    assert not (tmp_path / "project").exists()


def test_options_of_frames(tmp_path, scene, mask):
    run("import", tmp_path / "project", mask, "--scene", scene, "--reviewed")
    arguments = ["--size", 32, "--overlap", 4, "--split", "0.6,0.2,0.2", "--scene", scene]
    printed = run(
        "export", tmp_path / "project", "--format", "glnet", "--to", tmp_path / "out", *arguments
    )
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    parts = [f["part"] for f in manifest["frames"]]
    counts = ", ".join(f"{p} {parts.count(p)}" for p in ("train", "val", "test"))
    assert printed.startswith(f"glnet: {len(parts)} frames ({counts})")
    assert {f["window"][2] for f in manifest["frames"]} == {32}
    columns = sorted({f["window"][1] for f in manifest["frames"]})
    assert min(np.diff(columns)) <= 28


def test_frames_without_review_can_be_left_out(tmp_path, scene, mask):
    half = np.where(np.arange(WIDTH) < 100, 4, 255).astype(np.uint8)
    Image.fromarray(np.tile(half, (HEIGHT, 1))).save(tmp_path / "half.png")
    run("import", tmp_path / "project", tmp_path / "half.png", "--scene", scene, "--reviewed")
    sizes = []
    for unreviewed in ("unknown", "leave-out"):
        out = tmp_path / unreviewed
        more = ["--size", 30, "--unreviewed", unreviewed]
        run("export", tmp_path / "project", "--format", "isdnet", "--to", out, *more)
        sizes.append(len(json.loads((out / "manifest.json").read_text())["frames"]))
    assert sizes == [16, 12]


def test_bad_input_is_said_in_a_sentence(tmp_path, scene, mask):
    project = tmp_path / "project"
    with pytest.raises(UserError, match="no such file"):
        run("import", project, tmp_path / "no.png", "--scene", scene)
    assert not project.exists()
    run("import", project, mask, "--scene", scene)
    with pytest.raises(UserError, match="reviewed"):
        run("export", project, "--format", "glnet", "--to", tmp_path / "out")
    with pytest.raises(UserError, match="choose one of"):
        run("export", project, "--format", "gif", "--to", tmp_path / "out")
    with pytest.raises(UserError, match="no project"):
        run("export", tmp_path / "cache2", "--format", "glnet", "--to", tmp_path / "out")
    with pytest.raises(UserError, match="add up to 1"):
        run("export", project, "--format", "glnet", "--to", tmp_path / "out", "--split", "1,1,1")
    for text in ("1,0", "a,b,c", ""):
        with pytest.raises(UserError, match="three shares"):
            parse_split(text)
    assert not (tmp_path / "out").exists()


def test_classes_are_written_under_other_names(tmp_path, scene, mask, ids):
    run("import", tmp_path / "project", mask, "--scene", scene, "--reviewed")
    mapping = ["--map", "forest=vegetation", "--map", "rangeland=vegetation", "--map", "urban="]
    out = tmp_path / "out"
    run("export", tmp_path / "project", "--format", "geotiff", "--to", out, *mapping)
    table = find_class_table("deepglobe")
    by_name = {name: i for i, name in table.names.items()}
    manifest = json.loads((out / "manifest.json").read_text())
    written = {c["name"]: c["id"] for c in manifest["classes"]["classes"]}
    assert "vegetation" in written and not {"forest", "rangeland", "urban"} & set(written)
    expected = ids.copy()
    for name in ("forest", "rangeland"):
        expected[ids == by_name[name]] = written["vegetation"]
    expected[ids == by_name["urban"]] = 255
    with rasterio.open(out / manifest["scenes"][0]["file"]) as file:
        np.testing.assert_array_equal(file.read(1), expected)
    with pytest.raises(UserError, match="no such class"):
        more = ["--map", "wood=forest"]
        run("export", tmp_path / "project", "--format", "geotiff", "--to", tmp_path / "o", *more)
    frames = ["--frame", "0,0,40,40", "--frame", "50,60,30,30"]
    printed = run(
        "export", tmp_path / "project", "--format", "palette", "--to", tmp_path / "f", *frames
    )
    assert printed.startswith("palette: 2 frames (train 2)")


def test_an_import_can_be_undone(tmp_path, scene, mask):
    run("import", tmp_path / "project", mask, "--scene", scene, "--reviewed")
    with (
        open_scene(scene) as picture,
        Project.open(tmp_path / "project").annotations(picture) as store,
        Journal(store) as journal,
    ):
        assert journal.undoable == ("import mask.png",)
        journal.undo()
    labels, reviewed = labels_in(tmp_path / "project", scene)
    assert (labels == 255).all() and not reviewed.any()
