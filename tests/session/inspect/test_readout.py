"""Reading points in steps: what is read next, what is kept, and the table of the pins."""

import csv
import io
from types import SimpleNamespace

import numpy as np
import pytest

from napari_uhrnet.engine.inspect.point import BranchReading, Reading, point_state, probabilities_at
from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import ClassTable, LabelClass
from napari_uhrnet.session.inspect import askable
from napari_uhrnet.session.inspect.pins import (
    Pin,
    PointPrediction,
    likeliest,
    new_name,
    pins_csv,
    sentence,
)
from napari_uhrnet.session.inspect.point_reader import Asked, PointReader, Setting
from napari_uhrnet.session.inspect.readout import Readout
from napari_uhrnet.session.runner import SyncRunner
from napari_uhrnet.session.state import SessionState
from tests.engine.scenes import made_scene
from tests.models.tiny import CLASSES, tiny_card, tiny_model

WET = ClassTable("wet", (LabelClass(5, "water", (0, 0, 255)), LabelClass(9, "a, b", (9, 9, 9))))


def reading_of(classes=CLASSES, **shares):
    """A reading with these probabilities by branch."""
    branches = {}
    for name, values in shares.items():
        p = np.array(values, np.float32)
        first, second = sorted(p.tolist(), reverse=True)[:2]
        entropy = float(-(p * np.log(p)).sum() / np.log(len(p)))
        top = int(classes.ids[p.argmax()])
        branches[name] = BranchReading(p, top, first, first - second, entropy)
    return Reading(classes, branches)


READING = reading_of(fused=[0.1, 0.7, 0.2], local=[0.2, 0.5, 0.3], **{"global": [0.5, 0.2, 0.3]})


class FakeReader:
    """Predictions in two steps; ``log`` has what was asked of it."""

    def __init__(self):
        self.log = []
        self.broken = None

    def read(self, setting, models, y, x):
        self.log.append((models, y, x))
        yield 0.5
        if self.broken is not None:
            raise self.broken
        for model in models:
            yield PointPrediction(model, READING)

    def let_go(self):
        self.log.append("let go")
        yield from ()


def asked_of(*names, load=lambda: None):
    return tuple(Asked(name, name, "cpu", load) for name in names)


class Session:
    """A read-out with a fake reader, on a small scene."""

    def __init__(self, *names, stepwise=False):
        self.runner = SyncRunner(stepwise=stepwise)
        self.readout = Readout(self.runner)
        self.reader = self.readout._reader = FakeReader()
        self.scene = made_scene(90, 80)
        self.statuses = []
        self.readout.status_changed.connect(self.statuses.append)
        self.use(*(names or ("a",)))

    def use(self, *names, **setting):
        self.readout.use(Setting(**({"scene": self.scene, "asked": asked_of(*names)} | setting)))

    @property
    def shown(self):
        point = self.readout.shown
        return None if point is None else (point.y, point.x)

    def finish(self):
        while self.runner.step():
            pass


def test_of_the_places_of_the_cursor_only_the_last_one_is_read_next():
    s = Session(stepwise=True)
    s.readout.hover(1, 1)
    s.runner.step()
    for k in range(2, 6):
        s.readout.hover(k, k)
    assert s.shown is None and s.statuses[-1].busy and s.statuses[-1].share == 0.5
    s.runner.step()
    assert s.shown == (1, 1)
    s.finish()
    assert s.shown == (5, 5) and not s.readout.status.busy
    assert s.reader.log == [(("a",), 1, 1), (("a",), 5, 5)]
    s.readout.hover(5, 5)
    s.finish()
    assert len(s.reader.log) == 2


def test_a_cursor_that_comes_back_is_where_it_is():
    s = Session(stepwise=True)
    s.readout.hover(1, 1)
    s.finish()
    s.readout.hover(2, 2)
    s.runner.step()
    s.readout.hover(1, 1)
    s.finish()
    assert s.shown == (1, 1)


