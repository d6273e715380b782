"""The command line: help, refusals in one sentence, and what the commands print and write."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image

from napari_uhrnet.cli.app import run
from napari_uhrnet.cli.kit.progress import _duration
from napari_uhrnet.cli.kit.words import parse_window
from napari_uhrnet.cli.segment import work as command
from napari_uhrnet.engine.segment import segment
from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.transform import window_transform
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.models.base.checkpoint import save_checkpoint
from napari_uhrnet.models.registry import load_model
from napari_uhrnet.scene.open import open_scene
from tests.engine.scenes import picture
from tests.models.tiny import tiny_card, tiny_network

UTM = rasterio.crs.CRS.from_epsg(32632)
TRANSFORM = rasterio.Affine(1.5, 0, 500000, 0, -1.5, 5000000)
HEIGHT, WIDTH = 300, 410


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NAPARI_UHRNET_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def checkpoint(tmp_path):
    path = tmp_path / "tiny.safetensors"
    save_checkpoint(path, tiny_network().state_dict(), tiny_card())
    return path


@pytest.fixture
def scene(tmp_path):
    path = tmp_path / "scene.tif"
    profile = {"driver": "GTiff", "height": HEIGHT, "width": WIDTH, "count": 3, "dtype": "uint8"}
    with rasterio.open(path, "w", **profile, crs=UTM, transform=TRANSFORM) as file:
        file.write(picture(HEIGHT, WIDTH).transpose(2, 0, 1))
    return path


@pytest.fixture
def plain(tmp_path):
    path = tmp_path / "plain.png"
    Image.fromarray(picture(90, 120)).save(path)
    return path


def run_line(capsys, *arguments):
    """(exit code, stdout, stderr) of a command line."""
    code = run([str(a) for a in arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_help_imports_nothing_slow():
    program = (
        "import sys; from napari_uhrnet.cli.app import run; assert run(['segment', '--help']) == 0;"
        "print({'torch', 'dask', 'rasterio', 'zarr', 'tifffile', 'napari'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--window" in done.stdout
    assert done.stdout.endswith("set()\n")


def test_version(capsys):
    code, out, _ = run_line(capsys, "--version")
    assert code == 0 and re.fullmatch(r"napari-uhrnet \d+\.\d+\.\d+\n", out)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "command"),
        (["frobnicate"], "frobnicate"),
        (["info"], "SCENE"),
        (["info", "no.tif"], "no.tif"),
        (["segment", "{scene}"], "--out"),
        (["segment", "{scene}", "--out", "m.jpg"], ".tif, .png or .zarr"),
        (["segment", "{scene}", "--out", "no/m.tif"], "no folder"),
        (["segment", "{scene}", "--out", "m.tif", "--branch", "both"], "both"),
        (["segment", "{scene}", "--out", "m.tif", "--pixel-size", "big"], "--pixel-size"),
        (["segment", "{scene}", "--out", "m.tif", "--pixel-size", "-1"], "pixel size"),
        (["segment", "{scene}", "--out", "m.tif", "--window", "1,2,3"], "y,x,h,w"),
        (["segment", "{scene}", "--out", "m.tif", "--window", "0,0,0,9"], "300 rows"),
        (["segment", "{scene}", "--out", "m.tif", "--window", "0,400,9,11"], "410 columns"),
        (["segment", "{scene}", "--out", "m.tif", "--window", "-5,0,9,9"], "scene.tif"),
        (["segment", "{scene}", "--out", "m.tif", "--model", "nobody"], "nobody"),
        (
            ["segment", "{scene}", "--out", "m.tif", "--model", "{model}", "--device", "abacus"],
            "aba",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_bad_input_is_one_sentence_and_exit_code_2(
    capsys, tmp_path, monkeypatch, scene, checkpoint, arguments, words
):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    filled = [a.format(scene=scene, model=checkpoint) for a in arguments]
    code, out, err = run_line(capsys, *filled)
    assert code == 2 and out == ""
    assert err.startswith("napari-uhrnet: ") and err.count("\n") == 1
    assert words in err
    assert sorted(tmp_path.iterdir()) == before


def test_path_of_mask_is_checked_before_the_scene_is_opened(capsys, tmp_path):
    code, _, err = run_line(capsys, "segment", tmp_path / "no.tif", "--out", tmp_path / "m.gif")
    assert code == 2 and "m.gif" in err


def test_info_as_table(capsys, scene, plain):
    code, out, _ = run_line(capsys, "info", scene)
    assert code == 0
    assert "410 x 300 px" in out and "1.5 m" in out and "EPSG:32632" in out
    assert "--pixel-size" in run_line(capsys, "info", plain)[1]


def test_info_as_json(capsys, scene):
    code, out, err = run_line(capsys, "info", "--json", scene)
    facts = json.loads(out)
    assert code == 0 and err == ""
    assert (facts["height"], facts["width"], facts["pixel_size_m"]) == (300, 410, 1.5)


def test_info_prints_what_was_guessed(capsys, tmp_path):
    Image.fromarray(np.zeros((20, 30), np.uint16)).save(tmp_path / "deep.tif")
    code, out, _ = run_line(capsys, "info", tmp_path / "deep.tif")
    assert code == 0 and "\nnote " in out and "uint16" in out


def test_models(capsys):
    code, out, _ = run_line(capsys, "models")
    assert code == 0
    assert out.startswith("uhrnet-light ") and "M parameters" in out and "default" in out
    assert any(line.startswith("fcn8s-patches ") for line in out.splitlines())
    code, out, _ = run_line(capsys, "models", "--shipped")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["uhrnet-light", "glnet-light"]


def test_segment_writes_what_the_library_says(capsys, tmp_path, scene, checkpoint):
    mask = tmp_path / "m.tif"
    code, out, err = run_line(
        capsys,
        *("segment", scene, "--out", mask, "--model", checkpoint, "--device", "cpu"),
        *("--window", "40,55,200,301", "--branch", "local"),
    )
    assert (code, err) == (0, "")
    expected = segment(
        open_scene(scene), load_model(checkpoint, "cpu"), (40, 55, 200, 301), branch="local"
    )
    with rasterio.open(mask) as file:
        np.testing.assert_array_equal(file.read(1), expected)
        assert file.crs == UTM
        assert file.transform == TRANSFORM @ rasterio.Affine.translation(55, 40)
    shares = {n: float(p) for p, n in re.findall(r"^ +([\d.]+)%  (.+)$", out, re.MULTILINE)}
    for c in tiny_card().classes.classes:
        assert shares.get(c.name, 0) == pytest.approx(100 * np.mean(expected == c.id), abs=0.06)
    assert "scene.tif: 301 x 200 px" in out and "patches on cpu" in out
    assert out.endswith(f"written to {mask}\n")


def test_unknown_pixel_size_is_noted(capsys, tmp_path, plain, checkpoint):
    command_line = ("segment", plain, "--model", checkpoint, "--device", "cpu", "--out")
    code, _, err = run_line(capsys, *command_line, tmp_path / "m.png")
    assert code == 0
    assert "2 m is assumed" in err and "--pixel-size" in err and err.count("\n") == 1
    code, _, err = run_line(capsys, *command_line, tmp_path / "n.zarr", "--pixel-size", "1")
    assert (code, err) == (0, "")
    with Image.open(tmp_path / "m.png") as image:
        assert image.mode == "P" and image.size == (120, 90)


def test_cancelled_leaves_no_mask_and_resumes_later(
    capsys, tmp_path, scene, checkpoint, monkeypatch, request
):
    # Started in the background of a shell, Python ignores the signal.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    mask = tmp_path / "m.tif"
    line = ("segment", scene, "--out", mask, "--model", checkpoint, "--device", "cpu")
    original = command._Meter.update

    def update(self, progress):
        original(self, progress)
        if progress.patches_done > progress.patches_total // 2:
            os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(command._Meter, "update", update)
        code, out, err = run_line(capsys, *line)
    assert code == 130 and out == ""
    assert err == "napari-uhrnet: cancelled\n"
    assert not mask.exists()

    def patches(text):
        return int(re.search(r"(\d+) patches", text)[1])

    code, out, _ = run_line(capsys, *line)
    resumed = patches(out)
    assert code == 0 and mask.exists()
    monkeypatch.setenv("NAPARI_UHRNET_CACHE", str(tmp_path / "another"))
    assert resumed < patches(run_line(capsys, *line)[1])


def test_parse_window():
    assert parse_window("1, 2,3,4") == (1, 2, 3, 4)
    with pytest.raises(UserError, match="whole numbers"):
        parse_window("1,2,3.5,4")


def test_window_transform_of_a_turned_scene():
    transform = (2.0, 0.5, 100.0, -0.5, 3.0, 200.0)
    moved = window_transform(transform, Window(7, 11, 1, 1))
    assert rasterio.Affine(*moved) == rasterio.Affine(*transform) @ rasterio.Affine.translation(
        11, 7
    )


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (61, "1 min 01 s"), (3600 * 5 + 60, "5 h 01 min")]
)
def test_durations(seconds, text):
    assert _duration(seconds) == text


@pytest.mark.parametrize("spelling", ["same", "link", "hard link", "relative", "other spelling"])
def test_the_scene_is_never_written_over(
    capsys, tmp_path, monkeypatch, scene, checkpoint, spelling
):
    before = scene.read_bytes()
    out = {"same": scene, "relative": Path("scene.tif")}.get(spelling, tmp_path / "b" / "out.tif")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b").mkdir()
    if spelling == "link":
        out.symlink_to(scene)
    elif spelling == "hard link":
        os.link(scene, out)
    elif spelling == "other spelling":
        out = tmp_path / "b" / ".." / "scene.tif"
    for first, second in ((scene, out), (out, scene)):
        code, _, error = run_line(capsys, "segment", first, "--out", second, "--model", checkpoint)
        assert code == 2
        assert "would be written over" in error
    assert scene.read_bytes() == before


def test_a_tile_of_a_mosaic_is_not_written_over(capsys, tmp_path, scene):
    from rasterio.shutil import copy

    before = scene.read_bytes()
    copy(scene, tmp_path / "m.vrt", driver="VRT")
    code, _, error = run_line(capsys, "segment", tmp_path / "m.vrt", "--out", scene)
    assert (code, "would be written over" in error) == (2, True)
    assert scene.read_bytes() == before


def test_what_nobody_expected_is_one_line_and_exit_code_70(capsys, monkeypatch, scene):
    def broken(*_):
        raise ZeroDivisionError("by\nzero")

    monkeypatch.setattr("napari_uhrnet.scene.describe.describe", broken)
    code, _, error = run_line(capsys, "info", scene)
    assert code == 70
    assert error.count("\n") == 1
    assert "ZeroDivisionError: by zero" in error
    assert "report" in error
    monkeypatch.setenv("NAPARI_UHRNET_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        run_line(capsys, "info", scene)


def test_a_scene_far_too_fine_is_refused(capsys, tmp_path, plain, checkpoint):
    out = tmp_path / "m.png"
    arguments = ("--model", checkpoint, "--pixel-size", "0.0001")
    code, _, error = run_line(capsys, "segment", plain, "--out", out, *arguments)
    assert (code, "--pixel-size" in error, out.exists()) == (2, True, False)
