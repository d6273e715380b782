"""What is told of the neighbours' work: maps, counts and sentences."""

import numpy as np
import pytest

from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.session.engine import LocalEngine
from napari_uhrnet.session.inspect import neighbour_effect, words
from napari_uhrnet.session.inspect.neighbour_effect import (
    FoundChanges,
    FoundInfluences,
    NeighbourEffect,
    changes_between,
)
from napari_uhrnet.session.model_pool import ModelPool
from napari_uhrnet.session.runner import SyncRunner
from napari_uhrnet.session.state import SessionState
from tests.engine.inspect.test_neighbours import attentive
from tests.engine.scenes import Bench, made_scene
from tests.models.tiny import CLASSES, TINY, tiny_card, tiny_model

SHAPE = (300, 330)


class TinyEngine(LocalEngine):
    """The engine of this package with a tiny network."""

    def __init__(self, config=TINY):
        self.model = attentive(config) if config.local_fusion else tiny_model(config=config)
        self.closed = 0

    def read_card(self, name):
        return self.model.card

    def load_model(self, name, device):
        return self.model

    def close_workspace(self, where):
        self.closed += 1
        super().close_workspace(where)


@pytest.fixture
def made(tmp_path, monkeypatch):
    monkeypatch.setenv("NAPARI_UHRNET_CACHE", str(tmp_path / "cache"))

    def make(config=TINY, **runner):
        state = SessionState(
            scene=made_scene(*SHAPE), model="tiny", card=tiny_card(), view=Window(20, 30, 200, 220)
        )
        engine = TinyEngine(config)
        effect = NeighbourEffect(state, SyncRunner(**runner), engine, ModelPool(engine))
        found, predicted = [], []
        effect.found.connect(found.append)
        effect.predicted.connect(predicted.append)
        return state, engine, effect, found, predicted

    return make


def test_changes_in_view_are_those_of_the_whole_predictions(made, tmp_path):
    state, engine, effect, found, predicted = made()
    effect.find_changes()
    [changes] = found
    assert isinstance(changes, FoundChanges)
    from napari_uhrnet.engine.inspect.neighbours import without_local_fusion

    present = Bench(state.scene, tmp_path / "a", engine.model)
    without = Bench(state.scene, tmp_path / "b", without_local_fusion(engine.model))
    with_, without = present.all_of(), without.all_of()
    window = present.layout.inference.from_level0(state.view)
    for branch, told in changes.branches.items():
        a = without[f"{branch}/labels"][window.slices]
        b = with_[f"{branch}/labels"][window.slices]
        assert told.window == window and told.step == 1
        np.testing.assert_array_equal(told.without, a)
        np.testing.assert_array_equal(told.changed, np.where(a != b, b, NOTHING))
        assert told.share == pytest.approx((a != b).mean()) and told.share > 0
        for i in CLASSES.ids:
            for j in CLASSES.ids:
                assert told.counts[i, j] == ((a == i) & (b == j)).sum()
    assert set(changes.branches) == {"fused", "local"}
    assert effect.status.message == changes.branches["fused"].sentence
    assert "The neighbours' features change the class of" in effect.status.message
    assert engine.closed == 2
    [where] = predicted
    assert where.model.name == "tiny without neighbours"


@pytest.mark.parametrize("limit", [64, 100])
def test_a_large_view_is_shown_in_steps_and_counted_whole(made, monkeypatch, limit):
    _, _, effect, found, _ = made()
    effect.find_changes()
    monkeypatch.setattr(neighbour_effect, "MAP_PX", limit)
    monkeypatch.setattr(neighbour_effect, "BLOCK_PX", 48)
    effect.find_changes()
    whole, small = (f.branches["fused"] for f in found)
    step = small.step
    assert step > 1 and max(small.without.shape) <= limit
    np.testing.assert_array_equal(small.counts, whole.counts)
    np.testing.assert_array_equal(small.without, whole.without[::step, ::step])
    for i, j in np.ndindex(small.changed.shape):
        cell = whole.changed[i * step : (i + 1) * step, j * step : (j + 1) * step]
        assert small.changed[i, j] == cell.min()


def test_influences_of_the_patch_at_a_pixel(made):
    state, _, effect, found, _ = made()
    effect.ask_patch(100, 120)
    effect.ask_patch(101, 121)
    first, second = found
    assert isinstance(first, FoundInfluences)
    assert first.patch.window == second.patch.window
    assert first.scene is state.scene
    assert f"Without its {len(first.patch.each)} neighbours" in effect.status.message
    assert effect._points.counts["frames"] == 1  # the second reading used what the first left


@pytest.mark.parametrize("asked", ["find_changes", "ask_patch"])
def test_a_network_without_local_fusion_is_refused_with_a_sentence(made, asked):
    _, _, effect, found, _ = made(TINY.model_copy(update={"local_fusion": False}))
    getattr(effect, asked)(*(() if asked == "find_changes" else (5, 5)))
    assert not found and "use no features of their neighbours" in effect.status.message
    assert not effect.status.busy


def test_cancel_closes_the_stores(made):
    _, engine, effect, found, _ = made(stepwise=True)
    effect.find_changes()
    runner = effect._job._runner
    for _ in range(4):
        runner.step()
    assert effect.status.busy
    effect.cancel()
    runner.drain()
    assert effect.status.message == "Stopped." and not found
    assert engine.closed in (1, 2)


def test_nothing_open_is_refused_with_a_sentence(made):
    state, _, effect, _, _ = made()
    state.scene = None
    effect.find_changes()
    assert effect.status.message == words.OPEN_IMAGE


def test_no_change_and_nothing_segmented_are_sentences(made, tmp_path):
    state, engine, *_ = made()
    bench = Bench(state.scene, tmp_path / "a", engine.model)
    window = Window(0, 0, 50, 60)
    empty = changes_between(bench, bench, "fused", window)
    assert (empty.sentence, empty.share) == (words.NOTHING_SEGMENTED, 0.0)
    bench.all_of()
    same = changes_between(bench, bench, "fused", window)
    assert same.sentence == words.NOTHING_CHANGED
    assert (same.changed == NOTHING).all()