def test_outside_nothing_is_shown_not_even_what_is_being_read():
    s = Session(stepwise=True)
    s.readout.hover(1, 1)
    s.finish()
    s.readout.hover(2, 2)
    s.runner.step()
    s.readout.leave()
    s.finish()
    assert s.shown is None
    s.readout.hover(2, 2)
    s.finish()
    assert s.shown == (2, 2)


def test_a_pin_takes_what_is_shown_and_else_is_read_when_the_cursor_rests():
    s = Session(stepwise=True)
    s.readout.hover(1, 1)
    s.finish()
    s.readout.pin(1, 1)
    assert s.reader.log == [(("a",), 1, 1)]
    assert s.readout.pins[0].predictions["a"].reading is READING
    s.readout.hover(7, 7)
    s.readout.pin(3, 4)
    s.readout.hover(8, 8)
    s.finish()
    assert [at[1:] for at in s.reader.log] == [(1, 1), (7, 7), (8, 8), (3, 4)]
    assert s.shown == (8, 8)
    assert [(p.name, p.y, p.x, list(p.predictions)) for p in s.readout.pins] == [
        ("Pin 1", 1, 1, ["a"]),
        ("Pin 2", 3, 4, ["a"]),
    ]


def test_another_network_is_asked_about_what_is_kept():
    s = Session()
    s.readout.pin(1, 1)
    s.readout.hover(2, 2)
    s.use("a", "b")
    assert s.reader.log[2:] == [(("b",), 2, 2), (("b",), 1, 1)]
    assert list(s.readout.pins[0].predictions) == list(s.readout.shown.predictions) == ["a", "b"]
    s.use("a")
    assert len(s.reader.log) == 4
    assert list(s.readout.pins[0].predictions) == ["a", "b"]


def test_another_pixel_size_makes_all_predictions_old():
    s = Session()
    s.readout.pin(1, 1)
    s.readout.hover(2, 2)
    s.use("a", pixel_size_m=2.0)
    assert s.reader.log[2:] == [(("a",), 2, 2), (("a",), 1, 1)]
    s.use()
    s.use("a", pixel_size_m=3.0)
    assert s.reader.log[4:] == ["let go", (("a",), 2, 2), (("a",), 1, 1)]


def test_each_scene_has_its_own_pins():
    s = Session()
    s.readout.hover(1, 1)
    s.readout.pin(1, 1)
    other = made_scene(70, 70, seed=1)
    s.use("a", scene=other)
    assert s.readout.pins == [] and s.shown is None
    s.readout.pin(5, 5)
    s.use("a")
    assert [(p.name, p.y) for p in s.readout.pins] == [("Pin 1", 1)]
    assert s.shown is None
    s.readout.use(Setting())
    assert s.readout.pins == []
    s.readout.pin(1, 1)
    s.readout.hover(1, 1)
    assert s.readout.pins == [] and s.reader.log[-1] == "let go"


def test_what_arrives_from_an_older_setting_is_dropped():
    s = Session(stepwise=True)
    s.readout.hover(1, 1)
    s.runner.step()
    s.use("a", scene=made_scene(70, 70, seed=1))
    s.finish()
    assert s.shown is None and not s.readout._job.running
    s.readout.hover(3, 3)
    s.finish()
    assert s.shown == (3, 3)


def test_an_error_inside_is_said_and_ends_the_reading_until_the_setting_changes():
    s = Session(stepwise=True)
    s.reader.broken = ZeroDivisionError("by zero")
    s.readout.hover(1, 1)
    s.runner.step()
    with pytest.raises(ZeroDivisionError):
        s.readout._on_end(s.reader.broken)
    assert s.readout.status.message == "Stopped by an internal error: ZeroDivisionError: by zero"
    s.readout.hover(2, 2)
    assert len(s.reader.log) == 1
    s.reader.broken = None
    s.use("a", "b")
    assert s.readout.status.message == ""
    s.readout.hover(3, 3)
    s.finish()
    assert s.shown == (3, 3)


