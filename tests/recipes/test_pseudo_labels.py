"""Pseudo-labels: predictions for scenes without ground truth, on the networks' own grid."""

import sys

import numpy as np
import pytest
from PIL import Image

from napari_uhrnet.evaluation.scoring.tta import averaged
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.array import array_scene
from recipes import pseudo_labels
from tests.engine.scenes import picture
from tests.models.tiny import CLASSES, tiny_model


def scene():
    return array_scene([picture(300, 130)], "made", pixel_size_m=2.0)


def test_one_teachers_labels_are_its_average_over_views():
    model = tiny_model(4)
    labels, shares = pseudo_labels.predict_labels(scene(), [model], views=4)
    with averaged(scene(), model, 4) as mean:
        assert np.array_equal(labels, mean.read("fused", Window(0, 0, 300, 130)))
        sums = mean.sums["fused"].astype(np.float64)
        best = sums.max(axis=0) / sums.sum(axis=0)
    assert np.abs(shares / 255 - best).max() <= 0.5 / 255 + 1e-9
    assert len(np.unique(labels)) > 1  # the picture does not get one class all over


def test_several_teachers_are_averaged():
    """More than one block of rows; the share is that of the class which the mean chose."""
    models = [tiny_model(2), tiny_model(4)]
    labels, shares = pseudo_labels.predict_labels(scene(), models, views=4)
    total = 0
    for model in models:
        with averaged(scene(), model, 4) as mean:
            total = total + np.asarray(mean.sums["fused"], np.float64)
    assert np.array_equal(labels, CLASSES.ids[total.argmax(axis=0)])
    expected = 255 * total.max(axis=0) / total.sum(axis=0)
    assert np.abs(shares - expected).max() <= 0.5 + 1e-6


def test_the_command_writes_what_is_missing_and_leaves_what_is_there(tmp_path, monkeypatch):
    folder, out = tmp_path / "scenes", tmp_path / "out"
    folder.mkdir()
    out.mkdir()
    for name in ("a", "b"):
        Image.fromarray(picture(70, 66)).save(folder / f"{name}_sat.jpg", format="PNG")
    (out / "a_taught.png").write_bytes(b"kept")
    models = {"first": tiny_model(2), "second": tiny_model(4)}
    monkeypatch.setattr(pseudo_labels, "load_model", models.__getitem__)
    arguments = ["pseudo_labels", f"{folder}@2", "--out", str(out), "--views", "4"]
    monkeypatch.setattr(sys, "argv", [*arguments, "--model", "first", "--model", "second"])
    pseudo_labels.main()
    assert (out / "a_taught.png").read_bytes() == b"kept"
    assert sorted(p.name for p in out.iterdir()) == ["a_taught.png", "b_taught.png"]
    both = np.asarray(Image.open(out / "b_taught.png"))
    alike = array_scene([picture(70, 66)], "b", pixel_size_m=2.0)
    again = pseudo_labels.predict_labels(alike, list(models.values()), views=4)
    assert np.array_equal(both, np.stack(again, axis=-1))


def test_a_mask_of_forest_tells_where_there_is_no_picture(tmp_path, monkeypatch):
    folder, out = tmp_path / "scenes", tmp_path / "out"
    folder.mkdir()
    pixels, codes = picture(70, 66), np.ones((70, 66), np.uint8)
    codes[:, 40:] = 255
    pixels[:, 40:] = 0
    Image.fromarray(pixels).save(folder / "a_sat.jpg", format="PNG")
    Image.fromarray(codes).save(folder / "a_forest.png")
    model = tiny_model(4)
    monkeypatch.setattr(pseudo_labels, "load_model", lambda name: model)
    arguments = ["pseudo_labels", f"{folder}@2", "--out", str(out), "--views", "4", "--model", "m"]
    monkeypatch.setattr(sys, "argv", arguments)
    pseudo_labels.main()
    ids = np.asarray(Image.open(out / "a_taught.png"))[..., 0]
    assert (ids[:, 40:] == 255).all()
    alpha = np.where(codes == 255, 0, 255).astype(np.uint8)
    alike = array_scene([np.dstack([pixels, alpha])], "a", pixel_size_m=2.0)
    assert np.array_equal(ids, pseudo_labels.predict_labels(alike, [model], views=4)[0])
    assert (ids[:, :40] != 255).all()


def test_a_teacher_is_asked_for(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["pseudo_labels", "x", "--out", "y"])
    with pytest.raises(SystemExit, match="2"):
        pseudo_labels.main()
    assert "--model" in capsys.readouterr().err


def test_a_folder_without_pictures_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(pseudo_labels, "load_model", lambda name: tiny_model())
    out = tmp_path / "out"
    monkeypatch.setattr(
        sys, "argv", ["pseudo_labels", f"{tmp_path}@2", "--out", str(out), "--model", "m"]
    )
    with pytest.raises(SystemExit, match="2"):
        pseudo_labels.main()
    assert f"{tmp_path}: holds no picture" in capsys.readouterr().err
    assert not out.exists()
