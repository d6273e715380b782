"""The controller with a fake engine on the calling thread: no Qt, no torch."""

from types import SimpleNamespace

import pytest

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.session.engine import Loaded
from tests.session.fake_engine import fake_model, fake_scene, make_session

SMALL, OTHER = Window(0, 0, 200, 200), Window(500, 500, 300, 300)


def steps(session, count):
    for _ in range(count):
        session.runner.step()


def test_segment_loads_opens_runs_and_says_done(session):
    session.controller.segment()
    assert [entry[0] for entry in session.engine.log] == ["load", "open", "run"]
    assert session.begun("run") == [(SMALL, True)]
    status = session.state.status
    assert (status.phase, status.message) == ("idle", "Done: 4 patches.")
    assert (status.patches_done, status.patches_total) == (4, 4)
    assert session.state.branches == ("fused", "global", "local")
    assert session.state.devices == ("auto", "cpu", "cuda")
    assert session.told[0] == "opened" and session.told.count("pixels") == 5


def test_nothing_new_is_said(session):
    session.engine.run = lambda where, window, ring: iter(
        [SimpleNamespace(patches_done=0, patches_total=0, finished=(), seconds_left=0, message="")]
    )
    session.controller.segment()
    assert session.state.status.message == "Done: all of it was segmented before."


def test_notes_of_a_run_outlast_it(session):
    session.controller.segment()
    assert session.state.status.note == "note 1"


def test_second_segment_neither_loads_nor_opens_again(session):
    session.controller.segment()
    session.controller.segment()
    assert [entry[0] for entry in session.engine.log] == ["load", "open", "run", "run"]
    # The layer may have been removed by hand: it is offered again.
    assert session.told.count("opened") == 2


def test_another_device_loads_again_and_another_pixel_size_opens_again(session):
    session.controller.segment()
    session.state.pixel_size_m = 2.0
    session.controller.segment()
    session.state.device = "cpu"
    session.controller.segment()
    assert session.begun("load") == [("light", "auto"), ("light", "cpu")]
    assert session.begun("open") == [(1.0,), (2.0,), (2.0,)]
    # No store stays open but the last one.
    assert session.begun("close") == [(1.0,), (2.0,)]
    session.controller.close()
    assert session.begun("close") == [(1.0,), (2.0,), (2.0,)]


def test_without_a_scene_a_sentence_helps_and_nothing_is_loaded(session):
    session.state.scene = None
    session.controller.segment()
    assert session.state.status.phase == "failed"
    assert "Open an image first" in session.state.status.message
    assert session.engine.log == []


def test_a_model_without_weights_is_refused_before_loading(session):
    session.state.model = "empty"
    assert session.state.card is None
    session.controller.segment()
    assert "no weights: load or train" in session.state.status.message
    assert session.engine.log == []


def test_refusal_of_the_plan_is_the_message(session):
    session.state.region = "rectangle"
    session.controller.segment()
    assert session.state.status.phase == "failed"
    assert "Draw a rectangle" in session.state.status.message


def test_cancel_closes_the_generator_and_says_what_is_kept(slow):
    slow.controller.segment()
    steps(slow, 6)
    assert slow.state.status.phase == "running"
    slow.controller.cancel()
    assert slow.state.status.phase == "cancelling"
    done = slow.state.status.patches_done
    steps(slow, 3)
    assert slow.engine.closed == [SMALL]
    assert slow.state.status.phase == "idle"
    assert slow.state.status.message == f"Stopped. {done} of 4 patches are kept."


def test_cancel_before_the_job_began_ends_it(slow):
    slow.controller.segment()
    slow.controller.cancel()
    assert slow.state.status.phase == "idle"


def test_cancel_while_loading_keeps_the_model_but_runs_nothing(slow):
    slow.controller.segment()
    steps(slow, 1)
    current = slow.runner._current[0]
    slow.controller.cancel()
    # It had been loaded before the thread heard of it.
    current.on_result(Loaded("light", "auto", fake_model()))
    slow.runner.drain()
    assert slow.begun("open") == [] and slow.begun("run") == []
    assert (slow.state.status.phase, slow.state.status.message) == ("idle", "Stopped.")


def test_followed_view_ends_the_old_run_and_starts_another(slow):
    slow.controller.segment()
    steps(slow, 6)
    slow.state.view = OTHER
    slow.runner.drain()
    assert slow.engine.closed == [SMALL]
    assert slow.begun("run") == [(SMALL, True), (OTHER, True)]
    assert slow.begun("open") == [(1.0,)]
    assert (slow.state.status.message, slow.state.status.patches_total) == ("Done: 9 patches.", 9)


def test_a_store_whose_opening_came_too_late_is_used_all_the_same(session):
    session.controller.segment()
    held = []
    session.runner.start = held.append
    session.state.pixel_size_m = 2.0
    session.controller.segment()
    session.controller.segment()
    first, second = (next(iter(job.steps())) for job in held)
    assert first is second
    assert session.begun("open") == [(1.0,), (2.0,)]