def test_pins_can_be_shown_named_and_let_go():
    s = Session(stepwise=True)
    for k in (1, 2, 3):
        s.readout.pin(k, k)
    one, two, three = s.readout.pins
    s.readout.unpin(one)
    s.finish()
    assert s.shown is None
    s.readout.rename(two, "  ford ")
    s.readout.rename(three, "  ")
    assert [p.name for p in s.readout.pins] == ["ford", "Pin 3"]
    s.readout.hover(9, 9)
    s.runner.step()
    s.readout.show(three)
    s.finish()
    assert s.readout.shown is three
    s.readout.unpin(three)
    assert s.shown is None
    s.readout.unpin(three)
    assert new_name(s.readout.pins) == "Pin 1"
    s.readout.pin(4, 4)
    s.readout.pin(5, 5)
    assert [p.name for p in s.readout.pins] == ["ford", "Pin 1", "Pin 2"]


def test_closed_in_the_middle():
    s = Session(stepwise=True)
    s.readout.hover(1, 1)
    s.runner.step()
    s.readout.close()
    s.finish()
    assert s.shown is None


# The reader, with a real network.


class Loads:
    """Counts how often it gives a network."""

    def __init__(self, error=None):
        self.count, self.error = 0, error

    def __call__(self):
        self.count += 1
        if self.error is not None:
            raise self.error
        return tiny_model()


def predictions(reader, setting, y=40, x=40):
    *shares, last = reader.read(setting, setting.models[:1], y, x)
    assert shares == sorted(shares) and all(isinstance(share, float) for share in shares)
    return last


def test_the_reader_says_what_the_engine_says_and_keeps_what_is_asked_for():
    scene, load = made_scene(90, 80), Loads()
    reader, setting = PointReader(), Setting(scene, None, asked_of("tiny", load=load))
    found = predictions(reader, setting).reading
    expected = probabilities_at(point_state(scene, tiny_model()), 40, 40)
    for name, branch in expected.branches.items():
        np.testing.assert_array_equal(found.branches[name].probabilities, branch.probabilities)
    state = reader._states[setting.asked[0]]
    predictions(reader, setting, 41, 41)
    assert reader._states[setting.asked[0]] is state and load.count == 1
    predictions(reader, Setting(scene, 2.5, setting.asked))
    assert reader._states[setting.asked[0]].layout.pixel_size_m == 2.5 and load.count == 1
    list(reader.let_go())
    assert not reader._states and not reader._loaded
    predictions(reader, setting)
    assert load.count == 2


def test_a_network_that_cannot_be_loaded_does_not_silence_the_other():
    bad = Loads(UserError("x.safetensors: is damaged"))
    asked = (*asked_of("bad", load=bad), *asked_of("good", load=Loads()))
    reader, setting = PointReader(), Setting(made_scene(90, 80), None, asked)
    for _ in range(2):
        results = [
            r for r in reader.read(setting, ("bad", "good"), 4, 4) if isinstance(r, PointPrediction)
        ]
        assert [(r.model, r.problem, r.reading is None) for r in results] == [
            ("bad", "x.safetensors: is damaged", True),
            ("good", "", False),
        ]
    assert bad.count == 1
    only = [r for r in reader.read(setting, ("good",), 4, 4) if isinstance(r, PointPrediction)]
    assert [r.model for r in only] == ["good"]


def test_an_impossible_scale_is_a_problem_of_the_prediction():
    setting = Setting(made_scene(90, 80), 9.0, asked_of("tiny", load=Loads()))
    assert "check the pixel size" in predictions(PointReader(), setting).problem


def test_others_are_those_with_weights_and_those_that_were_used():
    models = SimpleNamespace(get=lambda name, device: (name, device))
    state = SessionState(model="mine.safetensors", card=tiny_card(), device="cpu")
    used = tiny_model(1)
    same = SimpleNamespace(card=tiny_card())
    assert used.card == same.card
    found = askable.others(state, models, ["/there/run.safetensors", state.model], [used])
    assert [(a.model, a.title) for a in found] == [
        ("uhrnet-light", "uhrnet-light"),
        ("glnet-light", "glnet-light"),
        ("/there/run.safetensors", "run"),
    ]
    assert found[2].load() == ("/there/run.safetensors", "cpu")
    state.card = None
    *_, last = askable.others(state, models, [], [used])
    assert last.model == "tiny tiny1"
    assert last.load() is used


