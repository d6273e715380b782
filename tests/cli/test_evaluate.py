"""``evaluate`` from the command line to its files."""

import json
import sys

import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from napari_uhrnet.cli.evaluate import register
from napari_uhrnet.errors import UserError
from napari_uhrnet.models.base.checkpoint import save_checkpoint
from tests.evaluation.truths import TRUTH, write_pair
from tests.models.tiny import tiny_card, tiny_network

app = typer.Typer()
app.callback()(lambda: None)
register(app)


@pytest.fixture
def checkpoint(tmp_path):
    path = tmp_path / "tiny.safetensors"
    save_checkpoint(path, tiny_network().state_dict(), tiny_card())
    return path


@pytest.fixture
def folder(tmp_path):
    for seed, name in enumerate("abc"):
        write_pair(tmp_path / "set", name, (50, 60), seed)
    (tmp_path / "set" / "classes.json").write_text(json.dumps(TRUTH.to_dict()))
    return tmp_path / "set"


def called(*arguments):
    result = CliRunner().invoke(app, ["evaluate", *map(str, arguments)])
    if isinstance(result.exception, UserError):
        raise result.exception
    return result


def test_scores_tables_and_pictures(folder, checkpoint, tmp_path):
    out, scores = tmp_path / "out", tmp_path / "scores.json"
    options = ["--model", checkpoint, "--json", scores, "--out", out, "--beside", checkpoint]
    result = called(f"{folder}@1.5", *options)
    assert result.exit_code == 0, result.output
    found = json.loads(scores.read_text())
    assert set(found) == {"fused", "global", "local", "details"}
    assert set(found["fused"]["iou"]) == {"water", "wood", "field", "rock"}
    assert 0 < found["fused"]["accuracy"] < 1
    assert found["details"]["unknown"] == "count" and found["details"]["scenes"] == 3
    assert {p.name for p in out.iterdir()} == {
        "scores.json",
        "scores.md",
        "scenes.csv",
        "confusion.png",
        "figure.png",
    }
    assert json.loads((out / "scores.json").read_text()) == found
    assert (out / "scores.md").read_text() in result.output
    assert len((out / "scenes.csv").read_text().splitlines()) == 1 + 3 * 3
    width, height = Image.open(out / "figure.png").size
    assert 1.1 < width / height < 1.4  # four columns, three rows


def test_without_matplotlib_scores_are_written_and_the_extra_is_named(
    folder, checkpoint, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = called(f"{folder}@1.5", "--model", checkpoint, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "napari-uhrnet[report]" in result.stderr and "scores are written" in result.stderr
    written = {p.name for p in (tmp_path / "out").iterdir()}
    assert written == {"scores.json", "scores.md", "scenes.csv"}


def test_averaging_other_rules_and_a_scale_that_nobody_says(folder, checkpoint, tmp_path):
    scores = tmp_path / "scores.json"
    options = ["--average", "--views", "4", "--unknown", "ignore", "--tolerance", "2px"]
    result = called(folder, "--model", checkpoint, "--json", scores, *options, "--drop", "a")
    assert result.exit_code == 0, result.output
    details = json.loads(scores.read_text())["details"]
    assert (details["views"], details["unknown"], details["scenes"]) == (4, "ignore", 2)
    assert (details["boundary_tolerance"], details["weights"]) == ("2 px", "px")
    assert "a_sat.png" not in result.stderr and "DIR@METRES" in result.stderr


def test_what_is_wrong_is_said_before_anything_is_computed(folder, checkpoint, tmp_path):
    with pytest.raises(UserError, match="there is no folder"):
        called(folder, "--model", checkpoint, "--json", tmp_path / "no" / "s.json")
    with pytest.raises(UserError, match="is a file: --out takes a folder"):
        called(folder, "--model", checkpoint, "--out", checkpoint)
    with pytest.raises(UserError, match="no such folder"):
        called(tmp_path / "nowhere", "--model", checkpoint)
    assert called(folder, "--unknown", "maybe").exit_code == 2


def test_what_is_read_is_not_written_over(folder, checkpoint, tmp_path):
    table = folder / "classes.json"
    before = table.read_bytes()
    with pytest.raises(UserError, match="would be written over"):
        called(folder, "--model", checkpoint, "--json", table, "--classes", table)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "scores.json").symlink_to(table)
    with pytest.raises(UserError, match="would be written over"):
        called(folder, "--model", checkpoint, "--out", tmp_path / "out", "--classes", table)
    assert table.read_bytes() == before
