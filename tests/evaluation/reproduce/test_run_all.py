"""Tiny reproductions: all rows of the ablation, breaks, and settings that may not change."""

import json
from dataclasses import replace

import pytest
import torch

from napari_uhrnet.errors import UserError
from napari_uhrnet.evaluation.reproduce import one_run as reproduce_run
from napari_uhrnet.evaluation.reproduce import start as reproduce_start
from napari_uhrnet.evaluation.reproduce.controls import averaged_branches
from napari_uhrnet.evaluation.reproduce.one_run import finish_run, run_folder
from napari_uhrnet.evaluation.reproduce.rows import rows_of
from napari_uhrnet.evaluation.reproduce.run_all import reproduce
from napari_uhrnet.evaluation.reproduce.settings import find_data, keep_settings
from napari_uhrnet.models.base.checkpoint import read_card, read_weights
from napari_uhrnet.models.base.config import UHRNetConfig
from napari_uhrnet.models.frames import segment_frames
from tests.evaluation.reproductions import SCALE, Broken, Report, settings
from tests.models.tiny import CLASSES, TINY, tiny_model
from tests.training.runs import data_set


@pytest.fixture(autouse=True)
def no_download(monkeypatch):
    monkeypatch.setattr(reproduce_start, "start_backbones", lambda network, note: "random")


@pytest.fixture
def few_rows(monkeypatch):
    """Two rows of the ablation and the average, to break at."""

    def some(scale, table=None):
        return [row for row in rows_of(scale, "ablation") if row.key in ("global", "both")]

    monkeypatch.setattr("napari_uhrnet.evaluation.reproduce.run_all.rows_of", some)
    monkeypatch.setattr("napari_uhrnet.evaluation.reproduce.tables.orders", list)
    monkeypatch.setattr("napari_uhrnet.evaluation.reproduce.tables.DIFFERENCES", ())


def test_all_rows_of_the_ablation(tmp_path):
    out, report = tmp_path / "run", Report()
    assert reproduce(settings(tmp_path), out, report, table="ablation", scale=SCALE)
    assert len(report.runs) == 10
    fused = {"local-branch-llf", "local-branch-itself", "both", "global", "both-itself"}
    for run, steps in report.steps.items():
        name = run.removesuffix(", seed 0").removeprefix("uhrnet-")
        few = name in fused or name.startswith("branches-")
        assert steps == ([] if name == "average" else [1, 2] if few else [1, 2, 3, 4]), run
    found = json.loads((out / "tables.json").read_text())
    assert [len(row["seeds"]) for row in found["rows"]] == [1] * 8
    for row in found["rows"]:
        assert set(row["measured"]) == {"all", "tiles", "full"}
        assert 0 <= row["measured"]["full"]["fused"]["mean"] <= 100
        assert row["seconds"]["scoring"] > 0
        assert (row["seconds"]["training"] > 0) == (row["key"] != "average")
    assert len(found["orders"]) == 4 and len(found["differences"]) == 5
    assert all(set(d["parts"]) == {"all", "tiles", "full"} for d in found["differences"])
    folder = out / "uhrnet-both" / "seed0"
    assert read_card(folder / "last.safetensors").training["step"] == 2
    assert not (folder / "state.pt").exists()
    branches = out / "branches-frame" / "seed0"
    assert not (branches / "state.pt").exists() and not (branches / "scores.json").exists()
    alone, together = (
        json.loads((at / "seconds.json").read_text())["training"] for at in (branches, folder)
    )
    row = next(row for row in found["rows"] if row["key"] == "both")
    assert row["seconds"]["training"] == pytest.approx(alone + together)
    both, average = (
        json.loads((out / run / "seed0" / "scores.json").read_text())
        for run in ("uhrnet-both", "average")
    )
    for branch in ("local", "global"):
        assert both[branch] == average[branch]
    differ_in_their_fusions_only(out)
    seeds = [json.loads((at / "config.json").read_text())["seed"] for at in (branches, folder)]
    assert seeds == [0, reproduce_run.OTHER_VIEWS]


@pytest.mark.parametrize(("steps", "rising"), [(3, 1), (48, 4), (128, 12), (22040, 50)])
def test_rates_rise_in_a_tenth_of_a_short_run(steps, rising):
    assert reproduce_run._warmup(steps) == rising


