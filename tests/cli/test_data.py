"""``data check``: what it prints, and its exit codes."""

import json

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from napari_uhrnet.cli.data import register
from napari_uhrnet.datasets.class_tables import find_class_table
from napari_uhrnet.errors import UserError
from napari_uhrnet.scene.picture.stretch import stretch_note


@pytest.fixture
def app():
    app = typer.Typer()
    register(app)
    return app


@pytest.fixture
def folder(tmp_path):
    for kind, name in (("images", "a"), ("images", "b"), ("masks", "a"), ("masks", "b")):
        (tmp_path / kind).mkdir(exist_ok=True)
        Image.fromarray(np.full((6, 9), 3, np.uint8)).save(tmp_path / kind / f"{name}.png")
    return tmp_path


def test_a_sound_folder(app, folder):
    done = CliRunner().invoke(app, ["data", "check", str(folder), "--classes", "loveda"])
    assert done.exit_code == 0
    assert "2 pairs, layout folders" in done.stdout
    assert "9 x 6 (2)" in done.stdout
    assert "100.0%  road" in done.stdout
    assert "no problems found" in done.stdout


def test_what_was_guessed_is_no_problem_but_said(app, folder):
    for name in "ab":
        values = np.arange(54, dtype=np.uint16).reshape(6, 9) * 50
        Image.fromarray(values).save(folder / "images" / f"{name}.png")
    done = CliRunner().invoke(app, ["data", "check", str(folder), "--classes", "loveda"])
    assert done.exit_code == 0
    first = folder / "images" / "a.png"
    assert f"note: {first} and 1 more: {stretch_note('uint16')}" in done.stdout
    done = CliRunner().invoke(app, ["data", "check", str(folder), "--classes", "loveda", "--json"])
    [note] = json.loads(done.stdout)["notes"]
    assert note == {"text": stretch_note("uint16"), "images": 2, "first": str(first)}


def test_problems_are_printed_with_paths_and_give_exit_code_1(app, folder):
    (folder / "images" / "lonely.png").write_bytes((folder / "images" / "a.png").read_bytes())
    Image.fromarray(np.full((5, 9), 77, np.uint8)).save(folder / "masks" / "a.png")
    done = CliRunner().invoke(app, ["data", "check", str(folder), "--classes", "loveda"])
    assert done.exit_code == 1
    for text in (
        f"{folder / 'images' / 'lonely.png'}: has no mask",
        f"{folder / 'masks' / 'a.png'}: 45 px in colours or values of no class: value 77 (45 px)",
        f"{folder / 'masks' / 'a.png'}: is 9 x 5 px",
    ):
        assert text in done.stdout
    assert "no problems" not in done.stdout


def test_json_is_all_that_is_printed(app, folder):
    (folder / "masks" / "b.png").unlink()
    done = CliRunner().invoke(app, ["data", "check", str(folder), "--json"])
    assert done.exit_code == 1
    facts = json.loads(done.stdout)
    assert (facts["pairs"], facts["classes"]) == (1, "deepglobe")
    assert [p["kind"] for p in facts["problems"]] == ["half"]


def test_a_better_class_table_is_proposed(app, folder):
    rgb = find_class_table("dubai").palette[np.arange(54, dtype=np.uint8).reshape(6, 9) % 5]
    for name in ("a", "b"):
        Image.fromarray(rgb).save(folder / "masks" / f"{name}.png")
    done = CliRunner().invoke(app, ["data", "check", str(folder), "--classes", "camvid"])
    assert "try --classes dubai" in done.stdout


def test_a_wrong_folder_or_table_is_refused_in_a_sentence(app, folder, tmp_path):
    for arguments in (
        [str(tmp_path / "nowhere")],
        [str(folder / "masks")],
        [str(folder), "--classes", "mars"],
    ):
        done = CliRunner().invoke(app, ["data", "check", *arguments])
        assert isinstance(done.exception, UserError)
        assert "\n" not in str(done.exception)


def test_help_names_the_options(app):
    done = CliRunner().invoke(app, ["data", "check", "--help"])
    assert done.exit_code == 0
    assert "--classes" in done.stdout
    assert "--json" in done.stdout
