"""A folder with everything in it."""

import json

import numpy as np
import pytest
from PIL import Image

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import ClassTable
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.array import array_scene
from napari_uhrnet.scene.open import open_scene
from napari_uhrnet.session.project.project import Project
from napari_uhrnet.store.journal.journal import Journal
from tests.store.strokes import CLASSES


def picture(path, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    Image.fromarray(rng.integers(0, 255, (80, 90, 3), np.uint8)).save(path)
    return path


@pytest.fixture
def study(tmp_path):
    """A folder with a picture and a project side by side; the project knows the picture."""
    folder = tmp_path / "study"
    picture(folder / "a.png")
    project = Project.create(folder / "project", CLASSES)
    with open_scene(folder / "a.png") as scene:
        project.add_scene(scene)
    return folder


def test_what_is_saved_is_opened(study):
    project = Project.open(study / "project")
    entry = project.scenes[0]
    assert (entry.path, entry.shape_yx, entry.view) == ("../a.png", (80, 90), None)
    project.set_view(entry.fingerprint, Window(1, 2, 3, 4))
    project.add_checkpoint("abc", "uhrnet-light")
    project.add_checkpoint("def", "other.safetensors")
    with open_scene(study / "a.png", pixel_size_m=0.5) as scene:
        project.add_scene(scene)
    again = Project.open(study / "project")
    assert again.classes == CLASSES
    assert len(again.scenes) == 1
    assert again.scenes[0].view == Window(1, 2, 3, 4)
    assert again.scenes[0].pixel_size_m == 0.5
    assert [(c.hash, c.name) for c in again.checkpoints] == [
        ("abc", "uhrnet-light"),
        ("def", "other.safetensors"),
    ]


def test_moved_as_a_whole_it_works_as_before(study, tmp_path):
    project = Project.open(study / "project")
    with project.annotations(project.scenes[0]) as store:
        store.write(Window(0, 0, 2, 2), np.full((2, 2), 5, np.uint8))
    study.rename(tmp_path / "elsewhere")
    project = Project.open(tmp_path / "elsewhere" / "project")
    entry = project.scenes[0]
    assert project.find(entry) == tmp_path / "elsewhere" / "a.png"
    with project.annotations(entry) as store:
        assert store.counts().labelled_px == {5: 4}
        assert store.classes == CLASSES
        assert store.fingerprint == entry.fingerprint


@pytest.mark.parametrize("new", ["project/a.png", "b.png", "project/scenes/renamed.png"])
def test_a_scene_that_moved_is_found_by_its_pixels(study, new):
    picture(study / "0.png", seed=1)
    (study / "text.png").write_text("no picture")
    (study / new).parent.mkdir(exist_ok=True)
    (study / "a.png").rename(study / new)
    picture(study / "a.png", seed=2)
    project = Project.open(study / "project")
    assert project.find(project.scenes[0]) == study / new
    assert Project.open(study / "project").find(project.scenes[0]) == study / new
    assert (study / "project" / project.scenes[0].path).resolve() == (study / new).resolve()


def test_a_scene_that_is_gone_is_asked_for(study, tmp_path):
    project = Project.open(study / "project")
    entry = project.scenes[0]
    far = tmp_path / "far" / "away" / "z.png"
    far.parent.mkdir(parents=True)
    (study / "a.png").rename(far)
    with pytest.raises(UserError, match=r"a\.png: this scene .* not there any more"):
        project.find(entry)
    picture(study / "a.png", seed=2)
    with pytest.raises(UserError, match="another image now"):
        project.find(entry)
    with pytest.raises(UserError, match="another image than"):
        project.relocate(entry, study / "a.png")
    project.relocate(entry, far)
    project = Project.open(study / "project")
    assert project.scenes[0].path == str(far.resolve())
    assert project.find(project.scenes[0]) == far


def test_corrections_of_a_program_that_died_are_there_for_who_reads(study):
    project = Project.open(study / "project")
    store = project.annotations(project.scenes[0])
    journal = Journal(store)
    journal.edit(Window(0, 0, 2, 2), np.full((2, 2), 5, np.uint8))
    chunk = store.folder / "pixels.zarr" / "labels" / "c" / "0" / "0"
    chunk.unlink()
    with project.annotations(project.scenes[0]) as reader:
        assert reader.counts().labelled_px == {}
        assert (reader.read(Window(0, 0, 2, 2)) == 255).all()
    store.close()
    with project.annotations(project.scenes[0]) as reader:
        assert (reader.read(Window(0, 0, 2, 2)) == 5).all()


def test_what_is_no_project_is_said_in_one_sentence(tmp_path, study):
    with pytest.raises(UserError, match="no project: choose one"):
        Project.open(tmp_path)
    with pytest.raises(UserError, match="no project: choose one"):
        Project.open(tmp_path / "nowhere")
    with pytest.raises(UserError, match="already"):
        Project.create(study / "project", CLASSES)
    file = study / "project" / "project.json"
    data = json.loads(file.read_text())
    for changed, reason in (
        ({"format": 2}, "newer"),
        ({"scenes": [{"path": 3}]}, "not what a project"),
        ({"scenes": 3}, "not what a project"),
    ):
        file.write_text(json.dumps(data | changed))
        with pytest.raises(UserError, match=reason):
            Project.open(study / "project")
    for text in ("[]", "{}", "{"):
        file.write_text(text)
        with pytest.raises(UserError, match=r"project\.json"):
            Project.open(study / "project")


def test_what_the_project_does_not_know_is_refused(study, tmp_path):
    project = Project.open(study / "project")
    with pytest.raises(UserError, match="not in a file"):
        project.add_scene(array_scene([np.zeros((9, 9, 3), np.uint8)], "layer"))
    with open_scene(picture(study / "other.png", 5)) as other:
        with pytest.raises(UserError, match="not part of the project"):
            project.annotations(other)
        entry = project.add_scene(other)
    store = project.annotations(entry)
    store.folder.rename(store.folder.with_name("kept"))
    first = project.annotations(project.scenes[0])
    first.folder.rename(store.folder)
    with pytest.raises(UserError, match="another scene"):
        project.annotations(entry)
    assert isinstance(project.classes, ClassTable)


def test_the_network_is_remembered_and_moves_along(study, tmp_path):
    project = Project.open(study / "project")
    assert project.model is None
    project.set_model("uhrnet-light")
    assert Project.open(study / "project").model == "uhrnet-light"
    file = study / "project" / "finetune" / "better.safetensors"
    file.parent.mkdir()
    file.touch()
    project.set_model(str(file))
    study.rename(tmp_path / "elsewhere")
    moved = tmp_path / "elsewhere" / "project"
    assert Project.open(moved).model == str(moved / "finetune" / "better.safetensors")


def test_a_pixel_size_that_was_typed_is_kept(study):
    project = Project.open(study / "project")
    project.set_pixel_size(project.scenes[0].fingerprint, 0.25)
    with open_scene(study / "a.png") as scene:
        project.add_scene(scene)
    assert Project.open(study / "project").scenes[0].pixel_size_m == 0.25


@pytest.mark.parametrize(
    "change",
    [
        {"retired": [1e999]},
        {"retired": [True]},
        {"retired": [300]},
        {"merged": [[1]]},
        {"merged": [[1, 2.5]]},
        {"merged": "ab"},
        {"model": 5},
        {"format": "1"},
        {"format": True},
        {"checkpoints": {"hash": "a"}},
        {"classes": {"name": "x", "classes": [{"id": 1e999, "name": "a", "rgb": [0, 0, 0]}]}},
        {"classes": []},
    ],
)
def test_odd_values_of_a_project_are_one_sentence(study, change):
    file = study / "project" / "project.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(UserError, match=r"project\.json"):
        Project.open(study / "project")


@pytest.mark.parametrize(
    "change",
    [
        {"fingerprint": "../../elsewhere"},
        {"fingerprint": ""},
        {"path": 5},
        {"path": "a\0b"},
        {"path": "a" * 5000},
        {"shape_yx": [0, 5]},
        {"shape_yx": [5]},
        {"shape_yx": [10**18, 10**18]},
        {"pixel_size_m": -1.0},
        {"pixel_size_m": "1"},
        {"view": [0, 0, -1, 5]},
        {"view": [0, 0]},
    ],
)
def test_odd_values_of_a_scene_are_one_sentence(study, change):
    file = study / "project" / "project.json"
    data = json.loads(file.read_text())
    data["scenes"][0] |= change
    file.write_text(json.dumps(data))
    with pytest.raises(UserError, match=r"project\.json.*scenes\.0"):
        Project.open(study / "project")


def test_a_path_that_no_system_has_leads_to_no_scene(study):
    file = study / "project" / "project.json"
    data = json.loads(file.read_text())
    data["scenes"][0]["path"] = "a" * 4000
    data["model"] = "b" * 4000
    file.write_text(json.dumps(data))
    project = Project.open(study / "project")
    assert project.model == "b" * 4000
    (study / "a.png").unlink(missing_ok=True)
    with pytest.raises(UserError, match="not there any more"):
        project.find(project.scenes[0])


@pytest.mark.parametrize("text", [b"[" * 100_000, b"\xff", b'{"format": 1, "format": 1}', b"NaN"])
def test_what_is_no_json_is_no_project(study, text):
    (study / "project" / "project.json").write_bytes(text)
    with pytest.raises(UserError, match=r"project\.json: cannot be read"):
        Project.open(study / "project")
