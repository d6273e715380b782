"""Feature views beside everything else: what is asked for, progress, cancelling, sentences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_uhrnet.engine.inspect.features import frame_at, run_features
from napari_uhrnet.engine.passes.state import EngineState
from napari_uhrnet.engine.planning.layout import SceneLayout
from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.session.inspect import words
from napari_uhrnet.session.inspect.feature_view import FeatureViewer, Found
from napari_uhrnet.session.model_pool import ModelPool
from napari_uhrnet.session.runner import SyncRunner
from napari_uhrnet.session.state import SessionState
from tests.engine.scenes import PIXEL_SIZE_M, made_scene
from tests.models.tiny import TINY, tiny_card, tiny_model

SHAPE = (431, 467)
VIEW = Window(300, 20, 100, 80)


class TinyEngine:
    """Only what feature views ask for; ``loaded`` are the names that were loaded."""

    def __init__(self, model=None):
        self.model, self.loaded = model or tiny_model(), []

    def read_card(self, name):
        return tiny_card()

    def load_model(self, name, device):
        self.loaded.append((name, device))
        return self.model

    def layout(self, scene, pixel_size_m, model):
        return SceneLayout.build(scene.shape_yx, pixel_size_m, model)


class Bench:
    """A viewer of features with all that it says and finds."""

    def __init__(self, *, stepwise=False, model=None, **state):
        self.state = SessionState(**{
            "scene": made_scene(*SHAPE), "view": VIEW, "model": "tiny", "card": tiny_card(), **state
        })  # fmt: skip
        self.runner, self.engine = SyncRunner(stepwise=stepwise), TinyEngine(model)
        self.viewer = FeatureViewer(self.state, self.runner, self.engine, ModelPool(self.engine))
        self.predictions, self.found = [], []
        self.viewer.status_changed.connect(self.predictions.append)
        self.viewer.found.connect(self.found.append)


def test_the_frame_in_the_middle_of_the_view_is_shown():
    bench = Bench()
    bench.viewer.show()
    (found,) = bench.found
    layout = bench.engine.layout(bench.state.scene, PIXEL_SIZE_M, bench.engine.model)
    frame = frame_at(layout, VIEW.y + 50, VIEW.x + 40)
    assert frame == found.view.frame != (0, 0)
    *_, expected = run_features(EngineState(bench.state.scene, layout, bench.engine.model), frame)
    for branch, picture in expected.pictures.items():
        np.testing.assert_array_equal(found.view.pictures[branch].rgba, picture.rgba)
        assert found.view.pictures[branch].corner_yx_px == picture.corner_yx_px
    shares = [status.share for status in bench.predictions if status.busy]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert not bench.viewer.status.busy
    assert bench.viewer.status.message == found.sentence


def test_a_network_is_loaded_once():
    bench = Bench()
    bench.viewer.show()
    bench.viewer.show()
    assert bench.engine.loaded == [("tiny", "auto")]
    bench.state.device = "cpu"
    bench.viewer.show()
    assert bench.engine.loaded == [("tiny", "auto"), ("tiny", "cpu")]
    assert len(bench.found) == 3


def test_the_pixel_size_that_was_typed_counts():
    bench = Bench(pixel_size_m=4.0)
    bench.viewer.show()
    (found,) = bench.found
    assert found.view.pictures["local"].cell_yx_px == pytest.approx((4 / 2, 4 / 2), rel=0.01)


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ({"scene": None}, words.OPEN_IMAGE),
        ({"model_problem": "tiny: no weights: load or train a checkpoint of it first"}, None),
        ({"view": None}, words.NOT_IN_VIEW),
        ({"pixel_size_m": 1e9}, "A pixel size of 1e+09 m makes no sense: type metres per pixel."),
    ],
)
def test_what_cannot_be_shown_is_said(state, sentence):
    bench = Bench(**state)
    bench.viewer.show()
    assert bench.viewer.status.message == (sentence or state["model_problem"])
    assert not bench.viewer.status.busy
    assert bench.found == bench.engine.loaded == []


def test_an_error_of_the_network_is_said():
    bench = Bench()

    def broken(name, device):
        raise UserError("the weights do not fit")

    bench.engine.load_model = broken
    bench.viewer.show()
    assert bench.viewer.status.message == "the weights do not fit"


def test_cancel_stops_after_the_batch():
    bench = Bench(stepwise=True)
    bench.viewer.show()
    for _ in range(4):
        bench.runner.step()
    share = bench.viewer.status.share
    assert 0 < share < 1
    bench.viewer.cancel()
    bench.runner.drain()
    assert bench.viewer.status.message == "Stopped."
    assert bench.found == []
    assert max(status.share for status in bench.predictions) == share


def test_what_was_asked_of_another_scene_is_dropped():
    bench = Bench(stepwise=True)
    bench.viewer.show()
    bench.runner.step()
    bench.viewer.forget()
    bench.runner.drain()
    assert bench.found == []
    assert bench.viewer.status.message == ""


def test_the_sentence_has_the_shares_the_frame_and_a_missing_branch():
    bench = Bench(model=tiny_model(config=TINY.model_copy(update={"use_local": False})))
    bench.viewer.show()
    (found,) = bench.found
    view = replace(found.view, frame=(1, 0), explained=(0.404, 0.204, 0.1))
    sentence = Found(found.scene, view, (2, 3)).sentence
    assert sentence == (
        "Frame in row 2, column 1. The first three principal components explain 71 % of the "
        "variance: red 40 %, green 20 %, blue 10 %. This network has no local branch."
    )
    assert "Frame" not in Found(found.scene, replace(view, frame=(0, 0)), (1, 1)).sentence
