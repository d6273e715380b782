"""The command ``compare``: results of all kinds, refusals in one sentence."""

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
import typer
from PIL import Image

from napari_uhrnet.cli.compare.command import register
from napari_uhrnet.cli.compare.work import Named, name_of
from napari_uhrnet.engine.segment import segment
from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import ClassTable
from napari_uhrnet.geometry.metrics import Confusion
from napari_uhrnet.models.base.checkpoint import save_checkpoint
from napari_uhrnet.models.registry import load_model
from napari_uhrnet.resources import resource_path
from napari_uhrnet.scene.open import open_scene
from tests.engine.scenes import picture
from tests.models.tiny import CLASSES, tiny_card, tiny_network

HEIGHT, WIDTH = 200, 260


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NAPARI_UHRNET_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def files(tmp_path):
    """A scene, a checkpoint, a ground truth in colours and a mask of ids, with a class table."""
    save_checkpoint(tmp_path / "tiny.safetensors", tiny_network().state_dict(), tiny_card())
    Image.fromarray(picture(HEIGHT, WIDTH)).save(tmp_path / "scene.png")
    truth = CLASSES.ids[np.random.default_rng(1).integers(0, 3, (10, 13))]
    truth = truth.repeat(20, axis=0).repeat(20, axis=1)
    Image.fromarray(CLASSES.palette[truth]).save(tmp_path / "truth.png")
    profile = {"driver": "GTiff", "height": HEIGHT, "width": WIDTH, "count": 1, "dtype": "uint8"}
    with rasterio.open(tmp_path / "ids.tif", "w", **profile, transform=rasterio.Affine(*UNIT)) as f:
        f.write(truth[None])
    Image.fromarray(CLASSES.palette[truth[:-1]]).save(tmp_path / "small.png")
    (tmp_path / "tiny.json.classes").write_text(json.dumps(CLASSES.to_dict()))
    return tmp_path, truth


UNIT = (2, 0, 0, 0, -2, 0)


def run(*arguments):
    app = typer.Typer(pretty_exceptions_enable=False)
    register(app)
    return app([str(a) for a in arguments], standalone_mode=False)


def test_two_branches_and_a_truth(files, capsys):
    folder, truth = files
    model, scene = folder / "tiny.safetensors", folder / "scene.png"
    run(
        *(scene, "--model", model, "--model", f"{model}:local", "--truth", folder / "truth.png"),
        *("--classes", folder / "tiny.json.classes", "--pixel-size", "1.5", "--device", "cpu"),
        *("--out", folder / "out"),
    )
    out, err = capsys.readouterr()
    data = json.loads((folder / "out" / "compare.json").read_text(encoding="utf-8"))
    loaded = load_model(model, "cpu")
    labels = {}
    for key, branch in (("a", "fused"), ("b", "local")):
        labels[key] = segment(open_scene(scene), loaded, branch=branch, pixel_size_m=1.5)
        confusion = Confusion()
        confusion.add(truth, labels[key])
        assert data[key] == confusion.scores(CLASSES).to_dict()
    assert data["agreement"] == (labels["a"] == labels["b"]).mean()
    assert data["classes"] == ["field", "wood", "water"]
    assert data["area"]["wood"]["a_m2"] == (labels["a"] == 4).sum() * 2.25
    assert err == "" and f"{data['a']['miou']:.3f}" in out and "for tests (local branch)" in out
    assert out.endswith(f"written to {folder / 'out' / 'report.html'}\n")


def test_a_model_and_a_mask_in_a_window(files, capsys):
    folder, truth = files
    model, scene = folder / "tiny.safetensors", folder / "scene.png"
    run(
        *(scene, "--model", model, "--model", folder / "ids.tif", "--window", "20,30,100,110"),
        *("--classes", folder / "tiny.json.classes", "--device", "cpu", "--out", folder / "out"),
    )
    assert "2 m, set it with --pixel-size" in capsys.readouterr().err
    data = json.loads((folder / "out" / "compare.json").read_text(encoding="utf-8"))
    labels = segment(open_scene(scene), load_model(model, "cpu"), (20, 30, 100, 110))
    assert data["agreement"] == (labels == truth[20:120, 30:140]).mean()
    assert np.sum(data["confusion"]) == 100 * 110
    assert data["area"]["wood"]["a_m2"] is None