# Words and the table.


def test_the_sentence():
    assert sentence(READING) == (
        "fused: wood 0.70 · decided by local · margin 0.50 · entropy 0.73"
    )  # fmt: skip
    alone = reading_of(fused=[0.1, 0.2, 0.7])
    assert sentence(alone) == "fused: water 0.70 · margin 0.50 · entropy 0.73"


def test_of_many_classes_the_likeliest_in_any_branch_are_shown():
    table = ClassTable("n", tuple(LabelClass(k, f"c{k}", (k, k, k)) for k in range(5)))
    reading = reading_of(table, fused=[0.4, 0.3, 0.1, 0.1, 0.1], local=[0.1, 0.1, 0.1, 0.1, 0.6])
    assert likeliest(reading, 3) == [0, 1, 4]
    assert likeliest(reading, 9) == [0, 1, 2, 3, 4]


def rows_of(pins, scene):
    return list(csv.DictReader(io.StringIO(pins_csv(pins, scene), newline="")))


PLAIN = SimpleNamespace(crs=None, transform=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0))
PLACED = SimpleNamespace(crs="EPSG:32633", transform=(0.5, 0.25, 400000.0, 0.125, -0.5, 5600000.0))


def test_the_table_has_a_row_for_each_pin_network_and_branch():
    wet = reading_of(WET, fused=[0.25, 0.75])
    pins = [
        Pin(
            "ford, north",
            7,
            11,
            None,
            {"m1": PointPrediction("m1", READING), "m2": PointPrediction("m2", wet)},
        ),
        Pin(
            "hole",
            1,
            2,
            None,
            {"m1": PointPrediction("m1"), "m2": PointPrediction("m2", problem="broken")},
        ),
    ]
    rows = rows_of(pins, PLAIN)
    shares = ["p_field", "p_wood", "p_water", "p_a, b"]
    assert list(rows[0]) == [
        *("pin", "y_px", "x_px", "model", "branch", "class"),
        *shares,
        *("entropy", "margin", "decided_by"),
    ]
    assert [(r["pin"], r["model"], r["branch"], r["class"], r["decided_by"]) for r in rows] == [
        ("ford, north", "m1", "fused", "wood", "local"),
        ("ford, north", "m1", "local", "wood", "local"),
        ("ford, north", "m1", "global", "field", "local"),
        ("ford, north", "m2", "fused", "a, b", ""),
        ("hole", "m1", "", "", ""),
    ]
    assert [rows[0][s] for s in shares] == ["0.100000", "0.700000", "0.200000", ""]
    assert [rows[3][s] for s in shares] == ["", "", "0.250000", "0.750000"]
    assert (rows[1]["margin"], rows[0]["y_px"], rows[0]["x_px"]) == ("0.200000", "7", "11")
    assert float(rows[0]["entropy"]) == pytest.approx(READING.branches["fused"].entropy, abs=1e-6)
    assert set(rows[4].values()) == {"hole", "1", "2", "m1", ""}


def test_the_table_has_places_in_the_world_if_the_scene_has():
    pins = [Pin("p", 7, 11, None, {"m": PointPrediction("m", READING)})]
    row = rows_of(pins, PLACED)[0]
    assert float(row["world_x"]) == 0.5 * 11.5 + 0.25 * 7.5 + 400000
    assert float(row["world_y"]) == 0.125 * 11.5 - 0.5 * 7.5 + 5600000
    assert list(row)[:6] == ["pin", "y_px", "x_px", "world_x", "world_y", "model"]
    assert pins_csv([], PLACED).count("\n") == 1