def test_a_view_over_the_same_patches_goes_on_undisturbed(slow):
    slow.controller.segment()
    steps(slow, 6)
    slow.state.view = Window(1, 1, 190, 190)
    slow.runner.drain()
    assert len(slow.begun("run")) == 1 and slow.engine.closed == []


def test_view_is_not_followed_if_unwanted_or_before_segment(session):
    session.state.view = OTHER
    assert session.engine.log == []
    session.controller.segment()
    session.state.follow_view = False
    session.state.view = SMALL
    assert len(session.begun("run")) == 1
    session.state.follow_view = True
    assert session.begun("run")[-1] == (SMALL, True)


def test_view_is_not_followed_after_cancel(session):
    session.controller.segment()
    session.controller.cancel()
    session.state.view = OTHER
    assert len(session.begun("run")) == 1


def test_view_beside_the_image_changes_nothing(slow):
    slow.controller.segment()
    steps(slow, 6)
    slow.state.view = None
    assert slow.state.status.phase == "running"
    slow.runner.drain()
    assert slow.state.status.message == "Done: 4 patches."


def test_results_of_an_older_generation_are_dropped(session):
    held = []
    session.runner.start = held.append
    session.controller.segment()
    session.controller.segment()
    old, new = held
    old.on_result(next(iter(old.steps())))
    old.on_end(UserError("too late"))
    assert session.state.devices == ("auto", "cpu")
    assert session.state.status.phase == "loading"
    new.on_result(next(iter(new.steps())))
    assert session.state.devices == ("auto", "cpu", "cuda")


@pytest.fixture
def large(session):
    session.state.scene = fake_scene(side_px=2000)
    session.state.region = "scene"
    session.controller.segment()
    return session


def test_many_patches_show_the_coarse_prediction_and_ask(large):
    whole = Window(0, 0, 2000, 2000)
    assert large.begun("coarse") == [(whole,)] and large.begun("run") == []
    assert large.told.count("coarse") == 2
    assert large.state.status.phase == "asking"
    assert large.state.status.message == "400 patches, about 13 min. Segment all of it?"


def test_go_runs_all_of_it(large):
    large.controller.go()
    assert large.begun("run") == [(Window(0, 0, 2000, 2000), False)]
    assert large.state.status.message == "Done: 400 patches."


def test_go_need_not_wait_for_the_coarse_prediction(slow):
    slow.state.scene = fake_scene(side_px=2000)
    slow.state.region = "scene"
    slow.controller.segment()
    steps(slow, 5)
    status = slow.state.status
    assert (status.phase, status.asks, status.patches_total) == ("running", True, 0)
    assert status.message == "400 patches, about 13 min. Segment all of it?"
    steps(slow, 1)
    assert (slow.state.status.patches_done, slow.state.status.asks) == (1, True)
    slow.controller.go()
    assert not slow.state.status.asks
    slow.runner.drain()
    assert slow.begun("run") == [(Window(0, 0, 2000, 2000), False)]
    assert slow.state.status.message == "Done: 400 patches."


def test_not_now_ends_the_coarse_prediction(slow):
    slow.state.scene = fake_scene(side_px=2000)
    slow.state.region = "scene"
    slow.controller.segment()
    steps(slow, 6)
    slow.controller.not_now()
    slow.runner.drain()
    assert slow.told.count("coarse") == 1
    assert slow.state.status.phase == "idle" and not slow.state.status.asks
    assert slow.state.status.message.startswith("Not segmented")


def test_not_now_leaves_it(large):
    large.controller.not_now()
    assert large.begun("run") == []
    assert large.state.status.phase == "idle"


def test_another_scene_while_asking_withdraws_the_question(large):
    large.state.scene = fake_scene()
    assert (large.state.status.phase, large.state.status.message) == ("idle", "")


def test_user_error_becomes_the_message(session):
    session.engine.broken = UserError("scene.tif: vanished: open it again")
    session.controller.segment()
    assert session.state.status.phase == "failed"
    assert session.state.status.message == "scene.tif: vanished: open it again"


def test_a_bug_surfaces_and_is_told():
    slow = make_session(stepwise=True)
    held = []
    slow.runner.start = held.append
    slow.controller.segment()
    with pytest.raises(ZeroDivisionError):
        held[0].on_end(ZeroDivisionError("division by zero"))
    assert slow.state.status.phase == "failed"
    assert "ZeroDivisionError" in slow.state.status.message


def test_another_model_while_running_stops(slow):
    slow.controller.segment()
    steps(slow, 6)
    slow.state.model = "another"
    slow.runner.drain()
    assert slow.engine.closed == [SMALL]
    assert slow.state.status.message.startswith("Stopped.")


def test_close_ends_the_run(slow):
    slow.controller.segment()
    steps(slow, 6)
    slow.controller.close()
    assert slow.engine.closed == [SMALL]
    assert not slow.runner.step()