def test_two_masks_need_no_model(files, capsys):
    folder, _ = files
    run(
        *(folder / "scene.png", "--model", folder / "ids.tif", "--model", folder / "truth.png"),
        *("--classes", folder / "tiny.json.classes", "--out", folder / "out"),
    )
    assert "agreement 100.0%" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--model", "{d}/ids.tif"], "twice"),
        (["--model", "{d}/ids.tif"] * 3, "twice"),
        (["--model", "{d}/ids.tif", "--model", "nobody"], "nobody"),
        (["--model", "{d}/ids.tif", "--model", "{d}/no.tif"], "no.tif"),
        (["--model", "{d}/ids.tif", "--model", "uhrnet-light:both"], "fused, global, local"),
        (["--model", "{d}/ids.tif", "--model", "{d}/ids.tif:local"], "no branches"),
        (["--model", "{d}/ids.tif", "--model", "uhrnet-r50"], "no weights"),
        (["--model", "{d}/ids.tif", "--model", "{d}/small.png"], "260 x 199 px"),
        (
            [
                "--model",
                "{d}/ids.tif",
                "--model",
                "{d}/tiny.safetensors",
                "--truth",
                "{d}/small.png",
            ],
            "260 x 199 px",
        ),
        (["--model", "{d}/ids.tif"] * 2 + ["--window", "0,0,9,999"], "260 columns"),
        (["--model", "{d}/ids.tif"] * 2 + ["--window", "0,0,9"], "y,x,h,w"),
        (["--model", "{d}/ids.tif"] * 2 + ["--classes", "martian"], "martian"),
        (["--model", "{d}/ids.tif"] * 2 + ["--pixel-size", "-1"], "pixel size"),
        (["--model", "{d}/ids.tif"] * 2 + ["--truth", "{d}/no.png"], "no.png"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_input_is_one_sentence_and_nothing_is_written(files, arguments, words):
    folder, _ = files
    filled = [a.format(d=folder) for a in arguments]
    if "--classes" not in filled:
        filled += ["--classes", folder / "tiny.json.classes"]
    before = sorted(folder.rglob("*"))
    with pytest.raises(UserError, match=words):
        run(folder / "scene.png", *filled, "--device", "cpu", "--out", folder / "out")
    assert sorted(folder.rglob("*")) == before


def test_folder_is_checked_before_the_scene_is_opened(files):
    folder, _ = files
    with pytest.raises(UserError, match="other files"):
        run(folder / "no.tif", "--model", "a", "--model", "b", "--out", folder)


def test_names_of_models_and_branches(files):
    folder, _ = files
    assert name_of("uhrnet-light") == Named("uhrnet-light")
    assert name_of("uhrnet-light:global") == Named("uhrnet-light", branch="global")
    mask = folder / "ids.tif"
    assert name_of(str(mask)) == Named(str(mask), mask=mask)
    assert name_of(f"{folder / 'tiny.safetensors'}:local").branch == "local"


def test_shipped_checkpoint_on_the_sample_scene(tmp_path):
    scene, mask = (
        resource_path("scenes", name) for name in ("landcover.tif", "landcover_mask.tif")
    )
    window = (512, 700, 400, 500)
    run(
        *(scene, "--model", "uhrnet-light", "--model", "uhrnet-light:global", "--truth", mask),
        *("--window", ",".join(map(str, window)), "--device", "cpu", "--out", tmp_path / "out"),
    )
    data = json.loads((tmp_path / "out" / "compare.json").read_text(encoding="utf-8"))
    table = ClassTable.from_file(resource_path("palettes", "deepglobe.json"))
    with rasterio.open(mask) as file:
        truth = _ids(file.read()[:, 512:912, 700:1200], table)
    with open_scene(scene) as opened:
        labels = segment(opened, load_model("uhrnet-light", "cpu"), window, branch="global")
    confusion = Confusion()
    confusion.add(truth, labels)
    assert data["b"] == confusion.scores(table).to_dict()
    assert data["classes"] == [c.name for c in table.classes if not c.ignore]
    assert Path(tmp_path / "out" / "report.html").stat().st_size > 50_000


def _ids(bands, table):
    """Ids of a mask in colours, or of ids themselves."""
    if len(bands) == 1:
        return bands[0]
    ids = np.full(bands.shape[1:], 255, np.uint8)
    for c in table.classes:
        ids[(bands[:3] == np.array(c.rgb)[:, None, None]).all(axis=0)] = c.id
    return ids
