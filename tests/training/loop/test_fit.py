"""Training: it learns, it resumes where it was stopped, and refuses with a reason."""

import csv
import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.grid import PatchGrid
from napari_uhrnet.models.frames import segment_frames
from napari_uhrnet.training.loop.fit import FitConfig, fit, learning_rate
from tests.models.tiny import CLASSES, TINY, tiny_network
from tests.training.made import CONFIG, baseline, draw, objective, run, same_weights, view


def _steps(folder):
    with (folder / "log.csv").open() as file:
        return [int(row["step"]) for row in csv.DictReader(file)]


def test_a_run_that_was_stopped_goes_on_with_the_next_step(tmp_path):
    straight, _ = run(tmp_path / "a")
    run(tmp_path / "b", steps=3)
    resumed, rest = run(tmp_path / "b")
    assert [p.step for p in rest] == [4, 5, 6]
    assert same_weights(straight, resumed)


def test_a_run_that_was_killed_does_its_lost_steps_again(tmp_path):
    straight, _ = run(tmp_path / "a")
    network = tiny_network()
    steps = fit(network, draw, CLASSES, objective(), CONFIG, tmp_path / "b")
    for _ in range(2):
        next(steps)
    state = (tmp_path / "b" / "state.pt").read_bytes()
    next(steps)
    steps.close()
    (tmp_path / "b" / "state.pt").write_bytes(state)
    with (tmp_path / "b" / "log.csv").open("a") as file:
        file.write("4,0.")  # killed while writing
    resumed, rest = run(tmp_path / "b")
    assert [p.step for p in rest] == [3, 4, 5, 6]
    assert same_weights(straight, resumed)
    assert _steps(tmp_path / "b") == _steps(tmp_path / "a") == [1, 2, 3, 4, 5, 6]


def test_drop_out_drops_the_same_after_a_break(tmp_path):
    straight, _ = run(tmp_path / "a", network=baseline("fcn8s"))
    run(tmp_path / "b", steps=3, network=baseline("fcn8s"))
    torch.rand(17)
    resumed, _ = run(tmp_path / "b", network=baseline("fcn8s"))
    assert same_weights(straight, resumed)


def test_a_finished_run_is_read_and_not_trained_on(tmp_path):
    trained, _ = run(tmp_path)
    again, rest = run(tmp_path)
    assert rest == [] and same_weights(trained, again)


def test_the_next_stage_starts_from_the_average_with_new_moments(tmp_path):
    second = replace(CONFIG, steps=2, seed=3)
    straight, _ = run(tmp_path / "a")
    torch.save(torch.load(tmp_path / "a" / "state.pt"), tmp_path / "kept.pt")
    list(fit(straight, draw, CLASSES, objective(), second, tmp_path / "a", first=6))
    (tmp_path / "b").mkdir()
    torch.save(torch.load(tmp_path / "kept.pt"), tmp_path / "b" / "state.pt")
    resumed = tiny_network(seed=8)
    resumed.load_state_dict(torch.load(tmp_path / "kept.pt")["average"])
    steps = list(fit(resumed, draw, CLASSES, objective(), second, tmp_path / "b", first=6))
    assert [p.step for p in steps] == [7, 8]
    assert same_weights(straight, resumed)


def test_it_learns_two_colours(tmp_path):
    config = FitConfig(
        steps=40, rate_heads=1e-2, warmup_steps=3, averaging=0.8, precision="32-true"
    )
    network, done = run(tmp_path, config)
    assert done[-1].loss < 0.5 * done[0].loss
    pixels, labels = view(np.random.default_rng(9), 120)
    with torch.inference_mode():
        frames = torch.from_numpy(pixels).permute(2, 0, 1)[None]
        logits = segment_frames(network.eval(), frames)["fused"]
    window = PatchGrid((120, 120), TINY.patch_px, TINY.min_overlap_px).window((0, 0))
    prediction = CLASSES.ids[logits[0, 0][0].argmax(0).numpy()]
    assert (prediction == labels[window.slices][2::4, 2::4]).mean() > 0.8
    assert _steps(tmp_path) == list(range(1, 41))


def test_backbones_keep_their_batch_norm_statistics(tmp_path):
    network, _ = run(tmp_path)
    before = tiny_network().state_dict()
    statistics = [key for key in before if "running_" in key]
    assert statistics
    for key in statistics:
        assert torch.equal(network.state_dict()[key], before[key]), key


def test_a_loss_that_is_not_a_number_stops_with_a_sentence(tmp_path):
    network = tiny_network()
    torch.nn.init.constant_(network.fused_head.bias, torch.nan)
    with pytest.raises(UserError, match="step 1 is not a number"):
        list(fit(network, draw, CLASSES, objective(), CONFIG, tmp_path))


@pytest.mark.parametrize("content", [b"", b"no state", "list"])
def test_what_is_no_state_is_refused_by_name(content, tmp_path):
    if content == "list":
        torch.save({"step": 3}, tmp_path / "state.pt")
    else:
        (tmp_path / "state.pt").write_bytes(content)
    with pytest.raises(UserError, match=r"state\.pt: is no state of a run"):
        run(tmp_path)


def test_the_state_of_another_network_is_refused(tmp_path):
    run(tmp_path)
    other = tiny_network(config=TINY.model_copy(update={"feature_channels": 16}))
    with pytest.raises(UserError, match="belongs to another network"):
        run(tmp_path, network=other)


def test_rates_warm_up_and_fall_to_zero():
    for schedule, half in (("cosine", 0.5), ("poly", 0.5**0.9)):
        config = FitConfig(steps=100, warmup_steps=10, schedule=schedule)
        rates = [learning_rate(s, config) for s in range(101)]
        assert rates[:10] == pytest.approx([0.1 * k for k in range(1, 11)])
        assert rates[10] == 1.0 and rates[100] == 0.0
        assert rates[55] == pytest.approx(half)
        assert all(a >= b for a, b in itertools.pairwise(rates[10:]))
