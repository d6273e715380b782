"""Events of the state, and the small functions beside it."""

import numpy as np
import pytest

from napari_uhrnet.session.areas import class_areas, shares
from napari_uhrnet.session.state import RunStatus, SessionState
from napari_uhrnet.session.wording import duration, length, patches


def test_events_fire_for_different_values_only():
    state, heard = SessionState(), []
    state.events.branch.connect(heard.append)
    state.branch = "fused"
    state.branch = "local"
    state.branch = "local"
    assert heard == ["local"]


def test_scenes_are_compared_by_identity():
    state, heard = SessionState(), []
    state.events.scene.connect(heard.append)
    first, second = np.zeros(2), np.zeros(2)
    state.scene = first
    state.scene = first
    state.scene = second
    assert len(heard) == 2


def test_busy_phases():
    busy = [p for p in ("idle", "loading", "running", "asking", "cancelling", "failed")
            if RunStatus(p).busy]  # fmt: skip
    assert busy == ["loading", "running", "cancelling"]


def test_class_areas_leave_out_nothing_and_what_was_not_found():
    counts = np.zeros(256, np.int64)
    counts[[0, 3, 255]] = 10, 30, 1000
    assert class_areas(counts) == {0: 10, 3: 30}
    assert shares(class_areas(counts)) == {0: pytest.approx(0.25), 3: pytest.approx(0.75)}
    assert shares({}) == {}


def test_wording():
    said = [duration(s) for s in (0.2, 59, 61, 3600, 7800, 36_600, 200_000)]
    assert said == ["1 s", "59 s", "1 min", "1 h", "2 h 10 min", "10 h", "2 days"]
    assert (patches(1), patches(12_000)) == ("1 patch", "12 000 patches")
    assert [length(m) for m in (0.1, 320, 1224)] == ["10 cm", "320 m", "1.22 km"]
