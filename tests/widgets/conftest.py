"""Qt and viewer fixtures.

Panels need no screen and run on Qt's offscreen platform where there is none. napari's window needs
OpenGL, which offscreen does not have: tests with the fixture ``make_napari_viewer`` are skipped.
"""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest

from napari_uhrnet.scene.array import array_scene
from napari_uhrnet.session.controller import Controller
from napari_uhrnet.session.libraries import load_triton_apart
from napari_uhrnet.session.model_pool import ModelPool
from napari_uhrnet.session.runner import SyncRunner
from napari_uhrnet.session.state import SessionState
from tests.widgets.painted_engine import PaintedEngine

load_triton_apart()  # some tests build a network after others have opened a window

NO_SCREEN = sys.platform == "linux" and not (
    os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
)
if NO_SCREEN:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def pytest_collection_modifyitems(items):
    if not NO_SCREEN:
        return
    skip = pytest.mark.skip(reason="napari's window needs a screen: run under xvfb-run -a")
    for item in items:
        if "make_napari_viewer" in getattr(item, "fixturenames", ()):
            item.add_marker(skip)


@pytest.fixture
def picture() -> np.ndarray:
    """(512, 640, 3) uint8 noise."""
    return np.random.default_rng(0).integers(0, 255, (512, 640, 3), np.uint8)


@pytest.fixture
def scene(picture):
    return array_scene([picture], "noise")


@pytest.fixture
def state(scene) -> SessionState:
    return SessionState(scene=scene, model="painted", region="scene")


@pytest.fixture
def controller(state, tmp_path) -> Controller:
    """Runs the painted engine at once."""
    engine = PaintedEngine(tmp_path)
    return Controller(state, SyncRunner(), engine, ModelPool(engine))