def differ_in_their_fusions_only(out):
    """Rows with the same branches."""
    base = weights_of(out / "branches-frame" / "seed0")
    kept = ("global_branch.", "global_head.", "local_branch.", "local_head.")
    rows = [weights_of(out / run / "seed0") for run in ("uhrnet-both", "uhrnet-global")]
    for weights in rows:
        assert all(torch.equal(weights[k], v) for k, v in base.items() if k.startswith(kept))
        assert not torch.equal(weights["fused_head.weight"], base["fused_head.weight"])
    fusion = {k for k in rows[1] if k.startswith(("local_fusion.", "descriptor."))}
    assert fusion and set(rows[1]) - set(base) == fusion and set(rows[0]) == set(base)


def weights_of(folder):
    path = folder / "last.safetensors"
    return read_weights(path, read_card(path))


WHOLE_VIEWS = replace(SCALE, settings={**SCALE.settings, "whole_share": 1.0})
"""Every batch is a single view, as some are at the light scale."""


@pytest.mark.parametrize("run", [row.run for row in rows_of(WHOLE_VIEWS, "main")])
def test_rows_of_the_main_table(run, tmp_path):
    out, wanted = tmp_path / "run", settings(tmp_path)
    row = next(row for row in rows_of(WHOLE_VIEWS, "main") if row.run == run)
    data = find_data(wanted, print)
    keep_settings(out, wanted, data)
    for part in filter(None, (row.branches, row)):
        assert finish_run(out, part, 1, WHOLE_VIEWS, wanted, data, report_of(part.run))
    folder = run_folder(out, run, 1)
    assert {"last.safetensors", "scores.json", "counts.json"} <= {p.name for p in folder.iterdir()}
    seed = 1 + (reproduce_run.OTHER_VIEWS if row.branches else 0)
    assert json.loads((folder / "config.json").read_text())["seed"] == seed


def report_of(run):
    report = Report()
    report.run(1, 1, run)
    return report


def test_what_was_broken_off_goes_on_and_nothing_is_done_twice(tmp_path, few_rows, monkeypatch):
    out, wanted = tmp_path / "run", settings(tmp_path)
    first = Report(lambda title, step, share: title.startswith("uhrnet-both") and step == 1)
    with pytest.raises(Broken):
        reproduce(wanted, out, first, scale=SCALE)
    table = json.loads((out / "tables.json").read_text())
    assert [len(row["seeds"]) for row in table["rows"]] == [1, 0]
    done = (out / "uhrnet-global-branch" / "seed0" / "last.safetensors").stat().st_mtime_ns

    halfway = Report(lambda title, step, share: share is not None and share > 0.6)
    with pytest.raises(Broken):
        reproduce(wanted, out, halfway, scale=SCALE)
    assert halfway.steps == {"uhrnet-both, seed 0": [2]}
    both = out / "uhrnet-both" / "seed0"
    counted = len(json.loads((both / "counts.json").read_text()))
    assert 0 < counted < 4

    left = []
    evaluate = reproduce_run.evaluate
    monkeypatch.setattr(
        reproduce_run, "evaluate", lambda p, *rest: left.extend(p) or evaluate(p, *rest)
    )
    last = Report()
    assert reproduce(wanted, out, last, scale=SCALE)
    assert last.steps == {"uhrnet-both, seed 0": []} and len(left) == 4 - counted
    again = Report()
    assert reproduce(wanted, out, again, scale=SCALE)
    assert again.runs == []
    after = (out / "uhrnet-global-branch" / "seed0" / "last.safetensors").stat().st_mtime_ns
    assert after == done


def test_a_run_killed_before_its_checkpoint_was_written(tmp_path, few_rows):
    out, wanted = tmp_path / "run", settings(tmp_path)
    with pytest.raises(Broken):
        reproduce(wanted, out, Report(lambda title, step, share: share is not None), scale=SCALE)
    last = out / "uhrnet-global-branch" / "seed0" / "last.safetensors"
    card = read_card(last)
    weights = read_weights(last, card)
    last.unlink()
    last.with_suffix(".json").unlink()
    report = Report(lambda title, step, share: share is not None)
    with pytest.raises(Broken):
        reproduce(wanted, out, report, scale=SCALE)
    assert report.steps == {"uhrnet-global-branch, seed 0": []}
    kept = read_card(last)
    assert kept.training["step"] == 4 and kept.title == card.title and kept.terms
    again = read_weights(last, kept)
    assert all(torch.equal(v, again[k]) for k, v in weights.items())


def test_other_settings_are_refused(tmp_path):
    out, wanted = tmp_path / "run", settings(tmp_path)
    keep_settings(out, wanted, find_data(wanted, print))
    for change in ({"steps": 5}, {"unknown": "ignore"}, {"drop": ("val0",)}, {"scale": "paper"}):
        [(name, _)] = change.items()
        with pytest.raises(UserError, match=f"was started with {name} = "):
            reproduce(settings(tmp_path, **change), out, Report(), scale=SCALE)
    keep_settings(out, wanted, find_data(wanted, print))


def test_what_is_trained_on_is_not_scored(tmp_path):
    wanted = settings(tmp_path)
    data = find_data(wanted, print)
    assert data.part == data.val_part == "val" and len(data.pairs) == 4
    ids = tmp_path / "ids.txt"
    ids.write_text("train0\nval0\n")
    with pytest.raises(UserError, match="has no parts"):
        find_data(wanted.model_copy(update={"split": str(ids)}), print)
    split = tmp_path / "split.json"
    split.write_text(json.dumps({"train": ["train0", "val0"], "test": ["val0"], "val": ["val1"]}))
    with pytest.raises(UserError, match="what is trained on cannot be scored"):
        find_data(wanted.model_copy(update={"split": str(split)}), print)
    split.write_text(json.dumps({"train": ["train0"], "test": ["val0"], "val": ["val1"]}))
    found = find_data(wanted.model_copy(update={"split": str(split)}), print)
    assert (found.part, found.val_part) == ("test", "val")
    assert {pair.name.rsplit("/", 1)[-1] for pair in found.pairs} == {"val0"}


def _plain(tmp_path, count):
    """Settings on a folder that comes in no parts."""
    folder = data_set(tmp_path / "plain", count, 100, part="")
    (folder / "classes.json").write_text(json.dumps(CLASSES.to_dict()))
    return settings(tmp_path, data=[{"folder": folder, "pixel_size_m": 2.0}])


def test_of_data_without_parts_those_are_scored_that_runs_hold_out(tmp_path):
    out, wanted, report = tmp_path / "run", _plain(tmp_path, 5), Report()
    assert reproduce(wanted, out, report, table="ablation", scale=SCALE)
    data = find_data(wanted, report.note)
    assert [pair.image.name for pair in data.pairs] == ["4.png"] and data.part == "val"
    splits = [json.loads(path.read_text()) for path in out.rglob("split.json")]
    trained = list(out.rglob("last.safetensors"))
    assert len(splits) == len(trained) > 5
    assert all(s == {"train": ["0", "1", "2", "3"], "val": ["4"]} for s in splits)
    assert any("1 of its 5 pairs are held out" in note for note in report.notes)


def test_too_few_pairs_without_parts_cannot_be_scored(tmp_path):
    with pytest.raises(UserError, match="plain: fewer than 4 pairs and no parts"):
        find_data(_plain(tmp_path, 3), print)


@pytest.mark.parametrize("readout", ["into_patches", "into_frame"])
def test_the_average_of_the_branches(readout):
    config = TINY.model_copy(update={"readout": readout, "local_fusion": False})
    model = tiny_model(config=config)
    averaged = averaged_branches(model)
    assert averaged.hash != model.hash
    frames = torch.rand(1, 3, 112, 112) * 255
    with torch.inference_mode():
        own, mean = (segment_frames(m.network, frames) for m in (model, averaged))
    for cell, logits in mean["fused"].items():
        expected = (own["local"][cell] + own["global"][cell]) / 2
        torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-4)
        assert not torch.allclose(logits, own["fused"][cell])
    with pytest.raises(UserError, match="nothing can be averaged"):
        averaged_branches(
            tiny_model(config=UHRNetConfig(**{**TINY.model_dump(), "use_local": False}))
        )
